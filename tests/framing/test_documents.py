"""Messages as documents (RFC 7395 §3.3.3): what is in one, what is wrong with it, and that the next one is not hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.framing import documents
from xmppscope.framing.documents import CUT, EMPTY, OLD_HEADER, SEVERAL, SPACE_FIRST, TEXT, Documents
from xmppscope.framing.pieces import Bad, Foot, Head, Item, Piece

OLD = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
PREFIX = "unbound prefix: each message has to declare its prefixes itself"

CASES: list[tuple[bytes, list[bytes | str], str]] = [
    (b"<a xmlns='x'><b/>t</a>", [b"<a xmlns='x'><b/>t</a>"], ""),
    (b"<a/>\n", [b"<a/>"], ""),
    (b"<?xml version='1.0'?><a/>", [b"<?xml version='1.0'?><a/>"], ""),
    (b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>', [b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>'], ""),
    (b" <a/>", [b"<a/>"], SPACE_FIRST),
    (b"<a/><b/>", [b"<a/>", b"<b/>"], SEVERAL),
    (b"", [EMPTY], ""),
    (b"  ", ["space"], ""),
    (b"<stream:features/>", [PREFIX], ""),
    (b"<a x:y='z'/>", [PREFIX], ""),
    (b"<a><b>", [CUT], ""),
    (b"<a", [CUT], ""),
    (b"text", [TEXT], ""),
    (b"<a/>text", [b"<a/>", TEXT], ""),
    (b"<a></b>", ["mismatched tag"], ""),
    (b"</x>", ["a closing tag of nothing"], ""),
    (b"<a/></x>", [b"<a/>", "a closing tag of nothing"], ""),
    (b"<a><!-- --></a>", ["comment (RFC 6120 §11.1)"], ""),
    (b"<a><?b c?></a>", ["processing instruction (RFC 6120 §11.1)"], ""),
    (b"<!DOCTYPE a><a/>", ["document type declaration (RFC 6120 §11.1)"], ""),
    (b"<?xml version='1.1'?><a/>", ["an XML declaration of another version or encoding"], ""),
    (b"<?xml version='1.0' encoding='latin1'?><a/>", ["an XML declaration of another version or encoding"], ""),
    (b"\xef\xbb\xbf<a/>", ["text between first-level elements", b"<a/>"], ""),
    (b"<a>\xff</a>", ["not well-formed (invalid token)"], ""),
    (b"<a>&nbsp;</a>", ["undefined entity"], ""),
    (b"<a b='1' b='2'/>", ["duplicate attribute"], ""),
    (OLD, [OLD], OLD_HEADER),
]


def told(piece: Piece) -> bytes | str:
    if isinstance(piece, Item | Head | Foot):
        return piece.raw
    return piece.reason if isinstance(piece, Bad) else "space"


@pytest.mark.parametrize(("message", "expected", "flaw"), CASES)
def test_messages(message: bytes, expected: list[bytes | str], flaw: str) -> None:
    reader = Documents(frozenset(), at=100)
    pieces = reader.feed(message)
    assert ([told(piece) for piece in pieces], reader.flaw) == (expected, flaw)
    assert reader.at == 100 + len(message)
    for piece in pieces:
        assert 100 <= piece.start <= piece.end <= reader.at
        if isinstance(piece, Item):
            assert piece.raw == message[piece.start - 100 : piece.end - 100]
    (after,) = reader.feed(b"<after xmlns='y'/>")
    assert isinstance(after, Item)
    assert after.element.name == "y\nafter"
    assert (after.start, after.end, reader.flaw) == (100 + len(message), 118 + len(message), "")


def test_nothing_is_inherited() -> None:
    reader = Documents(frozenset())
    reader.feed(b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    (piece,) = reader.feed(b"<presence/>")
    assert isinstance(piece, Item)
    assert piece.element.name == "presence"


def test_behind_an_old_stream_header_everything_is_inside_that_stream() -> None:
    reader = Documents(frozenset())
    reader.feed(OLD)
    (features,) = reader.feed(b"<stream:features/>")
    (presence,) = reader.feed(b"<presence/>")
    (foot,) = reader.feed(b"</stream:stream>")
    assert isinstance(features, Item)
    assert isinstance(presence, Item)
    assert isinstance(foot, Foot)
    assert presence.element.name == "jabber:client\npresence"
    (broken,) = reader.feed(b"<stream:features/>")
    assert isinstance(broken, Bad)


def test_sensitive_names_are_noted() -> None:
    reader = Documents(frozenset({"x\nsecret"}))
    assert [piece.sensitive for piece in reader.feed(b"<a xmlns='x'><secret/></a>") if isinstance(piece, Item)] == [
        True
    ]
    assert [piece.sensitive for piece in reader.feed(b"<a xmlns='x'/>") if isinstance(piece, Item)] == [False]


def test_every_flaw_names_its_section() -> None:
    assert all(spec.startswith("RFC 7395 §") for spec in documents.FLAWS.values())


def test_a_sleeping_reader_wakes_up() -> None:
    reader = Documents(frozenset())
    reader.feed(b"<a/>")
    reader.rest()
    assert [told(piece) for piece in reader.feed(b"<b/>")] == [b"<b/>"]


@given(st.lists(st.sampled_from([case[0] for case in CASES[:-1]]) | st.binary(max_size=60), max_size=8))
def test_whatever_comes_the_next_document_is_read(messages: list[bytes]) -> None:
    reader = Documents(frozenset())
    for message in messages:
        reader.feed(message)
    pieces = reader.feed(b"<a/>")
    assert [told(piece) for piece in pieces] == [b"<a/>"]
    assert reader.at == sum(map(len, messages)) + 4
