"""Bodies of BOSH: whatever their form, the elements inside come out exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.framing.httpbind import BodyReader, HttpBody
from xmppscope.framing.pieces import Bad, Item, Torn

NS = "http://jabber.org/protocol/httpbind"
MESSAGE = "<message xmlns='jabber:client' id='m'><body>ä &lt; b</body></message>"


def read(text: str | bytes, reader: BodyReader | None = None) -> HttpBody | None:
    return (reader or BodyReader(frozenset())).read(text.encode() if isinstance(text, str) else text)


def inside(body: HttpBody | None) -> list[tuple[str, str]]:
    assert body is not None
    return [
        (type(piece).__name__, piece.raw.decode(errors="replace"))
        for piece in body.pieces
        if isinstance(piece, Item | Bad | Torn)
    ]


FORMS = {
    "usual": f"<body xmlns='{NS}' rid='1'>{MESSAGE}{MESSAGE}</body>",
    "double quotes": f'<body rid="1" xmlns="{NS}">{MESSAGE}{MESSAGE}</body>',
    "a declaration": f"<?xml version='1.0' encoding='UTF-8'?>\n<body rid='1' xmlns='{NS}'>{MESSAGE}{MESSAGE}</body>",
    "white space": f" <body rid='1'\n xmlns='{NS}' >\n {MESSAGE}\r\n{MESSAGE} </body >\n",
    "a prefix": f"<b:body xmlns:b='{NS}' rid='1'>{MESSAGE}{MESSAGE}</b:body>",
    "references in attributes": f"<body to='a&#x40;b' rid='1' xmlns='{NS}'>{MESSAGE}{MESSAGE}</body>",
    "many attributes": f"<body {' '.join(f'a{n}=' + chr(39) * 2 for n in range(60))} rid='1' xmlns='{NS}'>"
    f"{MESSAGE}{MESSAGE}</body>",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same(form: str) -> None:
    body = read(FORMS[form])
    assert body is not None
    assert body.attrs["rid"] == "1"
    assert inside(body) == [("Item", MESSAGE), ("Item", MESSAGE)]
    data = FORMS[form].encode()
    assert [data[piece.start : piece.end].decode() for piece in body.pieces] == [MESSAGE, MESSAGE]
    assert body.size == len(data)


def test_prefixed_attributes_are_expanded() -> None:
    body = read(f"<body xmlns='{NS}' xmlns:x='urn:xmpp:xbosh' x:restart='true' xml:lang='en' rid='1'/>")
    assert body is not None
    assert body.attrs == {
        "rid": "1", "urn:xmpp:xbosh\nrestart": "true", "http://www.w3.org/XML/1998/namespace\nlang": "en",
    }  # fmt: skip
    assert body.pieces == []


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", f"<html xmlns='{NS}'/>", "<body xmlns='http://www.w3.org/1999/xhtml'>x</body>", "<body/>", "{}"],
)
def test_what_is_no_body_of_bosh(data: str | bytes) -> None:
    body = read(data)
    assert body is None or body.header is None


FAULTS = {
    "an attribute twice": f"<body xmlns='{NS}' rid='1' rid='2'/>",
    "an unbound prefix": f"<body xmlns='{NS}' x:rid='1'/>",
    "text between": f"<body xmlns='{NS}'>text{MESSAGE}</body>",
    "a tag that fits nothing": f"<body xmlns='{NS}'>{MESSAGE}</iq></body>",
    "closed too early": f"<body xmlns='{NS}'>{MESSAGE}</body></body>",
    "not closed": f"<body xmlns='{NS}'>{MESSAGE}",
    "a comment": f"<body xmlns='{NS}'><!-- x -->{MESSAGE}</body>",
    "a document type": f"<!DOCTYPE body><body xmlns='{NS}'>{MESSAGE}</body>",
    "two documents": f"<body xmlns='{NS}'/><body xmlns='{NS}'/>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_told_and_does_not_stick(fault: str) -> None:
    reader = BodyReader(frozenset())
    body = read(FAULTS[fault], reader)
    assert body is not None
    assert [name for name, _ in inside(body) if name != "Item"]
    assert inside(read(FORMS["usual"], reader)) == [("Item", MESSAGE), ("Item", MESSAGE)]


def test_sensitive_elements_are_marked() -> None:
    reader = BodyReader(frozenset({"urn:s\nsecret"}))
    body = read(f"<body xmlns='{NS}'><a><secret xmlns='urn:s'/></a><b/></body>", reader)
    assert body is not None
    assert [piece.sensitive for piece in body.pieces if isinstance(piece, Item)] == [True, False]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*FORMS.values(), *FAULTS.values(), "<body", "'", ">", "<a>", "</a>", "<a/>", "]]>"])
        | st.text(max_size=10),
        max_size=4,
    )
)
def test_fuzz_pieces_lie_in_order_inside_the_body(parts: list[str]) -> None:
    reader = BodyReader(frozenset())
    data = "".join(parts).encode(errors="replace")
    for _ in range(2):
        body = reader.read(data)
        at = 0
        for piece in [] if body is None else body.pieces:
            assert at <= piece.start <= piece.end <= len(data)
            at = piece.end
            if isinstance(piece, Item):
                assert data[piece.start : piece.end] == piece.raw
