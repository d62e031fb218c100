"""The bytes delivered last, kept to tell whether a retransmission repeats them or contradicts them.

RFC 9293 §3.10.7.4 lets a receiver trim what it already has without looking at it. Looking is what shows a middlebox, an
attack or a broken stack, so the last `RECENT_BYTES` of each direction are compared; older ones are not.
"""

from itertools import islice

from xmppscope.model.wire import Data, Lost
from xmppscope.transport.limits import EVENT, RECENT_BYTES, RECENT_PIECES
from xmppscope.transport.sequence import difference

Recent = list[Data | Lost]
"""Events of one direction in stream order; the last one ends where delivery stands."""


def contradiction(recent: Recent, back: int, data: bytes) -> tuple[int, int] | None:
    """Tell where *data*, which repeats the stream from *back* bytes before its end, first differs from what was kept.

    The answer is the distance from the end of what was delivered and the packet that carried the kept bytes.
    """
    found: tuple[int, bytes, bytes, int] | None = None
    end = 0
    for event in islice(reversed(recent), RECENT_PIECES):
        if end >= back or end >= RECENT_BYTES:
            break
        begin = end + (event.length if isinstance(event, Lost) else len(event.data))
        left, right = min(back, begin), max(back - len(data), end)
        if left > right and isinstance(event, Data):
            ours = event.data[begin - left : begin - right]
            theirs = data[back - left : back - right]
            if ours != theirs:
                found = left, ours, theirs, event.packet
        end = begin
    if found is None:
        return None
    left, ours, theirs, packet = found
    return left - difference(ours, theirs), packet


def shorten(recent: Recent, size: int) -> int:
    """Drop the oldest events until at most *size* bytes (overhead counted) are left; return how many are left."""
    left = 0
    for index, event in enumerate(reversed(recent)):
        cost = EVENT + (len(event.data) if isinstance(event, Data) else 0)
        if left + cost > size or index == RECENT_PIECES:
            del recent[: len(recent) - index]
            break
        left += cost
    return left
