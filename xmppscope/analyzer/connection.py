"""One connection: where its bytes go (DESIGN §4, "The hard knot").

Negotiation stands above framing yet steers it. The framer hands over one first-level element at a time where the next
bytes may be something else; after each, the negotiation table, and nothing else, says whether they are a new document,
TLS or zlib, and this module re-plumbs both directions with the bytes left over. A side that pipelines behind a request
waits until the other side has answered. Where the answer fell into a hole, TLS and zlib are recognised by content.

Nothing is written before XMPP is recognised (`recognise`); what was found until then waits in the ledger's backlog.
"""

import re
from typing import Final

from xmppscope.analyzer.direction import WAITING, Direction
from xmppscope.analyzer.elements import ElementEntries
from xmppscope.analyzer.http_entries import tell_http
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.recognise import First, recognise
from xmppscope.analyzer.recognition import Recognition
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.analyzer.tls_entries import TlsEntries
from xmppscope.analyzer.transport_entries import tell_closed, tell_compression, tell_conflict, tell_gap, tell_junk
from xmppscope.framing.framer import Framer
from xmppscope.framing.inflate import Inflater
from xmppscope.framing.pieces import Item, Piece
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Opened
from xmppscope.redact import SENSITIVE
from xmppscope.session.negotiation import STOPS, Negotiation
from xmppscope.session.states import Action
from xmppscope.tls.connection import TlsConnection
from xmppscope.tls.events import Hole, NotTls, Plaintext, TlsEvent

_SPACES: Final = b" \t\r\n"
_UNCLAIMED: Final = 1 << 20
_TLS_RECORD: Final = re.compile(rb"[\x14-\x17]\x03")
_ZLIB: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")

Held = list[tuple[bytes, Stamp]]


