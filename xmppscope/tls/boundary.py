"""Finds a record boundary again behind lost bytes: the next plausible header that is followed by another or by nothing.

Whether a candidate is a record only decryption can prove, so the caller accepts or rejects it. What is held is bounded
by one record and what came with it.
"""

import re
from collections import deque
from typing import Final

from xmppscope.tls.records import HEADER_SIZE, MOST, Record, plausible

_HEADER: Final = re.compile(rb"[\x14-\x18]\x03[\x00-\x04][\x00-\x48]", re.DOTALL)


class BoundarySearch:
    """The bytes of one direction from a place on where no boundary is known."""

    __slots__ = ("_at", "_data", "_dropped", "_last", "_pieces")

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        self._dropped = 0
        self._pieces: deque[tuple[int, int, int]] = deque()
        self._last = (0, 0)

    def feed(self, data: bytes, time: int, packet: int) -> None:
        """Take the next bytes."""
        # What has been passed over is dropped here and not with every candidate, so that many candidates stay cheap.
        del self._data[: self._at]
        self._dropped += self._at
        self._at = 0
        self._pieces.append((self._dropped + len(self._data), time, packet))
        self._data += data
        self._last = (time, packet)

    def candidate(self, final: bool = False) -> Record | None:
        """Return the next whole record with a plausible header; None if more bytes are needed to tell.

        With *final* no more will come, and a candidate that is not whole is passed over.
        """
        data = self._data
        while (match := _HEADER.search(data, self._at)) is not None:
            self._at = match.start()
            length = int.from_bytes(data[self._at + 3 : self._at + HEADER_SIZE], "big")
            end = self._at + HEADER_SIZE + length
            if len(data) < max(end, self._at + HEADER_SIZE):
                if not final:
                    return None
            elif 0 < length <= MOST and plausible(bytes(data[end : end + 3])):
                first = self._first()
                header, fragment = data[self._at : self._at + HEADER_SIZE], data[self._at + HEADER_SIZE : end]
                return Record(bytes(header), bytes(fragment), *first, *self._last)
            self._at += 1
        self._at = max(self._at, len(data) - HEADER_SIZE + 2)
        return None

    def reject(self) -> None:
        """Pass over the candidate."""
        self._at += 1

    def rest(self) -> tuple[bytes, tuple[int, int], tuple[int, int]]:
        """Return the bytes from the candidate on, with time and packet of their first and of their last."""
        return bytes(self._data[self._at :]), self._first(), self._last

    def _first(self) -> tuple[int, int]:
        """Return time and packet of the byte at the candidate's beginning."""
        while len(self._pieces) > 1 and self._pieces[1][0] <= self._dropped + self._at:
            self._pieces.popleft()
        return self._pieces[0][1:]
