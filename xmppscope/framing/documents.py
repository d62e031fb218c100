"""Messages in, elements out: on WebSocket each message is a document of its own (RFC 7395 §3.3.3).

The splitter reads them inside a root without declarations, so that each has to declare its prefixes itself and nothing
is set up anew for the next one. What a message does wrong and an element can be read from all the same is a flaw of
that element; what cannot be read is `Bad`. Where a stream header of RFC 6120 is sent instead of `<open/>`, as in the
drafts before RFC 7395, the messages that follow are read inside that stream.
"""

import re
from typing import Final

from xmppscope.framing.pieces import SHOWN, Bad, Foot, Head, Item, Piece, Space
from xmppscope.framing.splitter import Splitter

_ROOT: Final = b"<x>"
_SPACES: Final = b" \t\r\n"
_DECLARATION: Final = re.compile(rb"<\?xml\s[^>]*?\?>[ \t\r\n]*")
_GOOD_DECLARATION: Final = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])(?i:utf-8)\2)?"""
    rb"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>"""
)

SEVERAL: Final = "a message of more than one element"
SPACE_FIRST: Final = "a message that does not begin with <"
OLD_HEADER: Final = "a stream header, where <open/> is to be sent"
BINARY: Final = "a binary message, where text is to be sent"
FLAWS: Final[dict[str, str]] = {
    SEVERAL: "RFC 7395 §3.3.3",
    SPACE_FIRST: "RFC 7395 §3.3.3",
    OLD_HEADER: "RFC 7395 §3.3.2",
    BINARY: "RFC 7395 §3.2",
}
"""What may be wrong with a message that can be read, and the section that says so."""

EMPTY: Final = "an empty message"
CUT: Final = "a message that ends inside an element"
TEXT: Final = "a message of text that is no element"
_DOCTYPE: Final = "document type declaration (RFC 6120 §11.1)"
_PREFIX: Final = "unbound prefix"


class Documents:
    """Reads one direction's messages from the payload offset *at* on; `sensitive` is that of `Splitter`."""

    def __init__(self, sensitive: frozenset[str], at: int = 0) -> None:
        self.at = at
        """The payload offset behind the last message."""
        self.flaw = ""
        """What is wrong with the elements of the last message."""
        self._sensitive = sensitive
        self._prime = _ROOT
        self._splitter = Splitter(frozenset(), sensitive, at, _ROOT)

    def feed(self, data: bytes) -> list[Piece]:
        """Take a whole message; return what is in it."""
        start = self.at
        self.at = end = start + len(data)
        pieces = self._splitter.feed(data)
        if len(pieces) == 1:
            only = pieces[0]
            if type(only) is Item and only.start == start and only.end == end:
                self.flaw = ""
                return pieces
        return self._judge(data, start, pieces)

    def skip(self, size: int) -> None:
        """Pass over *size* bytes of payload that cannot be read."""
        self.at += size
        self._begin(self.at)

    def rest(self) -> None:
        """Take less memory until the next message comes."""
        self._splitter.sleep()

    def _judge(self, data: bytes, start: int, pieces: list[Piece]) -> list[Piece]:
        """Say what is wrong with a message that is not just one element."""
        splitter = self._splitter
        self.flaw = ""
        declaration = _DECLARATION.match(data)
        if declaration and len(declaration.group()) < len(data):
            return self._declared(data, start, declaration.end())
        pieces = self._with_rest(pieces, data, start, splitter)
        head = next((piece for piece in pieces if isinstance(piece, Head)), None)
        if head is not None:
            self.flaw = OLD_HEADER
            self._prime = splitter.prime
        elif any(isinstance(piece, Foot) for piece in pieces):
            pieces = [self._foot(piece) if isinstance(piece, Foot) else piece for piece in pieces]
            self._prime = _ROOT
        self._begin(self.at)
        if not data:
            return [Bad(start, start, start, EMPTY, b"")]
        items = [piece for piece in pieces if isinstance(piece, Item)]
        if items and head is None:
            if len(items) > 1:
                self.flaw = SEVERAL
            elif isinstance(pieces[0], Space):
                self.flaw = SPACE_FIRST
            # White space beside an element belongs to the message and is nothing of its own.
            pieces = [piece for piece in pieces if not isinstance(piece, Space)]
        return pieces

    def _foot(self, foot: Foot) -> Piece:
        """Return a closing tag as what it is where no stream header was sent: nothing."""
        if self._prime != _ROOT:
            return foot
        return Bad(foot.start, foot.end, foot.start, "a closing tag of nothing", foot.raw[:SHOWN])

    def _declared(self, data: bytes, start: int, inner: int) -> list[Piece]:
        """Read a message that begins with an XML declaration, which may stand before any document."""
        self._begin(start + inner)
        if not _GOOD_DECLARATION.match(data):
            self._begin(self.at)
            return [Bad(start, self.at, start, "an XML declaration of another version or encoding", data[:SHOWN])]
        splitter = self._splitter
        pieces = self._with_rest(splitter.feed(data[inner:]), data[inner:], start + inner, splitter)
        self._begin(self.at)
        first = pieces[0] if pieces else None
        if isinstance(first, Item):
            first.start, first.raw = start, data[: first.end - start]
        elif isinstance(first, Bad):
            first.start = start
        return pieces

    def _with_rest(self, pieces: list[Piece], data: bytes, start: int, splitter: Splitter) -> list[Piece]:
        """Add what the splitter did not come to: behind a fault there is nothing to go on with."""
        if splitter.broken:
            last = pieces[-1]
            if isinstance(last, Bad):
                last.end, last.raw = self.at, data[last.start - start :][:SHOWN]
                if data.lstrip(_SPACES).startswith(b"<!DOCTYPE"):
                    last.reason = _DOCTYPE
                elif last.reason == _PREFIX:
                    last.reason = "unbound prefix: each message has to declare its prefixes itself"
        elif splitter.unfinished:
            done = splitter.done
            rest = data[done - start :]
            pieces = [*pieces, Bad(done, self.at, self.at, CUT if b"<" in rest else TEXT, rest[:SHOWN])]
        return pieces

    def _begin(self, at: int) -> None:
        self._splitter.dismiss()
        self._splitter = Splitter(frozenset(), self._sensitive, at, self._prime)
