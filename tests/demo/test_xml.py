import pytest

from xmppscope.demo.names import CLIENT, STREAMS, XML, split, tag
from xmppscope.demo.xml import answer_to, copied, element, stanza, written


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (stanza("presence", {}), "<presence/>"),
        (stanza("iq", {"id": "1", "to": None}, element("a", "b")), '<iq id="1"><b xmlns="a"/></iq>'),
        (element("a", "b", None, element("a", "c", None, "d"), element(CLIENT, "e")),
         '<b xmlns="a"><c>d</c><e xmlns="jabber:client"/></b>'),
        (element(STREAMS, "error", None, element("a", "b")), '<stream:error><b xmlns="a"/></stream:error>'),
        (stanza("message", {"id": 'a"<&\n>'}), '<message id="a&quot;&lt;&amp;&#10;&gt;"/>'),
        (stanza("message", {}, "a<&>\r"), "<message>a&lt;&amp;&gt;&#13;</message>"),
        (stanza("message", {tag(XML, "lang"): "en", tag("a", "b"): "c"}),
         '<message xml:lang="en" xmlns:n1="a" n1:b="c"/>'),
    ],
)  # fmt: skip
def test_elements_are_written_as_they_stand_in_a_stream(made, text: str) -> None:
    assert written(made) == text


def test_declarations_of_the_header_are_not_repeated(element) -> None:
    assert written(element("<message><body>a</body>b<x xmlns='c'><y/></x>d</message>")) == (
        '<message><body>a</body>b<x xmlns="c"><y/></x>d</message>'
    )


def test_a_copy_leaves_the_original_as_it_is(element) -> None:
    original = element("<message to='a' id='b'><body/></message>")
    assert (
        written(copied(original, {"to": None, "from": "c", "type": None}))
        == '<message id="b" from="c"><body/></message>'
    )
    assert written(original) == '<message to="a" id="b"><body/></message>'


def test_a_result_goes_back_to_the_sender(element) -> None:
    request = element("<iq type='get' id='1' from='a' to='b'><x/></iq>")
    assert written(answer_to(request)) == '<iq type="result" id="1" from="b" to="a"/>'


def test_names_without_a_namespace() -> None:
    assert (split("a"), split(tag("b", "a"))) == (("", "a"), ("b", "a"))
