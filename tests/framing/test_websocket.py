"""Frames (RFC 6455 §5): what comes out must not depend on how the bytes are cut, and wsproto must agree."""

import os
import random
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol
from wsproto.frame_protocol import Opcode as WsprotoOpcode

from xmppscope.framing import bounds
from xmppscope.framing.permessage_deflate import MISSED, Deflate, MessageInflater, agreed
from xmppscope.framing.websocket import MASKED, NOT_MASKED, FrameReader, unmask
from xmppscope.framing.websocket_events import Control, FrameEvent, Message, Opcode, Refused, Unread
from xmppscope.framing.websocket_messages import TOO_LONG

KEY = b"\x11\xe2\x33\x84"
TEXT, BINARY, CONTINUATION = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION


def frame(
    data: bytes, opcode: int = TEXT, *, final: bool = True, rsv: int = 0, key: bytes = b"", form: int = 0
) -> bytes:
    """One frame; *form* forces the length into that many bytes."""
    size = len(data)
    form = form or (1 if size < 126 else 3 if size < 1 << 16 else 9)
    length = {1: b"", 3: b"\x7e", 9: b"\x7f"}[form] + size.to_bytes(form - (form > 1))
    masked = bytes([length[0] | (0x80 if key else 0)]) + length[1:] + key
    return bytes([final << 7 | rsv << 4 | opcode]) + masked + (unmask(data, key) if key else data)


def read(
    wire: bytes, *, masks: bool | None = False, deflate: Deflate | None = None, cuts: list[int] | int = 0
) -> list[FrameEvent]:
    """Read the frames of one direction, cut at these places or into pieces of one size."""
    reader = FrameReader(masks=masks, inflater=None if deflate is None else MessageInflater(deflate))
    places = list(range(cuts, len(wire), cuts)) if isinstance(cuts, int) and cuts else cuts or []
    assert isinstance(places, list)
    events: list[FrameEvent] = []
    for start, end in zip([0, *places], [*places, len(wire)], strict=True):
        events += reader.feed(wire[start:end])
    return events + reader.close()


CASES: dict[str, tuple[bytes, list[FrameEvent]]] = {
    "one": (frame(b"<a/>"), [Message(0, 6, b"<a/>")]),
    "two in one segment": (frame(b"<a/>") + frame(b"<b/>"), [Message(0, 6, b"<a/>"), Message(6, 12, b"<b/>")]),
    "16 bits": (frame(b"x" * 126), [Message(0, 130, b"x" * 126)]),
    "64 bits": (frame(b"x" * 70000), [Message(0, 70010, b"x" * 70000)]),
    "64 bits for a short one": (frame(b"<a/>", form=9), [Message(0, 14, b"<a/>")]),
    "empty": (frame(b""), [Message(0, 2, b"")]),
    "fragments": (
        frame(b"<a", final=False) + frame(b">", CONTINUATION, final=False) + frame(b"</a>", CONTINUATION),
        [Message(0, 13, b"<a></a>")],
    ),
    "a ping between fragments": (
        frame(b"<a", final=False) + frame(b"?", Opcode.PING) + frame(b"/>", CONTINUATION),
        [Control(4, 7, Opcode.PING, b"?"), Message(0, 11, b"<a/>")],
    ),
    "close": (frame(b"\x03\xe8bye", Opcode.CLOSE), [Control(0, 7, Opcode.CLOSE, b"\x03\xe8bye")]),
    "binary": (frame(b"<a/>", BINARY), [Message(0, 6, b"<a/>", (), True)]),
    "masked": (frame(b"<a/>", key=KEY), [Message(0, 10, b"<a/>", (MASKED,))]),
    "a continuation of nothing": (
        frame(b"x", CONTINUATION) + frame(b"<a/>"),
        [Refused(0, 3, "a continuation of no message"), Message(3, 9, b"<a/>")],
    ),
    "a message in a message": (
        frame(b"<a", final=False) + frame(b"<b/>"),
        [Refused(0, 4, "a message that was not completed before the next one"), Message(4, 10, b"<b/>")],
    ),
    "a reserved opcode": (
        frame(b"x", 3) + frame(b"y", 11) + frame(b"<a/>"),
        [
            Refused(0, 3, "a frame with the reserved opcode 3"),
            Refused(3, 6, "a frame with the reserved opcode 11"),
            Message(6, 12, b"<a/>"),
        ],
    ),
    "a reserved bit": (
        frame(b"x", rsv=4) + frame(b"y", rsv=1) + frame(b"<a/>"),
        [
            Refused(0, 3, "a reserved bit is set, to which no agreed extension gives a meaning"),
            Refused(3, 6, "a reserved bit is set, to which no agreed extension gives a meaning"),
            Message(6, 12, b"<a/>"),
        ],
    ),
    "a long ping": (
        frame(b"x" * 130, Opcode.PING),
        [Control(0, 134, Opcode.PING, b"x" * 125, ("a control frame of 130 bytes, where 125 are allowed",))],
    ),
    "a ping in fragments": (
        frame(b"x", Opcode.PING, final=False),
        [Control(0, 3, Opcode.PING, b"x", ("a control frame in fragments",))],
    ),
    "a negative length": (
        frame(b"<a/>") + b"\x81\x7f" + (1 << 63).to_bytes(8),
        [
            Message(0, 6, b"<a/>"),
            Refused(6, 16, f"a frame of {1 << 63} bytes: the most significant bit of a length must be 0"),
        ],
    ),
    "never completed": (
        frame(b"<a/>") + b"\x81",
        [Message(0, 6, b"<a/>"), Unread(6, 7, "a message that was never completed")],
    ),
    "fragments never completed": (frame(b"<a", final=False), [Unread(0, 4, "a message that was never completed")]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("cuts", [0, 1, 2, 3, 7])
def test_frames(name: str, cuts: int) -> None:
    wire, expected = CASES[name]
    if len(wire) < 1000 or cuts in (0, 7):
        assert read(wire, cuts=cuts) == expected


@pytest.mark.parametrize("cuts", [0, 1])
def test_frames_of_a_client(cuts: int) -> None:
    wire = frame(b"<a/>", key=KEY) + frame(b"<b/>") + frame(b"", Opcode.PING, key=KEY)
    assert read(wire, masks=True, cuts=cuts) == [
        Message(0, 10, b"<a/>"),
        Message(10, 16, b"<b/>", (NOT_MASKED,)),
        Control(16, 22, Opcode.PING, b""),
    ]


def test_the_first_frame_tells_whose_they_are() -> None:
    assert read(frame(b"a", key=KEY) + frame(b"b"), masks=None) == [
        Message(0, 7, b"a"),
        Message(7, 10, b"b", (NOT_MASKED,)),
    ]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 1000])
