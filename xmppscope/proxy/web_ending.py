"""How a proxied connection of the web ends: in order, by a fault of either side, or because somebody took too long.

Where the server cannot be had the client is told so by 502, as long as its request waits for an answer; behind the
beginning of one, or in a WebSocket, nothing is left but to close. A request may wait for its answer as long as the
server likes: that is how BOSH works.
"""

from typing import TYPE_CHECKING, Final

from xmppscope.model.marks import DoneMark, ToldMark
from xmppscope.model.wire import Ended, Released, Side
from xmppscope.proxy.ending import LAST_WORDS, PATIENCE
from xmppscope.proxy.http import Answer
from xmppscope.proxy.leg import Leg, TlsFault
from xmppscope.proxy.settings import End
from xmppscope.proxy.web_words import TRUST

if TYPE_CHECKING:
    from xmppscope.proxy.web_relay import WebRelay

_SECOND: Final = 1_000_000_000
_IDLE: Final = 60 * _SECOND
_THE_CLIENT: Final = "the client"


class WebEnding:
    """Ends one connection; `heard` says that the server has said anything.

    `deadline` is when the present wait is over, `parting` that the client was told all it will be, `done` that all is
    over.
    """

    def __init__(self, relay: "WebRelay") -> None:
        self.deadline: int | None = None
        self.done = False
        self.heard = False
        self.parting = False
        self._relay = relay
        self._waits_for = ""
        self._failed = False
        self._gone: set[Side] = set()

    def wait_for(self, what: str, time: int, patience: int = PATIENCE) -> None:
        """Wait for a peer to do its part, and not for ever; *what* is said of it if it does not."""
        self._waits_for = what
        self.deadline = time + patience

    def wait_for_request(self, time: int) -> None:
        """Wait for a client's first request: browsers open connections that they may never use."""
        self.wait_for("", time, _IDLE)

    def be_calm(self) -> None:
        """Wait for nothing: whoever has the next word may take their time."""
        self._waits_for = ""
        self.deadline = None

    def expired(self, time: int) -> None:
        """Give up waiting."""
        self.deadline = None
        text = f"{self._waits_for} within {PATIENCE // _SECOND} s"
        if self._waits_for and not self._waits_for.startswith(_THE_CLIENT):
            why = f"The server was reached, but it {text.removeprefix('the server ')}."
            self.fail(text, text, why, self._other_way(), time)
            return
        if self._waits_for:
            self._relay.tell_fault(text, time)
        self.finish(time)

    def fail(self, text: str, reason: str, why: str, advice: str, time: int) -> None:
        """Give the connection up on the server's side, and tell the client so if it can be told."""
        relay = self._relay
        if self._failed or self.done:
            return
        self._failed = True
        relay.server.release()
        relay.mark(ToldMark(text, reason, why, advice), time, server=True)
        if not relay.exchanges.refuse(Answer(502, f"xmppscope: {text}. {advice[:1].upper()}{advice[1:]}."), time):
            self.finish(time)

    def part(self, time: int) -> None:
        """Let go of the client in order, and of the server at once; the client has a moment to do the same."""
        relay = self._relay
        if self.parting or self.done:
            return
        self.parting = True
        if relay.connected:
            self._let_go(relay.server, time)
            relay.commands.append(End("server", close=True))
        self._let_go(relay.client, time)
        relay.commands.append(End("client"))
        self.wait_for("", time, LAST_WORDS)
        if 0 in self._gone:
            self.finish(time)

    def server_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: TLS with the server has failed, or it broke later."""
        relay = self._relay
        if relay.server.ended:
            self.finish(time)  # OpenSSL answers FIN without close_notify with an alert: that is the end, and no fault
        elif relay.ready:
            relay.mark(ToldMark(f"server leg: {fault}", str(fault)), time, server=True)
            self.finish(time)
        elif fault.verification:
            why = f"The server's certificate does not hold for {relay.name}: {fault}."
            advice = (
                "renew it; --upstream-ca FILE for an authority of your own; --insecure-upstream goes on unverified and "
                "says so each time"
            )
            self.fail(f"server leg: certificate refused: {fault}", str(fault), why, advice, time)
        else:
            why = f"TLS with the server failed: {fault}."
            self.fail(f"server leg: TLS failed: {fault}", str(fault), why, self._other_way(), time)

    def client_fault(self, fault: TlsFault, time: int) -> None:
        """Give up: the client's TLS has failed, and nothing can be said to it any more."""
        if self.done:
            return
        if not (self._relay.client.ended and self._relay.client.established):
            why, advice = f"TLS with the client failed: {fault}.", "see what the client offers (its tls entry)"
            if "unknown ca" in str(fault) or "certificate" in str(fault):
                why, advice = "The client does not trust the proxy's authority.", TRUST
            self._relay.mark(ToldMark(f"client leg: {fault}", str(fault), why, advice), time)
        self.finish(time)

    def client_ended(self, time: int, *, reset: bool) -> None:
        """Take FIN or RST of the client."""
        relay = self._relay
        if not self._note_end(relay.client, 0, time, reset=reset):
            return
        if relay.client.tls is not None and not relay.client.established:
            self._left_in_handshake(time)
        elif reset:
            self._pass_reset(relay.server, time)
        elif self.parting or (not relay.ready and not relay.exchanges.owes):
            self.finish(time)
        elif not relay.exchanges.owes:
            self._pass_end(relay.client, relay.server, time)

    def client_gone_already(self, time: int) -> None:
        """Pass on the end that the client has sent before the server leg was there."""
        if 0 in self._gone and not self.done:
            self._pass_end(self._relay.client, self._relay.server, time)

    def server_ended(self, time: int, *, reset: bool) -> None:
        """Take FIN or RST of the server; one that comes instead of an answer is a fault."""
        relay = self._relay
        if self.parting or not self._note_end(relay.server, 1, time, reset=reset):
            return
        how = "reset" if reset else "closed"
        if not relay.ready:
            text = f"the server {how} the connection during the TLS handshake"
            why = f"The server took the connection and {how} it during the TLS handshake."
            self.fail(text, f"server leg {how} during the TLS handshake", why, self._other_way(), time)
        elif not self.heard and relay.exchanges.unanswered:
            text = f"the server {how} the connection without an answer"
            why = f"The server took the request and {how} the connection."
            self.fail(text, f"server leg {how} without an answer", why, self._other_way(), time)
        elif relay.exchanges.owes:
            relay.ready = False
        elif reset:
            self._pass_reset(relay.client, time)
        else:
            self._pass_end(relay.server, relay.client, time)

    def stop(self, time: int) -> None:
        """Close both legs: the proxy is to end."""
        if not self.done and not self._gone and not self.parting and not self._relay.exchanges.idle:
            self._relay.mark(ToldMark("closed by the proxy, which was stopped"), time)
        self.finish(time)

    def finish(self, time: int) -> None:
        """Let go of both legs."""
        relay = self._relay
        if self.done:
            return
        self.done = True
        self.deadline = None
        for leg in (relay.client, relay.server):
            leg.close_tls(time)
            leg.conclude()
            relay.commands.append(End(leg.name, close=True))
        relay.mark(DoneMark(), time, server=0 in self._gone)
        relay.tell(Released(relay.client.flow, time, "closed"))
        if relay.connected:
            relay.tell(Released(relay.server.flow, time, "closed"))

    def _note_end(self, leg: Leg, side: Side, time: int, *, reset: bool) -> bool:
        """Note that a peer has ended; whether that is news."""
        if self.done or side in self._gone:
            return False
        self._gone.add(side)
        leg.conclude()
        self._relay.tell(Ended(leg.flow, leg.peer, time, 0, reset=reset))
        return True

    def _left_in_handshake(self, time: int) -> None:
        """Say what it probably means that a client goes away without a word when it sees our certificate."""
        text = "client leg: ended by the client in the handshake, without a word"
        why = "The client hung up after it saw the proxy's certificate: most likely it does not trust the authority."
        self._relay.mark(ToldMark(text, text, why, TRUST), time)
        self.finish(time)

    def _other_way(self) -> str:
        """Return what to try where a server takes the connection and does not go on."""
        url = self._relay.url
        other = "is to begin without TLS: ws:// or http://" if url.tls else "begins with TLS: wss:// or https://"
        return f"look into its log; if that port {other} in --upstream-url"

    def pass_goodbye(self, sink: Leg, time: int) -> None:
        """Pass on that a peer has said in TLS that no more comes; where the other leg has none, FIN says so."""
        if sink.tls is not None:
            sink.close_tls(time)
        elif not sink.ended and not self.done:
            self._send_end(sink, time)
            self._relay.commands.append(End(sink.name))

    def _pass_end(self, source: Leg, sink: Leg, time: int) -> None:
        """Pass FIN on, and before it what TLS has to say: to the client no more than the server has said.

        Browsers leave without a word in TLS, which OpenSSL at a server's would take for a fault.
        """
        if source.closed or source.tls is None or sink.name == "server":
            sink.close_tls(time)
        self._send_end(sink, time)
        self._relay.commands.append(End(sink.name))
        if len(self._gone) == 2:
            self.finish(time)

    def _pass_reset(self, sink: Leg, time: int) -> None:
        relay = self._relay
        if sink.name == "client" or relay.connected:
            sink.conclude()
            relay.tell(Ended(sink.flow, sink.own, time, 0, reset=True))
            sink.ended = True
            relay.commands.append(End(sink.name, abort=True))
        self.finish(time)

    def _let_go(self, leg: Leg, time: int) -> None:
        leg.close_tls(time)
        self._send_end(leg, time)

    def _send_end(self, leg: Leg, time: int) -> None:
        """Note that FIN is sent on a leg: nothing can follow it."""
        if not leg.ended:
            leg.ended = True
            self._relay.tell(Ended(leg.flow, leg.own, time, 0, reset=False))
