"""One way through the proxy, from a leg to the other one, in the clear.

While the stream is negotiated, a way holds each first-level element until it is whole, because the proxy may have to
act on it: TLS follows an element at the exact byte. What is sent on are the bytes as they came. Once the stream is
open, or what comes is no XMPP, bytes just pass.
"""

from typing import Final

from xmppscope.framing.framer import ASSUMED, Framer
from xmppscope.framing.pieces import Piece
from xmppscope.model.timeline import Sender
from xmppscope.proxy.leg import Leg
from xmppscope.session.negotiation import STOPS

_LAST: Final = 32

MOST_WAITING: Final = 256 * 1024
"""Bytes that may wait behind a request, or for the other leg."""


class Way:
    """From `source` to `sink`; `passing` once bytes are no longer held, `waits` while an answer is awaited.

    `xmlns` are the prefixes of the last stream header, or what is assumed where there was none; `outbox` holds what is
    to be sent once the sink is ready.
    """

    def __init__(self, sender: Sender, source: Leg, sink: Leg) -> None:
        self.sender: Sender = sender
        self.source = source
        self.sink = sink
        self.passing = False
        self.waits = False
        self.ready = False
        self.ended = False
        self.xmlns: dict[str, str] = ASSUMED
        self.outbox: list[bytes] = []
        self._last = b""
        self._framer: Framer | None = Framer(STOPS, frozenset())
        self._buffer = bytearray()
        self._at = 0

    def cut(self, data: bytes) -> list[tuple[Piece, bytes]]:
        """Take cleartext; return the pieces that it completes, each with all bytes up to its end."""
        if self._framer is None:
            return []
        self._buffer += data
        if self.waits:
            return []
        return self._with_bytes(self._framer.feed(data))

    def go_on(self, *, after_wait: bool = False) -> list[tuple[Piece, bytes]]:
        """Cut on behind an element that stopped the framer; *after_wait* says that what follows was taken out."""
        framer = self._framer
        if framer is None:
            return []
        if after_wait:
            self.waits = False
            return self._with_bytes(framer.feed(bytes(self._buffer)))
        return self._with_bytes(framer.resume()) if framer.stopped else []

    def wait(self) -> None:
        """Leave uncut what follows, until the other side has answered."""
        self.waits = True
        if self._framer is not None:
            self._framer.take()

    def spaces(self) -> bytes:
        """Take out the white space that what waits begins with: whatever the answer is, it is no part of it."""
        size = len(self._buffer) - len(self._buffer.lstrip(b" \t\r\n"))
        data = bytes(self._buffer[:size])
        if self._framer is not None:
            self._framer.feed(data)
        del self._buffer[:size]
        self._at += size
        return data

    def rest(self) -> bytes:
        """Take out all that was not cut: it is something else than XML, or is to pass as it is."""
        if self._framer is not None and self._framer.stopped:
            self._framer.take()
        data = bytes(self._buffer)
        self._buffer.clear()
        self.waits = False
        return data

    def let_pass(self, time: int) -> None:
        """Hold nothing back from here on, and forget how to."""
        if not self.passing:
            self.passing = True
            self.send(self.rest(), time)
            self._framer = None

    def restart(self) -> None:
        """Go on with a new document: TLS has begun."""
        self.xmlns = ASSUMED
        self._framer = Framer(STOPS, frozenset(), self._at)

    def skip(self, size: int) -> None:
        """Count cleartext that came before TLS and is no part of any document."""
        self._at += size
        self.restart()

    @property
    def between(self) -> bool:
        """Whether what was sent last ends as an element does, so that a closing tag of the proxy's own does no harm."""
        return not self._last or self._last.rstrip().endswith(b">")

    def send(self, data: bytes, time: int) -> None:
        """Send cleartext to the sink, at once or when it is ready."""
        if not data:
            return
        self._last = data[-_LAST:]
        if self.ready:
            self.sink.send(data, time)
        else:
            self.outbox.append(data)

    def begin(self, time: int) -> None:
        """Note that the sink is ready, and send what waited for that."""
        self.ready = True
        waiting, self.outbox = b"".join(self.outbox), []
        if waiting:
            self.sink.send(waiting, time)

    @property
    def overflows(self) -> bool:
        """Whether more waits for an answer, or for the other leg, than ever should."""
        held = len(self._buffer) if self.waits else 0
        return held + sum(map(len, self.outbox)) > MOST_WAITING

    def _with_bytes(self, pieces: list[Piece]) -> list[tuple[Piece, bytes]]:
        found: list[tuple[Piece, bytes]] = []
        for piece in pieces:
            size = max(piece.end - self._at, 0)
            found.append((piece, bytes(self._buffer[:size])))
            del self._buffer[:size]
            self._at += size
        return found
