"""Two legs, one timeline: what the proxy's marks make of the entries, by events alone."""

import json
from collections.abc import Callable

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.model.marks import (
    DoneMark,
    EditMark,
    LegMark,
    MadeMark,
    Mark,
    TargetMark,
    TlsMark,
    ToldMark,
    VerdictMark,
)
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Record
from xmppscope.model.wire import Data, Ended, Marked, Opened, Released, Side
from xmppscope.render.jsonl import JsonLines
from xmppscope.tls.keylog import KeyStore

CLIENT, PROXY, OWN, SERVER = "192.0.2.1:40000", "192.0.2.2:5222", "192.0.2.2:40001", "192.0.2.3:5222"
SECRET = "AGp1bGlldAByMG0zMG15cjBtMzA="
AUTH = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{SECRET}</auth>"
FEATURES = "<stream:features><a xmlns='x'/><b xmlns='x'/></stream:features>"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

Fill = Callable[..., bytes]


class Legs:
    """Two legs, fed event by event."""

    def __init__(self, *, pair: int = 1, analyzer: Analyzer | None = None, show_secrets: bool = False) -> None:
        self.analyzer = analyzer or Analyzer(KeyStore(), show_secrets=show_secrets)
        self.records: list[Record] = []
        self.flows = 2 * pair - 1, 2 * pair
        self.pair = pair
        self.now = 1_700_000_000_000_000_000
        self.sent = [0, 0]

    def feed(self, event: object) -> None:
        self.records += self.analyzer.feed(event)

    def open(self, *, server: bool = True) -> "Legs":
        self.feed(Opened(self.flows[0], self.now, 0, CLIENT, PROXY, True))
        self.mark(LegMark("client", self.pair, PROXY))
        if server:
            self.reach()
        return self

    def reach(self) -> None:
        self.feed(Opened(self.flows[1], self.now, 0, OWN, SERVER, True))
        self.mark(LegMark("server", self.pair, PROXY), leg=1)

    def say(self, who: str, data: bytes | str) -> None:
        """Let a peer say something, and the proxy pass it on."""
        raw = data.encode() if isinstance(data, str) else data
        self.now += 1_000_000
        side: Side = 0 if who == "C" else 1
        self.feed(Data(self.flows[side], side, self.now, 0, raw))
        self.feed(Data(self.flows[1 - side], side, self.now, 0, raw))
        self.sent[side] += len(raw)

    def mark(self, mark: Mark, leg: int = 0, side: Side = 0) -> None:
        self.feed(Marked(self.flows[leg], side, self.now, 0, mark))

    def edit(self, who: str, data: bytes | str, action: str, to: str = "", text: str = "", by: str = "script") -> None:
        """Let a peer say an element that the proxy does something about."""
        raw = data.encode() if isinstance(data, str) else data
        side = 0 if who == "C" else 1
        at = self.sent[side]
        sender = "initiating" if who == "C" else "receiving"
        self.mark(EditMark(sender, at, at + len(raw), by, action, text, to), leg=side, side=side)  # type: ignore[arg-type]
        self.say(who, raw)

    def end(self, who: str, *, reset: bool = False) -> None:
        side: Side = 0 if who == "C" else 1
        self.feed(Ended(self.flows[side], side, self.now, 0, reset))

    def done(self) -> "Legs":
        self.mark(DoneMark())
        for flow in self.flows:
            self.feed(Released(flow, self.now, "closed"))
        return self

    @property
    def entries(self) -> list[Entry]:
        return [record for record in self.records if isinstance(record, Entry)]

    @property
    def connections(self) -> list[Connection]:
        return [record for record in self.records if isinstance(record, Connection)]

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in JsonLines().render(self.records).splitlines()]


@pytest.fixture
def legs(fill: Fill) -> Legs:
    """Legs on which a stream has begun."""
    legs = Legs().open()
    legs.say("C", fill("{header}"))
    legs.say("S", fill("{response}"))
    return legs


