"""The framer: a splitter that finds its way again after a hole, a fault, or a start in mid-stream."""

from typing import Final

from xmppscope.framing.pieces import SHOWN, Piece, Torn
from xmppscope.framing.search import Search
from xmppscope.framing.splitter import Splitter
from xmppscope.model.namespaces import CLIENT, DIALBACK, STREAM

ASSUMED: Final = {"": CLIENT, "stream": STREAM, "db": DIALBACK}
"""The declarations of a header that was not captured: used to parse, never shown."""

ASSUMED_HEADER: Final = f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' xmlns:db='{DIALBACK}'>".encode()


class Framer:
    """Splits one direction's cleartext from the absolute offset *at* on, and recovers.

    `stops` and `sensitive` are those of `Splitter`. With `midstream` the framer begins without a header.
    """

    def __init__(
        self, stops: frozenset[str], sensitive: frozenset[str], at: int = 0, *, midstream: bool = False
    ) -> None:
        self._stops = stops
        self._sensitive = sensitive
        self._search: Search | None = None
        self._splitter = Splitter(stops, sensitive, at)
        if midstream:
            self._begin_search(at, "part of an element that began before the capture")

    @property
    def stopped(self) -> bool:
        """True while an element named in `stops` waits for `resume` or `take`."""
        return self._splitter.stopped

    @property
    def between(self) -> bool:
        """True while nothing is known to be unfinished."""
        return self._search is not None or not self._splitter.unfinished

    @property
    def at(self) -> int:
        """The absolute offset behind the last byte received."""
        return self._splitter.at if self._search is None else self._search.at

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes; return the pieces that they complete, or prove."""
        if self._search is None:
            pieces = self._splitter.feed(data)
        else:
            pieces = self._search.feed(data)
            self._adopt()
        while self._splitter.broken and self._search is None:
            rest = self._splitter.rest
            self._begin_search(self._splitter.at, "follows a fault: not read")
            pieces += self._search.feed(rest) if self._search is not None else []
            self._adopt()
        return pieces

    def resume(self) -> list[Piece]:
        """Go on with XML after a stop."""
        return self.feed(self._splitter.resume())

    def sleep(self) -> None:
        """Take less memory until the next bytes come."""
        if self._search is None:
            self._splitter.sleep()

    def take(self) -> bytes:
        """Hand back all bytes behind the last piece; the framer goes on behind that piece if it is fed again."""
        if self._search is not None:
            rest = self._search.unfinished
            self._splitter = Splitter(self._stops, self._sensitive, self._search.at - len(rest), self._splitter.prime)
            self._search = None
            return rest
        return self._splitter.take()

    def lost(self, length: int) -> list[Piece]:
        """Note that *length* bytes are missing here; return what can be said of the bytes before them."""
        pieces = self._end("part of an element: its end is missing", hole=True)
        self._begin_search(self.at + length, "part of an element: its beginning is missing")
        return pieces

    def close(self) -> list[Piece]:
        """Take the end of the direction: it proves what was held back, and tears what was not complete."""
        pieces = self._end("an element that was never completed", hole=False)
        self._splitter.dismiss()
        self._begin_search(self.at, "follows the end: not read")
        return pieces

    def _end(self, why: str, *, hole: bool) -> list[Piece]:
        pieces: list[Piece] = []
        if self._search is not None:
            pieces += self._search.close(hole=hole)
            if self._search.found is None:
                return pieces
            self._adopt()
        raw = self._splitter.unfinished
        if raw.strip():
            done = self._splitter.done
            pieces.append(Torn(done, done + len(raw), why, raw[:SHOWN]))
        return pieces

    def _begin_search(self, at: int, why: str) -> None:
        prime = self._splitter.prime or ASSUMED_HEADER
        self._search = Search(self._stops, self._sensitive, at, prime, why)

    def _adopt(self) -> None:
        if self._search is not None and self._search.found is not None:
            self._splitter = self._search.found
            self._search = None
