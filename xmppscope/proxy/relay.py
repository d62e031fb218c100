"""One proxied connection: what comes from client and server in, what is to be sent, done and told out. No socket here.

Both legs are one stream to the peers. Elements pass unchanged but for what an interposing program must do (RFC 6120
§5.4): `<starttls/>` and `<proceed/>` pass, then the client's ClientHello is read whole, the handshake with the server is
made within what the client offers, and only then the client's is completed, in the same version and ALPN. Where the legs
are to differ, because the user says so, `bridge` plays the missing part. Whatever goes wrong on the server's side ends
with a stream error for the client (`refusal`). What the bytes are is decided by the same negotiation table that the
analyzer uses.
"""

import ssl
from typing import Final

from xmppscope.framing.pieces import Bad, Foot, Head, Item, Piece, Torn
from xmppscope.model.marks import DoneMark, EditMark, LegMark, MadeMark, Mark, TargetMark, ToldMark, VerdictMark
from xmppscope.model.namespaces import STREAM
from xmppscope.model.timeline import INITIATING, RECEIVING, EditAction, Sender
from xmppscope.model.wire import Ciphertext, Data, Ended, Marked, Opened, ProxyEvent, Released
from xmppscope.proxy.bridge import ClientBridge, ServerBridge
from xmppscope.proxy.features import FeatureEdits
from xmppscope.proxy.leg import Leg, TlsFault
from xmppscope.proxy.refusal import Condition, Refusal
from xmppscope.proxy.settings import Command, Destination, Dial, End, Settings, Tools
from xmppscope.proxy.tls_choice import client_versions, judge_certificate, only, server_name
from xmppscope.proxy.way import MOST_WAITING, Way
from xmppscope.session.negotiation import Negotiation, Step
from xmppscope.session.states import Action

_SECOND: Final = 1_000_000_000
PATIENCE: Final = 20 * _SECOND
"""Nanoseconds that a peer may take for its part of a handshake, or a server for its first answer."""

_LAST_WORDS: Final = 5 * _SECOND
_FEATURES: Final = f"{STREAM}\nfeatures"
_OVER: Final = frozenset({"open", "half-closed", "closing", "closed", "broken"})
_ALPN: Final = {"c2s": "xmpp-client", "unknown": "xmpp-client", "component": "xmpp-client", "s2s": "xmpp-server"}


