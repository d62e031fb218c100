"""Bounds that keep hostile or broken streams from taking memory and time without limit."""

from typing import Final

from xmppscope.model.element import Element

HEADER: Final = 64 * 1024
"""Bytes that a stream header may take (with what precedes it)."""

STANZA: Final = 16 * 1024 * 1024
"""Bytes that one first-level element may take."""

DEPTH: Final = 256
"""How deep elements may nest, the stream itself counted."""

ELEMENTS: Final = 100_000
"""Elements inside one first-level element."""

ATTRIBUTES: Final = 1_000
"""Attributes of one element."""

PARSER_LIFE: Final = 10_000
"""First-level elements after which expat gets a fresh parser: it never forgets a name that it has seen."""

OPEN_TOKEN: Final = 4096
"""From this size on an unfinished tag is given to expat again only when it can be complete: expat rescans it whole."""


TOO_DEEP: Final = f"elements nest deeper than {DEPTH}"

SMALL: Final = 1024
"""Up to this size an element cannot exceed the bounds, or only by little: it is not looked through."""


def excess(element: Element) -> str:
    """Return which bound *element* exceeds (depth, elements inside, attributes); empty if none."""
    count = 0
    level, depth = [element], 1
    while level:
        depth += 1
        count += len(level)
        if any(len(node.attrs) > ATTRIBUTES for node in level):
            return f"more than {ATTRIBUTES} attributes in one element"
        if depth > DEPTH + 1:
            return TOO_DEEP
        level = [child for node in level for child in node.children]
    return f"more than {ELEMENTS} elements inside one" if count > ELEMENTS + 1 else ""
