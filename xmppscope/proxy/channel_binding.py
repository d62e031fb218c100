"""Takes out of the stream features what cannot work through a proxy, and leaves every other byte as it was sent.

A channel binding ties a login to one TLS connection, and here there are two. Offered are `-PLUS` mechanisms (RFC 5802
§6), binding types (XEP-0440) and tokens that are bound (XEP-0484). All of them go: XEP-0440 §3 has a client abort that
sees mechanisms without types, or the reverse. What that does to a login is told by `downgrade`. `<starttls/>` is taken
out in the same way where one leg has no TLS of its own.

The features are parsed once more inside a start tag that declares what the stream header declared, and whole elements
are cut out by expat's byte index: so it does not matter how they are spelled.
"""

from collections.abc import Callable, Iterator
from pyexpat import ParserCreate
from typing import Final, NamedTuple

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import FAST, SASL, SASL2, TLS
from xmppscope.redact.attributes import tag_end

_TYPES_LABEL: Final = "sasl-channel-binding"
SASL_MECHANISM: Final = f"{SASL}{SEPARATOR}mechanism"
SASL_LIST: Final = f"{SASL}{SEPARATOR}mechanisms"
SASL2_MECHANISM: Final = f"{SASL2}{SEPARATOR}mechanism"
SASL2_LIST: Final = f"{SASL2}{SEPARATOR}authentication"
BINDING_TYPES: Final = f"urn:xmpp:sasl-cb:0{SEPARATOR}{_TYPES_LABEL}"

_MECHANISMS: Final = frozenset({SASL_MECHANISM, SASL2_MECHANISM, f"{FAST}{SEPARATOR}mechanism"})
_LISTS: Final = {SASL_LIST: SASL_MECHANISM, SASL2_LIST: SASL2_MECHANISM}
_STARTTLS: Final = f"{TLS}{SEPARATOR}starttls"
_BOUND_TOKENS: Final = ("-ENDP", "-EXPR", "-UNIQ")


class Stripped(NamedTuple):
    """The features without channel binding: their bytes, and what was taken out of them, by name."""

    data: bytes
    removed: list[str]
    nothing_left: bool
    """A list of mechanisms to log in with offers none any more."""

    @property
    def lost_types(self) -> bool:
        """Whether the list of channel-binding types is among what was taken out."""
        return _TYPES_LABEL in self.removed

    @property
    def text(self) -> str:
        """What became of the features, for the entry that shows them."""
        parts = []
        if any(is_plus(name) for name in self.removed):
            parts.append("-PLUS")
        if self.lost_types:
            parts.append("channel-binding types")
        if any(is_bound_token(name) for name in self.removed):
            parts.append("channel-bound tokens")
        return f"the same without {', '.join(parts)}"


def is_plus(mechanism: str) -> bool:
    """Tell whether the SASL mechanism binds the login to the channel (RFC 5802 §4)."""
    return mechanism.endswith("-PLUS")


def is_bound_token(mechanism: str) -> bool:
    """Tell whether it is a hashed token bound to the channel (draft-ietf-kitten-sasl-ht): not ``-NONE``."""
    return mechanism.startswith("HT-") and mechanism.endswith(_BOUND_TOKENS)


def offered(element: Element, list_: str) -> set[str]:
    """Return the mechanisms in the list (`SASL_LIST` or `SASL2_LIST`) of the features."""
    found = element.child(list_)
    return set() if found is None else {_text(child) for child in found.children if child.name == _LISTS[list_]}


def binding_types(element: Element) -> set[str]:
    """Return the channel-binding types that the features name (XEP-0440 §2), beside the mechanisms or in SASL2."""
    lists = [node for node in _below(element) if node.name == BINDING_TYPES]
    return {child.attrs["type"] for list_ in lists for child in list_.children if "type" in child.attrs}


