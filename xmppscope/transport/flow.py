"""A flow: the two directions of one TCP connection, and what concerns both of them.

The end that opened it is side 0. A flow that was only seen to acknowledge has no sides yet: it is kept because the
numbers prove where bytes begin, and announced with the first SYN or payload.
"""

from heapq import merge
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from xmppscope.model.segment import ACK, FIN, RST, SYN, Segment
from xmppscope.model.wire import Ended, Opened, Released, WireEvent
from xmppscope.transport.direction import UNKNOWN, Direction
from xmppscope.transport.limits import LINGER, LINGER_PACKETS
from xmppscope.transport.sequence import MASK

_RESET_WINDOW: Final = 1 << 24
"""How far from the next byte a RST may lie; the real window is not known, and most are smaller."""


def reverse(key: bytes) -> bytes:
    """Return the key of the opposite direction."""
    address = (len(key) - 4) // 2
    return key[address : 2 * address] + key[:address] + key[-2:] + key[-4:-2]


def endpoint(address: bytes, port: bytes) -> str:
    """Return ``addr:port``, an IPv6 address in brackets."""
    number = int.from_bytes(port)
    if len(address) == 4:
        return f"{IPv4Address(address)}:{number}"
    return f"[{IPv6Address(address)}]:{number}"


class Flow:
    """One connection: `key` and `directions[0]` belong to the sender of its first packet until `open` has decided.

    `last` and `closing` (since when it is over, or `UNKNOWN`) are times on the reassembler's clock; `due` is when its
    timer goes off there. `packets` counts while the flow is not calm, which is while anyone asks.
    """

    __slots__ = (
        "aborts", "closing", "closing_packets", "directions", "due", "ignored", "key", "last", "number", "opened",
        "packets", "reopening",
    )  # fmt: skip

    def __init__(self, number: int, key: bytes, now: int) -> None:
        self.number = number
        self.key = key
        self.directions = Direction(number), Direction(number)
        self.opened = False
        self.ignored = False
        self.packets = 0
        self.last = now
        self.due: int | None = None
        self.closing = UNKNOWN
        self.closing_packets = 0
        self.reopening: Segment | None = None
        self.aborts: list[Ended] = []  # what RSTs say that come after bytes still held

    @property
    def calm(self) -> bool:
        """Whether the next in-order segment needs nothing but its bytes handed on."""
        first, second = self.directions
        steady = self.opened and not self.ignored and self.closing == UNKNOWN and self.reopening is None
        return steady and first.calm and second.calm

    def open(self, segment: Segment, this: Direction, peer: Direction) -> Opened:
        """Decide which end is the first, and announce the flow.

        Without a SYN it is the end with the higher port, since servers listen on low ones; of equal ones the sender.
        """
        key = segment.key
        theirs = reverse(key)
        sender_first = not segment.flags & ACK if segment.flags & SYN else key[-4:-2] >= key[-2:]
        this.side, peer.side = (0, 1) if sender_first else (1, 0)
        self.opened = True
        first, second = (key, theirs) if sender_first else (theirs, key)
        half = (len(key) - 4) // 2
        return Opened(
            flow=self.number,
            time=segment.time,
            packet=segment.packet,
            first=endpoint(first[:half], first[-4:-2]),
            second=endpoint(second[:half], second[-4:-2]),
            handshake=segment.flags & (SYN | ACK) == SYN,
        )

    # Closing

    def abort(self, segment: Segment, this: Direction, now: int, events: list[WireEvent]) -> None:
        """Take a RST: it ends the flow, unless its sequence number cannot be this connection's.

        An observer cannot tell whether the receiver obeyed (RFC 5961 §3.2), so bytes that come later are still
        reported, and new ones from the same side show that the RST was not its own.
        """
        position = this.place(segment.seq)
        plausible = self.ignored or not this.anchored or abs(position - this.next) <= _RESET_WINDOW
        if this.reset != UNKNOWN or not plausible:
            return
        this.reset = max(position, this.next)
        if self.opened and not self.ignored and not self.over():
            self.aborts.append(Ended(self.number, this.side, segment.time, segment.packet, reset=True))
            self.tell_aborts(events)
        self.close(now)

    def tell_aborts(self, events: list[WireEvent]) -> None:
        """Report a RST, once the bytes are delivered that came before it but wait behind a hole, on either side."""
        first, second = self.directions
        if self.aborts and not first.held and not second.held:
            events += self.aborts
            self.aborts.clear()

    def belie_reset(self, this: Direction) -> None:
        """Take back a RST whose sender went on sending."""
        if this.reset != UNKNOWN and this.next > this.reset:
            this.reset = UNKNOWN
            self.closing = UNKNOWN

    def close(self, now: int) -> None:
        """Begin to linger."""
        if self.closing == UNKNOWN:
            self.closing, self.closing_packets = now, self.packets

    def over(self) -> bool:
        """Tell whether both sides have sent FIN and all that came before it."""
        first, second = self.directions
        return first.ended and second.ended

    def lingered(self, now: int) -> bool:
        """Tell whether the flow is closed and was kept long enough for late retransmissions to find it."""
        if self.closing == UNKNOWN:
            return False
        return self.packets - self.closing_packets >= LINGER_PACKETS or now - self.closing >= LINGER

    def next_due(self) -> int | None:
        """Return when something happens if no packet comes, or None."""
        due = None if self.closing == UNKNOWN else self.closing + LINGER
        for direction in self.directions:
            other = direction.due()
            if other is not None and (due is None or other < due):
                due = other
        return due

    def finish(self, segment: Segment, events: list[WireEvent]) -> None:
        """Hand on all that is held and declare all that is missing, of both sides in the order of capture."""
        first, second = self.directions
        one: list[WireEvent] = []
        two: list[WireEvent] = []
        first.finish(second.fin != UNKNOWN, segment.time, segment.packet, one)
        second.finish(first.fin != UNKNOWN, segment.time, segment.packet, two)
        events += merge(one, two, key=_packet)
        self.tell_aborts(events)

    # Port reuse

    def is_foreign(self, segment: Segment, this: Direction, peer: Direction) -> bool:
        """Take a SYN; return True if it begins another connection between the same ports.

        On a flow that is not closed it proves nothing yet: a receiver that is still connected answers with an
        acknowledgement and goes on (RFC 9293 §3.10.7.4, RFC 5961 §4). Then the SYN is kept until `confirms` decides.
        """
        if this.synchronise((segment.seq + 1) & MASK):
            if segment.flags & ACK and not peer.anchored:
                peer.synchronise(segment.ack)
            return False
        if self.closing == UNKNOWN:
            self.reopening = segment
            return False
        return True

    def confirms(self, segment: Segment) -> bool:
        """Tell whether *segment* belongs to the connection that the SYN kept in `reopening` began."""
        syn = self.reopening
        if syn is None or segment.flags & RST:
            return False
        first = (syn.seq + 1) & MASK
        if segment.key == syn.key:
            return not segment.flags & SYN and segment.seq == first
        accepted = (first + len(syn.data) + syn.missing) & MASK  # with data in the SYN (RFC 7413)
        return bool(segment.flags & ACK) and segment.ack in (first, accepted)

    def has_finished(self, segment: Segment, this: Direction) -> None:
        """Note a FIN of an ignored flow, whose bytes nobody counts."""
        if segment.flags & FIN:
            this.ended = True


def _packet(event: WireEvent) -> int:
    return 0 if isinstance(event, Released) else event.packet
