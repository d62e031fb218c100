import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.demo.errors import StreamError
from xmppscope.demo.reader import ELEMENT_BOUND, Closed, Header, StreamReader
from xmppscope.demo.xml import written

HEADER = (
    b"<?xml version='1.0'?>\n<stream:stream to='a>b' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)
TALK = HEADER + b"\n<a x='>'>b &gt; c<d xmlns='e'/>\xc3\xa9</a>  <stream:f/><g><![CDATA[<>]]></g></stream:stream>"


def read(data: bytes, step: int) -> list[str]:
    """What a reader makes of a stream that comes in pieces; an error ends it."""
    reader, found = StreamReader(), []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        try:
            while (got := reader.next()) is not None:
                found.append(shown(got))
        except StreamError as error:
            return [*found, error.condition]
    return found


def shown(got) -> str:
    if isinstance(got, Header):
        return f"header {got.root.get('to')}"
    return "closed" if isinstance(got, Closed) else written(got)


@given(st.integers(1, len(TALK)))
def test_a_stream_is_the_same_in_any_pieces(step: int) -> None:
    assert read(TALK, step) == [
        "header a>b",
        '<a x="&gt;">b &gt; c<d xmlns="e"/>é</a>',
        "<stream:f/>",
        "<g>&lt;&gt;</g>",
        "closed",
    ]


@pytest.mark.parametrize(
    ("data", "condition"),
    [
        (HEADER + b"<foo:a/>", "not-well-formed"),
        (HEADER + b"<a foo:b='c'/>", "not-well-formed"),
        (HEADER + b"<a>&foo;</a>", "not-well-formed"),
        (HEADER + b"<a b='1' b='2'/>", "not-well-formed"),
        (HEADER + b"<a></b>", "not-well-formed"),
        (HEADER + b"<a>\xff</a>", "not-well-formed"),
        (HEADER + b"<a>" * 300, "not-well-formed"),
        (HEADER + b"<!-- > -->", "restricted-xml"),
        (HEADER + b"<a><!-- --></a>", "restricted-xml"),
        (HEADER + b"<a><?b?></a>", "restricted-xml"),
        (HEADER + b"text<a/>", "bad-format"),
        (HEADER + b"<a>" + b"x" * ELEMENT_BOUND, "policy-violation"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>", "restricted-xml"),
        (b"<?xml version='1.0'?><!-- --><a>", "restricted-xml"),
        (b"<?b?><a>", "restricted-xml"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a>", "unsupported-encoding"),
        ("<?xml version='1.0'?><a>".encode("utf-16"), "not-well-formed"),
        (b"GET / HTTP/1.1\r\n", "not-well-formed"),
        (b"\x16\x03\x01\x02\x00", "not-well-formed"),
        (b"<a " + b"b" * 9000, "policy-violation"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 10**6])
def test_what_no_stream_may_hold_is_an_error(data: bytes, condition: str, step: int) -> None:
    assert read(data, step if len(data) < 1000 else 1000)[-1] == condition


def test_what_follows_an_element_is_left_alone() -> None:
    reader = StreamReader()
    reader.feed(HEADER + b"<starttls/>\x16\x03\x01>")
    assert isinstance(reader.next(), Header)
    assert reader.next().tag == "{jabber:client}starttls"
    assert reader.rest() == b"\x16\x03\x01>"
    assert reader.next() is None


def test_elements_of_a_long_stream_do_not_add_up() -> None:
    reader = StreamReader(HEADER)
    assert isinstance(reader.next(), Header)
    for _ in range(4):
        reader.feed(b" " * ELEMENT_BOUND + b"<a>" + b"x" * (ELEMENT_BOUND - 10) + b"</a>")
        first = reader.next()
        assert first.getparent().getchildren() == [first]
