"""Elements written as XML, for the tests of the session layer."""

from collections.abc import Callable
from pyexpat import ParserCreate

import pytest

from xmppscope.model.element import Element

PREFIXES = "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'"


def build(xml: str, content: str = "jabber:client") -> Element:
    stack = [Element("", {}, [])]

    def start(name: str, attrs: dict[str, str]) -> None:
        element = Element(name, attrs, [])
        stack[-1].children.append(element)
        stack.append(element)

    def text(data: str) -> None:
        stack[-1].text += data

    parser = ParserCreate(namespace_separator="\n")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = text
    parser.Parse(f"<stream:stream xmlns='{content}' {PREFIXES}>{xml}</stream:stream>", True)
    return stack[0].children[0].children[0]


@pytest.fixture(scope="session")
def parse() -> Callable[..., Element]:
    """Build the element that stands in a stream with the content namespace given (``jabber:client`` if none is)."""
    return build
