"""HTTP as a bystander sees it: HTTP/1 or HTTP/2 (RFC 9112, RFC 9113), told by the first bytes.

An upgrade to HTTP/2 inside a connection (h2c), which RFC 9113 has dropped, and HTTP/3 are left out; so is HTTP/2 from
the middle on, for its headers cannot be decompressed without the ones before them.
"""

from typing import TYPE_CHECKING, Final

from xmppscope.framing.http.events import HttpEvent, Upgraded
from xmppscope.framing.http.exchanges import Exchanges
from xmppscope.framing.http.heads import PREFACE

if TYPE_CHECKING:
    from xmppscope.framing.http.http2 import Streams

_FRAME_HEADER: Final = 9
_SETTINGS: Final = 4
_ACK: Final = 1


class HttpConnection:
    """A passive observer of both directions of one cleartext connection.

    With `midstream` the first bytes need not be the beginning of a message. `version` is "1" or "2" once it is known;
    `over` is set when the whole connection has been handed over to another protocol.
    """

    def __init__(self, *, midstream: bool = False) -> None:
        self.version = ""
        self.over = False
        self._midstream = midstream
        self._early: list[tuple[int, bytes]] = []
        self._first = [b"", b""]
        self._reader: Exchanges | Streams | None = None

    def feed(self, side: int, data: bytes) -> list[HttpEvent]:
        """Take the next bytes of one side; return what they complete."""
        if self.over or not data:
            return []
        if self._reader is None:
            return self._sniff(side, data)
        return self._judged(self._reader.feed(side, data))

    def lost(self, side: int, length: int | None) -> list[HttpEvent]:
        """Note that *length* bytes (None: nobody knows how many) of one side are missing."""
        if self.over:
            return []
        out = self._settle()
        return out if self._reader is None else out + self._judged(self._reader.lost(side, length))

    def close(self, side: int) -> list[HttpEvent]:
        """Take the end of what one side sends."""
        if self.over:
            return []
        out = self._settle()
        return out if self._reader is None else out + self._judged(self._reader.close(side))

    def _sniff(self, side: int, data: bytes) -> list[HttpEvent]:
        """Hold bytes back until they tell the version: a handful of them do."""
        self._early.append((side, data))
        first = self._first[side] = (self._first[side] + data)[: len(PREFACE)]
        if first == PREFACE or _is_settings(first):
            from xmppscope.framing.http.http2 import Streams

            self._reader, self.version = Streams(side if first == PREFACE else 1 - side), "2"
        elif PREFACE.startswith(first) or (len(first) < _FRAME_HEADER and not first[0]):
            return []
        return self._settle()

    def _settle(self) -> list[HttpEvent]:
        """Read what was held back, as HTTP/1 if nothing says otherwise."""
        if self._reader is None:
            self._reader, self.version = Exchanges(midstream=self._midstream), "1"
        early, self._early = self._early, []
        return [event for side, data in early for event in self._judged(self._reader.feed(side, data))]

    def _judged(self, events: list[HttpEvent]) -> list[HttpEvent]:
        for event in events:
            if type(event) is Upgraded and not event.stream:
                self.over = True
        return events


def _is_settings(first: bytes) -> bool:
    """Tell whether a server's preface begins here: a SETTINGS frame (RFC 9113 §3.4)."""
    if len(first) < _FRAME_HEADER or first[0] or first[3] != _SETTINGS:
        return False
    return not first[4] & ~_ACK and first[5:_FRAME_HEADER] == bytes(4)
