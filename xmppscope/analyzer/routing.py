"""Where the cleartext of a connection goes (docs/architecture.md, "The hard knot").

Negotiation stands above framing yet steers it. The framer hands over one first-level element at a time where the next
bytes may be something else; after each, the negotiation table, and nothing else, says whether they are a new document,
TLS or zlib, and this module re-plumbs both directions with the bytes left over. A side that pipelines behind a request
waits until the other side has answered. Where the answer fell into a hole, TLS and zlib are recognised by content. What
is found before XMPP is recognised waits in the ledger. Left out: what carries the cleartext, which is `connection`'s.
"""

from xmppscope.analyzer.direction import Cut, Direction, Held
from xmppscope.analyzer.elements import ElementEntries
from xmppscope.analyzer.http_entries import tell_foreign
from xmppscope.analyzer.layers import SPACES, begins, layer_of
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.legs import Leg
from xmppscope.analyzer.recognise import First, recognise
from xmppscope.analyzer.recognition import Recognition
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.analyzer.transport_entries import tell_compression, tell_junk
from xmppscope.analyzer.web import Web
from xmppscope.framing.framer import Framer
from xmppscope.framing.inflate import Inflater
from xmppscope.framing.pieces import Head, Item, Piece
from xmppscope.framing.websocket_search import begins_frame
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.model.wire import Opened
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.states import Action