def test_masks(size: int) -> None:
    data, key = os.urandom(size), os.urandom(4)
    assert unmask(data, key) == bytes(byte ^ key[at % 4] for at, byte in enumerate(data))
    assert unmask(unmask(data, key), key) == data


def test_a_length_that_could_be_sent_is_passed_over() -> None:
    reader = FrameReader(masks=False, inflater=None)
    size = bounds.STANZA + 1
    head = b"\x81\x7f" + size.to_bytes(8)
    assert reader.feed(head + b"x") == [Refused(0, 11, f"{TOO_LONG}: a frame of {size} bytes")]
    piece = b"x" * (1 << 20)
    left = size - 1
    while left:
        assert reader.feed(piece[:left]) == []
        left -= len(piece[:left])
    assert reader.feed(frame(b"<a/>")) == [Message(size + 10, size + 16, b"<a/>")]


def test_what_is_passed_over_takes_no_memory() -> None:
    reader = FrameReader(masks=False, inflater=None)
    assert len(reader.feed(b"\x81\x7f" + ((1 << 63) - 1).to_bytes(8))) == 1
    for _ in range(100):
        assert reader.feed(b"x" * 100_000) == []
    assert reader.close() == []


def test_endless_fragments_are_refused_once() -> None:
    reader = FrameReader(masks=False, inflater=None)
    piece = frame(b"x" * (1 << 20), CONTINUATION, final=False)
    events = reader.feed(frame(b"<", final=False))
    for _ in range(20):
        events += reader.feed(piece)
    assert [(type(event), event.reason) for event in events if isinstance(event, Refused)] == [(Refused, TOO_LONG)]
    assert reader.feed(frame(b"", CONTINUATION)) == []
    assert [event.data for event in reader.feed(frame(b"<a/>")) if isinstance(event, Message)] == [b"<a/>"]


