"""TCP reassembly for an observer: segments in the order of capture in, wire events out (RFC 9293).

What comes out is exact or a marked gap, never a wrong byte. The rules are where their state is: `direction` (order,
holes, where a stream begins), `pending` (overlaps), `recent` (retransmissions that differ), `flow` (RST, closing, port
reuse). Here is what joins them: the fast path, the clock, the bounds.

Left out: checksums (offloading makes them wrong in honest captures), options, windows, urgent data (delivered in line:
RFC 9293 §3.8.5 makes it a mark in the stream of data), and who reads the bytes.

The clock runs on capture time but not blindly: a step of more than `JUMP`, either way, counts for a second at most, so
that a clock that is set does not end every idle connection. Smaller steps back are harmless: what waits, waits longer.
"""

from typing import Final, Literal

from xmppscope.model.segment import ACK, FIN, RST, SYN, Segment
from xmppscope.model.wire import Data, Released, Side, WireEvent
from xmppscope.transport.direction import Direction
from xmppscope.transport.flow import Flow
from xmppscope.transport.limits import DEFAULT_LIMITS, EVENT, JUMP, RECENT_BYTES, SECOND, Limits
from xmppscope.transport.recent import shorten
from xmppscope.transport.sequence import HALF, MASK
from xmppscope.transport.table import FlowTable, Place

_PLAIN: Final = FIN | SYN | RST | ACK

_Reason = Literal["closed", "idle", "replaced", "bound", "end"]


