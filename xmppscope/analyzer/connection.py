"""One connection: its TCP and TLS, whose cleartext goes on to `routing`."""

from typing import Final

from xmppscope.analyzer.direction import IDLE, Cut, Direction
from xmppscope.analyzer.layers import SPACES, begins_record
from xmppscope.analyzer.legs import Leg
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.routing import Router
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.analyzer.tls_entries import stamp_of
from xmppscope.analyzer.transport_entries import tell_closed, tell_compression, tell_conflict, tell_gap
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Opened
from xmppscope.session.states import Action
from xmppscope.tls.events import Hole, NotTls, Plaintext, TlsEvent, TlsFact

_UNCLAIMED: Final = 1 << 20


class Connection(Router):
    """Follows one TCP connection."""

    def __init__(self, opened: Opened, recorder: Recorder, services: Services) -> None:
        super().__init__(opened, recorder, services)
        self._unclaimed = 0

    def data(self, event: Data) -> None:
        """Take the next bytes of one side."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        if not direction.plain:
            self._route(direction, event.data, stamp)
        elif not self._ledger.number and self._begins_frames(direction, event.data):
            self._begin_web(direction, [(event.data, stamp)], midstream=True)
        else:
            self._split(direction, event.data, stamp)
        if not self._ledger.number and not (self._web is not None and self._web.carries):
            self._unclaimed += len(event.data)
            self.ignored = self.ignored or self._unclaimed > _UNCLAIMED

    def cut_ahead(self, event: Data) -> Cut | None:
        """Cut the next bytes of one side without writing what they hold, where they are nothing but XML."""
        direction = self._directions[event.side]
        framer = direction.framer
        if not direction.plain or framer is None or not self._ledger.number:
            return None
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        return Cut(direction, framer, framer.at, stamp, framer.feed(event.data), framer.stopped)

    def lost(self, event: Lost) -> None:
        """Note that bytes of one side are missing."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        if direction.waiting is not None:
            self._decide_by_content(direction)
        leg = self._legs[event.side]
        if direction.tls and leg.tls is not None:
            self._follow_tls(leg, leg.tls.lost(event.side, event.length, event.time, event.packet))
        else:
            self._hole(direction, event.length, stamp)

    def conflict(self, event: Conflict) -> None:
        """Note that a retransmission carried other bytes."""
        tell_conflict(self._ledger, self._directions[event.side], event)

    def ended(self, event: Ended) -> None:
        """Note FIN or RST of one side."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        orderly = self._finish(direction, stamp, event)
        if self._negotiation.ended(direction.sender, reset=event.reset).action is Action.GO_ON or self._entries.go_on:
            self._go_on(direction)
        tell_closed(self._ledger, direction, event.reset, orderly, stamp, self._legs[event.side].name)

    def released(self, time: int) -> None:
        """Tell what is left to tell: nothing more will come."""
        time = max(time, *(direction.last.end_time for direction in self._directions))
        for leg in dict.fromkeys(self._legs):
            if leg.tls is not None:
                self._follow_tls(leg, leg.tls.close())
        for direction in self._directions:
            if not direction.ended:
                self._finish(direction, Stamp(time, direction.last.end_packet, time, direction.last.end_packet))
        for leg in dict.fromkeys(self._legs):
            leg.flush()
        for direction in self._directions:
            tell_compression(self._ledger, direction)
        self._ledger.end()

    def rest(self, time: int) -> None:
        """Take less memory where nothing has come for a while."""
        for direction in self._directions:
            direction.rest(time)
            if self._web is not None and time - direction.last.end_time > IDLE:
                self._web.rest(direction)

    def _route(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take bytes as they were on the wire."""
        direction.last = stamp
        if direction.tls:
            self._feed_tls(direction, data, stamp)
        else:
            self._cleartext(direction, data, stamp)

    def _feed_tls(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Feed TLS; white space, and XML, between <proceed/> and the first record are cleartext still."""
        if not direction.tls_begun:
            rest = data.lstrip(SPACES)
            if not rest or not begins_record(rest):
                self._cleartext(direction, data, stamp)
                return
            self._cleartext(direction, data[: len(data) - len(rest)], stamp)
            data = rest
            direction.tls_begun = True
        leg = self._legs[direction.side]
        if leg.tls is not None:
            self._follow_tls(leg, leg.tls.feed(direction.side, data, stamp.time, stamp.packet))

    def _follow_tls(self, leg: Leg, events: list[TlsEvent]) -> None:
        for event in events:
            if not leg.concerns(event):
                continue
            direction = self._directions[event.side]
            if type(event) is Plaintext:
                if direction.protection == "none" and leg.tls is not None:
                    direction.protection = leg.tls.version or "none"
                self._cleartext(direction, event.data, stamp_of(event))
            elif isinstance(event, NotTls):
                direction.tls = direction.tls_begun = False
                direction.tls_over = True
                direction.protection = "none"
                self._cleartext(direction, event.data, stamp_of(event))
            elif isinstance(event, Hole):
                self._hole(direction, event.length, stamp_of(event))
            elif isinstance(event, TlsFact):
                leg.tell(event)
                self._judge_tls(leg)

    def _judge_tls(self, leg: Leg) -> None:
        """Claim a direct TLS connection by its ALPN; leave one alone that nobody can read."""
        if self._ledger.number or leg.entries is None or leg.tls is None:
            return
        if leg.entries.names_xmpp:
            self._ledger.claim()
        elif leg.entries.unreadable and all(direction.tls_begun for direction in self._directions):
            # A key log may lack the keys of the handshake alone; then the elements are still to come.
            self.ignored = not self._services.keys.lookup(leg.tls.client_random or b"")

    def _hole(self, direction: Direction, length: int | None, stamp: Stamp) -> None:
        """Note that cleartext is missing; *length* is None where nobody can know how much."""
        self._last_early(direction)
        direction.last = stamp
        direction.looks = True
        direction.plain = False
        if self._negotiation.lost(direction.sender).action is Action.GO_ON:
            self._go_on(direction)
        if self._web is not None and direction.framer is None:
            direction.web = True
            self._web.lost(direction, length, stamp)
            return
        if direction.framer is None:
            direction.at_known = False
            tell_gap(self._ledger, direction, length, None, stamp)
            return
        at = direction.framer.at
        self._write(direction, direction.framer.lost(length or 0))
        known = length is not None and direction.inflater is None
        tell_gap(self._ledger, direction, length, (at, at + (length or 0)) if known else None, stamp)
        direction.stamps.add(direction.framer.at, stamp)
        if direction.inflater is not None:
            direction.inflater.fault = "what follows missing bytes cannot be decompressed"
            tell_compression(self._ledger, direction)
        direction.at_known = direction.at_known and known

    def _finish(self, direction: Direction, stamp: Stamp, event: Ended | None = None) -> bool | None:
        """Close what one side sent; return whether its TLS, if any, was closed in order, or None if nobody knows."""
        direction.ended = True
        if direction.waiting is not None:
            self._decide_by_content(direction)
        orderly = None
        leg = self._legs[direction.side]
        if direction.tls and leg.tls is not None and event is not None:
            self._follow_tls(leg, leg.tls.ended(event.side, event.time, event.packet, event.reset))
            unknown = direction.looks or leg.tls.unread(direction.side)
            orderly = True if leg.has_closed(direction.side) else None if unknown else False
        self._last_early(direction)
        if direction.framer is not None:
            self._write(direction, direction.framer.close())
        elif direction.web and self._web is not None:
            self._web.close(direction)
            self._judge_web(self._web)
        direction.last = stamp
        return orderly