@pytest.mark.parametrize(("at", "length"), [(2, 4), (3, 2), (5, 1), (3, 3)])
def test_bytes_missing_inside_a_frame_cost_that_message(at: int, length: int) -> None:
    wire = frame(b"<a/>") + frame(b"<b/>")
    reader = FrameReader(masks=False, inflater=None)
    events = reader.feed(wire[:at]) + reader.lost(length) + reader.feed(wire[at + length :])
    if at == 2:
        assert reader.broken is False
    assert not reader.broken
    assert events == [Unread(0, 6, "a message of which bytes are missing"), Message(6, 12, b"<b/>")]


def test_bytes_missing_inside_a_fragment_cost_its_message() -> None:
    wire = frame(b"<a>", final=False) + frame(b"1234", CONTINUATION, final=False) + frame(b"</a>", CONTINUATION)
    reader = FrameReader(masks=False, inflater=None)
    events = reader.feed(wire[:8]) + reader.lost(2) + reader.feed(wire[10:] + frame(b"<b/>"))
    assert events == [Unread(0, 17, "a message of which bytes are missing"), Message(17, 23, b"<b/>")]


@pytest.mark.parametrize(("at", "length"), [(0, 3), (1, 1), (3, 4), (6, 6)])
def test_behind_other_holes_nobody_knows(at: int, length: int) -> None:
    wire = frame(b"<a/>") + frame(b"<b/>")
    reader = FrameReader(masks=False, inflater=None)
    events = reader.feed(wire[:at]) + reader.lost(length)
    assert reader.broken
    assert not any(isinstance(event, Message) for event in events[1:])


# Compression.


def compressed(messages: list[bytes], *, bits: int = 15, takeover: bool = True) -> list[bytes]:
    made = []
    packer = zlib.compressobj(6, zlib.DEFLATED, -bits)
    for message in messages:
        if not takeover:
            packer = zlib.compressobj(6, zlib.DEFLATED, -bits)
        made.append((packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4])
    return made


MESSAGES = [b"<message to='juliet@capulet.example'><body>%d</body></message>" % number for number in range(5)]


@pytest.mark.parametrize("bits", [9, 12, 15])
@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("cuts", [0, 1, 5])
def test_compressed(bits: int, takeover: bool, cuts: int) -> None:
    packed = compressed(MESSAGES, bits=bits, takeover=takeover)
    wire = b"".join(frame(data, rsv=4) for data in packed) + frame(b"<plain/>")
    events = read(wire, deflate=Deflate(bits, takeover), cuts=cuts)
    assert [event.data for event in events if isinstance(event, Message)] == [*MESSAGES, b"<plain/>"]
    assert [event.compressed for event in events if isinstance(event, Message)] == [True] * 5 + [False]


def test_compressed_fragments() -> None:
    (packed,) = compressed(MESSAGES[:1])
    wire = frame(packed[:5], rsv=4, final=False) + frame(packed[5:], CONTINUATION)
    assert [event.data for event in read(wire, deflate=Deflate()) if isinstance(event, Message)] == MESSAGES[:1]


def test_a_last_block_keeps_the_window() -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    first = packer.compress(MESSAGES[0]) + packer.flush(zlib.Z_FINISH) + b"\x00"
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=MESSAGES[0])
    second = (packer.compress(MESSAGES[0]) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(second) < 20
    wire = frame(first, rsv=4) + frame(second, rsv=4)
    assert [event.data for event in read(wire, deflate=Deflate()) if isinstance(event, Message)] == MESSAGES[:1] * 2


def test_a_bomb_is_refused() -> None:
    (packed,) = compressed([b"<a>" + b" " * (64 << 20) + b"</a>"])
    reader = FrameReader(masks=False, inflater=MessageInflater(Deflate()))
    (event,) = reader.feed(frame(packed, rsv=4))
    assert isinstance(event, Refused)
    assert event.reason.startswith("a compressed message unfolds to more than")
    (stale,) = reader.feed(frame(compressed(MESSAGES[:2])[1], rsv=4))
    assert stale == Unread(stale.start, stale.end, MISSED)


def test_what_is_not_compressed_as_agreed() -> None:
    (event,) = read(frame(b"\xff\xff\xff", rsv=4), deflate=Deflate())
    assert isinstance(event, Refused)
    assert event.reason.startswith("not compressed as agreed")


def test_behind_a_hole_what_refers_to_nothing_older_is_inflated() -> None:
    packed = compressed(MESSAGES[:3])
    wires = [frame(data, rsv=4) for data in packed]
    reader = FrameReader(masks=False, inflater=MessageInflater(Deflate()))
    events = reader.feed(wires[0][:10]) + reader.lost(len(wires[0]) - 10) + reader.feed(wires[1])
    assert [type(event) for event in events] == [Unread, Unread]
    (alone,) = compressed(MESSAGES[3:4])
    assert [event.data for event in reader.feed(frame(alone, rsv=4)) if isinstance(event, Message)] == MESSAGES[3:4]


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ("", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-deflate", (Deflate(), Deflate())),
        ("permessage-deflate; client_max_window_bits", (Deflate(), Deflate())),
        (
            "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
            (Deflate(10), Deflate(15, False)),
        ),
        ('x-a, Permessage-Deflate;server_max_window_bits="12"', (Deflate(), Deflate(12))),
        ("permessage-deflate; server_max_window_bits=8; client_no_context_takeover", (Deflate(15, False), Deflate(9))),
        ("permessage-deflate; server_max_window_bits=99999999999999", (Deflate(), Deflate())),
        ("permessage-deflate; server_max_window_bits=-3", (Deflate(), Deflate())),
    ],
)
def test_what_was_agreed_on(extensions: str, expected: tuple[Deflate, Deflate] | None) -> None:
    assert agreed(extensions) == expected


