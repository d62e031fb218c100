"""Stanzas for statistics: XML in, entry and element out."""

from collections.abc import Callable
from itertools import count
from pyexpat import ParserCreate

import pytest

from xmppscope.model.element import Element
from xmppscope.model.timeline import Entry, Sender

WHEN = "2026-01-01T00:00:00.000000Z"
NUMBERS = count(1)


def build(xml: str) -> Element:
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
    parser.Parse(f"<stream xmlns='jabber:client'>{xml}</stream>", True)
    return stack[0].children[0].children[0]


def stanza(xml: str, sender: Sender = "initiating") -> tuple[Entry, Element]:
    element = build(xml)
    attrs = element.attrs
    entry = Entry(next(NUMBERS), 1, 1, sender, "stanza", WHEN, WHEN, "", "open", "none", name=element.local)
    entry.id, entry.type, entry.from_, entry.to = (attrs.get(key) for key in ("id", "type", "from", "to"))
    return entry, element


@pytest.fixture(scope="session")
def made() -> Callable[..., tuple[Entry, Element]]:
    """Make the entry and the element of a stanza."""
    return stanza
