"""Elements of the demo: made, copied and written out as they should stand in a stream whose content is `jabber:client`.

An element is lxml's; only the writing is done here, because lxml would repeat the declarations of the stream header on
every stanza. What may surround an element (comments, processing instructions) XMPP does not allow, so it is left out.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from xml.sax.saxutils import escape

from lxml import etree

from xmppscope.demo.names import CLIENT, STREAMS, XML, split, tag

Element: TypeAlias = etree._Element
Content: TypeAlias = Element | str

_IN_ATTRIBUTES = {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
_IN_TEXT = {"\r": "&#13;"}


def element(
    namespace: str, local: str, attributes: Mapping[str, str | None] | None = None, *content: Content
) -> Element:
    """Make an element; attributes that are None are left out, elements among the content are moved into it."""
    made = etree.Element(tag(namespace, local))
    for name, value in (attributes or {}).items():
        if value is not None:
            made.set(name, value)
    for child in content:
        if isinstance(child, str):
            made.text = (made.text or "") + child
        else:
            made.append(child)
    return made


def stanza(local: str, attributes: Mapping[str, str | None], *content: Content) -> Element:
    """Make a message, presence or iq."""
    return element(CLIENT, local, attributes, *content)


def answer_to(iq: Element, *content: Content) -> Element:
    """Make the result that answers an iq."""
    attributes = {"type": "result", "id": iq.get("id"), "from": iq.get("to"), "to": iq.get("from")}
    return stanza("iq", attributes, *content)


def copied(original: Element, attributes: Mapping[str, str | None]) -> Element:
    """Copy an element with *attributes* set, or taken away where they are None."""
    made = copy.deepcopy(original)
    for name, value in attributes.items():
        if value is not None:
            made.set(name, value)
        elif name in made.attrib:
            del made.attrib[name]
    return made


def local_name(of: Element) -> str:
    """Return the local name of an element."""
    return split(str(of.tag))[1]


def child(of: Element, namespace: str, local: str) -> Element | None:
    """Return the first child of that name, if there is one."""
    return of.find(tag(namespace, local))


def children(of: Element) -> Iterable[Element]:
    """Return the child elements."""
    return iter(of)


def text_of(of: Element | None) -> str:
    """Return the text at the beginning of an element; empty where there is none."""
    return (of.text or "") if of is not None else ""


def written(of: Element, default: str = CLIENT) -> str:
    """Write an element where *default* is the default namespace and `stream` the prefix of streams."""
    namespace, local = split(str(of.tag))
    if namespace == STREAMS:
        name, declaration, inner = f"stream:{local}", "", default
    else:
        name, inner = local, namespace
        declaration = "" if namespace == default else f' xmlns="{escaped(namespace)}"'
    start = f"<{name}{declaration}{_attributes(of)}"
    content = _text(of.text) + "".join(written(below, inner) + _text(below.tail) for below in of)
    return f"{start}>{content}</{name}>" if content else f"{start}/>"


def _attributes(of: Element) -> str:
    parts = []
    for number, (name, value) in enumerate(of.attrib.items()):
        namespace, local = split(str(name))
        if namespace == XML:
            local = f"xml:{local}"
        elif namespace:
            parts.append(f'xmlns:n{number}="{escaped(namespace)}"')
            local = f"n{number}:{local}"
        parts.append(f'{local}="{escaped(str(value))}"')
    return "".join(f" {part}" for part in parts)


def escaped(value: str) -> str:
    """Return a text as it stands between the double quotes of an attribute."""
    return escape(value, _IN_ATTRIBUTES)


def _text(value: str | None) -> str:
    return escape(value, _IN_TEXT) if value else ""
