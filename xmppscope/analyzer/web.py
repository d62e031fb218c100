"""HTTP on the way to XMPP: the bytes of a connection that begins with it, until they are WebSocket or BOSH.

`HttpConnection` takes both directions apart; here stands what an exchange means. One that asks for a WebSocket with the
subprotocol xmpp, or is granted one, claims the connection (RFC 7395 §3.1); without that subprotocol the messages
themselves have to prove it. Bodies of BOSH go to its sessions (XEP-0124). Other HTTP is not claimed; the first head of
it on each side waits in the ledger, for where the other side turns out to speak XMPP over TCP.
"""

from typing import Final

from xmppscope.analyzer.bosh import Carrier
from xmppscope.analyzer.direction import WAITING, Direction
from xmppscope.analyzer.elements import ElementEntries
from xmppscope.analyzer.http_entries import Handshake, tell_foreign, tell_granted, tell_wanted
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.recognition import Recognition
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp, StampTrack
from xmppscope.analyzer.transport_entries import tell_gap
from xmppscope.analyzer.web_socket import WebSocket, claim_websocket
from xmppscope.framing.http.connection import HttpConnection
from xmppscope.framing.http.events import (
    BodyDone,
    HttpEvent,
    HttpFault,
    RequestHead,
    ResponseHead,
    TunnelData,
    Upgraded,
)
from xmppscope.model.timeline import Entry

_SECOND: Final = "a second WebSocket inside the same HTTP/2 connection is not read"
_ASKS: Final = 64


