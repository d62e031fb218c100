"""The search for the next first-level element behind a hole, a fault, or the start of a capture in mid-stream.

Behind a hole nobody knows how deep in the document the bytes are. In well-formed XML a ``<name`` outside CDATA is
always a real tag, so the search looks for the next tag that may stand at the first level and tries to split from there.
What comes out is held back until something proves that it was not nested, as a forwarded message is: another
first-level element begins behind it, or the stream or the connection ends. A closing tag that fits nothing refutes it,
and the search goes on behind that tag, so that every byte is looked at a bounded number of times. Elements that nobody
ever nests (SASL, TLS, stream management, stream errors) need no such proof.
"""

import re
from typing import Final

from xmppscope.framing import bounds
from xmppscope.framing.pieces import SHOWN, Foot, Head, Item, Piece, Torn
from xmppscope.framing.splitter import Splitter
from xmppscope.model.namespaces import COMPRESS, DIALBACK, SASL, SASL2, SM3, STREAM, TLS

_AT_FIRST_LEVEL: Final = frozenset({"message", "presence", "iq", "handshake"})
_NEVER_NESTED: Final = frozenset({STREAM, TLS, SASL, SASL2, SM3, COMPRESS, DIALBACK})
_CANDIDATE: Final = re.compile(
    rb"<(?:message|presence|iq|r|a|enabled?|resumed?|failed|auth|authenticate|challenge|response|success|failure|abort"
    rb"|continue|next|starttls|proceed|compress(?:ed)?|handshake|bidi|stream:(?:features|error|stream)"
    rb"|db:(?:result|verify))(?=[\s/>])"
    rb"|<(?:in)?active(?=\sxmlns=.urn:xmpp:csi:0)"  # and not the chat state, which every second message holds
    rb"|<\?xml(?=\s)|</stream:stream(?=[\s>])"
)
_LONGEST_CANDIDATE: Final = 32


class Search:
    """Looks for the next first-level element from the absolute offset *at* on, inside the stream of *prime*.

    `found` is the splitter to go on with, once there is one. `why` tells what the bytes passed over are.
    """

    def __init__(self, stops: frozenset[str], sensitive: frozenset[str], at: int, prime: bytes, why: str) -> None:
        self.found: Splitter | None = None
        self.at = at
        self._stops = stops
        self._sensitive = sensitive
        self._prime = prime
        self._why = why
        self._begin = at
        self._skipped = b""
        self._buffer = bytearray()
        self._buffer_at = at
        self._trial: Splitter | None = None
        self._tentative: list[Piece] = []
        self._judged = 0

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes; return the pieces that are proven, preceded by what had to be passed over."""
        if len(self._skipped) < SHOWN:
            self._skipped += data[: SHOWN - len(self._skipped)]
        self.at += len(data)
        self._buffer += data
        if self._trial is not None and not self._try(self._trial, data):
            return self._adopt()
        while self._trial is None:
            found = _CANDIDATE.search(self._buffer)
            if found is None:
                self._forget(len(self._buffer) - _LONGEST_CANDIDATE)
                return []
            self._forget(found.start())
            if not self._try(self._begin_trial(), bytes(self._buffer)):
                return self._adopt()
        return []

    def close(self, *, hole: bool) -> list[Piece]:
        """Return what is held back: all of it where the direction ends here, before a hole what cannot be nested.

        A stanza that redeclares its default namespace may be a forwarded one, so that before a hole it stays unproven.
        """
        first = self._tentative[0] if self._tentative else None
        if not isinstance(first, Item) or not _may_stand_first(first):
            return self._torn(self.at)
        redeclares = b"xmlns=" in first.raw[: first.raw.index(b">")]
        return self._torn(self.at) if hole and redeclares else self._adopt()

    @property
    def unfinished(self) -> bytes:
        """What is held but not told yet, for another reader (TLS, say)."""
        return bytes(self._buffer)

    def _begin_trial(self) -> Splitter:
        document = self._buffer.startswith((b"<?xml", b"<stream:stream"))
        return Splitter(self._stops, self._sensitive, self._buffer_at, b"" if document else self._prime)

    def _try(self, trial: Splitter, data: bytes) -> bool:
        """Feed *trial*; return False once what it found is proven. A refuted trial is dropped."""
        self._trial = trial
        self._tentative += trial.feed(data)
        if self._is_proven(trial):
            return False
        if trial.broken:
            self._trial = None
            self._tentative = []
            self._judged = 0
            self._forget(trial.at - self._buffer_at)
        return True

    def _is_proven(self, trial: Splitter) -> bool:
        if not self._tentative:
            return False
        first = self._tentative[0]
        if isinstance(first, Head | Foot) or _is_never_nested(first):
            return True
        more = self._tentative[max(1, self._judged) :]
        self._judged = len(self._tentative)
        if any(isinstance(piece, Head | Foot) or _may_stand_first(piece) for piece in more):
            return True
        # An element that held all this would be refused for its size.
        if len(self._tentative) > bounds.ELEMENTS or len(self._buffer) > bounds.STANZA:
            return True
        return _may_stand_first(first) and _CANDIDATE.match(self._buffer, trial.done - self._buffer_at) is not None

    def _adopt(self) -> list[Piece]:
        self.found = self._trial
        pieces = self._torn(self._buffer_at) + self._tentative
        for piece in self._tentative:
            if isinstance(piece, Item):
                piece.late = True
        return pieces

    def _torn(self, end: int) -> list[Piece]:
        if end <= self._begin:
            return []
        return [Torn(self._begin, end, self._why, self._skipped[: end - self._begin])]

    def _forget(self, count: int) -> None:
        if count > 0:
            del self._buffer[:count]
            self._buffer_at += count


def _is_never_nested(piece: Piece) -> bool:
    return isinstance(piece, Item) and piece.element.ns in _NEVER_NESTED


def _may_stand_first(piece: Piece) -> bool:
    """Tell whether *piece* is what a stream consists of; a link in formatted text, say, is named as an answer is."""
    return isinstance(piece, Item) and (piece.element.local in _AT_FIRST_LEVEL or piece.element.ns in _NEVER_NESTED)
