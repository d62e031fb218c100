"""Bytes that were captured out of order, waiting for what comes before them.

The bytes seen first win over later ones for the same place, whatever the boundaries; where they differ, the piece
remembers the first contradiction until it is delivered.
"""

from bisect import bisect_right
from operator import attrgetter

import msgspec

from xmppscope.model.segment import Segment
from xmppscope.model.wire import Conflict, Side
from xmppscope.transport.limits import PIECE
from xmppscope.transport.sequence import difference


class Piece(msgspec.Struct, gc=False):
    """Bytes at a position, with the time and packet that brought them and the first contradiction, if any."""

    start: int
    time: int
    packet: int
    data: bytes
    clash: Conflict | None = None

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.start + len(self.data)

    @property
    def cost(self) -> int:
        """How much this piece counts against the bounds."""
        return PIECE + len(self.data) + (0 if self.clash is None else len(self.clash.data))


_start = attrgetter("start")


def hold(held: list[Piece], flow: int, side: Side, start: int, data: bytes, segment: Segment) -> int:
    """Add *data* at position *start* to the sorted list *held*; return by how much its cost grew.

    Only what is not held yet is added. The time is proportional to the length of *data* and the number of pieces.
    """
    end = start + len(data)
    low = bisect_right(held, start, key=_start)
    if low and held[low - 1].end > start:
        low -= 1
    high = low
    merged: list[Piece] = []
    at = start
    grown = 0
    while high < len(held) and held[high].start < end:
        piece = held[high]
        if at < piece.start:
            merged.append(Piece(at, segment.time, segment.packet, data[at - start : piece.start - start]))
            grown += merged[-1].cost
            at = piece.start
        stop = min(end, piece.end)
        grown += _contradict(piece, flow, side, at, data[at - start : stop - start], segment)
        merged.append(piece)
        at = stop
        high += 1
    if at < end:
        merged.append(Piece(at, segment.time, segment.packet, data[at - start :]))
        grown += merged[-1].cost
    held[low:high] = merged
    return grown


def _contradict(piece: Piece, flow: int, side: Side, at: int, data: bytes, segment: Segment) -> int:
    """Note on *piece* that *data* at position *at* differs from it, if it does; return by how much its cost grew."""
    ours = piece.data[at - piece.start : at - piece.start + len(data)]
    if ours == data or piece.clash is not None:
        return 0
    index = difference(ours, data)
    back = piece.end - at - index
    piece.clash = Conflict(flow, side, segment.time, segment.packet, back, data[index:], piece.packet)
    return len(data) - index