def test_one_connection(legs: Legs) -> None:
    legs.say("S", FEATURES)
    legs.done()
    assert [(e.kind, e.sender, e.leg, e.edit) for e in legs.entries] == [
        ("stream-open", "initiating", None, None),
        ("stream-open", "receiving", None, None),
        ("nonza", "receiving", None, None),
    ]
    assert {(c.initiating, c.receiving, c.proxy, c.connection) for c in legs.connections} == {
        (CLIENT, SERVER, PROXY, 1)
    }
    assert legs.analyzer.summary(0, 1).xmpp_connections == 1


def test_offsets_are_those_of_the_whole_direction(legs: Legs, fill: Fill) -> None:
    at = len(fill("{header}"))
    legs.say("C", "<message/>")
    assert legs.entries[-1].offset == (at, at + 10)


def test_nothing_is_written_before_it_is_known_where_to(fill: Fill) -> None:
    legs = Legs().open(server=False)
    legs.say("C", fill("{header}"))
    assert legs.records == []
    legs.mark(TargetMark("192.0.2.9:5222"))
    assert [c.receiving for c in legs.connections] == ["192.0.2.9:5222"]
    legs.reach()
    assert [c.receiving for c in legs.connections] == ["192.0.2.9:5222", SERVER]
    assert len(legs.entries) == 1


def test_a_server_leg_without_its_client_leg_is_a_connection_of_its_own(fill: Fill) -> None:
    legs = Legs()
    legs.reach()
    legs.feed(Data(2, 0, legs.now, 0, fill("{header}")))
    assert [(c.initiating, c.receiving, c.proxy) for c in legs.connections] == [(OWN, SERVER, None)]


def test_two_at_once(fill: Fill) -> None:
    one = Legs().open()
    two = Legs(pair=2, analyzer=one.analyzer).open()
    one.say("C", fill("{header}"))
    two.say("C", fill("{header}"))
    one.say("S", fill("{response}"))
    two.done()
    one.done()
    assert [e.connection for e in one.entries] == [1, 1]
    assert [e.connection for e in two.entries] == [2]


# What the proxy changes


def test_a_change_makes_two_entries(legs: Legs) -> None:
    legs.edit("S", FEATURES, "changed", "<stream:features><a xmlns='x'/></stream:features>", "the same without b")
    original, changed = legs.entries[-2:]
    assert (original.leg, original.edit, original.xml) == ("server", None, FEATURES)
    assert (changed.leg, changed.sender, changed.xml) == (
        "client",
        "receiving",
        "<stream:features><a xmlns='x'/></stream:features>",
    )
    assert legs.lines[-1]["edit"] == {"by": "script", "action": "changed", "of": original.entry}
    assert changed.summary == "client leg: the same without b"
    assert changed.offset is None
    assert (changed.state, original.state) == ("negotiating", "negotiating")


def test_a_change_of_what_the_client_says_goes_out_on_the_server_leg(legs: Legs) -> None:
    legs.edit("C", "<message/>", "changed", "<message><b/></message>")
    original, changed = legs.entries[-2:]
    assert (original.leg, changed.leg, changed.sender) == ("client", "server", "initiating")


def test_what_is_dropped_has_one_entry(legs: Legs) -> None:
    legs.edit("C", "<message/>", "dropped")
    legs.say("C", "<presence/>")
    dropped, kept = legs.entries[-2:]
    assert (dropped.leg, dropped.name, kept.leg, kept.edit) == ("client", "message", None, None)
    assert legs.lines[-2]["edit"] == {"by": "script", "action": "dropped"}


def test_a_dropped_header(fill: Fill) -> None:
    legs = Legs().open()
    legs.edit("C", fill("{header}"), "dropped")
    assert (legs.entries[0].kind, legs.entries[0].leg) == ("stream-open", "client")
    assert legs.lines[-1]["edit"] == {"by": "script", "action": "dropped"}


