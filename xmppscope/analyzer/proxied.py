"""A connection with the proxy in between: two legs, one timeline.

What arrives is the timeline: from the client on the client leg, from the server on the server leg. It is followed as in
any connection, only that each direction has a TLS of its own. What the proxy sends on is the same bytes, and so nothing
new, but for three things: its own TLS handshakes, which are read here too, and changes and elements of its own, which
its marks tell. Live and in a recording the same events come in, so that both give the same entries.
"""

from typing import Final

from xmppscope.analyzer.connection import Connection
from xmppscope.analyzer.direction import Cut
from xmppscope.analyzer.edits import Made, pieces_of
from xmppscope.analyzer.legs import Leg
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.pieces import Item
from xmppscope.model.marks import DoneMark, EditMark, LegMark, MadeMark, TargetMark, TlsMark, ToldMark, VerdictMark
from xmppscope.model.namespaces import TLS
from xmppscope.model.timeline import INITIATING
from xmppscope.model.wire import Clear, Conflict, Data, Ended, Lost, Marked, Opened, Released, Sealed, Side
from xmppscope.session.states import Action

_CLIENT, _SERVER = 0, 1
_EDITS: Final = 1000
_PROCEED: Final = f"{TLS}\nproceed"


class ProxiedConnection(Connection):
    """Follows both legs of one proxied connection; `done` is set once the proxy has said that it is over."""

    def __init__(self, opened: Opened, mark: LegMark, recorder: Recorder, services: Services) -> None:
        super().__init__(opened, recorder, services)
        self.done = False
        self.pair = mark.pair
        self._legs = (Leg("client", 0), Leg("server", 1))
        self._ledger.proxy = mark.proxy
        self._aimed = False
        self._flows = 1

    def view(self, side: Side) -> "LegView":
        """Return the leg whose arrivals come from *side*: 0 is the client leg, 1 the server leg."""
        return LegView(self, self._legs[side])

    def reached(self, opened: Opened) -> None:
        """Note that the server leg is there."""
        self._flows += 1
        self._aim(opened.second)

    def leg_released(self, event: Released) -> None:
        """Note that nothing more comes on a leg; the other one may go on, unless it was broken off."""
        self._flows -= 1
        if event.reason != "closed" or not self._flows:
            self.released(event.time)

    def _aim(self, address: str) -> None:
        self._aimed = True
        self._ledger.aim(address)

    def clear(self, event: Clear) -> None:
        """Take what the proxy read from a TLS record."""
        leg, direction = self._legs[event.side], self._directions[event.side]
        if leg.tls is not None:
            facts = leg.tls.opened(event.side, event.time, event.end_time)
            if facts:
                self._follow_tls(leg, facts)
            if direction.protection == "none":
                direction.protection = leg.tls.version or "none"
        self._cleartext(direction, event.data, Stamp(event.time, 0, event.end_time, 0))

    def sealed(self, event: Sealed) -> None:
        """Take a record that the proxy's own TLS used up, since it holds no application data, or that is not whole."""
        leg = self._legs[event.side]
        if leg.tls is None:
            return
        split = 1 if event.end_time > event.time else 0
        if split:
            self._follow_tls(leg, leg.tls.feed(event.side, event.data[:split], event.time, 0))
        self._follow_tls(leg, leg.tls.feed(event.side, event.data[split:], event.end_time, 0))

    def departed(self, leg: Leg, event: Data) -> None:
        """Take what the proxy sent on *leg*: of interest is its part of the TLS handshake."""
        if leg.sends_tls and leg.tls is not None and not leg.settled:
            self._follow_tls(leg, leg.tls.feed(event.side, event.data, event.time, event.packet))

    def marked(self, leg: Leg, event: Marked) -> None:
        """Take a mark that stands on *leg*."""
        mark = event.mark
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        if isinstance(mark, EditMark):
            edits = self._directions[0 if mark.sender == INITIATING else 1].edits
            if len(edits) < _EDITS:
                edits.append(mark)
        elif isinstance(mark, MadeMark):
            self._made(leg, mark, stamp)
        elif isinstance(mark, ToldMark):
            self._told(leg, mark, stamp)
        elif isinstance(mark, TargetMark):
            self._aim(mark.address)
        elif isinstance(mark, TlsMark):
            leg.begin(self._services, self._ledger, self._directions)
            leg.sends_tls = True
            self._answered_in_tls(leg)
        elif isinstance(mark, VerdictMark) and leg.entries is not None:
            leg.entries.verdict = mark
        elif isinstance(mark, DoneMark):
            self.released(event.time)

    def released(self, time: int) -> None:
        """Tell what is left to tell, once."""
        if not self.done:
            self.done = True
            if not self._aimed and self._ledger.proxy is not None:
                self._ledger.aim(self._ledger.proxy)  # it got no further than to the proxy
            super().released(time)
            for leg in self._legs:
                if leg.tls is not None and leg.tls.client_random is not None:
                    self._services.keys.forget(leg.tls.client_random)

    def ended(self, event: Ended) -> None:
        """Note FIN or RST of one side; of its leg's TLS nothing more comes."""
        self._legs[event.side].flush()
        super().ended(event)

    def _told(self, leg: Leg, mark: ToldMark, stamp: Stamp) -> None:
        """Write what the proxy met or did; a fault is told of whatever the client spoke inside TLS."""
        ledger, direction = self._ledger, self._directions[leg.arrivals]
        if mark.reason:
            leg.flush()
        if ledger.heir is not None:
            ledger, directions = ledger.heir
            direction = directions[direction.sender]
        elif mark.reason:
            ledger.claim()
        entry = ledger.make(direction, "proxy", mark.text, stamp, leg=leg.name if mark.reason else None)
        entry.reason = mark.reason or None
        entry.severity = "error" if mark.reason else "warning" if mark.warns else None
        if mark.why:
            ledger.diagnose(entry, mark.why, mark.advice)
        else:
            ledger.write(entry)

    def _made(self, leg: Leg, mark: MadeMark, stamp: Stamp) -> None:
        """Write elements that the proxy made, and do what they ask for: the leg they go out on may become TLS."""
        source = self._directions[0 if mark.sender == INITIATING else 1]
        protection = self._directions[leg.arrivals].protection
        made = Made(source, leg.name, mark.by, protection, stamp)
        for piece in pieces_of(mark.data.encode(), source):
            self._entries.made(made, piece, mark.text)
            if isinstance(piece, Item) and piece.element.name == _PROCEED:
                self._grant_tls(leg)

    def _answered_in_tls(self, leg: Leg) -> None:
        """Read what comes from the server as TLS once the proxy has begun it, whatever the negotiation made of that."""
        direction = self._directions[leg.arrivals]
        if leg.name == "server" and not direction.tls:
            direction.unreadable = ""
            self._grant_tls(leg)

    def _grant_tls(self, leg: Leg) -> None:
        """Let the peer on *leg* go on in TLS: the proxy has granted it."""
        direction = self._directions[leg.arrivals]
        if direction.may_begin(Action.TLS.value):
            held = direction.release()
            self._begin(direction, Action.TLS.value)
            self._feed_layer(direction, Action.TLS.value, held)


