"""One proxied connection: what comes from client and server in, what is to be sent, done and told out. No socket here.

To the peers both legs are one stream. Here the parts meet: `passage` holds elements while the stream is negotiated and
then lets bytes pass, `security` makes TLS on both legs, `bridge` plays the missing part where the legs are to differ,
`ending` says how it ends, for a client whose server cannot be had too. What the bytes are is decided by the same
negotiation table that the analyzer uses.
"""

from xmppscope.framing.pieces import Head, Item
from xmppscope.model.marks import EditMark, LegMark, MadeMark, Mark, TargetMark, ToldMark
from xmppscope.model.timeline import INITIATING, RECEIVING, EditAction, Sender
from xmppscope.model.wire import Ciphertext, Data, Marked, Opened, ProxyEvent
from xmppscope.proxy.bridge import ClientBridge, ServerBridge
from xmppscope.proxy.ending import Ending
from xmppscope.proxy.features import FeatureEdits
from xmppscope.proxy.leg import Leg, TlsFault
from xmppscope.proxy.passage import Passage
from xmppscope.proxy.security import Security
from xmppscope.proxy.settings import Command, Destination, Dial, Settings, Tools
from xmppscope.proxy.upstream import Mode
from xmppscope.proxy.way import Way
from xmppscope.session.negotiation import Negotiation