class Connection:
    """Follows one TCP connection; `ignored` is set once it is certain that it does not carry XMPP."""

    def __init__(self, opened: Opened, recorder: Recorder, services: Services) -> None:
        self.ignored = False
        self._opened = opened
        self._services = services
        self._negotiation = Negotiation(start=opened.handshake)
        self._ledger = Ledger(opened, recorder, self._negotiation)
        self._entries = ElementEntries(self._ledger, services)
        self._directions = (Direction(0, INITIATING), Direction(1, RECEIVING))
        self._recognition = Recognition(self._ledger, self._directions)
        self._tls: TlsConnection | None = None
        self._tls_entries: TlsEntries | None = None
        self._unclaimed = 0

    # -- wire events --------------------------------------------------------------------------------------------------

    def data(self, event: Data) -> None:
        """Take the next bytes of one side."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        if direction.plain:
            self._split(direction, event.data, stamp)
        else:
            self._route(direction, event.data, stamp)
        if not self._ledger.number:
            self._unclaimed += len(event.data)
            self.ignored = self.ignored or self._unclaimed > _UNCLAIMED

    def lost(self, event: Lost) -> None:
        """Note that bytes of one side are missing."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        if direction.waiting is not None:
            self._decide_by_content(direction)
        if direction.tls and self._tls is not None:
            self._follow_tls(self._tls.lost(event.side, event.length, event.time, event.packet))
        else:
            self._hole(direction, event.length, stamp)

    def conflict(self, event: Conflict) -> None:
        """Note that a retransmission carried other bytes."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        tell_conflict(self._ledger, direction, event, stamp)

    def ended(self, event: Ended) -> None:
        """Note FIN or RST of one side."""
        direction = self._directions[event.side]
        stamp = Stamp(event.time, event.packet, event.time, event.packet)
        orderly = self._finish(direction, event, stamp)
        if self._negotiation.ended(direction.sender, reset=event.reset).action is Action.GO_ON:
            self._go_on(direction)
        tell_closed(self._ledger, direction, event.reset, orderly, stamp)

    def released(self, time: int) -> None:
        """Tell what is left to tell: nothing more will come."""
        for direction in self._directions:
            if not direction.ended:
                stamp = Stamp(time, direction.last.end_packet, time, direction.last.end_packet)
                self._finish(direction, None, stamp)
        if self._tls is not None and self._tls_entries is not None:
            self._follow_tls(self._tls.close())
            self._tls_entries.flush()
        for direction in self._directions:
            tell_compression(self._ledger, direction)

    # -- where bytes go -----------------------------------------------------------------------------------------------

    def _route(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take bytes as they were on the wire."""
        direction.last = stamp
        if direction.waiting is not None:
            self._wait(direction, data, stamp)
        elif direction.tls:
            self._feed_tls(direction, data, stamp)
        elif direction.switch and self._switches(direction, data):
            self._begin(direction, direction.switch, [(data, stamp)])
        else:
            self._cleartext(direction, data, stamp)

    def _cleartext(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take bytes that are neither TLS nor waiting for an answer."""
        direction.last = stamp
        if direction.unreadable:
            return
        if direction.framer is None:
            self._sniff(direction, data, stamp)
        elif direction.waiting is not None:
            self._wait(direction, data, stamp)
        elif direction.inflater is not None:
            self._inflate(direction, direction.inflater, data, stamp)
        else:
            if direction.after_hole and self._looks_switched(direction, data, stamp):
                return
            self._split(direction, data, stamp)

    def _split(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Cut cleartext into pieces and write them; after an element that stops the framer, do what the table says."""
        framer = direction.framer
        if framer is None:
            return
        direction.last = stamp
        direction.stamps.add(framer.at, stamp)
        self._write(direction, framer.feed(data))
        while framer.stopped:
            self._after_stop(direction, framer)

    def _write(self, direction: Direction, pieces: list[Piece]) -> None:
        item = self._entries.item
        for piece in pieces:
            if type(piece) is Item:
                if not self._ledger.number and self._recognition.is_proof(direction, piece):
                    self._ledger.claim()
                item(direction, piece)
            else:
                proof = not self._ledger.number and self._recognition.is_proof(direction, piece)
                self._entries.other(direction, piece)
                if proof:
                    self._ledger.claim()
        if self._entries.action is Action.GO_ON:
            self._go_on(direction)

    def _go_on(self, direction: Direction) -> None:
        """Let the other side's bytes go on: what it asked for was refused, or nobody can know."""
        self._entries.action = Action.NONE
        for one in self._directions:
            if one is not direction and one.waiting is not None:
                self._decide_by_content(one)

    def _inflate(self, direction: Direction, inflater: Inflater, data: bytes, stamp: Stamp) -> None:
        if inflater.fault:
            return
        for clear in inflater.feed(data):
            self._split(direction, clear, stamp)
        if inflater.fault:
            tell_compression(self._ledger, direction)

    # -- what the negotiation asks for --------------------------------------------------------------------------------

    def _after_stop(self, direction: Direction, framer: Framer) -> None:
        action, self._entries.action = self._entries.action, Action.NONE
        other = self._directions[1 - direction.side]
        if action is Action.WAIT:
            direction.waiting = []
            direction.plain = False
            self._wait(direction, framer.take(), direction.last)
        elif action in (Action.TLS, Action.DEFLATE):
            self._begin(direction, action.value, [(framer.take(), direction.last)])
            if other.waiting is not None:
                self._begin(other, action.value, self._release(other))
            else:
                other.switch = action.value
                other.plain = False
        else:
            self._write(direction, framer.resume())

    def _begin(self, direction: Direction, layer: str, held: Held) -> None:
        """Let the bytes *held*, and all that follow, go through TLS or zlib."""
        direction.plain = False
        direction.switch = ""
        if layer == Action.TLS.value:
            direction.tls = True
            self._ensure_tls()
            for data, stamp in held:
                self._feed_tls(direction, data, stamp)
        else:
            direction.inflater = Inflater()
            for data, stamp in held:
                self._inflate_from(direction, data, stamp)

    def _inflate_from(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        if direction.inflater is not None and data:
            self._inflate(direction, direction.inflater, data, stamp)

    def _wait(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Hold bytes until the other side has answered, within bounds."""
        if direction.waiting is not None and data:
            direction.waiting.append((data, stamp))
            if direction.waiting_size > WAITING:
                self._decide_by_content(direction)

    def _release(self, direction: Direction) -> Held:
        held, direction.waiting = direction.waiting or [], None
        return held

    def _decide_by_content(self, direction: Direction) -> None:
        """No answer says how to read what waits: look at it."""
        held = self._release(direction)
        begins = b"".join(data for data, _ in held[:2]).lstrip(_SPACES)
        if _TLS_RECORD.match(begins) and not direction.tls:
            self._begin(direction, Action.TLS.value, held)
        elif _ZLIB.match(begins):
            self._begin(direction, Action.DEFLATE.value, held)
        else:
            direction.plain = not direction.tls
            for data, stamp in held:
                self._cleartext(direction, data, stamp)

    def _switches(self, direction: Direction, data: bytes) -> bool:
        """Tell whether *data* begins the layer that the other side has begun; white space and XML do not."""
        pattern = _TLS_RECORD if direction.switch == Action.TLS.value else _ZLIB
        return pattern.match(data) is not None

    def _looks_switched(self, direction: Direction, data: bytes, stamp: Stamp) -> bool:
        """Behind a hole: begin TLS or zlib if *data* looks like it; the answer that granted it is missing."""
        direction.after_hole = False
        direction.plain = not direction.tls
        for pattern, action in ((_TLS_RECORD, Action.TLS), (_ZLIB, Action.DEFLATE)):
            if pattern.match(data) and not (direction.tls and action is Action.TLS):
                other = self._directions[1 - direction.side]
                if other.waiting is not None:
                    self._begin(other, action.value, self._release(other))
                else:
                    other.switch, other.plain = action.value, False
                self._begin(direction, action.value, [(data, stamp)])
                return True
        return False

    # -- TLS ----------------------------------------------------------------------------------------------------------

    def _ensure_tls(self) -> None:
        if self._tls is None:
            self._tls = TlsConnection(self._services.keys, self._services.resumptions)
            self._tls_entries = TlsEntries(self._ledger, self._directions)

    def _feed_tls(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Feed TLS; white space, and XML, between <proceed/> and the first record are cleartext still."""
        if not direction.tls_begun:
            spaces = len(data) - len(data.lstrip(_SPACES))
            if data[spaces : spaces + 1] and not 0x14 <= data[spaces] <= 0x17:
                spaces = len(data)
            if spaces:
                self._cleartext(direction, data[:spaces], stamp)
            if spaces == len(data):
                return
            data = data[spaces:]
            direction.tls_begun = True
        if self._tls is not None:
            self._follow_tls(self._tls.feed(direction.side, data, stamp.time, stamp.packet))

    def _follow_tls(self, events: list[TlsEvent]) -> None:
        for event in events:
            direction = self._directions[event.side]
            if type(event) is Plaintext:
                stamp = Stamp(event.time, event.packet, event.end_time, event.end_packet)
                if direction.protection == "none" and self._tls is not None:
                    direction.protection = self._tls.version or "none"
                self._cleartext(direction, event.data, stamp)
            elif isinstance(event, NotTls):
                direction.tls = direction.tls_begun = False
                direction.protection = "none"
                self._cleartext(direction, event.data, direction.last)
            elif isinstance(event, Hole):
                self._hole(direction, event.length, direction.last)
            elif self._tls_entries is not None:
                self._tls_entries.tell(event)
                self._judge_tls()

    def _judge_tls(self) -> None:
        """Claim a direct TLS connection by its ALPN; leave one alone that nobody can read (DESIGN §4)."""
        if self._ledger.number or self._tls_entries is None:
            return
        if self._tls_entries.names_xmpp:
            self._ledger.claim()
        elif self._tls_entries.unreadable:
            self.ignored = True

    # -- recognition --------------------------------------------------------------------------------------------------

    def _sniff(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Decide by the first bytes of a direction how to read it."""
        direction.early.append((data, stamp))
        first = b"".join(data for data, _ in direction.early)
        verdict = recognise(first)
        if verdict is First.UNDECIDED:
            return
        held, direction.early = direction.early, []
        if verdict is First.TLS and not direction.tls:
            self._negotiation.direct_tls()
            self._begin(direction, Action.TLS.value, held)
            if self._tls is not None:
                self._recognition.note_tls_client(self._tls.client_side)
        elif verdict is First.HTTP:
            direction.unreadable = "http"
            self.ignored = not tell_http(self._ledger, direction, first, held[0][1])
        elif verdict is First.XML or self._recognition.may_be_midstream(direction):
            direction.midstream = verdict is not First.XML
            direction.at_known = direction.at_known and not direction.midstream
            direction.framer = Framer(STOPS, SENSITIVE, midstream=direction.midstream)
            direction.plain = not direction.tls and not direction.after_hole
            for held_data, held_stamp in held:
                self._cleartext(direction, held_data, held_stamp)
        else:
            direction.unreadable = "junk"
            tell_junk(self._ledger, direction, first, held[0][1])
            other = self._directions[1 - direction.side]
            self.ignored = not self._ledger.number and other.framer is None

    # -- holes and ends -----------------------------------------------------------------------------------------------

    def _hole(self, direction: Direction, length: int | None, stamp: Stamp) -> None:
        """Note that cleartext is missing; *length* is None where nobody can know how much."""
        direction.last = stamp
        direction.after_hole = True
        direction.plain = False
        if self._negotiation.lost(direction.sender).action is Action.GO_ON:
            self._go_on(direction)
        if direction.framer is None:
            direction.early.clear()
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

    def _finish(self, direction: Direction, event: Ended | None, stamp: Stamp) -> bool | None:
        """Close what one side sent; return whether its TLS, if any, was closed in order."""
        direction.ended = True
        if direction.waiting is not None:
            self._decide_by_content(direction)
        orderly = None
        if direction.tls and self._tls is not None and event is not None:
            self._follow_tls(self._tls.ended(event.side, event.time, event.packet, event.reset))
            orderly = self._tls_entries is not None and direction.side in self._tls_entries.closed
        if direction.framer is not None:
            self._write(direction, direction.framer.close())
        direction.last = stamp
        return orderly
