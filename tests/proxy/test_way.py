"""One way through: elements are cut to the byte and passed on as they came, whatever waits for whatever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proxy.words import AUTH, CLOSE, HEADER, MESSAGE, STARTTLS, SUCCESS
from xmppscope.framing.framer import Framer
from xmppscope.framing.pieces import Bad, Foot, Head, Item, Space
from xmppscope.model.timeline import INITIATING
from xmppscope.model.wire import Data, ProxyEvent
from xmppscope.proxy.channel_binding import strip
from xmppscope.proxy.leg import Leg
from xmppscope.proxy.way import MOST_WAITING, Way
from xmppscope.session.negotiation import STOPS

TALK = [HEADER, b"\n", MESSAGE, b"<a/>", b" ", MESSAGE, CLOSE]


def make() -> tuple[Way, list[ProxyEvent], Leg]:
    events: list[ProxyEvent] = []
    legs = [Leg(name, flow, events.append, bytes, records=False) for flow, name in enumerate(("client", "server"))]
    return Way(INITIATING, *legs), events, legs[1]


def sent(leg: Leg) -> bytes:
    return b"".join(leg.out)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=9))
def test_pieces_are_cut_to_the_byte(sizes: list[int]) -> None:
    way, _, _ = make()
    data, at, turn = b"".join(TALK), 0, 0
    found = []
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces = way.cut(data[at : at + size])
        while pieces:
            found += pieces
            pieces = way.go_on()
        at, turn = at + size, turn + 1
    assert [type(piece) for piece, _ in found if not isinstance(piece, Space)] == [Head, Item, Item, Item, Foot]
    assert b"".join(raw for _, raw in found) == data
    assert [raw for piece, raw in found if isinstance(piece, Item)] == [MESSAGE, b"<a/>", MESSAGE]
    assert way.rest() == b""


def test_what_stops_leaves_the_rest_alone() -> None:
    way, _, _ = make()
    tls = b"\x16\x03\x01\x00\x05"
    pieces = way.cut(HEADER + STARTTLS + tls)
    assert [raw for _, raw in pieces] == [HEADER, STARTTLS]
    way.wait()
    assert way.cut(b"more") == []
    assert way.rest() == tls + b"more"
    assert not way.waits


def test_what_waited_goes_on_as_xml() -> None:
    way, _, _ = make()
    way.cut(HEADER + STARTTLS + AUTH[:20])
    way.wait()
    assert way.cut(AUTH[20:] + MESSAGE) == []
    pieces = way.go_on(after_wait=True)
    assert [raw for _, raw in pieces] == [AUTH, MESSAGE]


def test_white_space_is_taken_out_of_what_waits() -> None:
    way, _, _ = make()
    way.cut(HEADER + STARTTLS + b" \r\n")
    way.wait()
    assert way.spaces() == b" \r\n"
    assert way.cut(b"\t<a/>") == []
    assert way.spaces() == b"\t"
    assert way.spaces() == b""
    assert [raw for _, raw in way.go_on(after_wait=True)] == [b"<a/>"]


def test_offsets_go_on_behind_a_restart() -> None:
    way, _, _ = make()
    ((head, _),) = way.cut(HEADER)
    assert (head.start, head.end) == (0, len(HEADER))
    way.skip(2)
    ((head, _),) = way.cut(HEADER)
    assert (head.start, head.end) == (len(HEADER) + 2, 2 * len(HEADER) + 2)


def test_a_new_header_in_the_same_bytes() -> None:
    way, _, _ = make()
    found = []
    pieces = way.cut(HEADER + SUCCESS + HEADER + MESSAGE)
    while pieces:
        found += pieces
        pieces = way.go_on()
    assert [raw for _, raw in found] == [HEADER, SUCCESS, HEADER, MESSAGE]


def test_broken_xml_is_handed_over_whole() -> None:
    way, _, _ = make()
    pieces = way.cut(HEADER + b"<a></b>")
    assert isinstance(pieces[-1][0], Bad)
    assert b"".join(raw for _, raw in pieces) + way.rest() == HEADER + b"<a></b>"


def test_nothing_is_cut_any_more_once_bytes_pass() -> None:
    way, _, leg = make()
    way.begin(1)
    way.cut(HEADER + b"<mess")
    way.let_pass(2)
    assert sent(leg) == b"<mess"
    assert way.cut(b"age/>") == []
    assert way.go_on() == []
    way.let_pass(3)
    assert sent(leg) == b"<mess"


def test_what_is_sent_waits_for_its_leg() -> None:
    way, events, leg = make()
    way.send(b"<a/>", 1)
    way.send(b"", 1)
    way.send(b"<b/>", 2)
    assert leg.out == events == []
    way.begin(3)
    way.send(b"<c/>", 4)
    assert sent(leg) == b"<a/><b/><c/>"
    assert events == [Data(1, 0, 3, 0, b"<a/><b/>"), Data(1, 0, 4, 0, b"<c/>")]


@pytest.mark.parametrize(
    ("data", "between"),
    [(b"", True), (b"<a/>", True), (b"<a/>\n", True), (b"<a/><b", False), (b"text", False), (b"\xff", False)],
)
def test_between_two_elements(data: bytes, between: bool) -> None:
    way, _, _ = make()
    way.send(data, 1)
    assert way.between == between


def test_what_waits_has_a_bound() -> None:
    way, _, _ = make()
    way.cut(HEADER + STARTTLS)
    way.wait()
    way.cut(bytes(MOST_WAITING))
    assert not way.overflows
    way.send(b"<a/>", 1)
    assert way.overflows
    way.rest()
    assert not way.overflows


def test_an_element_in_the_making_may_be_long() -> None:
    way, _, _ = make()
    way.cut(HEADER + b"<message><body>" + b"O" * 2 * MOST_WAITING)
    assert not way.overflows


def test_features_without_a_header_can_be_edited() -> None:
    made, _, _ = make()
    raw = (
        b"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
        b"<mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms></stream:features>"
    )
    framer = Framer(STOPS, frozenset(), midstream=True)
    (item,) = [piece for piece in [*framer.feed(raw), *framer.close()] if isinstance(piece, Item)]
    stripped = strip(raw, item.element, made.xmlns)
    assert stripped is not None
    assert b"PLUS" not in stripped.data
