"""How a proxied connection ends: in order, by a fault of either side, or because somebody kept it waiting too long.

Whatever goes wrong on the server's side ends with a stream error for the client, in its own protocol: its TLS is
completed, its header answered, and the error sent inside (RFC 6120 §4.9.1.2). It takes a bounded time.
"""

from typing import TYPE_CHECKING, Final

from xmppscope.model.marks import DoneMark, ToldMark
from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.model.wire import Ended, Released
from xmppscope.proxy.bridge import ServerBridge
from xmppscope.proxy.leg import Leg, TlsFault
from xmppscope.proxy.refusal import Condition, Refusal
from xmppscope.proxy.settings import End
from xmppscope.proxy.way import MOST_WAITING, Way

if TYPE_CHECKING:
    from xmppscope.proxy.relay import Relay

_SECOND: Final = 1_000_000_000
PATIENCE: Final = 20 * _SECOND
"""Nanoseconds that a peer may take for its part of a handshake, or a server for its first answer."""

LAST_WORDS: Final = 5 * _SECOND
"""Nanoseconds that a client may take to close its stream once it was refused."""

_THE_CLIENT: Final = "the client"


class Ending:
    """Ends one connection; `refusal` is what the client is to be told, `heard` that the server has said anything.

    `deadline` is when the present wait is over, in nanoseconds since the epoch; `done` says that all is over.
    """

    def __init__(self, relay: "Relay") -> None:
        self.deadline: int | None = None
        self.done = False
        self.heard = False
        self.refusal: Refusal | None = None
        self._relay = relay
        self._waits_for = ""
        self._refused = False
        self._gone: set[Sender] = set()

    def wait_for(self, what: str, time: int, patience: int = PATIENCE) -> None:
        """Wait for a peer to do its part, and not for ever; *what* is said of it if it does not."""
        self._waits_for = what
        self.deadline = time + patience

    def be_calm(self) -> None:
        """Wait for nothing: whoever has the next word may take their time."""
        self._waits_for = ""
        self.deadline = None

    def expired(self, time: int) -> None:
        """Give up waiting."""
        self.deadline = None
        text = f"{self._waits_for} within {PATIENCE // _SECOND} s"
        if self.refusal is not None or self._waits_for.startswith(_THE_CLIENT):
            if self._waits_for:
                self._relay.mark(ToldMark(text, text), time)
            self.finish(time)
            return
        why = f"The server was reached, but it {text.removeprefix('the server ')}."
        self.fail(text, text, why, self._other_way(), time)

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
        relay = self._relay
        if self.refusal is not None or self.done:
            return
        relay.server.release()
        relay.mark(ToldMark(text, reason, why, advice), time, server=relay.connected)
        self.refusal = Refusal(condition, text)
        if relay.connected:
            self._let_go(relay.server, time)
        self.wait_for("the client did not say what it wants", time)
        self.refuse(time)

    def refuse(self, time: int) -> None:
        """Tell the client why there is no stream for it, once that can be said."""
        relay = self._relay
        if self.refusal is None or self._refused or (relay.client.expects_tls and not self._client_listens(time)):
            return
        if not relay.passage.headed or self.done:
            return
        self._refused = True
        self.let_pass(relay.down, time)
        xml = self.refusal.xml(
            header_due=not relay.passage.answered,
            kind=relay.negotiation.kind,
            domain=relay.domain,
            identity=f"proxy-{relay.pair}",
        )
        relay.make(relay.client, RECEIVING, "proxy", xml, time)
        self._let_go(relay.client, time, wait=True)
        if self.client_gone:
            self.finish(time)

    def _client_listens(self, time: int) -> bool:
        """Whether the client's TLS is done; it is begun, once it can be."""
        client = self._relay.client
        if client.tls is None and client.hello is not None:
            self._relay.security.start_client(time)
        return client.established

    def server_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: TLS with the server has failed, or it broke later."""
        relay = self._relay
        if relay.server.ended:
            # OpenSSL answers FIN without close_notify with an alert: that is the end, and no fault of the server's.
            self.finish(time)
        elif relay.passage.answered and relay.server.established and not fault.verification:
            relay.mark(ToldMark(f"server leg: {fault}", str(fault)), time, server=True)
            self.finish(time)
        elif fault.clear:
            text = f"{relay.address} speaks XMPP in the clear where TLS is due"
            why = "The server was reached, but its port does not begin with TLS."
            self.fail(text, text, why, f"it wants STARTTLS: --upstream starttls:{relay.address}", time)
        elif fault.verification:
            text = f"server leg: certificate refused: {fault}"
            why = f"The server's certificate does not hold for {relay.domain or 'the domain'}: {fault}."
            advice = (
                "renew it; --upstream-ca FILE for an authority of your own; --insecure-upstream goes on unverified and "
                "says so each time"
            )
            self.fail(text, str(fault), why, advice, time)
        else:
            why = f"TLS with the server failed: {fault}."
            advice = "see which versions and suites it accepts, and whether that port speaks TLS from the first byte"
            self.fail(f"server leg: TLS failed: {fault}", str(fault), why, advice, time)

    def client_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: the client's TLS has failed, and nothing can be said to it any more."""
        if self.done:
            return
        if self._relay.client.ended and self._relay.client.established:
            self.finish(time)  # as the server does (above)
            return
        if fault.verification:
            self._relay.tools.strangers.add(self._relay.peer)
            why = f"The initiating server's own certificate does not hold here: {fault}."
            advice = "--upstream-ca FILE with its authority; the next time it is asked for none, as if it had none"
        elif "unknown ca" in str(fault) or "certificate" in str(fault):
            why = "The client does not trust the proxy's authority."
            why += self._beyond(": nothing is wrong beyond the proxy")
            advice = "xmppscope ca trust: the steps for this system and this client"
        else:
            why = f"TLS with the client failed: {fault}."
            advice = "see which versions and suites the client offers (its tls entry)"
        self._relay.mark(ToldMark(f"client leg: {fault}", str(fault), why, advice), time)
        self.finish(time)

    def no_stream(self, time: int) -> None:
        """Give up: the client sends something else than a stream, so there is no telling where it should go."""
        text = "client leg: what it sends is no XMPP stream"
        why = "What the client sent does not begin as an XMPP stream does, so no server was asked."
        self._relay.mark(ToldMark(text, text, why, "see which program it is that connects here"), time)
        self.finish(time)

    def overrun(self, way: Way, time: int) -> None:
        """Give up: a peer sends on and on without waiting for what it has asked for."""
        relay = self._relay
        who, to = ("client", "server") if way is relay.up else ("server", "client")
        text = f"{who} leg: more than {MOST_WAITING // 1024} KiB wait for the {to}"
        why = f"The {who} sent more than {MOST_WAITING // 1024} KiB before the {to} was ready for it."
        relay.mark(ToldMark(text, text, why, f"see why the {who} does not wait"), time, server=way is relay.down)
        self.finish(time)

    def client_ended(self, time: int, *, reset: bool) -> None:
        """Take FIN or RST of the client."""
        self._ended(self._relay.up, time, reset)

    def server_ended(self, time: int, *, reset: bool) -> None:
        """Take FIN or RST of the server; one that comes instead of an answer is a fault."""
        relay = self._relay
        if self.refusal is not None or self.done:
            return
        unready = relay.server.expects_tls and not relay.server.established
        asked = isinstance(relay.bridge, ServerBridge) and relay.bridge.asks
        if self.heard and not unready and not asked:
            self._ended(relay.down, time, reset)
            return
        late = "before it granted STARTTLS" if asked and self.heard else "without an answer"
        when = "during the TLS handshake" if unready else late
        how = "reset" if reset else "closed"
        relay.server.conclude()
        relay.tell(Ended(relay.server.flow, relay.server.peer, time, 0, reset=reset))
        self.fail(
            f"the server {how} the connection {when}",
            f"server leg {how} {when}",
            f"The server took the connection and {how} it {when}.",
            self._other_way(),
            time,
        )

    def _other_way(self) -> str:
        """Return what to try where a server takes the connection and says nothing."""
        relay = self._relay
        if relay.server.expects_tls:
            return f"look into its log; if that port does not begin with TLS: --upstream starttls:{relay.address}"
        return f"look into its log; if that port begins with TLS: --upstream tls:{relay.address}"

    def stop(self, time: int) -> None:
        """Close both streams: the proxy is to end."""
        relay = self._relay
        if self.done:
            return
        if not self._gone:
            relay.mark(ToldMark("closed by the proxy, which was stopped"), time)
        shutdown = Refusal("system-shutdown", "the debugging proxy was stopped")
        if self.refusal is None and relay.passage.answered and relay.down.between:
            data = shutdown.xml(header_due=False, kind=relay.negotiation.kind, domain=relay.domain, identity="")
            relay.make(relay.client, RECEIVING, "shutdown", data, time)
        if relay.connected and relay.up.ready and relay.passage.headed and relay.up.between:
            relay.make(relay.server, INITIATING, "shutdown", "</stream:stream>", time)
        self.finish(time)

    def finish(self, time: int) -> None:
        """Let go of both legs."""
        relay = self._relay
        if self.done:
            return
        relay.features.ended(time)
        self.done = True
        self.deadline = None
        for leg in (relay.client, relay.server):
            leg.close_tls(time)
            leg.conclude()
            relay.commands.append(End(leg.name, close=True))
        relay.mark(DoneMark(), time, server=relay.connected and INITIATING in self._gone)
        relay.tell(Released(relay.client.flow, time, "closed"))
        if relay.connected:
            relay.tell(Released(relay.server.flow, time, "closed"))

    def _ended(self, way: Way, time: int, reset: bool) -> None:
        relay = self._relay
        if self.done or way.sender in self._gone:
            return
        self._gone.add(way.sender)
        way.source.conclude()
        relay.tell(Ended(way.source.flow, way.source.peer, time, 0, reset=reset))
        if way is relay.up and relay.client.tls is not None and not relay.client.established:
            self._left_in_handshake(time)
        elif reset:
            if relay.connected:
                way.sink.conclude()
                relay.tell(Ended(way.sink.flow, way.sink.own, time, 0, reset=True))
                way.sink.ended = True
                relay.commands.append(End(way.sink.name, abort=True))
            self.finish(time)
        elif self.refusal is not None or (way is relay.up and (self._client_is_deaf or not relay.passage.dialled)):
            self.finish(time)
        else:
            self._pass_end(way, time)
            if len(self._gone) == 2:
                self.finish(time)

    @property
    def client_gone(self) -> bool:
        """Whether the client has said that it will say nothing more."""
        return INITIATING in self._gone

    @property
    def _client_is_deaf(self) -> bool:
        """Whether nothing can be said to the client before its handshake is done."""
        return self._relay.client.expects_tls and not self._relay.client.established

    def let_pass(self, way: Way, time: int) -> None:
        """Note that the sink of *way* is ready: what waited for it goes there, and the end if that has come."""
        way.begin(time)
        if way.sender in self._gone:
            self._pass_end(way, time)

    def _left_in_handshake(self, time: int) -> None:
        """Say what it probably means that a client goes away without a word when it sees our certificate."""
        text = "client leg: ended by the client in the handshake, without a word"
        why = "The client hung up after it saw the proxy's certificate: most likely it does not trust the authority."
        why += self._beyond("")
        advice = "xmppscope ca trust: the steps for this system and this client"
        self._relay.mark(ToldMark(text, text, why, advice), time)
        self.finish(time)

    def _beyond(self, so: str) -> str:
        """Return a sentence about the server, where the client's leg has failed; *so* goes on if all is well there."""
        if self._relay.security.verified:
            return f" The server was reached and its certificate verified{so}."
        return " The server was reached; its certificate was not verified." if self._relay.server.established else ""

    def _pass_end(self, way: Way, time: int) -> None:
        """Pass FIN on, and before it what TLS has to say."""
        if not way.passing and not way.waits:
            way.send(way.rest(), time)
        if way.ready and not way.sink.ended:
            if way.source.closed or way.source.tls is None:
                way.sink.close_tls(time)
            self._send_end(way.sink, time)
            self._relay.commands.append(End(way.sink.name))

    def _let_go(self, leg: Leg, time: int, *, wait: bool = False) -> None:
        """End a leg in order; with *wait* its peer has a moment to do the same."""
        leg.close_tls(time)
        self._send_end(leg, time)
        self._relay.commands.append(End(leg.name, close=not wait))
        if wait:
            self.wait_for("", time, LAST_WORDS)

    def _send_end(self, leg: Leg, time: int) -> None:
        """Note that FIN is sent on a leg: nothing can follow it."""
        if not leg.ended:
            leg.ended = True
            self._relay.tell(Ended(leg.flow, leg.own, time, 0, reset=False))