class LegView:
    """One leg as the analyzer meets it: wire events of one flow in, the joint connection behind it."""

    ignored: Final = False

    def __init__(self, connection: ProxiedConnection, leg: Leg) -> None:
        self.connection = connection
        self._leg = leg

    def cut_ahead(self, event: Data) -> Cut | None:
        """Cut what arrives, where it is nothing but XML."""
        return self.connection.cut_ahead(event) if event.side == self._leg.arrivals else None

    def write(self, cut: Cut) -> None:
        """Write what was cut."""
        self.connection.write(cut)

    def data(self, event: Data) -> None:
        """Take the next bytes of the leg, whichever way they go."""
        if event.side == self._leg.arrivals:
            self.connection.data(event)
        else:
            self.connection.departed(self._leg, event)

    def feed(self, event: Clear | Sealed | Lost | Conflict | Ended | Marked | Released) -> None:
        """Take any other event of the leg."""
        connection = self.connection
        if connection.done:
            return
        if isinstance(event, Marked):
            connection.marked(self._leg, event)
        elif isinstance(event, Released):
            connection.leg_released(event)
        elif event.side != self._leg.arrivals:
            return
        elif isinstance(event, Sealed):
            connection.sealed(event)
        elif isinstance(event, Lost):
            connection.lost(event)
        elif isinstance(event, Conflict):
            connection.conflict(event)
        elif isinstance(event, Ended):
            connection.ended(event)