def test_an_edit_is_for_its_element_alone(legs: Legs) -> None:
    start = legs.sent[0]
    for offset in (start - 5, start + 3, start + 10):
        legs.mark(EditMark("initiating", offset, offset + 10, "script", "dropped"))
    legs.say("C", "<message/><presence/>")
    assert [e.edit is not None for e in legs.entries[-2:]] == [False, True]


def test_edits_have_a_bound(legs: Legs) -> None:
    for offset in range(5000):
        legs.mark(EditMark("initiating", legs.sent[0] + 10 * offset, 0, "script", "dropped"))
    legs.say("C", b"<message/>" * 5000)
    assert sum(e.edit is not None for e in legs.entries) == 1000


# What the proxy makes


def test_what_is_made_follows_the_negotiation(legs: Legs) -> None:
    legs.say("S", FEATURES)
    legs.say("C", STARTTLS)
    legs.mark(MadeMark("receiving", "starttls", PROCEED), side=1)
    made = legs.entries[-1]
    assert (made.name, made.leg, made.sender, made.state) == ("proceed", "client", "receiving", "tls")
    assert legs.lines[-1]["edit"] == {"by": "starttls", "action": "injected"}
    assert (made.offset, made.protection) == (None, "none")


def test_a_whole_stream_is_made(fill: Fill) -> None:
    legs = Legs().open(server=False)
    legs.say("C", fill("{header}"))
    legs.mark(ToldMark("nobody there", "nobody there", "Nobody is there.", "call again"))
    error = "<stream:error><remote-connection-failed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    legs.mark(MadeMark("receiving", "proxy", fill("{response}").decode() + error + "</stream:stream>"), side=1)
    legs.end("C")
    legs.done()
    assert [(e.kind, e.leg, e.state) for e in legs.entries] == [
        ("stream-open", None, "header-sent"),
        ("proxy", "client", "header-sent"),
        ("stream-open", "client", "header-both"),
        ("stream-error", "client", "closing"),
        ("stream-close", "client", "closing"),
        ("closed", "client", "closed"),
    ]
    assert {c.receiving for c in legs.connections} == {PROXY}


def test_a_text_says_what_it_is_for(legs: Legs) -> None:
    legs.mark(MadeMark("initiating", "script", "<r xmlns='urn:xmpp:sm:3'/>", "asked by hand"), leg=1, side=0)
    assert (legs.entries[-1].summary.endswith("asked by hand"), legs.entries[-1].leg) == (True, "server")


def test_what_is_made_of_rubbish_is_let_be(legs: Legs) -> None:
    before = len(legs.entries)
    for data in ("", " ", "text", "<a>", "<a></b>", "\ud800"[:0], "&"):
        legs.mark(MadeMark("initiating", "script", data), leg=1)
        legs.edit("C", "<message/>", "changed", data)
    assert all(e.leg == "client" for e in legs.entries[before:])


# Secrets


@pytest.mark.parametrize("show", [False, True])
def test_secrets_are_masked_in_all_that_is_changed_or_made(fill: Fill, show: bool) -> None:
    legs = Legs(show_secrets=show).open()
    legs.say("C", fill("{header}"))
    legs.say("S", fill("{response}"))
    legs.edit("C", AUTH, "changed", AUTH.replace("PLAIN", "X-PLAIN"))
    legs.edit("C", AUTH, "dropped")
    legs.mark(MadeMark("initiating", "script", AUTH), leg=1)
    text = JsonLines().render(legs.records).decode()
    made = [e for e in legs.entries if e.name == "auth"]
    assert len(made) == 4
    assert [e.redacted for e in made] == [not show] * 4
    assert text.count(SECRET) == (4 if show else 0)


# What the proxy tells