class Relay:
    """Relays one connection; its methods take what happens and fill `events`, `commands` and the legs' `out`.

    `deadline` is when `expired` is to be called, in nanoseconds since the epoch; `done` says that all is over. A time
    is handed to every call, for there is no clock here. `mode` is how the server leg is to be, `domain` the one that
    the client asked for; `connected` says that there is a server leg, to `address`.
    """

    def __init__(
        self,
        settings: Settings,
        tools: Tools,
        *,
        pair: int,
        flows: tuple[int, int],
        client: str,
        dialled: str,
        time: int,
        destination: Destination | None = None,
        direct_tls: bool = False,
    ) -> None:
        self.events: list[ProxyEvent] = []
        self.commands: list[Command] = []
        self.settings = settings
        self.tools = tools
        self.pair = pair
        self.peer = client
        self.dialled = dialled
        self.destination = destination
        self.direct_tls = direct_tls
        self.domain = ""
        self.connected = False
        self.address = ""
        upstream = settings.upstream
        self.mode: Mode = "same" if upstream is None or destination is not None else upstream.mode
        self.negotiation = Negotiation(start=True)
        self.client = Leg("client", flows[0], self.tell, tools.secrets, records=settings.records)
        self.server = Leg("server", flows[1], self.tell, tools.secrets, records=settings.records)
        self.up = Way(INITIATING, self.client, self.server)
        self.down = Way(RECEIVING, self.server, self.client)
        self.ending = Ending(self)
        self.security = Security(self)
        self.passage = Passage(self)
        self.features = FeatureEdits(self)
        self.bridge = self._bridge()
        self.client.deliver, self.server.deliver = self.passage.up, self.passage.down
        self._marks_at = 0
        self.tell(Opened(self.client.flow, time, 0, client, dialled, True))
        self.mark(LegMark("client", pair, dialled), time)
        if direct_tls:
            self.client.expect_tls()
            self.ending.wait_for("the client did not complete its ClientHello", time)
        else:
            self.ending.wait_for("the client did not complete its stream header", time)
            self.down.ready = True

    @property
    def deadline(self) -> int | None:
        """When `expired` is to be called; None where there is nothing to wait for."""
        return self.ending.deadline

    @property
    def done(self) -> bool:
        """Whether all is over."""
        return self.ending.done

    # What happens

    def client_data(self, data: bytes, time: int) -> None:
        """Take bytes from the client."""
        if self.done:
            return
        if self.client.expects_tls:
            self.security.from_client(data, time)
        else:
            self.tell(Data(self.client.flow, 0, time, 0, data))
            self.passage.up(data, time)

    def server_data(self, data: bytes, time: int) -> None:
        """Take bytes from the server."""
        if self.done or self.ending.refusal is not None:
            return
        self.ending.heard = True
        if self.server.expects_tls:
            self.security.from_server(data, time)
        else:
            self.tell(Data(self.server.flow, 1, time, 0, data))
            self.passage.down(data, time)

    def server_connected(self, local: str, address: str, time: int) -> None:
        """Note that the server leg is there."""
        if self.done:
            return
        self.connected = True
        self.address = address
        self.tell(Opened(self.server.flow, time, 0, local, address, True))
        self.mark(LegMark("server", self.pair, self.dialled), time, server=True)
        if self.mode == "tls" or (self.mode == "same" and self.direct_tls):
            self.server.expect_tls()
            self.security.start_server(time)
        else:
            if isinstance(self.bridge, ServerBridge):
                self.bridge.connected(time)
            else:
                self.ending.let_pass(self.up, time)
            self.ending.wait_for("the server did not answer", time)

    def server_failed(self, text: str, advice: str, time: int) -> None:
        """Note that the server cannot be reached, and why."""
        self.ending.fail(text, text, f"The server was not reached: {text}.", advice, time)

    def routed(self, text: str, address: str, time: int) -> None:
        """Note where the connection is to go, and how that was found out."""
        if text:
            self.mark(ToldMark(text), time)
        if address:
            self.mark(TargetMark(address), time)

    def client_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the client."""
        self.ending.client_ended(time, reset=reset)

    def server_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the server."""
        self.ending.server_ended(time, reset=reset)

    def expired(self, time: int) -> None:
        """Note that `deadline` has passed."""
        self.ending.expired(time)

    def stop(self, time: int) -> None:
        """Close both streams: the proxy is to end."""
        self.ending.stop(time)

    def server_fault(self, fault: TlsFault, time: int) -> None:
        """Note that TLS with the server cannot go on."""
        self.ending.server_fault(fault, time)

    def client_fault(self, fault: TlsFault, time: int) -> None:
        """Note that TLS with the client cannot go on."""
        self.ending.client_fault(fault, time)

    # What the parts do together

    def _bridge(self) -> ClientBridge | ServerBridge | None:
        """Return what stands in for a peer where the legs are to differ."""
        if self.direct_tls and self.mode == "starttls":
            return ServerBridge(self)
        if not self.direct_tls and self.mode in ("tls", "plain"):
            return ClientBridge(self)
        self.features.hides_starttls = self.direct_tls and self.mode == "plain"
        return None

    def dial(self) -> None:
        """Ask for the server leg."""
        direct = self.direct_tls if self.mode == "same" else self.mode == "tls"
        self.commands.append(Dial(self.domain, self.security.kind, direct, self.destination))

    def tell(self, event: ProxyEvent) -> None:
        """Tell the analyzer and the recording."""
        self.events.append(event)

    def mark(self, mark: Mark, time: int, *, server: bool = False) -> None:
        """Tell what bytes do not show."""
        leg = self.server if server else self.client
        self.tell(Marked(leg.flow, 0, time, 0, mark))

    def mark_before_newest(self, way: Way) -> None:
        """Let edits be told before the event that was told last, which has brought cleartext, and its ciphertext."""
        self._marks_at = len(self.events) - 1
        before = self.events[self._marks_at - 1] if self._marks_at else None
        if isinstance(before, Ciphertext) and before.flow == way.source.flow and before.side == way.source.peer:
            self._marks_at -= 1

    def edit(
        self, way: Way, piece: Item | Head, by: str, action: EditAction, time: int, text: str = "", data: str = ""
    ) -> None:
        """Tell what becomes of an element, ahead of the bytes that complete it."""
        mark = EditMark(way.sender, piece.start, piece.end, by, action, text, data)
        self.events.insert(self._marks_at, Marked(way.source.flow, way.source.peer, time, 0, mark))
        self._marks_at += 1

    def make(self, leg: Leg, sender: Sender, by: str, data: str, time: int, text: str = "") -> None:
        """Send something of the proxy's own, and tell it."""
        self.tell(Marked(leg.flow, leg.own, time, 0, MadeMark(sender, by, data, text)))
        leg.send(data.encode(), time)
