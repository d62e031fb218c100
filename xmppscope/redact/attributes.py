"""Finds attribute values in the bytes of a start tag, and what of a URL is a secret."""

import re
from typing import Final

_TAG: Final = re.compile(rb"""<[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*>""")
_ATTRIBUTE: Final = re.compile(rb"""([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NAME: Final = re.compile(rb"<[^\s/>]*")
_AUTHORITY: Final = re.compile(rb"//([^/?#]*)@")
_QUERY: Final = re.compile(rb"[?#]")


def tag_end(raw: bytes, start: int) -> int:
    """Return the index behind the start tag that begins at *start* and that expat has accepted."""
    found = _TAG.match(raw, start)
    return found.end() if found else len(raw)


def attribute(raw: bytes, start: int, end: int, name: str) -> tuple[int, int]:
    """Return the range of the value of the attribute *name* (without prefix), without its quotes."""
    wanted = name.encode()
    element = _NAME.match(raw, start)
    for found in _ATTRIBUTE.finditer(raw, element.end() if element else start, end):
        if found.group(1) == wanted:
            return found.span(2) if found.group(2) is not None else found.span(3)
    return start, end


def url_secrets(raw: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges of the secrets in a URL: its user information, and its query with the fragment behind it.

    A URL with character references or CDATA in it is a secret as a whole: no honest peer writes one so.
    """
    value = raw[start:end]
    if b"&#" in value or b"<" in value:
        return [(start, end)]
    spans: list[tuple[int, int]] = []
    authority = _AUTHORITY.search(value)
    if authority and authority.group(1):
        spans.append((start + authority.start(1), start + authority.end(1)))
    query = _QUERY.search(value)
    if query and start + query.end() < end:
        spans.append((start + query.end(), end))
    return spans
