"""Marks by flow: where they stand between the bytes, which end bears them, and which flows are one connection."""

from collections.abc import Iterable

import pytest

from xmppscope.capture.events import MarkedSegment
from xmppscope.model.marks import DoneMark, LegMark, Mark, TlsMark, ToldMark
from xmppscope.model.segment import ACK, FIN, RST, SYN, Segment
from xmppscope.model.timeline import Summary
from xmppscope.model.wire import FILE_SHIFT, Data, Marked, Opened, Released, WireEvent
from xmppscope.proxy.record import PcapngLegs
from xmppscope.sources.marks import Marks
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore
from xmppscope.transport.reassembly import Reassembler

SECOND = 1_000_000_000
ISN = 100, 900


class Legs:
    """Sends segments of several port pairs, a millisecond apart, marked or not, and collects what comes out."""

    def __init__(self) -> None:
        self.reassembler = Reassembler()
        self.marks = Marks(self.reassembler)
        self.events: list[WireEvent] = []
        self.packet = 0
        self.now = 1_700_000_000 * SECOND

    def send(
        self,
        side: int,
        *,
        data: bytes = b"",
        port: int = 40000,
        mark: Mark | None = None,
        at: int = 1,
        flags: int = ACK,
    ) -> list[WireEvent]:
        self.packet += 1
        self.now += 1_000_000
        hosts, ports = (b"\x0a\0\0\x01", b"\x0a\0\0\x02"), (port.to_bytes(2), (5222).to_bytes(2))
        key = hosts[side] + hosts[1 - side] + ports[side] + ports[1 - side]
        segment = Segment(self.now, self.packet, key, ISN[side] + at, ISN[1 - side] + 1, flags, data)
        new = self.reassembler.feed(segment) if mark is None else self.marks.feed(MarkedSegment(segment, mark))
        self.events += new
        return new

    def connect(self, port: int = 40000, mark: Mark | None = None) -> list[WireEvent]:
        self.send(0, port=port, at=0, flags=SYN)
        self.send(1, port=port, at=0, flags=SYN | ACK)
        return self.send(0, port=port, mark=mark)

    def close(self, port: int = 40000) -> None:
        self.send(0, port=port, flags=FIN | ACK)
        self.send(1, port=port, flags=FIN | ACK)


@pytest.fixture
def legs() -> Legs:
    return Legs()