# wsproto as the oracle, random cuts, random bytes.

pieces = st.lists(st.integers(1, 40), max_size=8)


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[list[bytes], bool]]:
    texts = st.text(max_size=300).map(str.encode)
    return draw(st.lists(st.tuples(st.lists(texts, min_size=1, max_size=4), st.booleans()), max_size=6))


def wires(conversation: list[tuple[list[bytes], bool]], protocol: FrameProtocol) -> Iterator[bytes]:
    for parts, binary in conversation:
        for number, part in enumerate(parts):
            payload = part if binary else part.decode()
            yield protocol.send_data(payload, fin=number == len(parts) - 1)
        yield protocol.ping(b"p")


@given(conversations(), st.booleans(), st.booleans(), st.data())
def test_wsproto_agrees(
    conversation: list[tuple[list[bytes], bool]], client: bool, packed: bool, data: st.DataObject
) -> None:
    extensions = []
    if packed:
        extension = PerMessageDeflate()
        extension._enabled = True
        extensions.append(extension)
    wire = b"".join(wires(conversation, FrameProtocol(client, extensions)))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(wire) - 1, 1)), max_size=10))) if len(wire) > 1 else []
    events = read(wire, masks=client, deflate=Deflate() if packed else None, cuts=cuts)
    messages = [(event.data, event.binary) for event in events if isinstance(event, Message)]
    assert messages == [(b"".join(parts), binary) for parts, binary in conversation]
    assert sum(isinstance(event, Control) for event in events) == len(conversation)
    assert len(events) == 2 * len(conversation)


@given(st.binary(max_size=400), st.sets(st.integers(1, 400), max_size=10), st.sampled_from([True, False, None]))
def test_random_bytes_come_out_the_same_however_they_are_cut(wire: bytes, places: set[int], masks: bool | None) -> None:
    cuts = sorted(place for place in places if place < len(wire))
    whole = read(wire, masks=masks, deflate=Deflate())
    assert [told(event) for event in read(wire, masks=masks, deflate=Deflate(), cuts=cuts)] == [told(e) for e in whole]
    for event in whole:
        assert 0 <= event.start <= event.end <= len(wire)


def told(event: FrameEvent) -> object:
    """Where a length is refused, how much of the frame was there at the time is left out."""
    return (type(event), event.start, event.reason) if isinstance(event, Refused) else event


@given(st.randoms(use_true_random=False))
def test_broken_frames_never_hurt(choice: random.Random) -> None:
    wire = bytearray(b"".join(frame(data, rsv=4, key=KEY) for data in compressed(MESSAGES)))
    for _ in range(choice.randrange(1, 6)):
        wire[choice.randrange(len(wire))] = choice.randrange(256)
    reader = FrameReader(masks=True, inflater=MessageInflater(Deflate()))
    events: list[FrameEvent] = []
    at = 0
    while at < len(wire):
        size = choice.randrange(1, 60)
        if choice.random() < 0.1:
            events += reader.lost(size)
        else:
            events += reader.feed(bytes(wire[at : at + size]))
        at += size
    events += reader.close()
    assert all(0 <= event.start <= event.end <= at for event in events)


def test_wsproto_and_we_number_opcodes_alike() -> None:
    assert {one.name: int(one) for one in Opcode} == {one.name: int(one) for one in WsprotoOpcode}