class Reassembler:
    """Turns segments into wire events; `flows` counts the TCP connections seen, `ignored` the bytes nobody wanted.

    A connection is told by its two ends, so one object takes the segments of a whole capture, or of several in order.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.flows = 0
        self.ignored = 0
        self._limits = limits
        self._table = FlowTable()
        self._places = self._table.places
        self._held = 0
        self._kept = 0
        # The clock: segment.time - _shift. _due is when something may have to be done, at most JUMP away, and a time
        # below _floor is a step back that counts. Both are passed by the first segment, which so sets the clock.
        self._shift = 0
        self._latest = 0
        self._due = 0
        self._floor = 0
        self._newest: Segment | None = None

    def feed(self, segment: Segment) -> list[WireEvent]:
        """Take the next captured segment and return what it lets be known, in order."""
        # Most segments are the next one of a flow where nothing is out of order, so they are answered here, without a
        # call, at a quarter of the cost. One comparison does it: `expected` is the next sequence number while the flow
        # is calm, and matches nothing otherwise.
        now = segment.time - self._shift
        self._newest = segment
        if not self._floor <= now < self._due:
            return self._catch_up(segment)
        self._latest = now
        place = self._places.get(segment.key)
        if place is None:
            return self._take(segment, now)
        flow, this, peer = place
        expected = this.expected
        if (
            segment.seq != expected
            or segment.flags & _PLAIN != ACK
            or (peer.expected - segment.ack) & MASK >= HALF  # acknowledges what has not been captured
            or segment.missing
        ):
            if not flow.ignored or segment.flags & _PLAIN != ACK or flow.reopening is not None:
                return self._take(segment, now)
            flow.last = now
            self.ignored += len(segment.data) + segment.missing
            return []
        flow.last = now
        data = segment.data
        if not data:
            return []
        size = len(data)
        this.next += size
        this.expected = (expected + size) & MASK
        event = Data(this.flow, this.side, segment.time, segment.packet, data)
        this.recent.append(event)
        self._kept += size + EVENT
        if self._kept > self._limits.recent_in_all:
            self._shorten_recent()
        return [event]

    def close(self) -> list[WireEvent]:
        """End the capture: deliver what is held, declare what is missing, release every flow."""
        events: list[WireEvent] = []
        if self._newest is not None:
            for flow in list(self._table.flows.values()):
                self._release(flow, "end", self._newest, events)
        return events

    def place_of(self, key: bytes) -> tuple[int, Side] | None:
        """Return the flow and the side that send segments with *key*, None if no flow with it has been announced."""
        place = self._places.get(key)
        return (place[1].flow, place[1].side) if place is not None and place[0].opened else None

    def ignore(self, flow: int) -> None:
        """Stop delivering a flow: until it is replaced its payload is only counted. A flow that is gone is no error."""
        found = self._table.flows.get(flow)
        if found is None:
            return
        found.ignored = True
        for direction in found.directions:
            self._held -= direction.held_cost
            direction.abandon()
            direction.expect(calm=False)

    # One segment, whatever it is

    def _take(self, segment: Segment, now: int) -> list[WireEvent]:
        events: list[WireEvent] = []
        place = self._find(segment, now, events)
        if place is None:
            return events
        flow, this, peer = place
        flow.last = now
        flow.packets += 1
        if not flow.opened:
            if segment.flags & SYN or segment.data or segment.missing:
                events.append(flow.open(segment, this, peer))
            elif segment.flags & (FIN | RST):
                self._table.remove(flow)
                return events
        syn = flow.reopening
        if syn is not None and flow.confirms(segment):
            self._release(flow, "replaced", syn, events)
            return events + self._take(syn, now) + self._take(segment, now)
        if segment.flags & SYN and flow.is_foreign(segment, this, peer):
            self._release(flow, "replaced", segment, events)
            return events + self._take(segment, now)
        if flow.reopening is not segment:
            self._apply(segment, place, now, events)
            if syn is not None and segment.key == syn.key:
                flow.reopening = None  # its sender goes on with the old connection
        self._settle(flow, segment, now, events)
        return events

    def _find(self, segment: Segment, now: int, events: list[WireEvent]) -> Place | None:
        """Return the segment's flow, a new one if need be; None for the last words of a flow that is not known."""
        place = self._places.get(segment.key)
        if place is not None:
            flow = place[0]
            if flow.opened or not segment.flags & SYN:
                return place
            # All that was seen were acknowledgements, of an older connection for all we know.
            self._table.remove(flow)
            return self._table.add(Flow(flow.number, segment.key, now))
        if segment.flags & (FIN | RST) and not (segment.flags & SYN or segment.data or segment.missing):
            return None
        if len(self._table) >= self._limits.flows:
            self._release(self._table.oldest(), "bound", segment, events)
        self.flows += 1
        return self._table.add(Flow(self.flows, segment.key, now))

    def _apply(self, segment: Segment, place: Place, now: int, events: list[WireEvent]) -> None:
        """Let both directions know what the segment says."""
        flow, this, peer = place
        if segment.flags & RST:
            flow.abort(segment, this, now, events)
            return
        if segment.flags & ACK:
            peer.acknowledge(segment.ack)
        if flow.ignored:
            self.ignored += len(segment.data) + segment.missing
            flow.has_finished(segment, this)
            return
        before = this.held_cost
        this.receive(segment, flow.packets, now, events)
        self._held += this.held_cost - before
        if this.held_cost > before:
            self._bound(flow, this, events)

    def _bound(self, flow: Flow, this: Direction, events: list[WireEvent]) -> None:
        """Make room: the direction that takes more than there is gives up its holes, the first ones first.

        Before its last piece came all bounds were kept, so without it they are.
        """
        before = this.held_cost
        of_flow = sum(direction.held_cost for direction in flow.directions)
        excess = max(of_flow - self._limits.held_per_flow, self._held - self._limits.held_in_all)
        if excess > 0:
            this.relieve(max(before - excess, 0), events)
            self._held += this.held_cost - before

    def _settle(self, flow: Flow, segment: Segment, now: int, events: list[WireEvent]) -> None:
        """Do what the flow's packets or the time now allow, and set its timer and its fast path accordingly."""
        first, second = flow.directions
        if flow.opened and not flow.ignored:
            before = first.held_cost + second.held_cost
            for direction in flow.directions:
                direction.settle(flow.packets, now, events)
                flow.belie_reset(direction)
            flow.tell_aborts(events)
            self._held += first.held_cost + second.held_cost - before
            self._kept += EVENT + len(segment.data)
            if self._kept > self._limits.recent_in_all:
                self._shorten_recent()
        if flow.over():
            flow.close(now)
        if flow.lingered(now):
            self._release(flow, "closed", segment, events)
            return
        calm = flow.calm
        first.expect(calm)
        second.expect(calm)
        if not calm:
            self._table.schedule(flow, flow.next_due())
            self._due = min(self._due, self._table.next_timer() or self._due)

    def _release(self, flow: Flow, reason: _Reason, segment: Segment, events: list[WireEvent]) -> None:
        """Hand on what is left of a flow and forget it; *segment* tells when."""
        self._table.remove(flow)
        if not flow.opened:
            return
        first, second = flow.directions
        if not flow.ignored:
            self._held -= first.held_cost + second.held_cost
            flow.finish(segment, events)
        events.append(Released(flow.number, segment.time, reason))

    # What time and memory ask for

    def _catch_up(self, segment: Segment) -> list[WireEvent]:
        """Set the clock by *segment*, do what has become due, then take the segment."""
        now = segment.time - self._shift
        step = now - self._latest
        if abs(step) > JUMP:
            now = self._latest + (SECOND if step > 0 else 0)
            self._shift = segment.time - now
        self._latest = now
        events: list[WireEvent] = []
        while (flow := self._table.expired(now)) is not None:
            self._settle(flow, segment, now, events)
        while len(self._table) and self._table.oldest().last + self._limits.idle <= now:
            self._release(self._table.oldest(), "idle", segment, events)
        self._floor = now - JUMP
        self._due = min(now + JUMP, self._table.next_timer() or now + JUMP)
        return events + self._take(segment, now)

    def _shorten_recent(self) -> None:
        """Bound what is kept for comparing: every direction keeps its last bytes, fewer where there are many."""
        directions = [each for flow in self._table.flows.values() for each in flow.directions if each.recent]
        self._kept = sum(shorten(direction.recent, RECENT_BYTES) for direction in directions)
        if self._kept > self._limits.recent_in_all // 2:
            share = self._limits.recent_in_all // 2 // len(directions)
            self._kept = sum(shorten(direction.recent, share) for direction in directions)
