"""Whatever a network and a capture do to a conversation: what comes out is what was sent, or a hole marked exactly."""

import random
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from xmppscope.model.segment import ACK, FIN, SYN, Segment
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Opened, Released, WireEvent
from xmppscope.transport.limits import PATIENCE_PACKETS, Limits
from xmppscope.transport.reassembly import Reassembler

KEYS = b"\x0a\0\0\x01\x0a\0\0\x02\x9c\x40\x14\x66", b"\x0a\0\0\x02\x0a\0\0\x01\x14\x66\x9c\x40"
MILLISECOND = 1_000_000
HOLE = -1


@dataclass
class Conversation:
    """What two sides sent, and the segments that carried it, in the order of sending."""

    isn: tuple[int, int]
    sent: tuple[bytes, bytes]
    segments: list[Segment] = field(default_factory=list, repr=False)

    def add(self, side: int, start: int, end: int, flags: int = ACK, acks: int = 0, cut: int = 0) -> None:
        """Send the bytes from *start* to *end* of a side, of which the capture lacks the last *cut*."""
        seq = (self.isn[side] + (0 if flags & SYN else 1) + start) % 2**32
        ack = (self.isn[1 - side] + 1 + acks) % 2**32
        data = self.sent[side][start : end - cut]
        self.segments.append(Segment(0, 0, KEYS[side], seq, ack, flags, data, end - start - len(data)))


@st.composite
def conversations(draw: st.DrawFn, overlaps: tuple[int, ...] = (0, 0, 0, 5, 40)) -> Conversation:
    """A whole connection: handshake, data both ways in any cuts, some of it again in other cuts, and the close."""
    near_wrap = st.integers(2**32 - 300, 2**32 - 1) | st.integers(0, 2**32 - 1)
    rng = draw(st.randoms(use_true_random=False))
    sent = rng.randbytes(draw(st.integers(0, 200))), rng.randbytes(draw(st.integers(0, 200)))
    conversation = Conversation((draw(near_wrap), draw(near_wrap)), sent)
    conversation.add(0, 0, 0, SYN)
    conversation.add(1, 0, 0, SYN | ACK)
    conversation.add(0, 0, 0)
    at = [0, 0]
    while at[0] < len(sent[0]) or at[1] < len(sent[1]):
        side = rng.randrange(2)
        begin = max(at[side] - rng.choice(overlaps), 0)
        at[side] = min(at[side] + rng.choice((1, 9, 20, 60)), len(sent[side]))
        conversation.add(side, begin, at[side], acks=at[1 - side])
        if rng.random() < 0.5:
            conversation.add(1 - side, at[1 - side], at[1 - side], acks=at[side])
    for side in (0, 1):
        conversation.add(side, at[side], at[side], FIN | ACK, acks=at[1 - side] + side)
    conversation.add(0, at[0] + 1, at[0] + 1, acks=at[1] + 1)
    return conversation


def capture(segments: list[Segment], gap: int = MILLISECOND) -> list[Segment]:
    """Number the segments and give them times, in the order in which they stand."""
    for number, segment in enumerate(segments, 1):
        segment.packet, segment.time = number, 10**18 + number * gap
    return segments


def shuffled(rng: random.Random, segments: list[Segment], reach: int) -> list[Segment]:
    """Move each segment up to *reach* places later."""
    places = [(index + rng.randint(0, reach), index) for index in range(len(segments))]
    return [segments[index] for _, index in sorted(places)]


def copy(segment: Segment) -> Segment:
    return Segment(0, 0, segment.key, segment.seq, segment.ack, segment.flags, segment.data, segment.missing)


def play(segments: list[Segment], limits: Limits | None = None) -> list[WireEvent]:
    reassembler = Reassembler() if limits is None else Reassembler(limits)
    events = [event for segment in segments for event in reassembler.feed(segment)]
    return events + reassembler.close()


def received(events: list[WireEvent], side: int) -> list[int]:
    """Return what came out for one side, byte by byte, a `HOLE` for each that was declared lost."""
    stream: list[int] = []
    for event in events:
        if isinstance(event, Data) and event.side == side:
            stream += event.data
        elif isinstance(event, Lost) and event.side == side:
            assert event.length > 0
            stream += [HOLE] * event.length
    return stream


def captured(conversation: Conversation, segments: list[Segment], side: int) -> list[int]:
    """Return what one side sent with a `HOLE` for each byte that is in none of the captured segments."""
    stream = [HOLE] * len(conversation.sent[side])
    for segment in segments:
        if segment.key == KEYS[side]:
            start = (segment.seq - conversation.isn[side] - (0 if segment.flags & SYN else 1)) % 2**32
            stream[start : start + len(segment.data)] = segment.data
    return stream


