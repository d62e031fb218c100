"""One direction of a flow: the bytes that one side sent, in order, each once, holes declared.

RFC 9293 §3.10.7.4 says what a receiver does; an observer differs in two ways. It may have missed what the receiver got,
so it must know when to stop waiting; and the order in which packets were captured is not the order in which they
arrived, so an acknowledgement alone is no reason to stop. A hole is declared when bytes that had been acknowledged are
still missing `PATIENCE_PACKETS` packets of the flow or `PATIENCE` later. What is not acknowledged will be sent again
and is waited for, until the bounds or the end of the flow are reached.
"""

from typing import Final

from xmppscope.model.segment import FIN, SYN, Segment
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Side, WireEvent
from xmppscope.transport.limits import PATIENCE, PATIENCE_PACKETS, START_PACKETS
from xmppscope.transport.pending import Piece, hold
from xmppscope.transport.recent import Recent, contradiction
from xmppscope.transport.sequence import MASK, SPACE, WINDOW, distance

UNKNOWN: Final = -1
"""Stands for a position that is not known; real ones are never negative."""

_START_REORDERING = 64 * 1024


class Direction:
    """What is known about the bytes of one direction; positions are sequence numbers that do not wrap.

    `next` is where the next byte to deliver belongs; until the direction is `anchored` it is only a number to measure
    others from. `expected` is `next` as it will stand in a segment while the flow is calm (see `Reassembler.feed`),
    else `UNKNOWN`, which no segment carries.
    """

    __slots__ = (
        "acked", "anchored", "ended", "expected", "fin", "fin_packet", "fin_time", "flow", "held", "held_cost",
        "mark", "next", "passed", "proved", "recent", "reset", "sent", "side", "since", "since_packets", "start",
    )  # fmt: skip

    def __init__(self, flow: int) -> None:
        self.flow = flow
        self.side: Side = 0
        self.expected = UNKNOWN
        self.next = UNKNOWN
        self.start = UNKNOWN
        self.anchored = False
        self.recent: Recent = []
        self.held: list[Piece] = []
        self.held_cost = 0
        self.sent = UNKNOWN  # the end of what is known to have been sent, where that is beyond `next`
        self.passed = UNKNOWN  # where the sender stood when it last sent a segment without payload
        self.acked = UNKNOWN  # the highest acknowledgement seen
        self.mark = UNKNOWN  # the acknowledgement whose bytes are waited for since `since`
        self.since = 0
        self.since_packets = 0
        self.proved = UNKNOWN  # what is missing below this was waited for long enough
        self.fin = UNKNOWN
        self.fin_time = 0
        self.fin_packet = 0
        self.ended = False
        self.reset = UNKNOWN

    def place(self, number: int) -> int:
        """Return the position of a sequence number; the first number ever seen fixes where positions begin."""
        if self.next == UNKNOWN:
            self.next = number + SPACE
        return self.next + distance(number, self.next)

    @property
    def calm(self) -> bool:
        """Whether nothing is held, awaited or over, so that the next bytes can only be the expected ones."""
        return self.anchored and not self.held and self.acked <= self.next and self.fin == self.reset == UNKNOWN

    # Where the stream begins

    def synchronise(self, first: int) -> bool:
        """Take *first* as the sequence number of the first byte, as a SYN says; return False if it cannot be."""
        position = self.place(first)
        if self.anchored:
            return position == self.start
        known = [piece.start for piece in self.held[:1]] + [seen for seen in (self.fin, self.acked) if seen != UNKNOWN]
        if known and not 0 <= min(known) - position <= _START_REORDERING:
            return False
        self._anchor(position)
        return True

    def _anchor(self, position: int) -> None:
        self.anchored = True
        self.start = self.next = position
        self.mark = UNKNOWN

    def _find_start(self, packets: int, now: int) -> None:
        """Begin with the lowest byte seen once it is proved or likely that none before it will come.

        A segment from before it may have been captured late. That an acknowledgement, or the sender's own empty
        segment, stood exactly there proves the place: all before it was sent before this capture began.
        """
        lowest = self.held[0].start if self.held else self.fin
        if lowest in (self.acked, self.passed) or self._patient(packets, now, START_PACKETS):
            self._anchor(lowest)

    # What segments say

    def acknowledge(self, number: int) -> None:
        """Note that the other side has everything before sequence number *number*."""
        position = self.place(number)
        if self.fin != UNKNOWN:
            position = min(position, self.fin)
        if self.acked < position <= self.next + WINDOW:
            self.acked = position

    def receive(self, segment: Segment, packets: int, now: int, events: list[WireEvent]) -> None:
        """Take the payload and the FIN of a segment; *packets* and *now* tell where the flow stands."""
        data = segment.data
        position = self.place(segment.seq + 1 if segment.flags & SYN else segment.seq)
        if abs(position - self.next) > WINDOW:
            return
        self._wait(packets, now)
        after = position + len(data) + segment.missing
        if after == position and not segment.flags & FIN:
            self.passed = position
            return
        if after - position <= 1 and not segment.flags & (FIN | SYN) and self._is_probe(position):
            return
        if self.fin != UNKNOWN:
            # "This should not occur since a FIN has been received from the remote side. Ignore the segment text."
            # (RFC 9293 §3.10.7.4)
            data = data[: max(self.fin - position, 0)]
            after = min(after, self.fin)
        if not self.anchored and not self.held and self.fin == UNKNOWN:
            self.since, self.since_packets = now, packets
        if data:
            self._place_data(position, data, segment, events)
        self.sent = max(self.sent, after, self.next if self.anchored else UNKNOWN)
        # A FIN before bytes that were sent is none: it is the end of what its sender says.
        if segment.flags & FIN and self.fin == UNKNOWN and after == self.sent:
            self.fin, self.fin_time, self.fin_packet = after, segment.time, segment.packet
            self.acked = min(self.acked, after)

    def _is_probe(self, position: int) -> bool:
        """Tell whether a segment of at most one byte is a keepalive probe, whose byte may be garbage.

        "Such a segment generally contains SEG.SEQ = SND.NXT-1 and may or may not contain one garbage octet of data."
        (RFC 9293 §3.8.4). Where the bytes before SND.NXT were not captured, the acknowledgement tells what it was; but
        right after it the byte may as well be a real one that was captured late.
        """
        if self.anchored and position == self.next - 1:
            return True
        return position == self.acked - 1 and (not self.anchored or position < self.proved)

    def _place_data(self, position: int, data: bytes, segment: Segment, events: list[WireEvent]) -> None:
        """Deliver, hold or compare the payload *data* at *position*."""
        if self.anchored and position < self.next:
            self._compare(position, data, segment, events)
            data = data[self.next - position :]
            position = self.next
        if not data:
            return
        if self.anchored and position == self.next and not self.held:
            self._deliver(segment.time, segment.packet, data, events)
        else:
            self.held_cost += hold(self.held, self.flow, self.side, position, data, segment)

    def _compare(self, position: int, data: bytes, segment: Segment, events: list[WireEvent]) -> None:
        """Report where *data* contradicts what was delivered."""
        found = contradiction(self.recent, self.next - position, data)
        if found is not None:
            back, earlier = found
            theirs = data[self.next - back - position : self.next - position]
            events.append(Conflict(self.flow, self.side, segment.time, segment.packet, back, theirs, earlier))

    # When to deliver and when to give up

    def settle(self, packets: int, now: int, events: list[WireEvent]) -> None:
        """Deliver what can be and declare what was waited for long enough, now that something came or time passed."""
        if not self.held and self.fin == UNKNOWN and self.acked <= self.next:
            return
        if not self.anchored:
            if self.held or self.fin != UNKNOWN:
                self._find_start(packets, now)
            if not self.anchored:
                return
        self._wait(packets, now)
        self._drain(events)

    def _patient(self, packets: int, now: int, limit: int) -> bool:
        """Tell whether the wait since `since` is over, with *limit* packets or the time that every wait has."""
        return packets - self.since_packets >= limit or now - self.since >= PATIENCE

    def _wait(self, packets: int, now: int) -> None:
        """Move `proved` when a wait is over, and begin the next one.

        Only bytes below `mark`, acknowledged when the wait began, are covered by it: what was acknowledged meanwhile
        gets a wait of its own.
        """
        if not self.anchored:
            return
        if self.mark > max(self.next, self.proved):
            if not self._patient(packets, now, PATIENCE_PACKETS):
                return
            self.proved = self.mark
        if self.acked > max(self.next, self.proved):
            self.mark = self.acked
            self.since, self.since_packets = now, packets

    def _drain(self, events: list[WireEvent]) -> None:
        """Deliver held pieces up to the first hole that is still waited for, then the FIN."""
        held = self.held
        done = 0
        for piece in held:
            if piece.start > self.next:
                if piece.start > self.proved:
                    break
                self._lose(piece.start, piece.time, piece.packet, events)
            self._deliver(piece.time, piece.packet, piece.data, events)
            if piece.clash is not None:
                events.append(piece.clash)
            self.held_cost -= piece.cost
            done += 1
        del held[:done]
        if self.fin != UNKNOWN and not self.ended and not held:
            if self.next < self.fin <= self.proved:
                self._lose(self.fin, self.fin_time, self.fin_packet, events)
            if self.next == self.fin:
                self.ended = True
                events.append(Ended(self.flow, self.side, self.fin_time, self.fin_packet, reset=False))

    def _deliver(self, time: int, packet: int, data: bytes, events: list[WireEvent]) -> None:
        event = Data(self.flow, self.side, time, packet, data)
        self.recent.append(event)
        events.append(event)
        self.next += len(data)

    def _lose(self, position: int, time: int, packet: int, events: list[WireEvent]) -> None:
        event = Lost(self.flow, self.side, time, packet, position - self.next)
        self.recent.append(event)
        events.append(event)
        self.next = position

    def due(self) -> int | None:
        """Return when a wait ends that lets something held be delivered, or None."""
        if not self.held and (self.fin == UNKNOWN or self.ended):
            return None
        if self.anchored and self.mark <= max(self.next, self.proved):
            return None
        return self.since + PATIENCE

    def relieve(self, limit: int, events: list[WireEvent]) -> None:
        """Give up the first holes until no more than *limit* (overhead counted) is held."""
        while self.held and self.held_cost > limit:
            if not self.anchored:
                self._anchor(self.held[0].start)
            self.proved = max(self.proved, self.held[0].start)
            self._drain(events)

    def finish(self, peer_closed: bool, time: int, packet: int, events: list[WireEvent]) -> None:
        """Deliver all that is held and declare all that is missing: nothing more will be captured.

        Where the other side has sent its FIN and this side's was not seen, the last acknowledged number is taken for
        this side's FIN, not for a byte.
        """
        if not self.anchored and (self.held or self.fin != UNKNOWN):
            self._anchor(self.held[0].start if self.held else self.fin)
        if not self.anchored:
            return
        self.proved = max(self.sent, self.next)
        self._drain(events)
        end = max(self.sent, self.acked - 1 if peer_closed and self.fin == UNKNOWN else self.acked)
        if end > self.next and not self.ended:
            self._lose(end, time, packet, events)

    def abandon(self) -> None:
        """Forget every byte, also those that a FIN waits for: nobody wants this direction's content."""
        self.ended = self.ended or self.fin != UNKNOWN
        self.recent = []
        self.held = []
        self.held_cost = 0

    def expect(self, calm: bool) -> None:
        """Open or bar the fast path for this direction's next segment."""
        self.expected = self.next & MASK if calm else UNKNOWN
