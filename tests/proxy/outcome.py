"""What came of a connection on a stage: peers, events, both timelines, and what is to be true of them always."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.proxy.peers import Peer
from tests.proxy.words import SECRET
from xmppscope.model.marks import TlsMark
from xmppscope.model.namespaces import STREAM
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Record, Summary
from xmppscope.model.wire import Data, Marked, ProxyEvent
from xmppscope.proxy.relay import Relay
from xmppscope.proxy.settings import Dial, End
from xmppscope.render.jsonl import JsonLines

ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"


@dataclass
class Outcome:
    """What came of it."""

    client: Peer
    server: Peer
    relay: Relay
    events: list[ProxyEvent]
    live: list[Record]
    recorded: list[Record]
    dials: list[Dial]
    ends: list[End]
    took: int
    notices: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return [record for record in self.live if isinstance(record, Entry)]

    @property
    def connections(self) -> list[Connection]:
        return [record for record in self.live if isinstance(record, Connection)]

    @property
    def diagnoses(self) -> list[Diagnosis]:
        return [record for record in self.live if isinstance(record, Diagnosis)]

    @property
    def summary(self) -> Summary:
        assert isinstance(self.live[-1], Summary)
        return self.live[-1]

    @property
    def told(self) -> list[str]:
        """One line for each entry: who, what, on which leg, and the state after it."""
        return [_line(entry) for entry in self.entries]

    @property
    def proxy_entries(self) -> list[str]:
        return [entry.summary for entry in self.entries if entry.kind == "proxy"]

    def assert_same(self) -> None:
        """The recording says what was said live, `packets` apart."""
        live, recorded = [_plain(record) for record in self.live], [_plain(record) for record in self.recorded]
        for one, other in zip(live, recorded, strict=False):
            assert one == other
        assert len(live) == len(recorded)
        assert self.notices == []

    def assert_contract(self) -> None:
        """What scripts rely on (JSON Lines): entries in order, references backwards, no nulls, no secrets."""
        number = 0
        for record in self.live:
            fields = _plain(record)
            assert None not in fields.values()
            if isinstance(record, Entry):
                number += 1
                assert record.entry == number
                assert fields.get("leg", "client") in ("client", "server")
                assert (record.leg is not None) >= (record.edit is not None)
                assert record.edit is None or (record.edit.of or 0) < number
            elif isinstance(record, Diagnosis):
                assert record.entries == [number]
        assert SECRET not in JsonLines().render(self.live)

    def assert_sealed(self) -> None:
        """No cleartext is told as bytes on the wire once TLS has begun on a leg."""
        begun: set[int] = set()
        for event in self.events:
            if isinstance(event, Marked) and isinstance(event.mark, TlsMark):
                begun.add(event.flow)
            elif isinstance(event, Data) and event.flow in begun:
                assert b"xmlns" not in event.data, event
                assert b"<message" not in event.data, event


def _line(entry: Entry) -> str:
    who = "C" if entry.sender == "initiating" else "S"
    what = entry.name if entry.kind in ("stanza", "nonza") else entry.kind
    leg = f" on the {entry.leg} leg" if entry.leg is not None else ""
    edit = f" {entry.edit.action}" if entry.edit is not None else ""
    return f"{who} {what}{leg}{edit}, {entry.state}"


def _plain(record: Record) -> dict[str, Any]:
    fields = msgspec.to_builtins(record)
    fields.pop("packets", None)
    fields.pop("file", None)
    return fields


Run = Callable[..., Outcome]
"""What the fixture `play` is."""


def assert_refused(outcome: Outcome, condition: str, *, secured: bool) -> None:
    """The client has got a stream error in a whole document, under its TLS if it has one, and everything has ended."""
    client = outcome.client
    last = client.secured if secured else client.plain
    document = ET.fromstring(last[max(last.rfind(b"<?xml"), 0) :])
    assert document.tag == f"{{{STREAM}}}stream"
    error = document[-1]
    assert error.tag == f"{{{STREAM}}}error"
    assert [child.tag for child in error] == [f"{{{ERRORS}}}{condition}", f"{{{ERRORS}}}text"]
    assert (b"stream:error" in client.plain) != secured
    assert client.fault is None
    assert client.eof == "fin"
    assert client.goodbye == secured
    assert outcome.relay.done
    told = [entry for entry in outcome.entries if entry.kind == "stream-error" and entry.leg != "server"]
    assert [(entry.leg, entry.edit and entry.edit.action) for entry in told] == [("client", "injected")]


def assert_logged_in(outcome: Outcome) -> None:
    """Every byte has passed as it was said, and everybody has left in order."""
    for peer, other in ((outcome.client, outcome.server), (outcome.server, outcome.client)):
        assert peer.finished
        assert not peer.gave_up
        assert peer.fault is None
        assert peer.heard == other.said
        assert peer.eof == "fin"
    assert outcome.relay.done