class Web:
    """One connection that begins with HTTP.

    `carries` is set once XMPP was found in it, which need not be a part of the connection's own timeline; `foreign`
    once there can be none any more.
    """

    def __init__(
        self,
        ledger: Ledger,
        directions: tuple[Direction, Direction],
        entries: ElementEntries,
        services: Services,
        recognition: Recognition,
    ) -> None:
        self.carries = False
        self.foreign = False
        self._ledger = ledger
        self._directions = directions
        self._entries = entries
        self._services = services
        self._recognition = recognition
        self._http = HttpConnection(midstream=not ledger.opened.handshake)
        self._tracks = (StampTrack(), StampTrack())
        self._at = [0, 0]
        self._asked: dict[int, Handshake] = {}
        self._told: dict[int, Entry] = {}
        self._over: set[int] = set()
        self._socket: WebSocket | None = None
        self._chunk = b"", Stamp(0, 0, 0, 0)
        self._behind: list[tuple[int, bytes, Stamp]] = []
        self._behind_size = 0
        self._tunnels: dict[int, WebSocket] = {}
        self._bosh = Carrier(ledger, services)

    def feed(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take the next cleartext of one side."""
        if self._socket is not None:
            self._socket.feed(direction, data, stamp)
            self.foreign = self._socket.foreign
            return
        side = direction.side
        self._tracks[side].add(self._at[side], stamp)
        self._at[side] += len(data)
        if self._asked:
            self._keep(side, data, stamp)
        self._chunk = data, stamp
        self._take(self._http.feed(side, data))

    def begin_midstream(self) -> None:
        """Look for the frames of a WebSocket whose handshake was not captured."""
        if self._socket is None:
            self._socket = WebSocket(self._ledger, self._entries, self._directions, None, self._recognition.note_client)

    def lost(self, direction: Direction, length: int | None, stamp: Stamp) -> None:
        """Note that cleartext of one side is missing."""
        if self._socket is not None:
            self._socket.lost(direction, length, stamp)
            return
        side = direction.side
        if self._tunnels:
            for tunnel in self._tunnels.values():
                tunnel.lost(direction, None, stamp)
        elif not self._bosh.lost(side, length, stamp):
            tell_gap(self._ledger, direction, length, None, stamp)
        self._tracks[side].add(self._at[side], stamp)
        self._at[side] += length or 0
        asked = next((one for one in self._asked.values() if one.waits and one.client != side), None)
        if asked is not None:
            self._begin_socket(asked, self._behind)
        else:
            self._take(self._http.lost(side, length))

    def close(self, direction: Direction) -> None:
        """Take the end of one side."""
        if self._socket is not None:
            self._socket.close(direction)
        else:
            self._take(self._http.close(direction.side))
            self._bosh.close(direction.side, direction.last)
            for tunnel in self._tunnels.values():
                tunnel.close(direction)
            self._end(direction.side)

    def rest(self, direction: Direction) -> None:
        """Take less memory while nothing comes from one side."""
        for socket in (self._socket, *self._tunnels.values()):
            if socket is not None:
                socket.rest(direction)

    def stamps(self, event: RequestHead | ResponseHead | BodyDone | TunnelData | HttpFault) -> Stamp:
        """Return when and in which packets the bytes of *event* were captured."""
        first, last = self._tracks[event.side].find(event.start, event.end)
        return Stamp(first.time, first.packet, last.end_time, last.end_packet)

    def _take(self, events: list[HttpEvent]) -> None:
        for event in events:
            if isinstance(event, TunnelData):
                self._tunnel(event)
            elif isinstance(event, RequestHead):
                self._request(event)
            elif isinstance(event, ResponseHead):
                self._response(event)
            elif isinstance(event, BodyDone):
                self._body(event)
            elif isinstance(event, Upgraded):
                self._upgraded(event)
            elif isinstance(event, HttpFault):
                self._fault(event)

    def _request(self, head: RequestHead) -> None:
        stamp = self.stamps(head)
        self._bosh.head(head)
        self._recognition.note_client(0 if head.side == 0 else 1)
        handshake = Handshake(head)
        if not handshake.is_websocket:
            self._foreign_head(head, stamp)
            return
        if len(self._asked) >= _ASKS:
            self._asked.clear()
        self._asked[head.exchange] = handshake
        if handshake.wants_xmpp:
            self._claim_websocket()
        tell_wanted(self._ledger, self._directions[head.side], handshake, stamp)
        behind = self._at[head.side] - head.end
        if behind:
            data, stamp = self._chunk
            self._keep(head.side, data[-behind:], stamp)

    def _response(self, head: ResponseHead) -> None:
        self._bosh.head(head)
        stamp = self.stamps(head)
        handshake = self._asked.get(head.exchange) or Handshake(None)
        handshake.answer = head
        if not handshake.is_websocket:
            self._foreign_head(head, stamp)
            return
        self._asked[head.exchange] = handshake
        if handshake.grants_xmpp:
            self._claim_websocket()
        tell_granted(self._ledger, self._directions[head.side], handshake, stamp)
        if not handshake.granted:
            del self._asked[head.exchange]

    def _upgraded(self, event: Upgraded) -> None:
        """Go on with frames, where a WebSocket was granted."""
        handshake = self._asked.pop(event.exchange, None)
        if handshake is None:
            self.foreign = not event.stream
            return
        if event.stream and self._tunnels:
            # One timeline cannot hold two streams at once; a browser with two tabs may send them.
            self._ledger.tell(self._directions[0], "opaque", _SECOND, self._directions[0].last, reason=_SECOND)
            return
        if event.stream:
            self._tunnels[event.exchange] = self._made(handshake)
            return
        held: list[tuple[int, bytes, Stamp]] = []
        for side, rest in enumerate(event.rest):
            if rest:
                start = event.start[side]
                first, last = self._tracks[side].find(start, start + len(rest))
                held.append((side, rest, Stamp(first.time, first.packet, last.end_time, last.end_packet)))
        self._begin_socket(handshake, held)

    def _made(self, handshake: Handshake) -> WebSocket:
        return WebSocket(self._ledger, self._entries, self._directions, handshake, self._recognition.note_client)

    def _begin_socket(self, handshake: Handshake, held: list[tuple[int, bytes, Stamp]]) -> None:
        """Let all that follows be frames, *held* of both sides first; the answer may not have been captured."""
        self._socket = socket = self._made(handshake)
        self._asked.clear()
        for side, data, stamp in held:
            socket.feed(self._directions[side], data, stamp)
        self._behind = []

    def _keep(self, side: int, data: bytes, stamp: Stamp) -> None:
        """Keep what a client sends behind its request, within bounds, in case the answer is missing."""
        if any(one.waits and one.client == side for one in self._asked.values()) and self._behind_size < WAITING:
            self._behind.append((side, data, stamp))
            self._behind_size += len(data)

    def _tunnel(self, event: TunnelData) -> None:
        stamp = self.stamps(event)
        socket = self._tunnels.get(event.exchange)
        if socket is not None:
            socket.feed(self._directions[event.side], event.data, stamp)

    def _body(self, body: BodyDone) -> None:
        if self._bosh.body(body, self.stamps(body), self._directions[body.side].protection):
            self.carries = True

    def _fault(self, fault: HttpFault) -> None:
        self._bosh.fault(fault.side, fault.reason, self.stamps(fault))
        self._end(fault.side)

    def _end(self, side: int) -> None:
        """Note that nothing more can come of a side."""
        self._over.add(side)
        self.foreign = self.foreign or len(self._over) == len(self._directions)

    def _foreign_head(self, head: RequestHead | ResponseHead, stamp: Stamp) -> None:
        if head.side not in self._told and not self._ledger.number:
            self._told[head.side] = tell_foreign(self._ledger, self._directions[head.side], stamp)

    def _claim_websocket(self) -> None:
        """Claim the connection; what went before on it was other HTTP."""
        self.carries = True
        if not self._ledger.number:
            self._ledger.withdraw(self._told.values())
            claim_websocket(self._ledger)
