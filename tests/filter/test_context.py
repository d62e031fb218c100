"""What a selection lets through: matches and their neighbours, records of connections, findings, diagnoses."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xmppscope.filter import context
from xmppscope.filter.compile import compile_filter
from xmppscope.filter.context import Selection
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Header, Record, Summary

Make = Callable[..., Entry]
Find = Callable[..., Finding]

HEADER = Header(xmppscope="0")
SUMMARY = Summary(
    packets=1, connections=1, xmpp_connections=1, entries=9, stanzas=9, findings={}, gaps=0, undecrypted=0
)


def connection(number: int, kind: str = "c2s") -> Connection:
    return Connection(
        connection=number, time="", initiating="a", receiving="b", kind=kind, transport="tcp"  # type: ignore[arg-type]
    )  # fmt: skip


def diagnosis(*entries: int, connection: int = 1) -> Diagnosis:
    return Diagnosis(connection=connection, entries=list(entries), text="the peer vanished", advice="look")


def selected(expression: str, *records: Record, before: int = 0, after: int = 0) -> list[Record]:
    """What comes out, whether it goes in at once or in many batches."""
    selection = Selection(compile_filter(expression), before, after)
    return [*selection.feed(list(records)), *selection.close()]


def shown(records: list[Record]) -> list[object]:
    """Numbers for entries, the kind of record and its connection for others."""
    return [
        record.entry
        if isinstance(record, Entry)
        else (type(record).__name__, getattr(record, "connection", None))
        for record in records
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "numbers"),
    [
        (0, 0, [4, 5, 9]),
        (1, 0, [3, 4, 5, 8, 9]),
        (0, 1, [4, 5, 6, 9, 10]),
        (2, 2, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (9, 0, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (0, 9, [4, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_neighbours(entry: Make, before: int, after: int, numbers: list[int]) -> None:
    out = selected("entry in {4, 5, 9}", *(entry(n) for n in range(1, 11)), before=before, after=after)
    assert shown(out) == numbers


def test_neighbours_are_of_the_same_connection(entry: Make) -> None:
    entries = [entry(number, 1 + number % 2) for number in range(1, 11)]
    assert shown(selected("entry == 6", *entries, before=1, after=1)) == [4, 6, 8]
    assert shown(selected("entry in {6, 7}", *entries, before=2)) == [2, 4, 6, 3, 5, 7]


def test_a_connection_stands_before_its_first_entry(entry: Make) -> None:
    one, two, known = connection(1, "unknown"), connection(2), connection(1)
    records = [HEADER, one, entry(1, 1), two, entry(2, 2), known, entry(3, 1), entry(4, 2), entry(5, 1), SUMMARY]
    assert selected("entry == 5", *records) == [HEADER, known, records[-2], SUMMARY]
    assert selected("entry in {1, 3}", *records) == [HEADER, one, records[2], known, records[6], SUMMARY]
    assert selected("entry in {3, 4}", *records) == [HEADER, known, records[6], two, records[7], SUMMARY]
    assert selected("entry == 99", *records) == [HEADER, SUMMARY]
    assert selected("entry == 3", *records, before=1) == [HEADER, known, records[2], records[6], SUMMARY]


def test_the_last_record_of_a_connection_is_what_is_asked(entry: Make) -> None:
    records = [connection(1, "unknown"), entry(1), connection(1, "s2s"), entry(2)]
    assert shown(selected("connection.kind == s2s", *records)) == [("Connection", 1), 2]


def test_findings_go_with_their_entries(entry: Make, finding: Find) -> None:
    records = [entry(1), finding(1), finding(1, rule="other"), entry(2), finding(2)]
    assert selected("entry == 1", *records) == records[:3]
    assert selected("entry == 2", *records, before=1) == records
    assert selected("entry == 1", *records, after=1) == records
    assert selected("finding == other", *records) == records[:3]
    assert selected("not finding == other", *records) == records[3:]
    assert selected("error and entry == 2", *records) == records[3:]
    assert selected("warning", *records) == []


def test_a_finding_that_comes_later_goes_with_any_entry_that_was_printed(entry: Make, finding: Find) -> None:
    late = finding(1, 3)
    selection = Selection(compile_filter("entry == 1"))
    assert shown(selection.feed([entry(1), entry(2)])) == [1]
    assert selection.feed([entry(3)]) == []
    assert selection.feed([late]) == [late]


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("finding", True),
        ("error", True),
        ('finding == "sm-h-too-high" and connection == 3', True),
        ("finding and connection == 1", False),
        ("finding.severity == warning", False),
        ("connection == 3 and presence", False),
        ("not finding", False),
        ("time > 0", False),
    ],
)
def test_a_finding_alone(finding: Find, expression: str, printed: bool) -> None:
    alone = finding(7, connection=3)
    record = connection(3)
    assert selected(expression, record, alone) == ([record, alone] if printed else [])


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("connection == 2", True),
        ("connection == 1", False),
        ("not presence", True),
        ("iq", False),
        ("connection.kind == c2s", True),
        ("entry < 5", False),
    ],
)
def test_what_names_no_entry_is_about_the_connection(finding: Find, expression: str, printed: bool) -> None:
    record = connection(2)
    for note in (finding(connection=2), diagnosis(connection=2)):
        assert selected(expression, record, note) == ([record, note] if printed else [])


def test_diagnoses(entry: Make) -> None:
    record, note = connection(1), diagnosis(1, 2)
    records = [record, entry(1), entry(2), entry(3), note]
    assert selected("entry == 2", *records) == [record, records[2], note]
    assert selected("entry == 3", *records) == [record, records[3]]
    assert selected("diagnosis", *records) == [record, note]
    assert selected('diagnosis contains "vanished"', *records) == [record, note]
    assert selected("diagnosis contains reset", *records) == []
    assert selected("finding", *records) == []


def test_matches_are_counted_without_neighbours(entry: Make) -> None:
    selection = Selection(compile_filter("entry in {2, 4}"), 1, 1)
    selection.feed([entry(number) for number in range(1, 9)])
    assert selection.matched == 2


@given(
    st.lists(st.integers(1, 3), max_size=30),
    st.sets(st.integers(1, 30)),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 5),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neighbours_like_grep(
    entry: Make, connections: list[int], matches: set[int], before: int, after: int, batch: int
) -> None:
    """Each connection by itself is what grep would print, once and in order, however the records come."""
    entries = [entry(number, connection) for number, connection in enumerate(connections, 1)]
    selection = Selection(compile_filter(f"entry in {{0, {', '.join(map(str, matches)) or '0'}}}"), before, after)
    out = [one for at in range(0, len(entries), batch) for one in selection.feed([*entries[at : at + batch]])]
    for number in set(connections):
        own = [one.entry for one in entries if one.connection == number]
        hits = [at for at, one in enumerate(own) if one in matches]
        expected = [one for at, one in enumerate(own) if any(hit - before <= at <= hit + after for hit in hits)]
        assert [one.entry for one in out if isinstance(one, Entry) and one.connection == number] == expected


def test_few_large_entries_are_kept(entry: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "KEPT", 100_000)
    selection = Selection(compile_filter("iq"), before=10)
    for number in range(1, 60):
        selection.feed([entry(number, 1 + number % 3, xml="x" * 9_000)])
    out = shown(selection.feed([entry(90, 1, name="iq"), entry(91, 2, name="iq"), entry(92, 3, name="iq")]))
    assert out[-1] == 92
    assert 3 < len(out) < 14
    # Nothing of what was printed or dropped is counted any more.
    assert selection._kept == 0


def test_connections_that_were_not_heard_of_for_long_are_forgotten(
    entry: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "CONNECTIONS", 2)
    records = [connection(1), connection(2), entry(1, 1), connection(3), entry(2, 1), entry(3, 2), entry(4, 3)]
    out = selected("entry > 1", *records)
    assert shown(out) == [("Connection", 1), 2, 3, 4]


def test_remembered_entries_are_bounded(entry: Make, finding: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "REMEMBERED", 3)
    records = [entry(number) for number in range(1, 6)]
    assert selected("stanza", *records, finding(1, 2)) == records
    assert len(selected("stanza", *records, finding(1, 3))) == 6


@pytest.mark.parametrize("name", ["c2s-errors-prosody", "s2s-plain-prosody-ejabberd", "interleaved-prosody"])
def test_what_comes_out_of_a_recording_is_a_timeline(recorded: Callable[[str], list[Record]], name: str) -> None:
    records = recorded(name)
    assert selected("not (iq and not iq)", *records) == records
    out = selected("stanza", *records, before=1)
    assert (out[0], out[-1]) == (records[0], records[-1])
    known: set[int] = set()
    for record in out:
        if isinstance(record, Connection):
            known.add(record.connection)
        elif isinstance(record, Entry):
            assert record.connection in known
    assert msgspec.json.decode(msgspec.json.encode(out), type=list[Record]) == out