class Router:
    """Sends the cleartext of one connection where it belongs; `ignored` is set once it certainly carries no XMPP."""

    def __init__(self, opened: Opened, recorder: Recorder, services: Services) -> None:
        self.ignored = False
        self.opened = opened
        self._services = services
        self._negotiation = Negotiation(start=opened.handshake)
        self._ledger = Ledger(opened, recorder, self._negotiation)
        self._entries = ElementEntries(self._ledger, services)
        self._directions = (Direction(0, INITIATING), Direction(1, RECEIVING))
        self._recognition = Recognition(self._ledger, self._directions)
        self._legs = (Leg(),) * 2
        self._web: Web | None = None

    def _cleartext(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take bytes that are not TLS, or no longer."""
        direction.last = stamp
        if direction.unreadable or not data:
            return
        if self._web is not None and direction.web:
            self._to_web(self._web, direction, data, stamp)
        elif direction.waiting is not None:
            self._hold(direction, data, stamp)
        elif direction.switch and self._switches(direction, data):
            layer = direction.switch
            self._begin(direction, layer)
            self._feed_layer(direction, layer, [(data, stamp)])
        elif direction.framer is None:
            self._sniff(direction, data, stamp)
        elif direction.inflater is not None:
            self._inflate(direction, direction.inflater, data, stamp)
        elif not (direction.looks and self._looks_switched(direction, data, stamp)):
            self._split(direction, data, stamp)

    def _split(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Cut cleartext into pieces and write them; after an element that stops the framer, do what the table says."""
        framer = direction.framer
        if framer is not None:
            self.write(Cut(direction, framer, framer.at, stamp, framer.feed(data), framer.stopped))

    def write(self, cut: Cut) -> None:
        """Write what was cut, and do what the negotiation asks for behind it."""
        direction, framer = cut.direction, cut.framer
        direction.last = cut.stamp
        direction.stamps.add(cut.begin, cut.stamp)
        self._write(direction, cut.pieces)
        while cut.stopped and framer.stopped:
            self._after_stop(direction, framer)
        if self._entries.go_on:
            self._go_on(direction)

    def _write(self, direction: Direction, pieces: list[Piece]) -> None:
        entries, ledger = self._entries, self._ledger
        for piece in pieces:
            proof = not ledger.number and self._recognition.is_proof(direction, piece)
            if type(piece) is Item:
                if proof:
                    ledger.claim()
                entries.item(direction, piece)
                continue
            entries.other(direction, piece)
            if proof:
                # The kind, which the connection record tells, is known from the header on.
                ledger.claim()
            elif isinstance(piece, Head) and not ledger.number:
                self._dismiss(direction)

    def _inflate(self, direction: Direction, inflater: Inflater, data: bytes, stamp: Stamp) -> None:
        for clear in inflater.feed(data):
            self._split(direction, clear, stamp)
        if inflater.fault:
            tell_compression(self._ledger, direction)

    def _switch(self, direction: Direction, layer: str, held: Held) -> None:
        """Let both sides go on as *layer*: *direction* with the bytes *held*, the other one with what waits."""
        other = self._directions[1 - direction.side]
        follow = {direction.side: held}
        if other.may_begin(layer):
            if other.waiting is not None:
                follow[other.side] = other.release()
            else:
                other.expect(layer)
        # Either layer begins with the initiating entity's ClientHello or header, whichever side was captured first.
        sides = sorted(follow, key=lambda side: self._directions[side].sender != INITIATING)
        for side in sides:
            self._begin(self._directions[side], layer)
        for side in sides:
            self._feed_layer(self._directions[side], layer, follow[side])

    def _begin(self, direction: Direction, layer: str) -> None:
        """Let all bytes that follow go through TLS or zlib."""
        direction.plain = False
        direction.switch = ""
        if layer == Action.TLS.value:
            direction.tls = True
            self._legs[direction.side].begin(self._services, self._ledger, self._directions)
        else:
            direction.inflater = Inflater(self._negotiation.compression)

    def _feed_layer(self, direction: Direction, layer: str, held: Held) -> None:
        """Feed bytes to the *layer* that has just begun."""
        for data, stamp in held:
            if layer == Action.TLS.value:
                self._feed_tls(direction, data, stamp)
            else:
                self._cleartext(direction, data, stamp)

    def _hold(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Hold bytes until the other side has answered, within bounds."""
        if not direction.hold(data, stamp):
            self._decide_by_content(direction)

    def _decide_by_content(self, direction: Direction) -> None:
        """No answer says how to read what waits: look at it, or where nothing waits yet, at what comes."""
        held = direction.release()
        waited = b"".join(data for data, _ in held)
        layer = layer_of(waited)
        if layer and direction.may_begin(layer):
            self._switch(direction, layer, held)
            return
        direction.looks = direction.looks or not waited.strip(SPACES)
        direction.settle()
        for data, stamp in held:
            self._cleartext(direction, data, stamp)

    def _switches(self, direction: Direction, data: bytes) -> bool:
        """Tell whether *data* begins the layer that the other side has begun; white space and XML do not."""
        if direction.switch == Action.DEFLATE.value and direction.framer is not None and not direction.framer.between:
            return False
        return begins(direction.switch, data)

    def _looks_switched(self, direction: Direction, data: bytes, stamp: Stamp) -> bool:
        """Begin TLS or zlib if *data* looks like it; the answer that granted it is missing."""
        direction.looks = False
        direction.settle()
        layer = layer_of(data)
        if switches := bool(layer) and direction.may_begin(layer):
            self._switch(direction, layer, [(data, stamp)])
        return switches

    def _after_stop(self, direction: Direction, framer: Framer) -> None:
        action, self._entries.action = self._entries.action, Action.NONE
        if action is Action.WAIT and direction.switch:
            # The answer came out first: the request had to wait behind lost bytes.
            layer = direction.switch
            self._begin(direction, layer)
            self._feed_layer(direction, layer, [(framer.take(), direction.last)])
        elif action is Action.WAIT and direction.may_wait:
            direction.begin_waiting()
            self._hold(direction, framer.take(), direction.last)
        elif action in (Action.TLS, Action.DEFLATE) and direction.may_begin(action.value):
            self._switch(direction, action.value, [(framer.take(), direction.last)])
        else:
            # What cannot be asked for here, TLS inside TLS, say, is not granted by an answer either.
            self._entries.go_on = self._entries.go_on or action in (Action.TLS, Action.DEFLATE)
            self._write(direction, framer.resume())

    def _go_on(self, direction: Direction) -> None:
        """Let the other side's bytes go on: what it asked for was refused, or nobody can know."""
        self._entries.go_on = False
        other = self._directions[1 - direction.side]
        if other.waiting is not None:
            self._decide_by_content(other)

    def _sniff(self, direction: Direction, data: bytes, stamp: Stamp, *, last: bool = False) -> None:
        """Decide by the first bytes of a direction how to read it; at the *last* of them in any case."""
        direction.early.append((data, stamp))
        first = b"".join(data for data, _ in direction.early)
        verdict = recognise(first, last=last)
        if verdict is First.UNDECIDED:
            return
        held, direction.early = direction.early, []
        if verdict is First.TLS and direction.may_begin(Action.TLS.value):
            self._direct_tls(direction, held)
        elif self._is_web(verdict) or self._begins_frames(direction, first):
            self._begin_web(direction, held, midstream=verdict is not First.HTTP and self._web is None)
        elif verdict is First.HTTP:
            # It answers somebody who speaks XMPP over TCP.
            direction.unreadable = "http"
            tell_foreign(self._ledger, direction, held[-1][1])
        elif verdict is First.XML or self._recognition.may_be_midstream(direction):
            direction.begin_xml(midstream=verdict is not First.XML)
            for held_data, held_stamp in held:
                self._cleartext(direction, held_data, held_stamp)
        else:
            direction.unreadable = "junk"
            tell_junk(self._ledger, direction, first, held[0][1], held[-1][1])
            self._dismiss(direction)

    def _direct_tls(self, direction: Direction, held: Held) -> None:
        """Begin TLS from the first byte, on the other side too if nothing was seen of it."""
        self._negotiation.direct_tls()
        other, leg = self._directions[1 - direction.side], self._legs[direction.side]
        shared = leg is self._legs[other.side]
        if shared and other.framer is None and not other.early and not other.unreadable:
            self._begin(other, Action.TLS.value)
        self._begin(direction, Action.TLS.value)
        self._feed_layer(direction, Action.TLS.value, held)
        if shared and leg.tls is not None:
            self._recognition.note_tls_client(leg.tls.client_side)

    def _dismiss(self, direction: Direction) -> None:
        """Note that a side speaks no XMPP; where neither does, the connection is left alone."""
        direction.foreign = True
        self.ignored = self.ignored or (not self._ledger.number and self._directions[1 - direction.side].foreign)

    def _last_early(self, direction: Direction) -> None:
        """Decide about first bytes that were too few to tell: no more of them will come."""
        if direction.early:
            self._sniff(direction, *direction.early.pop(), last=True)

    def _is_web(self, verdict: First) -> bool:
        """Tell whether a side is to be read as HTTP; what only makes sense behind the other side's HTTP is."""
        if self._web is not None:
            return verdict in (First.HTTP, First.OTHER)
        return verdict is First.HTTP and not self._ledger.number

    def _begins_frames(self, direction: Direction, first: bytes) -> bool:
        """Tell whether the first bytes seen, of a connection that began earlier, are those of a WebSocket frame."""
        return self._recognition.may_be_midstream(direction) and begins_frame(first)

    def _begin_web(self, direction: Direction, held: Held, *, midstream: bool) -> None:
        """Read a side as HTTP and what becomes of it, in *midstream* as what had become of it before."""
        if self._web is None:
            self._web = Web(self._ledger, self._directions, self._entries, self._services, self._recognition)
        if midstream:
            self._web.begin_midstream()
        direction.web = True
        direction.framer, direction.plain = None, False
        for data, stamp in held:
            self._cleartext(direction, data, stamp)

    def _to_web(self, web: Web, direction: Direction, data: bytes, stamp: Stamp) -> None:
        web.feed(direction, data, stamp)
        self._judge_web(web)

    def _judge_web(self, web: Web) -> None:
        """Leave HTTP alone that can no longer become XMPP."""
        self.ignored = self.ignored or (web.foreign and not web.carries and not self._ledger.number)

    def _feed_tls(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take bytes that are TLS."""
        raise NotImplementedError