def strip(raw: bytes, element: Element, xmlns: dict[str, str]) -> Stripped | None:
    """Return the features without channel binding, None if there is none in them.

    *raw* is what *element* was parsed from, *xmlns* what the stream header declares: prefixes (``""`` for the default
    namespace) and their namespaces.
    """
    removed = [_label(node) for node in _below(element) if _binds(node)]
    if not removed:
        return None
    return Stripped(_without(raw, xmlns, lambda node, _depth: _binds(node)), removed, _nothing_left(element))


def strip_starttls(raw: bytes, element: Element, xmlns: dict[str, str]) -> bytes | None:
    """Return the features without ``<starttls/>``, None if it is not offered; the arguments are those of `strip`."""
    if element.child(_STARTTLS) is None:
        return None
    return _without(raw, xmlns, lambda node, depth: depth == 1 and node.name == _STARTTLS)


def _text(node: Element) -> str:
    return node.text.strip()


def _binds(node: Element) -> bool:
    if node.name in _MECHANISMS:
        return is_plus(_text(node)) or is_bound_token(_text(node))
    return node.name == BINDING_TYPES


def _label(node: Element) -> str:
    return _TYPES_LABEL if node.name == BINDING_TYPES else _text(node)


def _nothing_left(element: Element) -> bool:
    lists = (offered(element, name) for name in _LISTS)
    return any(names and all(is_plus(name) or is_bound_token(name) for name in names) for names in lists)


def _below(element: Element) -> Iterator[Element]:
    """Return everything inside *element*, in the order of the document."""
    waiting = element.children[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children[::-1]


def _without(raw: bytes, xmlns: dict[str, str], unwanted: Callable[[Element, int], bool]) -> bytes:
    """Return *raw* without the elements inside it that are *unwanted*, which is asked with the depth of each."""
    kept: list[bytes] = []
    done = 0
    for start, end in sorted(_spans(raw, xmlns, unwanted)):
        if start >= done:
            kept.append(raw[done:start])
            done = end
    kept.append(raw[done:])
    return b"".join(kept)


def _spans(raw: bytes, xmlns: dict[str, str], unwanted: Callable[[Element, int], bool]) -> list[tuple[int, int]]:
    """Return where the unwanted elements begin and end; an inner one comes before the one that it is in."""
    around = _start_tag(xmlns)
    stack: list[tuple[int, list[str]]] = []
    spans: list[tuple[int, int]] = []
    parser = ParserCreate("utf-8", SEPARATOR)

    def start(_name: str, _attrs: dict[str, str]) -> None:
        stack.append((parser.CurrentByteIndex - len(around), []))

    def text(data: str) -> None:
        stack[-1][1].append(data)

    def end(name: str) -> None:
        begin, runs = stack.pop()
        depth = len(stack) - 1  # 0 is the features themselves, which stand in the start tag around them
        if depth > 0 and unwanted(Element(name, {}, [], "".join(runs)), depth):
            spans.append((begin, _end(raw, begin, parser.CurrentByteIndex - len(around))))

    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    # In one piece and as the last one: newer expats put off what they are given bit by bit.
    parser.Parse(around + raw + b"</x>", True)
    return spans


def _end(raw: bytes, begin: int, at: int) -> int:
    """Return the index behind the element that begins at *begin*; of its end expat says that it is *at*.

    That is the closing tag, but for an empty-element tag a place behind it, where the closing tag of another may stand.
    """
    behind = tag_end(raw, begin)
    return behind if raw[behind - 2 : behind] == b"/>" else raw.index(b">", at) + 1


def _start_tag(xmlns: dict[str, str]) -> bytes:
    """Return a start tag that declares what the stream header declared."""
    parts = ["<x"]
    for prefix, uri in xmlns.items():
        if prefix != "xml":
            parts.append(f" xmlns:{prefix}='{_escaped(uri)}'" if prefix else f" xmlns='{_escaped(uri)}'")
    return "".join([*parts, ">"]).encode()


def _escaped(uri: str) -> str:
    return uri.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;")
