"""The framer: recovery behind holes and faults, and starts in mid-stream."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.framing import bounds
from xmppscope.framing.framer import Framer
from xmppscope.framing.pieces import Bad, Head, Item, Piece, Torn

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>"
)
STOPS = frozenset({"urn:ietf:params:xml:ns:xmpp-tls\nproceed"})
FORWARDED = (
    b"<message id='1'><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
    b"<message xmlns='jabber:client' id='nested'><body>x</body></message></forwarded></result></message>"
)


def frame(*steps: bytes | int, midstream: bool = False, close: bool = True) -> list[Piece]:
    """Feed bytes, and holes given as their length."""
    framer = Framer(STOPS, frozenset(), midstream=midstream)
    pieces: list[Piece] = []
    for step in steps:
        pieces += framer.lost(step) if isinstance(step, int) else framer.feed(step)
    return pieces + (framer.close() if close else [])


def items(pieces: list[Piece]) -> list[bytes]:
    return [piece.raw for piece in pieces if isinstance(piece, Item)]


def test_hole_inside_an_element() -> None:
    pieces = frame(HEADER + b"<iq id='1'/><message><bo", 100, b"x</body></message><presence/><iq id='2'/>")
    at = len(HEADER) + 12
    assert [(piece.start, piece.end, piece.raw) for piece in pieces if isinstance(piece, Torn)] == [
        (at, at + 12, b"<message><bo"),
        (at + 112, at + 130, b"x</body></message>"),
    ]
    assert items(pieces) == [b"<iq id='1'/>", b"<presence/>", b"<iq id='2'/>"]
    assert [piece.late for piece in pieces if isinstance(piece, Item)] == [False, True, True]


def test_hole_between_elements_loses_nothing_else() -> None:
    pieces = frame(HEADER + b"<iq id='1'/>", 50, b"<iq id='2'/>", b"<iq id='3'/>")
    assert items(pieces) == [b"<iq id='1'/>", b"<iq id='2'/>", b"<iq id='3'/>"]
    assert not [piece for piece in pieces if isinstance(piece, Torn)]


@pytest.mark.parametrize("cut", range(1, len(FORWARDED)))
def test_nested_stanza_is_never_taken_for_one_of_the_first_level(cut: int) -> None:
    pieces = frame(HEADER, cut, FORWARDED[cut:] + b"<presence/><presence/>")
    assert items(pieces) == [b"<presence/>", b"<presence/>"]


def test_nested_stanza_is_held_until_it_is_refuted() -> None:
    framer = Framer(STOPS, frozenset())
    framer.feed(HEADER)
    framer.lost(10)
    nested = b"<message xmlns='jabber:client'><body>x</body></message>"
    assert framer.feed(nested) == []
    assert framer.feed(b"</forwarded></result></message>") == []
    assert items(framer.feed(b"<presence/><presence/>")) == [b"<presence/>", b"<presence/>"]


@pytest.mark.parametrize("end", [b"o</a></p></body></html></message><presence/>", b""])
def test_links_in_formatted_text_are_no_answers_of_stream_management(end: bytes) -> None:
    pieces = frame(HEADER, 100, b"rest</p><p><a href='x'>one</a><a href='y'>tw", end)
    assert items(pieces) == ([b"<presence/>"] if end else [])


def test_end_of_the_direction_is_a_proof() -> None:
    assert items(frame(HEADER, 10, b"<message xmlns='jabber:client'><body>x</body></message>")) != []
    assert items(frame(HEADER, 10, b"<message xmlns='jabber:client'/>", 10, close=False)) == []
    assert items(frame(HEADER, 10, b"<message to='b'/>", 10, close=False)) == [b"<message to='b'/>"]


def test_negotiation_needs_no_proof() -> None:
    pieces = frame(HEADER, 10, b"<r xmlns='urn:xmpp:sm:3'/>", close=False)
    assert items(pieces) == [b"<r xmlns='urn:xmpp:sm:3'/>"]


def test_new_header_behind_a_hole() -> None:
    pieces = frame(HEADER, 10, HEADER + b"<iq/>", close=False)
    assert [type(piece) for piece in pieces] == [Head, Head, Item]


@pytest.mark.parametrize(
    "nonza",
    [
        b"<bidi xmlns='urn:xmpp:bidi'/>",
        b"<inactive xmlns='urn:xmpp:csi:0'/>",
        b'<active xmlns="urn:xmpp:csi:0"/>',
        b"<continue xmlns='urn:xmpp:sasl:2'/>",
        b"<next xmlns='urn:xmpp:sasl:2'/>",
    ],
)
@pytest.mark.parametrize("split", [0, 1])
def test_nonza_first_in_midstream(nonza: bytes, split: int) -> None:
    data = nonza + b"<presence/>"
    steps = [data[at : at + split] for at in range(len(data))] if split else [data]
    assert items(frame(*steps, midstream=True)) == [nonza, b"<presence/>"]


def test_chat_state_in_midstream_is_nested() -> None:
    state = b"<active xmlns='http://jabber.org/protocol/chatstates'/></message><presence/><presence/>"
    assert items(frame(state, midstream=True)) == [b"<presence/>", b"<presence/>"]


def test_midstream_start() -> None:
    pieces = frame(b"dy>x</body></message><message to='b'/><iq/>", midstream=True)
    assert isinstance(pieces[0], Torn)
    assert items(pieces) == [b"<message to='b'/>", b"<iq/>"]


def test_fault_is_passed() -> None:
    pieces = frame(HEADER + b"<message>&foo;</message><presence/><iq/><iq/>")
    assert [type(piece) for piece in pieces] == [Head, Bad, Torn, Item, Item, Item]


def test_stop_behind_a_hole_hands_over_at_the_exact_byte() -> None:
    framer = Framer(STOPS, frozenset())
    framer.feed(HEADER)
    framer.lost(5)
    pieces = framer.feed(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\x16\x03\x01")
    assert items(pieces) == [b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"]
    assert framer.stopped
    assert framer.take() == b"\x16\x03\x01"


ELEMENTS = [
    b"<message to='b' id='1'><body>one</body></message>",
    FORWARDED,
    b"<presence from='c'/>",
    b"<iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>",
    b"<r xmlns='urn:xmpp:sm:3'/>",
    b"<a xmlns='urn:xmpp:sm:3' h='3'/>",
    b"<message to='b' id='4'><body>four</body></message>",
    b"<presence to='d'/>",
]


@given(st.data())
def test_what_comes_out_around_a_hole_was_sent_whole(data: st.DataObject) -> None:
    stream = b"".join(ELEMENTS)
    start = data.draw(st.integers(0, len(stream) - 1))
    end = data.draw(st.integers(start + 1, len(stream)))
    size = data.draw(st.integers(1, 60))
    before, after = HEADER + stream[:start], stream[end:]
    steps: list[bytes | int] = [before[i : i + size] for i in range(0, len(before), size)]
    steps.append(end - start)
    steps += [after[i : i + size] for i in range(0, len(after), size)]
    whole, at = [], 0
    for element in ELEMENTS:
        if at + len(element) <= start or at >= end:
            whole.append(element)
        at += len(element)
    assert items(frame(*steps)) == whole


@given(st.lists(st.one_of(st.binary(max_size=40), st.integers(1, 20), st.sampled_from(ELEMENTS)), max_size=12))
def test_anything_in_any_order_never_raises(steps: list[bytes | int]) -> None:
    framer = Framer(STOPS, frozenset(), midstream=True)
    for step in steps:
        if framer.stopped:
            break
        before = framer.at
        framer.lost(step) if isinstance(step, int) else framer.feed(step)
        assert framer.at >= before


@pytest.mark.parametrize("unit", [b"<a/>", b" ", b"<a></b>"])
def test_search_without_proof_looks_at_every_byte_a_bounded_number_of_times(unit: bytes) -> None:
    framer = Framer(STOPS, frozenset(), midstream=True)
    framer.feed(b"<message/>")
    started = time.process_time()
    for _ in range(4000):
        framer.feed(unit * 20)
    assert time.process_time() - started < 20


def test_so_many_elements_cannot_be_nested() -> None:
    framer = Framer(STOPS, frozenset(), midstream=True)
    pieces = framer.feed(b"<message/>")
    for _ in range(bounds.ELEMENTS // 1000 + 1):
        pieces += framer.feed(b"<a/>" * 1000)
    assert len(items(pieces)) == len(pieces) > bounds.ELEMENTS


def test_pieces_are_told_once_however_often_the_end_comes() -> None:
    framer = Framer(STOPS, frozenset())
    framer.feed(HEADER + b"<mess")
    assert [type(piece) for piece in framer.close()] == [Torn]
    assert framer.close() == []
