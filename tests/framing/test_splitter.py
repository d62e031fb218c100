"""The splitter: exact pieces, whatever the chunks; what XMPP forbids is refused; hostile input is bounded."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.framing import bounds
from xmppscope.framing.pieces import Bad, Foot, Head, Item, Piece, Space
from xmppscope.framing.splitter import Splitter

DECLARATION = b"<?xml version='1.0'?>"
TAG = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a.example'>"
HEADER = DECLARATION + TAG
END = b"</stream:stream>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
STOPS = frozenset({"urn:ietf:params:xml:ns:xmpp-tls\nproceed"})
SENSITIVE = frozenset({"jabber:client\npassword"})


def split(*chunks: bytes, prime: bytes = b"") -> list[Piece]:
    """Feed the chunks; go on after every stop."""
    splitter = Splitter(STOPS, SENSITIVE, prime=prime)
    pieces: list[Piece] = []
    for chunk in chunks:
        if splitter.broken:
            break
        pieces += splitter.feed(chunk)
        while splitter.stopped:
            pieces += splitter.feed(splitter.resume())
    return pieces


def told(pieces: list[Piece]) -> list[tuple[str, int, int, bytes]]:
    """Reduce pieces to kind, range and bytes, with neighbouring white space joined."""
    out: list[tuple[str, int, int, bytes]] = []
    for piece in pieces:
        row = (type(piece).__name__, piece.start, piece.end, piece.raw)
        if out and row[0] == out[-1][0] == "Space":
            row = ("Space", out[-1][1], piece.end, out[-1][3] + piece.raw)
            out.pop()
        out.append(row)
    return out


CONVERSATION = (
    HEADER
    + b"<stream:features><a xmlns='urn:x'/></stream:features>\n"
    + b"<iq id='1' type='get'><query xmlns='jabber:iq:roster'/></iq>"
    + b"<r xmlns='urn:xmpp:sm:3'/> <a xmlns='urn:xmpp:sm:3' h='1'></a>"
    + "<message to='é'><body>naïve &lt;b&gt; 💬 <![CDATA[</body>]]> &#233;</body></message>".encode()
    + HEADER
    + b"<presence/><x><y><z/></y>t</x><message>/></message>"
    + END
    + b"\n"
    + HEADER
    + b"<iq/>"
    + END
)


def test_conversation_comes_out_exact() -> None:
    pieces = split(CONVERSATION)
    names = [
        piece.element.local if isinstance(piece, Head | Item) else type(piece).__name__ for piece in pieces
    ]  # fmt: skip
    assert names == [
        "stream", "features", "Space", "iq", "r", "Space", "a", "message", "stream", "presence", "x", "message", "Foot",
        "Space", "stream", "iq", "Foot",
    ]  # fmt: skip
    assert b"".join(piece.raw for piece in pieces) == CONVERSATION
    assert all(CONVERSATION[piece.start : piece.end] == piece.raw for piece in pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_every_chunk_size_gives_the_same_pieces(size: int) -> None:
    chunks = [CONVERSATION[i : i + size] for i in range(0, len(CONVERSATION), size)]
    assert told(split(*chunks)) == told(split(CONVERSATION))


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=12))
def test_random_splits_give_the_same_pieces(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(CONVERSATION)]
    chunks = [CONVERSATION[a:b] for a, b in pairwise(ends) if a < b]
    assert told(split(*chunks)) == told(split(CONVERSATION))


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_sleeping_between_any_two_chunks_changes_nothing(size: int) -> None:
    splitter, pieces = Splitter(STOPS, SENSITIVE), []
    for at in range(0, len(CONVERSATION), size):
        pieces += splitter.feed(CONVERSATION[at : at + size])
        while splitter.stopped:
            splitter.sleep()
            pieces += splitter.feed(splitter.resume())
        splitter.sleep()
        splitter.sleep()
    splitter.dismiss()
    assert told(pieces) == told(split(CONVERSATION))


def test_tree_and_attributes() -> None:
    (_, item) = split(HEADER + b"<message to='b' xml:lang='en'><body>a&amp;b</body><x xmlns='urn:x'><y/></x></message>")
    assert isinstance(item, Item)
    element = item.element
    assert element.name == "jabber:client\nmessage"
    assert element.attrs == {"to": "b", "http://www.w3.org/XML/1998/namespace\nlang": "en"}
    assert [child.name for child in element.children] == ["jabber:client\nbody", "urn:x\nx"]
    assert element.child_text("jabber:client\nbody") == "a&b"
    assert element.children[1].children[0].name == "urn:x\ny"


def test_header_tells_its_prefixes() -> None:
    (head,) = split(HEADER)
    assert isinstance(head, Head)
    assert head.xmlns == {"": "jabber:client", "stream": "http://etherx.jabber.org/streams"}
    assert head.element.attrs == {"to": "a.example"}
    assert head.raw == HEADER


@pytest.mark.parametrize("cut", range(len(PROCEED) + 1))
def test_stops_at_the_exact_byte_with_tls_behind(cut: int) -> None:
    data = HEADER + PROCEED + b"\x16\x03\x01\x00\x05"
    splitter = Splitter(STOPS, SENSITIVE)
    where = len(HEADER) + cut
    pieces = splitter.feed(data[:where])
    if not splitter.stopped:
        pieces += splitter.feed(data[where:])
        rest = splitter.take()
    else:
        rest = splitter.take() + data[where:]
    assert [piece.raw for piece in pieces] == [HEADER, PROCEED]
    assert rest == b"\x16\x03\x01\x00\x05"
    assert splitter.done == len(HEADER) + len(PROCEED)


def test_sensitive_is_set_for_the_element_that_holds_the_name() -> None:
    pieces = split(HEADER + b"<iq><q><password>x</password></q></iq><iq/>")
    assert [piece.sensitive for piece in pieces if isinstance(piece, Item)] == [True, False]


@pytest.mark.parametrize(
    ("data", "bad", "reason"),
    [
        (HEADER + b"<a><!-- x --></a><b/>", b"<a><!-- x --></a>", "comment"),
        (HEADER + b"<!-- x --><b/>", b"<!-- x -->", "comment"),
        (HEADER + b"<a><?p x?></a><b/>", b"<a><?p x?></a>", "processing instruction"),
        (HEADER + b"text<b/>", b"text", "text between"),
        (b"<?xml version='1.1'?>" + TAG + b"<b/>", b"<?xml version='1.1'?>", 'version "1.1"'),
        (
            b"<?xml version='1.0' encoding='latin1'?>" + TAG + b"<b/>",
            b"<?xml version='1.0' encoding='latin1'?>",
            "latin1",
        ),
        (b"\xef\xbb\xbf" + TAG + b"<b/>", b"\xef\xbb\xbf", "byte order mark"),
        (HEADER + DECLARATION + b"<b/>", DECLARATION, "no stream header"),
    ],
)
def test_refused_parts_are_reported_and_passed(data: bytes, bad: bytes, reason: str) -> None:
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))]):
        pieces = split(*chunks)
        faults = [piece for piece in pieces if isinstance(piece, Bad)]
        assert [fault.raw for fault in faults] == [bad]
        assert reason in faults[0].reason
        assert isinstance(pieces[-1], Item)
        assert pieces[-1].raw == b"<b/>"


@pytest.mark.parametrize(
    ("data", "at", "reason"),
    [
        (b"<a>&foo;</a>", 3, "undefined entity"),
        (b"<x:a/>", 0, "unbound prefix"),
        (b"<a></b>", 5, "mismatched tag"),
        (b"<a b='1' b='2'/>", 9, "duplicate attribute"),
        (b"<a>\xff</a>", 3, "not well-formed"),
        (b"<a>\x00</a>", 3, "not well-formed"),
    ],
)
def test_faults_name_offset_and_reason(data: bytes, at: int, reason: str) -> None:
    splitter = Splitter(STOPS, SENSITIVE)
    pieces = splitter.feed(HEADER + data)
    assert splitter.broken
    fault = pieces[-1]
    assert isinstance(fault, Bad)
    assert reason in fault.reason
    assert (fault.start, fault.at) == (len(HEADER), len(HEADER) + at)
    assert HEADER + data == (HEADER + data)[: fault.end] + splitter.rest


def test_document_type_is_never_expanded() -> None:
    splitter = Splitter(STOPS, SENSITIVE)
    pieces = splitter.feed(b"<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;'>]><a>&m;</a>")
    assert [type(piece) for piece in pieces] == [Bad]
    assert splitter.broken


def test_long_attribute_is_not_scanned_again_and_again() -> None:
    value = b">" * 300_000
    data = HEADER + b"<a b='" + value + b"'/><c/>"
    pieces = split(*[data[i : i + 100] for i in range(0, len(data), 100)])
    items = [piece for piece in pieces if isinstance(piece, Item)]
    assert [len(item.raw) for item in items] == [len(value) + 9, 4]
    assert items[0].element.attrs == {"b": value.decode()}


@pytest.mark.parametrize("size", [1000, 1448, 3000, 4000])
def test_long_attribute_over_several_packets_is_complete_with_its_last_byte(size: int) -> None:
    element = b"<message to='" + b"a" * 10_000 + b"'/>"
    data = HEADER + b"<presence/>" + element
    pieces = split(*[data[i : i + size] for i in range(0, len(data), size)])
    assert pieces[-1].raw == element


def test_long_comment_is_not_scanned_again_and_again() -> None:
    comment = b"<!--" + b"->" * 400_000 + b"-->"
    data = HEADER + comment + b"<a/>"
    pieces = split(*[data[i : i + 100] for i in range(0, len(data), 100)])
    assert [(type(piece), piece.end - piece.start) for piece in pieces[1:]] == [(Bad, len(comment)), (Item, 4)]


def test_element_longer_than_the_bound_shows_its_first_bytes() -> None:
    splitter = Splitter(STOPS, SENSITIVE)
    pieces = splitter.feed(HEADER + b"<message><body>")
    while not splitter.broken:
        pieces += splitter.feed(b"x" * 500_000)
    assert pieces[-1].raw == (b"<message><body>" + b"x" * 64)[:64]


def test_long_body_in_small_chunks() -> None:
    body = b"word " * 100_000
    data = HEADER + b"<message><body>" + body + b"</body></message>"
    pieces = split(*[data[i : i + 1000] for i in range(0, len(data), 1000)])
    item = pieces[-1]
    assert isinstance(item, Item)
    assert item.element.child_text("jabber:client\nbody") == body.decode()


def test_header_that_never_ends() -> None:
    splitter = Splitter(STOPS, SENSITIVE)
    pieces: list[Piece] = []
    for _ in range(bounds.HEADER // 500 + 2):
        if not splitter.broken:
            pieces += splitter.feed(b"<stream:stream a='" if not splitter.at else b"x" * 500)
    assert [piece.reason for piece in pieces if isinstance(piece, Bad)] == ["stream header longer than 65536 bytes"]


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b"<a>" * 300 + b"</a>" * 300, "nest deeper than 256"),
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "more than 100000 elements"),
        (b"<a " + b" ".join(b"a%d='1'" % i for i in range(1001)) + b"/>", "more than 1000 attributes"),
    ],
)
def test_bounds_are_told_and_passed(element: bytes, reason: str) -> None:
    pieces = split(HEADER + element + b"<after/>")
    fault, after = pieces[1:]
    assert isinstance(fault, Bad)
    assert reason in fault.reason
    assert after.raw == b"<after/>"


def test_fresh_parser_now_and_then_changes_nothing() -> None:
    count = bounds.PARSER_LIFE * 2 + 5
    splitter = Splitter(STOPS, SENSITIVE)
    pieces = splitter.feed(HEADER)
    for number in range(count):
        pieces += splitter.feed(b"<n%d/>" % number)
    assert len(pieces) == count + 1


def test_empty_header_opens_and_closes() -> None:
    pieces = split(TAG[:-1] + b"/>")
    assert [type(piece) for piece in pieces] == [Head, Foot]


def test_data_after_close_is_still_shown() -> None:
    pieces = split(HEADER + END + b" <iq/>")
    assert [type(piece) for piece in pieces] == [Head, Foot, Space, Item]


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=8))
def test_garbage_never_raises(data: bytes, sizes: list[int]) -> None:
    splitter = Splitter(STOPS, SENSITIVE)
    data = HEADER + data
    position = 0
    for size in [*sizes, len(data)]:
        if splitter.broken or splitter.stopped:
            break
        splitter.feed(data[position : position + size])
        position += size
    assert splitter.done <= splitter.at