def names(events: Iterable[WireEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize("side", [0, 1])
def test_a_mark_names_its_flow_and_side(legs: Legs, side: int) -> None:
    legs.connect()
    assert legs.send(side, mark=TlsMark()) == [Marked(1, side, legs.now, 4, TlsMark())]


def test_a_mark_comes_before_what_its_packet_carries(legs: Legs) -> None:
    legs.connect()
    assert names(legs.send(0, data=b"<a/>", mark=TlsMark())) == ["Marked", "Data"]


def test_a_mark_on_the_first_packet_comes_after_the_flow_was_announced(legs: Legs) -> None:
    assert legs.send(0, at=0, flags=SYN, mark=TlsMark()) == [
        Opened(1, legs.now, 1, "10.0.0.1:40000", "10.0.0.2:5222", True),
        Marked(1, 0, legs.now, 1, TlsMark()),
    ]


def test_a_mark_in_mid_stream_on_the_first_packet_with_bytes(legs: Legs) -> None:
    assert names(legs.send(1, data=b"<a/>", mark=TlsMark())[:2]) == ["Opened", "Marked"]
    assert legs.events[1].side == 1


def test_a_mark_of_a_connection_that_was_never_announced_is_left_out(legs: Legs) -> None:
    assert legs.send(0, mark=TlsMark()) == []
    assert legs.send(0, flags=RST, mark=TlsMark()) == []


def test_a_mark_on_the_packet_that_begins_another_connection_is_that_one_s(legs: Legs) -> None:
    legs.connect()
    legs.close()
    new = legs.send(0, at=5000, flags=SYN, mark=TlsMark())
    assert names(new) == ["Released", "Opened", "Marked"]
    assert new[-1].flow == 2


@pytest.mark.parametrize("side", [0, 1])
def test_a_leg_may_be_marked_long_after_it_was_closed(legs: Legs, side: int) -> None:
    legs.connect(mark=LegMark("client", 1, "10.0.0.2:5222"))
    legs.close()
    legs.now += 10 * SECOND
    legs.connect(port=40001)
    assert "Released" in names(legs.events)
    assert legs.send(side, mark=DoneMark()) == [Marked(1, side, legs.now, legs.packet, DoneMark())]
    assert legs.marks.connections == 2


def test_after_port_reuse_marks_are_the_new_leg_s(legs: Legs) -> None:
    legs.connect(mark=LegMark("client", 1, "10.0.0.2:5222"))
    legs.close()
    legs.send(0, at=5000, flags=SYN)
    legs.send(0, at=5001, mark=LegMark("client", 2, "10.0.0.2:5222"))
    assert [event.flow for event in legs.events if isinstance(event, Marked)] == [1, 2]


@pytest.mark.parametrize(
    ("pairs", "connections"),
    [([1], 1), ([1, 1], 1), ([1, 2], 2), ([1, 2, 2, 1], 2), ([1, 1, 1], 1), ([None, 1, 1], 2)],
)
def test_a_pair_counts_once(legs: Legs, pairs: list[int | None], connections: int) -> None:
    for number, pair in enumerate(pairs):
        legs.connect(40000 + number, None if pair is None else LegMark("client", pair, "10.0.0.2:5222"))
    assert legs.marks.connections == connections


def test_a_leg_that_names_itself_again_still_counts_once(legs: Legs) -> None:
    mark = LegMark("client", 1, "10.0.0.2:5222")
    legs.connect(mark=mark)
    for side in (0, 1, 0):
        legs.send(side, mark=mark)
    assert legs.marks.connections == 1


def test_pairs_of_two_recordings_are_apart(legs: Legs) -> None:
    legs.connect(mark=LegMark("client", 1, "10.0.0.2:5222"))
    legs.packet = 1 << FILE_SHIFT
    legs.connect(port=40001, mark=LegMark("client", 1, "10.0.0.2:5222"))
    assert legs.marks.connections == 2


def test_what_is_remembered_is_bounded(legs: Legs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xmppscope.sources.marks._BOUND", 20)
    for port in range(1, 101):
        legs.connect(port, LegMark("client", port, "10.0.0.2:5222"))
    assert (len(legs.marks._legs), len(legs.marks._pairs), legs.marks.connections) == (40, 20, 100)


# Through the pipeline


def test_the_pipeline_puts_marks_between_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    legs = PcapngLegs()
    written = legs.beginning
    for event in (
        Opened(9, 1_000, 0, "127.0.0.1:40000", "127.0.0.1:5222", True),
        Marked(9, 0, 1_000, 0, LegMark("server", 1, "127.0.0.1:5322")),
        Data(9, 0, 2_000, 0, b"<a/>"),
        Marked(9, 1, 3_000, 0, ToldMark("between")),
        Data(9, 0, 4_000, 0, b"<b/>"),
    ):
        written += legs.feed(event)
    pipeline = Pipeline(KeyStore())
    seen: list[WireEvent] = []
    feed_all = pipeline._analyzer.feed_all
    monkeypatch.setattr(pipeline._analyzer, "feed_all", lambda events: seen.extend(events) or feed_all(events))
    pipeline.open("trace.pcapng")
    for at in range(0, len(written), 50):
        pipeline.feed(written[at : at + 50])
    records = [*pipeline.end(), *pipeline.close()]
    assert [(type(event), getattr(event, "data", getattr(event, "mark", None))) for event in seen] == [
        (Opened, None),
        (Marked, LegMark("server", 1, "127.0.0.1:5322")),
        (Data, b"<a/>"),
        (Marked, ToldMark("between")),
        (Data, b"<b/>"),
        (Released, None),
    ]
    assert isinstance(records[-1], Summary)
    assert (records[-1].packets, records[-1].connections, pipeline.latest) == (6, 1, 4_000)
    assert pipeline.first == 1_000