def test_what_is_told(legs: Legs) -> None:
    legs.mark(ToldMark("by SRV"))
    legs.mark(ToldMark("this may fail", warns=True))
    legs.mark(ToldMark("it failed", "it failed", "It failed because of us.", "do not"), leg=1)
    plain, warning, fault = legs.entries[-3:]
    assert [e.kind for e in legs.entries[-3:]] == ["proxy"] * 3
    assert (plain.severity, plain.leg, plain.reason) == (None, None, None)
    assert (warning.severity, warning.reason) == ("warning", None)
    assert (fault.severity, fault.leg, fault.reason, fault.sender) == ("error", "server", "it failed", "receiving")
    diagnosis = legs.records[-1]
    assert isinstance(diagnosis, Diagnosis)
    assert (diagnosis.connection, diagnosis.entries) == (1, [fault.entry])
    assert (diagnosis.text, diagnosis.advice) == ("It failed because of us.", "do not")


def test_a_fault_is_told_whatever_was_spoken() -> None:
    legs = Legs().open(server=False)
    legs.say("C", b"\x16\x03\x01\x00\x02\x01\x00")
    legs.mark(ToldMark("routed somewhere"))
    assert legs.records == []
    legs.mark(ToldMark("no hello", "no hello", "Nobody said hello.", "say it"))
    legs.done()
    assert [(e.kind, e.summary) for e in legs.entries if e.kind == "proxy"] == [
        ("proxy", "routed somewhere"),
        ("proxy", "no hello"),
    ]
    assert [type(record) for record in legs.records].count(Diagnosis) == 1
    assert legs.connections[0].receiving == PROXY


def test_what_is_no_xmpp_is_not_shown() -> None:
    legs = Legs().open()
    legs.say("C", "<html><body/></html>")
    legs.say("S", b"\x00\x01")
    legs.end("C")
    legs.end("S")
    legs.done()
    assert legs.records == []


# The end


def test_each_leg_ends_by_itself(legs: Legs) -> None:
    legs.end("C")
    legs.feed(Ended(2, 0, legs.now, 0, False))  # passed on
    legs.end("S", reset=True)
    legs.feed(Ended(1, 1, legs.now, 0, True))
    legs.done()
    assert [(e.kind, e.leg, e.summary.partition(" ")[0]) for e in legs.entries[-2:]] == [
        ("closed", "client", "ended"),
        ("closed", "server", "reset"),
    ]


def test_nothing_is_told_behind_the_end(legs: Legs) -> None:
    legs.say("C", "<message><body>half")
    legs.mark(DoneMark())
    told = len(legs.records)
    legs.mark(ToldMark("late", "late"))
    legs.mark(MadeMark("receiving", "script", "<a/>"))
    legs.end("S")
    legs.feed(Released(1, legs.now, "end"))
    legs.feed(Released(2, legs.now, "end"))
    assert legs.analyzer.close() == []
    assert len(legs.records) == told
    assert legs.entries[-1].kind == "opaque"


def test_the_end_of_the_recording_ends_what_is_not_over(legs: Legs) -> None:
    legs.say("C", "<message><body>half")
    (torn,) = (record for record in legs.analyzer.close() if isinstance(record, Entry))
    assert torn.kind == "opaque"


def test_a_verdict_without_a_certificate_does_no_harm(legs: Legs) -> None:
    legs.mark(VerdictMark("refused", "because"), leg=1)
    legs.mark(TlsMark(), leg=1)
    legs.mark(VerdictMark("refused", "because"), leg=1)
    legs.done()
    assert [e.kind for e in legs.entries] == ["stream-open", "stream-open"]


def test_no_line_has_a_null(legs: Legs) -> None:
    legs.edit("S", FEATURES, "changed", "<stream:features/>")
    legs.mark(ToldMark("it failed", "it failed", "Why.", "Do."))
    legs.mark(MadeMark("receiving", "proxy", "</stream:stream>"))
    legs.done()
    for line in legs.lines:
        assert None not in line.values()
        assert line.get("leg", "client") in ("client", "server")
        edit = line.get("edit", {})
        assert isinstance(edit, dict)
        assert set(edit) <= {"by", "action", "of"}