@given(conversations(), st.randoms(use_true_random=False))
def test_reordering_and_duplication_lose_nothing(conversation: Conversation, rng: random.Random) -> None:
    handshake, rest = conversation.segments[:3], conversation.segments[3:]
    twice = [copy(segment) for segment in rest for _ in range(rng.choice((1, 1, 2)))]
    segments = handshake + shuffled(rng, twice, PATIENCE_PACKETS // 2)
    events = play(capture(segments))
    for side in (0, 1):
        assert bytes(received(events, side)) == conversation.sent[side]
    assert sum(isinstance(event, Ended) for event in events) == 2
    assert not [event for event in events if isinstance(event, Lost | Conflict)]


@given(conversations(), st.randoms(use_true_random=False), st.floats(0, 0.9))
def test_what_is_not_in_the_capture_is_marked_exactly(
    conversation: Conversation, rng: random.Random, loss: float
) -> None:
    handshake, rest = conversation.segments[:3], conversation.segments[3:]
    kept = [segment for segment in rest if segment.flags & FIN or rng.random() >= loss]
    segments = handshake + shuffled(rng, kept, 8)
    events = play(capture(segments))
    for side in (0, 1):
        assert received(events, side) == captured(conversation, segments, side)
    assert isinstance(events[0], Opened)
    assert isinstance(events[-1], Released)


@given(conversations(), st.randoms(use_true_random=False))
def test_snap_length_cuts_are_marked_exactly(conversation: Conversation, rng: random.Random) -> None:
    segments = []
    for segment in conversation.segments:
        keep = rng.choice((len(segment.data), 10, 0)) if len(segment.data) > 10 else len(segment.data)
        segment.missing = len(segment.data) - keep
        segment.data = segment.data[:keep]
        segments.append(segment)
    events = play(capture(segments))
    for side in (0, 1):
        assert received(events, side) == captured(conversation, segments, side)


@given(conversations(overlaps=(0,)), st.integers(0, 60), st.integers(1, 100))
def test_any_part_of_a_capture_gives_that_part_of_what_was_sent(
    conversation: Conversation, first: int, count: int
) -> None:
    segments = conversation.segments[first : first + count]
    events = play(capture(segments))
    for side in (0, 1):
        whole = captured(conversation, segments, side)
        assert received(events, side) == [byte for byte in whole if byte != HOLE]


@given(conversations(overlaps=(0,)), st.randoms(use_true_random=False), st.integers(3, 60))
def test_reordering_where_a_capture_begins_loses_nothing(
    conversation: Conversation, rng: random.Random, first: int
) -> None:
    segments = [segment for segment in conversation.segments[first:] if segment.data and segment.key == KEYS[0]]
    segments = shuffled(rng, segments, 2)
    events = play(capture(segments))
    whole = captured(conversation, segments, 0)
    assert received(events, 0) == [byte for byte in whole if byte != HOLE]


@given(conversations(), st.randoms(use_true_random=False), st.integers(0, 2000))
def test_tight_bounds_cost_bytes_but_never_truth(conversation: Conversation, rng: random.Random, bound: int) -> None:
    handshake, rest = conversation.segments[:3], conversation.segments[3:]
    segments = handshake + shuffled(rng, rest, 20)
    events = play(capture(segments), Limits(held_per_flow=bound, held_in_all=bound, recent_in_all=bound))
    for side in (0, 1):
        stream = received(events, side)
        assert len(stream) == len(conversation.sent[side])
        assert all(byte in (HOLE, true) for byte, true in zip(stream, conversation.sent[side], strict=True))


# Fuzzing: segments that make no sense

numbers = st.sampled_from([0, 1, 2, 3, 5, 100, 2**16, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1]) | st.integers(
    0, 2**32 - 1
)
garbage = st.builds(
    Segment,
    time=st.integers(-(2**40), 2**40) | st.integers(0, 5 * 10**9),
    packet=st.just(7),
    key=st.sampled_from([*KEYS, KEYS[0][:8] + b"\1\2\3\4", bytes(12), bytes(36), bytes(35) + b"\1"]),
    seq=numbers,
    ack=numbers,
    flags=st.integers(0, 255),
    data=st.binary(max_size=20),
    missing=st.sampled_from([0, 0, 0, 1, 1000]),
)


@settings(max_examples=300)
@given(st.lists(garbage, max_size=80), st.integers(0, 40))
@example([Segment(0, 7, bytes(12), 0, 0, SYN, b"", 0)] * 3, 0)
def test_garbage_keeps_the_grammar_of_events(segments: list[Segment], ignored: int) -> None:
    """Each flow is opened first, released last, and between them says nothing that cannot be."""
    limits = Limits(held_per_flow=3000, held_in_all=5000, recent_in_all=2000, flows=3)
    reassembler = Reassembler(limits)
    events: list[WireEvent] = []
    for number, segment in enumerate(segments):
        if number == ignored:
            reassembler.ignore(1)
        events += reassembler.feed(segment)
        assert 0 <= reassembler._held <= 5000
        assert len(reassembler._table) <= 3
    events += reassembler.close()
    assert reassembler._held == 0
    living: set[int] = set()
    for event in events:
        if isinstance(event, Opened):
            assert event.flow not in living
            living.add(event.flow)
            continue
        assert event.flow in living
        if isinstance(event, Released):
            living.remove(event.flow)
        elif isinstance(event, Lost):
            assert event.length > 0
        elif isinstance(event, Data | Conflict):
            assert event.data
    assert not living
