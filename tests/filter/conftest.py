"""Recordings as records, and entries made for a test."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from xmppscope.filter.compile import compile_filter
from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import Connection, Entry, Finding, Record
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

Recorded = Callable[[str], list[Record]]


@pytest.fixture(scope="session")
def recorded(captures: Path) -> Recorded:
    """The records of a bundled recording, read once with its key log."""

    @cache
    def read(name: str) -> list[Record]:
        path = next(
            captures / f"{name}{suffix}" for suffix in (".pcap", ".pcapng") if (captures / f"{name}{suffix}").exists()
        )
        keys = KeyStore()
        if (log := path.with_suffix(".keys")).exists():
            keys.add(log.read_bytes(), log.name)
        pipeline = Pipeline(keys)
        pipeline.open(path.name)
        return [*pipeline.feed(path.read_bytes()), *pipeline.end(), *pipeline.close()]

    return read


@pytest.fixture
def matching(recorded: Recorded) -> Callable[[str, str], list[int]]:
    """The numbers of the entries of a recording that match an expression."""

    def numbers(name: str, expression: str) -> list[int]:
        test = compile_filter(expression)
        connections: dict[int, Connection] = {}
        found = []
        for record in recorded(name):
            if isinstance(record, Connection):
                connections[record.connection] = record
                if test.origin is None:
                    test.origin = nanoseconds(record.time)
            elif isinstance(record, Entry) and test(record, (), connections.get(record.connection)):
                found.append(record.entry)
        return found

    return numbers


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """An entry with what a test is about; the rest is of no matter."""

    def make(number: int = 1, connection: int = 1, /, **values: object) -> Entry:
        time = "2026-11-20T09:24:56.436000Z"
        common = {"stream": 1, "sender": "initiating", "kind": "stanza", "time": time, "end_time": time}
        common |= {"summary": "", "state": "open", "protection": "none"}
        return Entry(entry=number, connection=connection, **common | values)  # type: ignore[arg-type]

    return make


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """A finding about some entries."""

    def make(*entries: int, connection: int = 1, rule: str = "sm-h-too-high", severity: str = "error") -> Finding:
        return Finding(
            rule=rule,
            severity=severity,  # type: ignore[arg-type]
            time="2026-11-20T09:24:56.436000Z",
            connection=connection,
            entries=list(entries),
            text="acknowledges 7 of 5",
            spec="XEP-0198 §4",
        )

    return make
