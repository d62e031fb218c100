"""Which packets carried which cleartext bytes, for one direction of a connection."""

from bisect import bisect_right
from typing import Final

import msgspec

_MOST: Final = 65_536
"""Stamps kept at the most; beyond that every second one is dropped, so that a hostile stream cannot grow the list."""


class Stamp(msgspec.Struct, gc=False):
    """Time and packet of the first and of the last byte of a run of cleartext.

    For plain TCP both are the same packet. Inside TLS they are those of the record, whose bytes come out at once.
    """

    time: int
    packet: int
    end_time: int
    end_packet: int


class Told(msgspec.Struct, gc=False):
    """The stamps of a range as an entry tells them, and in nanoseconds."""

    time: str
    end_time: str
    packets: tuple[int, int] | None
    file: int | None
    first_time: int
    last_time: int


class StampTrack:
    """Finds the stamps of a range of absolute cleartext offsets; ranges are asked for in rising order.

    `newest_begin` is where the newest run begins, `told` what its entries tell: several stanzas often share one. What
    lies before `done` is not asked for again.
    """

    def __init__(self) -> None:
        self.newest_begin = 0
        self.told: Told | None = None
        self.done = 0
        self._begins: list[int] = []
        self._stamps: list[Stamp] = []

    def add(self, begin: int, stamp: Stamp) -> None:
        """Note that the bytes from the offset *begin* on bear *stamp*."""
        self.newest_begin = begin
        self.told = None
        if begin == self.done:
            self._begins.clear()
            self._stamps.clear()
        self._begins.append(begin)
        self._stamps.append(stamp)
        if len(self._begins) > _MOST:
            del self._begins[1:-1:2]
            del self._stamps[1:-1:2]

    def find(self, start: int, end: int) -> tuple[Stamp, Stamp]:
        """Return the stamps of the first and the last byte of [start, end), and forget what lies before."""
        begins, stamps = self._begins, self._stamps
        self.done = end
        if start >= begins[-1]:
            return stamps[-1], stamps[-1]
        first, last = self._places(start, end)
        found = stamps[first], stamps[last]
        if first:
            del begins[:first]
            del stamps[:first]
        return found

    def peek(self, start: int, end: int) -> tuple[Stamp, Stamp]:
        """Return the same and forget nothing: what lies before is still asked for."""
        first, last = self._places(start, end)
        return self._stamps[first], self._stamps[last]

    def _places(self, start: int, end: int) -> tuple[int, int]:
        first = max(bisect_right(self._begins, start) - 1, 0)
        return first, max(bisect_right(self._begins, max(end - 1, start)) - 1, first)
