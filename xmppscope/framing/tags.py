"""What the splitter needs beside expat: a parser set up for streams, and tags by their bytes."""

import re
from pyexpat import ErrorString, ParserCreate, XMLParserType
from typing import Final

from xmppscope.model.element import SEPARATOR

_START_TAG: Final = re.compile(rb"""<[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*>""")
_ENDS: Final = {b"<!": b"-->", b"<?": b"?>"}
_QUOTE_OR_END: Final = {0: re.compile(rb"""["'>]"""), 0x22: re.compile(rb'"'), 0x27: re.compile(rb"'")}


_MOST_INTERNED: Final = 20_000
_interned: dict[str, str] = {}
"""The names that any parser has met. One table for all makes equal names the same object, which dictionaries find at
once, and keeps the working set of many connections small; it is emptied when there are too many."""


def new_parser() -> XMLParserType:
    """Return a namespace-aware parser that takes UTF-8 alone and reports every element as soon as its tag is there."""
    if len(_interned) > _MOST_INTERNED:
        _interned.clear()
    parser = ParserCreate("utf-8", SEPARATOR, _interned)
    if hasattr(parser, "SetReparseDeferralEnabled"):
        # From 2.6 on expat puts off parsing a token that did not fit into one feed, and with it the last stanza.
        parser.SetReparseDeferralEnabled(False)
    parser.buffer_text = True
    parser.buffer_size = 4096
    return parser


def silence(parser: XMLParserType) -> None:
    """Take the callbacks from *parser*: they and their owner keep each other alive, and each parser holds a buffer."""
    parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    parser.StartNamespaceDeclHandler = parser.XmlDeclHandler = None
    parser.CommentHandler = parser.ProcessingInstructionHandler = parser.StartDoctypeDeclHandler = None


def start_tag_end(data: bytes) -> int:
    """Return the length of the start tag that *data* begins with and that expat has accepted."""
    found = _START_TAG.match(data)
    return found.end() if found else len(data)


def plain_reason(code: int) -> str:
    """Return expat's words for an error code."""
    return ErrorString(code) or f"expat error {code}"


class OpenTag:
    """Collects the bytes of a long unfinished token and tells when expat may have another look at it.

    expat scans an unfinished token from its start with every feed, which is quadratic for a long attribute. Here each
    byte is looked at once: only a ``>`` outside quotes can end a tag. Comments and processing instructions know no
    quotes and have ends of their own.
    `at` is the absolute offset of the first byte that expat has not seen.
    """

    def __init__(self, at: int, token: bytes) -> None:
        self.at = at
        self._waiting: list[bytes] = []
        self._end = _ENDS.get(token[:2], b"")
        self._tail = b""
        self._quote = 0
        self._closes(token)

    @property
    def data(self) -> bytes:
        """The bytes that expat has not seen."""
        return b"".join(self._waiting)

    def feed(self, data: bytes) -> bytes | None:
        """Add *data*; return all that waited once the token can be complete."""
        self._waiting.append(data)
        return self.data if self._closes(data) else None

    def _closes(self, data: bytes) -> bool:
        if self._end:
            data = self._tail + data
            self._tail = data[1 - len(self._end) :]
            return self._end in data
        position = 0
        while found := _QUOTE_OR_END[self._quote].search(data, position):
            byte = found.group()[0]
            if byte == 0x3E:
                return True
            self._quote = 0 if self._quote else byte
            position = found.end()
        return False
