"""Reads one XML stream with lxml: a header, then one first-level element after another, exact to the byte.

After `<starttls/>` or `<success/>` the next byte belongs to something else, so the parser is never given more than the
bytes up to the next `>`, where alone an element can end. Each first-level element has a parser of its own that has read
the stream header first: nothing grows with the length of the stream. What RFC 6120 §11.1 forbids is a stream error.
"""

import re
from typing import Final, TypeAlias, cast

from lxml import etree

from xmppscope.demo.errors import StreamError
from xmppscope.demo.xml import Element

ELEMENT_BOUND: Final = 256 * 1024
HEADER_BOUND: Final = 8 * 1024

_EVENTS: Final = ("start", "end", "comment", "pi")
_WHITESPACE: Final = b" \t\r\n"
# A document type, a comment or an instruction where only an XML declaration may stand before the header.
_NO_HEADER: Final = re.compile(rb"(?:<\?xml\s[^>]*\?>\s*)?+<[!?]")
_ENCODING: Final = re.compile(rb"<\?xml\s[^>]*\sencoding\s*=\s*[\"']([^\"'>]*)")


class Header:
    """A stream header: the root element, whose attributes and namespaces it carries."""

    def __init__(self, root: Element) -> None:
        self.root = root


class Closed:
    """The closing tag of the stream."""


Read: TypeAlias = Header | Closed | Element


class StreamReader:
    """Bytes in with `feed`, what they mean out with `next`; after a `StreamError` it cannot go on."""

    def __init__(self, rest: bytes = b"") -> None:
        self._waiting = bytearray(rest)
        self._header = b""
        self._opened = False
        self._parser = _parser()
        self._depth = 0
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take bytes of the stream."""
        self._waiting += data

    def rest(self) -> bytes:
        """Give back the bytes behind the last element, for whoever reads on from there."""
        rest = bytes(self._waiting)
        self._waiting.clear()
        return rest

    def next(self) -> Read | None:
        """Return the next header, element or closing tag; None until more bytes have come."""
        while piece := self._piece():
            read = self._parse(piece) if self._opened else self._parse_header(piece)
            if read is not None:
                self._size = 0
                return read
        return None

    def _piece(self) -> bytes:
        """Cut off the bytes up to the next `>`, all of them if there is none, without whitespace between elements."""
        waiting = self._waiting
        if not self._size:
            # RFC 6120 §4.6.1: whitespace between elements keeps a connection alive and says nothing.
            del waiting[: len(waiting) - len(waiting.lstrip(_WHITESPACE))]
            if waiting and not waiting.startswith(b"<"):
                raise StreamError("not-well-formed" if not self._opened else "bad-format")
        piece = bytes(waiting[: waiting.find(b">") + 1] or waiting)
        del waiting[: len(piece)]
        if piece and not self._size and self._opened:
            self._begin()
        self._size += len(piece)
        if self._size > (ELEMENT_BOUND if self._opened else HEADER_BOUND):
            raise StreamError("policy-violation", "too large")
        return piece

    def _begin(self) -> None:
        self._parser = _parser()
        self._parser.feed(self._header)
        self._depth = sum(1 for _ in self._parser.read_events())

    def _parse_header(self, piece: bytes) -> Header | None:
        self._header += piece
        if piece.endswith(b">") and _NO_HEADER.match(self._header):
            raise StreamError("restricted-xml")
        encoding = _ENCODING.match(self._header)
        if encoding is not None and encoding[1].upper() != b"UTF-8":
            raise StreamError("unsupported-encoding")
        for _, root in self._events(piece):
            self._opened = True
            self._depth = 1
            return Header(root)
        return None

    def _parse(self, piece: bytes) -> Closed | Element | None:
        for event, found in self._events(piece):
            if event == "start":
                self._depth += 1
            elif event == "end":
                self._depth -= 1
                if self._depth == 0:
                    return Closed()
                if self._depth == 1:
                    return found
            else:
                # RFC 6120 §11.1: comments and processing instructions are "XML features ... prohibited".
                raise StreamError("restricted-xml")
        return None

    def _events(self, piece: bytes) -> list[tuple[str, Element]]:
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise StreamError("not-well-formed") from error
        # Unbound prefixes and undeclared entities are only logged.
        if len(self._parser.feed_error_log.filter_from_errors()):
            raise StreamError("not-well-formed")
        return cast(list[tuple[str, Element]], list(self._parser.read_events()))


def _parser() -> etree.XMLPullParser:
    return etree.XMLPullParser(_EVENTS, resolve_entities=False, no_network=True)
