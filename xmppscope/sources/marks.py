"""Marks of the proxy in a recording: the flow that each belongs to, and which flows are two legs of one connection.

A mark stands on a packet, so it goes between the bytes before that packet and those of it. Left out: what marks mean.
"""

from typing import Final

from xmppscope.capture.events import MarkedSegment
from xmppscope.model.marks import LegMark
from xmppscope.model.segment import ACK, FIN, RST, SYN, Segment
from xmppscope.model.wire import FILE_SHIFT, Marked, Opened, Side, WireEvent
from xmppscope.transport.flow import reverse
from xmppscope.transport.reassembly import Reassembler

_BOUND: Final = 1 << 15
"""How many legs and pairs are remembered, the latest ones: twice the flows that reassembly keeps."""

_Place = tuple[int, Side]


class Marks:
    """Turns marked segments into wire events; reassembly keeps what the flows are."""

    def __init__(self, reassembler: Reassembler) -> None:
        self._reassembler = reassembler
        self._twins = 0
        # Reassembly lets go of a closed leg soon, and then its connection may still go on in the other one.
        self._legs: dict[bytes, _Place] = {}
        self._pairs: dict[tuple[int, int], None] = {}

    @property
    def connections(self) -> int:
        """How many connections there were, a proxied one counted once."""
        return max(self._reassembler.flows - self._twins, 0)

    def feed(self, event: MarkedSegment) -> list[WireEvent]:
        """Take a marked segment; return what it lets be known, the mark in its place."""
        segment = event.segment
        place = self._reassembler.place_of(segment.key)
        if _is_bare(segment):
            place = place or self._legs.get(segment.key)
            # Of a leg that reassembly has let go of, it would take an acknowledgement for another connection's.
            events = [] if place is not None else self._reassembler.feed(segment)
        else:
            events = self._reassembler.feed(segment)
        at = max((index for index, each in enumerate(events, 1) if isinstance(each, Opened)), default=0)
        place = self._reassembler.place_of(segment.key) if at else place
        if place is None:
            return events  # the beginning of the connection is not in the capture
        if isinstance(event.mark, LegMark):
            self._remember(segment, place, event.mark.pair)
        events.insert(at, Marked(*place, segment.time, segment.packet, event.mark))
        return events

    def _remember(self, segment: Segment, place: _Place, pair: int) -> None:
        """Note a leg, and that it is the second of its pair, if it is."""
        if self._legs.get(segment.key) == place:
            return
        flow, side = place
        self._legs[segment.key] = place
        self._legs[reverse(segment.key)] = flow, 0 if side else 1
        known = segment.packet >> FILE_SHIFT, pair
        self._twins += known in self._pairs
        self._pairs[known] = None
        while len(self._legs) > 2 * _BOUND:
            del self._legs[next(iter(self._legs))]
        while len(self._pairs) > _BOUND:
            del self._pairs[next(iter(self._pairs))]


def _is_bare(segment: Segment) -> bool:
    """Tell whether a segment carries nothing but its mark."""
    return not segment.data and not segment.missing and segment.flags & (SYN | FIN | RST | ACK) == ACK