class Relay:
    """Relays one connection; its methods take what happens and fill `events`, `commands` and the legs' `out`.

    `deadline` is when `expired` is to be called, in nanoseconds since the epoch; `done` says that all is over. A time
    is handed to every call, for there is no clock here.
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
        self.deadline: int | None = None
        self.done = False
        self.settings = settings
        self.tools = tools
        self.domain = ""
        self.direct_tls = direct_tls
        self.negotiation = Negotiation(start=True)
        self.client = Leg("client", flows[0], self.tell, tools.secrets, records=settings.records)
        self.server = Leg("server", flows[1], self.tell, tools.secrets, records=settings.records)
        self.up = Way(INITIATING, self.client, self.server)
        self.down = Way(RECEIVING, self.server, self.client)
        self.client.deliver, self.server.deliver = self._up, self._down
        self.server.judge = self._judge
        self.refusal: Refusal | None = None
        self.headed = self.answered = False
        self.features = FeatureEdits(self)
        self._bridge: ClientBridge | ServerBridge | None = None
        self._pair = pair
        self._dialled = dialled
        self._destination = destination
        self._dialling = self._connected = self._greeted = self._heard = False
        self._certificate: bytes | None = None
        self._verified_for = ""
        self._waits_for = ""
        self._marks_at = 0
        self._gone: set[Sender] = set()
        self.tell(Opened(self.client.flow, time, 0, client, dialled, True))
        self.mark(LegMark("client", pair, dialled), time)
        if direct_tls:
            self.client.expect_tls()
            self._await(time, "the client did not complete its ClientHello")
        else:
            self.down.ready = True

    # What happens

    def client_data(self, data: bytes, time: int) -> None:
        """Take bytes from the client."""
        if not self.client.expects_tls:
            self.tell(Data(self.client.flow, 0, time, 0, data))
            self._up(data, time)
            return
        try:
            self.client.receive(data, time)
        except TlsFault as fault:
            self._client_fault(fault, time)
        self._client_goes_on(time)

    def server_data(self, data: bytes, time: int) -> None:
        """Take bytes from the server."""
        if self.refusal is not None:
            return
        self._heard = True
        if not self.server.expects_tls:
            self.tell(Data(self.server.flow, 1, time, 0, data))
            self._down(data, time)
            return
        before = self.server.established
        try:
            self.server.receive(data, time)
        except TlsFault as fault:
            self._server_fault(fault, time)
            return
        if self.server.established and not before:
            self._server_secured(time)

    def server_connected(self, local: str, address: str, time: int) -> None:
        """Note that the server leg is there."""
        self._connected = True
        self.tell(Opened(self.server.flow, time, 0, local, address, True))
        self.mark(LegMark("server", self._pair, self._dialled), time, server=True)
        if self._upstream_mode == "tls" or (self._upstream_mode == "same" and self.direct_tls):
            self.server.expect_tls()
            self._start_server_tls(time)
        else:
            self.up.begin(time)
            self._await(time, "the server did not answer")

    def server_failed(self, text: str, advice: str, time: int) -> None:
        """Note that the server cannot be reached, and why."""
        self.fail(text, f"no server leg: {text}", f"The server was not reached: {text}.", advice, time)

    def routed(self, text: str, address: str, time: int) -> None:
        """Note where the connection is to go, and how that was found out."""
        if text:
            self.mark(ToldMark(text), time)
        if address:
            self.mark(TargetMark(address), time)

    def client_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the client."""
        self._ended(self.up, time, reset)

    def server_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the server."""
        if self.refusal is not None or self.done:
            return
        unready = self.server.expects_tls and not self.server.established
        if not self._heard or unready:
            when = "during the TLS handshake" if unready else "without an answer"
            how = "reset" if reset else "closed"
            self.fail(
                f"the server {how} the connection {when}",
                f"server leg {how} {when}",
                f"The server took the connection and {how} it {when}.",
                "look into the server's log; with tls: or starttls: before --upstream the proxy speaks the other way",
                time,
            )
            return
        self._ended(self.down, time, reset)

    def expired(self, time: int) -> None:
        """Note that `deadline` has passed."""
        self.deadline = None
        if self.refusal is not None or self._waits_for.startswith("the client"):
            if self._waits_for:
                self.mark(ToldMark(f"gave up: {self._waits_for} in time", reason=self._waits_for), time)
            self.finish(time)
        else:
            seconds = PATIENCE // _SECOND
            text = f"{self._waits_for} in {seconds} s"
            advice = (
                "see whether that port speaks XMPP, and whether with TLS from the first byte (tls:) or not (starttls:)"
            )
            self.fail(text, text, f"The server was reached, but {text.removeprefix('the server ')}.", advice, time)

    def stop(self, time: int) -> None:
        """Close both streams: the proxy is to end."""
        if self.done:
            return
        self.mark(ToldMark("closed by the proxy, which was stopped"), time)
        shutdown = Refusal("system-shutdown", "the debugging proxy was stopped")
        if self.refusal is None and self.answered and _between(self.down.last):
            data = shutdown.xml(header_due=False, kind=self.negotiation.kind, domain=self.domain, identity="")
            self.make(self.client, RECEIVING, "shutdown", data, time)
        if self._connected and self.up.ready and self.headed and _between(self.up.last):
            self.make(self.server, INITIATING, "shutdown", "</stream:stream>", time)
        self.finish(time)

    @property
    def full(self) -> tuple[bool, bool]:
        """Whether the client's and the server's bytes are to be left in the network for now."""
        return self.up.waiting > MOST_WAITING, self.down.waiting > MOST_WAITING

    # What is told and sent

    def tell(self, event: ProxyEvent) -> None:
        """Tell the analyzer and the recording."""
        self.events.append(event)

    def mark(self, mark: Mark, time: int, *, server: bool = False) -> None:
        """Tell what bytes do not show."""
        leg = self.server if server else self.client
        self.tell(Marked(leg.flow, 0, time, 0, mark))

    def edit(self, way: Way, piece: Item | Head, by: str, action: EditAction, time: int, text: str, data: str) -> None:
        """Tell what becomes of an element, ahead of the bytes that complete it."""
        mark = EditMark(way.sender, piece.start, piece.end, by, action, text, data)
        self.events.insert(self._marks_at, Marked(way.source.flow, way.source.peer, time, 0, mark))
        self._marks_at += 1

    def make(self, leg: Leg, sender: Sender, by: str, data: str, time: int, text: str = "") -> None:
        """Send something of the proxy's own, and tell it."""
        self.tell(Marked(leg.flow, leg.own, time, 0, MadeMark(sender, by, data, text)))
        leg.send(data.encode(), time)

    def fail(
        self,
        text: str,
        reason: str,
        why: str,
        advice: str,
        time: int,
        condition: Condition = "remote-connection-failed",
    ) -> None:
        """Give the connection up on the server's side, and tell the client so in its own protocol."""
        if self.refusal is not None or self.done:
            return
        self.mark(ToldMark(text, reason, why, advice), time, server=self._connected)
        self.refusal = Refusal(condition, text)
        if self._connected:
            self._let_go(self.server, time)
        self._await(time, "the client did not say what it wants")
        self.refuse(time)

    def refuse(self, time: int) -> None:
        """Tell the client why there is no stream for it, once that can be said."""
        if self.refusal is None or (self.client.expects_tls and not self._client_can_listen(time)):
            return
        if not self.headed:
            return
        identity = f"proxy-{self._pair}"
        kind, due = self.negotiation.kind, not self.answered
        self.down.begin(time)
        xml = self.refusal.xml(header_due=due, kind=kind, domain=self.domain, identity=identity)
        self.make(self.client, RECEIVING, "proxy", xml, time)
        self._let_go(self.client, time, wait=True)

    def _client_can_listen(self, time: int) -> bool:
        """Whether the client's TLS is done; it is begun, once it can be."""
        if self.client.tls is None and self.client.hello is not None:
            self.start_client_tls(time)
        return self.client.established

    def _let_go(self, leg: Leg, time: int, *, wait: bool = False) -> None:
        """End a leg in order; with *wait* its peer has a moment to do the same."""
        leg.close_tls(time)
        self._send_end(leg, time)
        self.commands.append(End(leg.name, close=not wait))
        if wait:
            self._await(time, "", _LAST_WORDS)

    def finish(self, time: int) -> None:
        """Let go of both legs."""
        if self.done:
            return
        self.done = True
        self.deadline = None
        for leg in (self.client, self.server):
            leg.close_tls(time)
            self.commands.append(End(leg.name, close=True))
        self.mark(DoneMark(), time, server=self._connected and INITIATING in self._gone)
        self.tell(Released(self.client.flow, time, "closed"))
        if self._connected:
            self.tell(Released(self.server.flow, time, "closed"))

    # What passes

    def _up(self, data: bytes, time: int) -> None:
        way = self.up
        if way.passing and self.refusal is None:
            way.send(data, time)
            return
        self._cut_next(way, data, time)

    def _down(self, data: bytes, time: int) -> None:
        way = self.down
        if way.passing:
            way.send(data, time)
            return
        self._cut_next(way, data, time)

    def _cut_next(self, way: Way, data: bytes, time: int) -> None:
        """Cut cleartext whose event was told last; marks about it go before that, and before its ciphertext."""
        self._marks_at = len(self.events) - 1
        before = self.events[self._marks_at - 1] if self._marks_at else None
        if isinstance(before, Ciphertext) and before.flow == way.source.flow and before.side == way.source.peer:
            self._marks_at -= 1
        self.cut(way, way.cut(data), time)

    def cut(self, way: Way, pieces: list[tuple[Piece, bytes]], time: int) -> None:
        """Deal with what has been cut, and with what comes behind it."""
        while pieces:
            for piece, raw in pieces:
                if self.refusal is not None and way is self.down:
                    return
                self._piece(way, piece, raw, time)
            pieces = [] if way.passing or way.waits else way.go_on()
        if way.passing:
            way.send(way.rest(), time)

    def _piece(self, way: Way, piece: Piece, raw: bytes, time: int) -> None:
        if way.passing:
            way.send(raw, time)
        elif isinstance(piece, Head):
            self._header(way, piece, raw, time)
        elif self.refusal is not None:
            return
        elif isinstance(piece, Item):
            self._element(way, piece, raw, time)
        else:
            if isinstance(piece, Foot):
                self.negotiation.close_tag(way.sender)
            way.send(raw, time)
            if isinstance(piece, Bad | Torn):
                self.pass_all(time)

    def _header(self, way: Way, head: Head, raw: bytes, time: int) -> None:
        way.xmlns = head.xmlns
        self.negotiation.header(way.sender, head.element, head.xmlns)
        if way is self.up:
            self.headed, self.answered = True, False
            self.domain = head.element.attrs.get("to", "") or self.domain
            if self.refusal is not None:
                self.refuse(time)
                return
            if self._verified_for and not self._fits_still(time):
                return
        if self._bridge is not None and self._bridge.header(way, head, raw, time):
            return
        if way is self.down:
            self.answered = True
            self._be_calm()
        way.send(raw, time)
        if way is self.up and not self._dialling:
            self._dial()

    def _element(self, way: Way, item: Item, raw: bytes, time: int) -> None:
        step = self.negotiation.element(way.sender, item.element)
        if self._bridge is not None and self._bridge.element(way, item, time):
            return
        if way is self.down and item.element.name == _FEATURES:
            raw = raw[: len(raw) - len(item.raw)] + self.features.edited(way, item, time)
        way.send(raw, time)
        self.features.watch(item.element, time)
        self.follow(way, step, time)

    def follow(self, way: Way, step: Step, time: int) -> None:
        """Do what the negotiation table says about the bytes that come next."""
        if step.action is Action.WAIT:
            way.wait()
        elif step.action is Action.GO_ON:
            other = self.up if way is self.down else self.down
            if other.waits:
                self.cut(other, other.go_on(after_wait=True), time)
        elif step.action is Action.TLS:
            self._begin_tls(time)
        elif step.action is Action.DEFLATE:
            self.pass_all(time)
        if step.state in _OVER:
            self.pass_all(time)

    def pass_all(self, time: int) -> None:
        """Hold nothing back any longer."""
        for way in (self.up, self.down):
            if not way.passing:
                way.passing = True
                way.send(way.rest(), time)

    # TLS

    def _begin_tls(self, time: int) -> None:
        """Let both legs go on in TLS: `<proceed/>` has passed."""
        behind_starttls, behind_proceed = self.up.rest(), self.down.rest()
        self.expect_client_tls(time)
        self.server.expect_tls()
        self.up.ready = False
        self.up.restart()
        self.down.restart()
        try:
            self.server.receive(behind_proceed, time, len(behind_proceed))
        except TlsFault as fault:
            self._server_fault(fault, time)
        self.client_behind_starttls(behind_starttls, time)

    def expect_client_tls(self, time: int) -> None:
        """Take what the client sends next for TLS; a new stream begins inside."""
        self.client.expect_tls()
        self.down.ready = False
        self.headed = self.answered = False
        self._await(time, "the client did not begin TLS")

    def client_behind_starttls(self, data: bytes, time: int) -> None:
        """Take what the client sent ahead, behind its `<starttls/>`: as TLS or not at all."""
        try:
            self.client.receive(data, time, len(data))
        except TlsFault as fault:
            self._client_fault(fault, time)
        self._client_goes_on(time)

    def _client_goes_on(self, time: int) -> None:
        """Do what has become possible with what the client has sent in TLS."""
        if self.client.hello is not None and not self._greeted and not self.done:
            self._greeted = True
            self._client_greeted(time)
        if self.client.established and not self.down.ready:
            if self.refusal is None:
                self._be_calm()
            self.down.begin(time)
        if self.client.closed and not self.server.closed and self.up.ready:
            self.server.close_tls(time)

    def _client_greeted(self, time: int) -> None:
        hello = self.client.hello
        if self.refusal is not None:
            self.refuse(time)
        elif self._connected:
            self._start_server_tls(time)
        elif hello is not None and hello.sni and self._upstream_mode in ("same", "tls"):
            self.domain = hello.sni
            self._dial()
        else:
            self.start_client_tls(time)

    def start_client_tls(self, time: int) -> None:
        """Answer the client's ClientHello: as the server was answered, or where it was not, as the client likes."""
        hello = self.client.hello
        offered = [] if hello is None else hello.alpn
        versions = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) if hello is None else client_versions(hello)
        alpn = _ALPN[self.negotiation.kind] if _ALPN[self.negotiation.kind] in offered else None
        if self.server.established and self.server.tls is not None:
            versions = only(self.server.version)
            alpn = self.server.tls.selected_alpn_protocol()
        context = self.tools.client_context(self.domain, self._dialled, self._certificate, alpn, versions)
        self._await(time, "the client did not complete the TLS handshake")
        try:
            self.client.start_tls(context, time)
        except TlsFault as fault:
            self._client_fault(fault, time)

    def _start_server_tls(self, time: int) -> None:
        hello = self.client.hello
        alpn: tuple[str, ...] = () if hello is None else tuple(hello.alpn)
        versions = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) if hello is None else client_versions(hello)
        if self.client.established and self.client.tls is not None:
            chosen = self.client.tls.selected_alpn_protocol()
            alpn, versions = (() if chosen is None else (chosen,)), only(self.client.version)
        self._await(time, "the server did not complete the TLS handshake")
        try:
            self.server.start_tls(self.tools.server_context(alpn, versions), time, server_name(self.domain))
        except TlsFault as fault:
            self._server_fault(fault, time)

    def begin_server_tls(self, time: int) -> None:
        """Begin TLS with the server, which has agreed to it; the client's side of it is there already."""
        self.server.expect_tls()
        self.up.ready = False
        self.down.restart()
        self._start_server_tls(time)

    def _judge(self, tls: ssl.SSLObject, problem: str, time: int) -> None:
        """Judge the server's certificate, once its chain was; *problem* is what OpenSSL has against that."""
        self._certificate = tls.getpeercert(binary_form=True) if not problem else None
        reason = problem or judge_certificate(self._certificate, self.domain, self.negotiation.kind, time)
        self._verified_for = self.domain
        if self.settings.insecure:
            self.mark(VerdictMark("unverified", reason), time, server=True)
            return
        self.mark(VerdictMark("refused" if reason else "verified", reason), time, server=True)
        if reason and not problem:
            raise TlsFault(reason, verification=True)

    def _fits_still(self, time: int) -> bool:
        """Judge the certificate again where the stream is for another domain than TLS was; whether it may go on."""
        if self.settings.insecure or self.domain == self._verified_for:
            return True
        self._verified_for = self.domain
        reason = judge_certificate(self._certificate, self.domain, self.negotiation.kind, time)
        if reason:
            self._server_fault(TlsFault(reason, verification=True), time)
        return not reason

    def _server_secured(self, time: int) -> None:
        """Go on once the server leg has TLS."""
        self._be_calm()
        if self.client.expects_tls and not self.client.established:
            self.start_client_tls(time)
        if isinstance(self._bridge, ServerBridge):
            self._bridge.secured(time)
        self.up.begin(time)

    def _server_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: TLS with the server has failed, or it broke later."""
        if self.answered and self.server.established and not fault.verification:
            self.mark(ToldMark(f"server leg: {fault}", reason=str(fault)), time, server=True)
            self.finish(time)
            return
        if fault.verification:
            text = f"server leg: certificate refused: {fault}"
            why = f"The server's certificate does not hold for {self.domain or 'the domain'}: {fault}."
            advice = (
                "renew it; --upstream-ca FILE for an authority of your own; --insecure-upstream goes on unverified and "
                "says so each time"
            )
        else:
            text, why = f"server leg: TLS failed: {fault}", f"TLS with the server failed: {fault}."
            advice = "see which versions and suites it accepts, and whether that port speaks TLS from the first byte"
        self.fail(text, str(fault), why, advice, time)

    def _client_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: the client's TLS has failed, and nothing can be said to it any more."""
        if self.done:
            return
        trust = "unknown ca" in str(fault) or "certificate" in str(fault)
        if trust:
            why = (
                "The client does not trust the proxy's authority. The server was reached and its certificate verified: "
                "nothing is wrong beyond the proxy."
                if self.server.established
                else "The client does not trust the proxy's authority."
            )
            advice = "xmppscope ca trust: the steps for this system and this client"
        else:
            why = f"TLS with the client failed: {fault}."
            advice = "see which versions and suites the client offers (its tls entry)"
        self.mark(ToldMark(f"client leg: {fault}", str(fault), why, advice), time)
        self.finish(time)

    # Where to

    @property
    def _upstream_mode(self) -> str:
        upstream = self.settings.upstream
        return "same" if upstream is None or self._destination is not None else upstream.mode

    def _dial(self) -> None:
        self._dialling = True
        mode = self._upstream_mode
        direct = self.direct_tls if mode == "same" else mode == "tls"
        if self.direct_tls and mode == "starttls":
            self._bridge = ServerBridge(self)
        elif not self.direct_tls and mode in ("tls", "plain"):
            self._bridge = ClientBridge(self)
        self.features.hides_starttls = self.features.hides_starttls or (self.direct_tls and mode == "plain")
        self.commands.append(Dial(self.domain, self.negotiation.kind, direct, self._destination))

    # The end

    def _ended(self, way: Way, time: int, reset: bool) -> None:
        if self.done or way.sender in self._gone:
            return
        self._gone.add(way.sender)
        leg = way.source
        self.tell(Ended(leg.flow, leg.peer, time, 0, reset=reset))
        if reset or self.refusal is not None or not self._connected or len(self._gone) == 2:
            if reset and self._connected:
                self.tell(Ended(way.sink.flow, way.sink.own, time, 0, reset=True))
                self.commands.append(End(way.sink.name, abort=True))
            elif len(self._gone) == 2:
                self._pass_end(way, time)
            self.finish(time)
            return
        self._pass_end(way, time)

    def _pass_end(self, way: Way, time: int) -> None:
        """Pass FIN on, and before it what TLS has to say."""
        if not way.passing and not way.waits:
            way.send(way.rest(), time)
        if way.ready:
            if way.source.closed or way.source.tls is None:
                way.sink.close_tls(time)
            self._send_end(way.sink, time)
            self.commands.append(End(way.sink.name))

    def _send_end(self, leg: Leg, time: int) -> None:
        """Note that FIN is sent on a leg: nothing can follow it."""
        leg.ended = True
        self.tell(Ended(leg.flow, leg.own, time, 0, reset=False))

    def _await(self, time: int, what: str, patience: int = PATIENCE) -> None:
        """Wait for a peer to do its part, and not for ever."""
        self._waits_for = what
        self.deadline = time + patience

    def _be_calm(self) -> None:
        """Wait for nothing: whoever has the next word may take their time."""
        self._waits_for = ""
        self.deadline = None


def _between(last: bytes) -> bool:
    """Whether a way seems to be between two elements, so that a closing tag of the proxy's own does no harm."""
    return not last or last.rstrip().endswith(b">")
