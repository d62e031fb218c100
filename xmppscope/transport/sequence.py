"""Arithmetic on 32-bit sequence numbers (RFC 9293 §3.4), and comparing what two segments carried.

Inside this package a *position* is a sequence number that does not wrap: an integer whose low 32 bits are the number on
the wire. Positions of one direction can be compared and subtracted like any integers.
"""

from typing import Final

MASK: Final = 0xFFFF_FFFF
SPACE: Final = 1 << 32
HALF: Final = 1 << 31

WINDOW: Final = 1 << 30
"""The largest window that there is, 1 GiB (RFC 7323 §2.3); what lies further off belongs to another connection."""


def distance(number: int, origin: int) -> int:
    """Return how far *number* lies after *origin* (negative: before it), from -2^31 to 2^31 - 1."""
    return ((number - origin + HALF) & MASK) - HALF


def difference(ours: bytes, theirs: bytes) -> int:
    """Return the index of the first byte that differs between two unequal strings of the same length."""
    low, high = 0, len(ours)
    while high - low > 1:
        middle = (low + high) // 2
        if ours[low:middle] == theirs[low:middle]:
            low = middle
        else:
            high = middle
    return low
