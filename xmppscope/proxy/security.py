"""TLS on both legs, so that each peer gets what it would get from the other one.

The client's ClientHello is read whole. Then the handshake with the server is made, within the versions and ALPN that
the client offers, and only then the client's is completed, in the version and with the ALPN that the server chose. What
a client sends between its `<starttls/>` and its ClientHello is never taken for protected: white space is let go, for
some clients end their elements with a line feed; anything else ends the connection.
"""

import ssl
from typing import TYPE_CHECKING, Final

from xmppscope.model.marks import VerdictMark
from xmppscope.model.timeline import ConnectionKind
from xmppscope.model.wire import Data
from xmppscope.proxy.bridge import ServerBridge
from xmppscope.proxy.leg import TlsFault
from xmppscope.proxy.tls_choice import (
    Versions,
    client_versions,
    judge_certificate,
    offered_alpn,
    only,
    server_name,
)

if TYPE_CHECKING:
    from xmppscope.proxy.relay import Relay

_SPACES: Final = b" \t\r\n"
_ALPN: Final = {"c2s": "xmpp-client", "unknown": "xmpp-client", "component": "xmpp-client", "s2s": "xmpp-server"}
_ANY: Final[Versions] = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Security:
    """Makes TLS on both legs of one connection; `verified` says that the server's certificate is one for the domain."""

    def __init__(self, relay: "Relay") -> None:
        self.verified = False
        self._relay = relay
        self._begun = relay.direct_tls
        self._greeted = False
        self._certificate: bytes | None = None
        self._judged_for: str | None = None
        relay.server.judge = self._judge

    @property
    def kind(self) -> ConnectionKind:
        """What kind of stream it is; before a header, what the user or the ALPN of direct TLS says (XEP-0368 §3)."""
        hello, kind = self._relay.client.hello, self._relay.negotiation.kind
        if kind != "unknown":
            return kind
        return "s2s" if hello is not None and "xmpp-server" in hello.alpn else self._relay.settings.kind

    @property
    def asks(self) -> bool:
        """Whether the client, a server itself, is to be asked for its certificate."""
        return self._relay.settings.kind == "s2s" and self._relay.peer not in self._relay.tools.strangers

    def begin(self, time: int) -> None:
        """Let both legs go on in TLS: `<proceed/>` has passed."""
        relay = self._relay
        behind_starttls, behind_proceed = relay.up.rest(), relay.down.rest()
        self.expect_client(time)
        if relay.done:
            return
        relay.server.expect_tls()
        relay.up.ready = False
        relay.up.restart()
        relay.down.restart()
        try:
            relay.server.receive(behind_proceed, time, len(behind_proceed))
        except TlsFault as fault:
            relay.server_fault(fault, time)
        self.from_client(behind_starttls, time, told=len(behind_starttls))

    def expect_client(self, time: int) -> None:
        """Take what the client sends next for TLS; a new stream begins inside."""
        relay = self._relay
        relay.client.expect_tls()
        relay.down.ready = False
        relay.passage.headed = relay.passage.answered = False
        relay.ending.wait_for("the client did not begin TLS", time)
        if relay.ending.client_gone:
            relay.ending.finish(time)

    def from_client(self, data: bytes, time: int, told: int = 0) -> None:
        """Take bytes of the client's TLS, *told* of which were told as cleartext before."""
        if not self._begun:
            rest = data.lstrip(_SPACES)
            self._space(data[: len(data) - len(rest)], time, told=bool(told))
            told -= min(told, len(data) - len(rest))
            data, self._begun = rest, bool(rest)
        relay = self._relay
        try:
            relay.client.receive(data, time, told)
        except TlsFault as fault:
            relay.client_fault(fault, time)
        self._client_goes_on(time)

    def from_server(self, data: bytes, time: int) -> None:
        """Take bytes of the server's TLS."""
        relay = self._relay
        before = relay.server.established
        try:
            relay.server.receive(data, time)
        except TlsFault as fault:
            relay.server_fault(fault, time)
            return
        if relay.server.established and not before:
            self._server_secured(time)
        if relay.server.closed and relay.down.ready:
            relay.client.close_tls(time)

    def _space(self, spaces: bytes, time: int, *, told: bool) -> None:
        """Take white space that comes before the ClientHello, which the server does not expect any more."""
        if spaces:
            relay = self._relay
            if not told:
                relay.tell(Data(relay.client.flow, 0, time, 0, spaces))
            relay.up.skip(len(spaces))

    def _client_goes_on(self, time: int) -> None:
        """Do what has become possible with what the client has sent in TLS."""
        relay = self._relay
        client = relay.client
        if client.hello is not None and not self._greeted and not relay.done:
            self._greeted = True
            self._client_greeted(time)
        if client.established and not relay.down.ready:
            if relay.ending.refusal is None and relay.passage.dialled:
                relay.ending.be_calm()
            elif relay.ending.refusal is None:
                relay.ending.wait_for("the client did not begin a stream", time)
            relay.ending.let_pass(relay.down, time)
        if client.closed and relay.up.ready:
            relay.server.close_tls(time)

    def _client_greeted(self, time: int) -> None:
        """Go on once the ClientHello is whole: with the server first, if it is clear which one."""
        relay = self._relay
        named = relay.settings.upstream is not None or relay.destination is not None
        hello = relay.client.hello
        if relay.direct_tls and hello is not None:
            relay.domain = hello.sni or ""
        if relay.ending.refusal is not None:
            relay.ending.refuse(time)
        elif relay.connected and relay.server.expects_tls and relay.server.tls is None:
            self.start_server(time)
        elif relay.direct_tls and relay.mode in ("same", "tls") and (relay.domain or named):
            relay.ending.be_calm()
            relay.passage.dial()
        else:
            self.start_client(time)

    def start_client(self, time: int) -> None:
        """Answer the client's ClientHello: as the server was answered, or where it was not, as the client likes."""
        relay = self._relay
        hello, server = relay.client.hello, relay.server
        versions = _ANY if hello is None else client_versions(hello)
        usual = _ALPN[self.kind]
        alpn = usual if hello is not None and usual in hello.alpn else None
        if server.established and server.tls is not None:
            versions, alpn = only(server.version), server.tls.selected_alpn_protocol()
        own, asks = self._certificate, self.asks
        context = relay.tools.client_context(relay.domain, relay.dialled, own, alpn, versions, asks=asks)
        relay.ending.wait_for("the client did not complete the TLS handshake", time)
        try:
            relay.client.start_tls(context, time)
        except TlsFault as fault:
            relay.client_fault(fault, time)

    def start_server(self, time: int) -> None:
        """Begin the handshake with the server, within what the client offers or has already."""
        relay = self._relay
        hello, client = relay.client.hello, relay.client
        alpn = () if hello is None else offered_alpn(hello)
        versions = _ANY if hello is None else client_versions(hello)
        if client.established and client.tls is not None:
            chosen = client.tls.selected_alpn_protocol()
            alpn, versions = (() if chosen is None else (chosen,)), only(client.version)
        name = server_name(relay.domain) if relay.domain else None
        relay.ending.wait_for("the server did not complete the TLS handshake", time)
        try:
            relay.server.start_tls(relay.tools.server_context(alpn, versions), time, name)
        except TlsFault as fault:
            relay.server_fault(fault, time)

    def begin_server(self, time: int) -> None:
        """Begin TLS with the server, which has agreed to it; the client's side of it is there already."""
        relay = self._relay
        relay.server.expect_tls()
        relay.up.ready = False
        behind = relay.down.rest()
        relay.down.restart()
        try:
            relay.server.receive(behind, time, len(behind))
        except TlsFault as fault:
            relay.server_fault(fault, time)
            return
        self.start_server(time)

    def _server_secured(self, time: int) -> None:
        """Go on once the server leg has TLS."""
        relay = self._relay
        relay.ending.be_calm()
        if relay.client.expects_tls and not relay.client.established:
            self.start_client(time)
        if isinstance(relay.bridge, ServerBridge):
            relay.bridge.secured(time)
        relay.ending.let_pass(relay.up, time)

    def _judge(self, tls: ssl.SSLObject, problem: str, time: int) -> None:
        """Judge the server's certificate, once its chain was; *problem* is what OpenSSL has against that."""
        relay = self._relay
        if not problem:
            self._certificate = tls.getpeercert(binary_form=True)
            if not relay.domain:
                return  # no name was asked for yet: the stream header will tell it
        reason = problem or self._reason(time)
        if relay.settings.insecure:
            relay.mark(VerdictMark("unverified", reason), time, server=True)
            return
        self.verified = not reason
        relay.mark(VerdictMark("refused" if reason else "verified", reason), time, server=True)
        if reason and not problem:
            raise TlsFault(reason, verification=True)

    def fits_still(self, time: int) -> bool:
        """Judge the certificate for the domain of a header, where TLS was for another one; whether it may go on."""
        relay = self._relay
        if self._certificate is None or relay.settings.insecure or relay.domain == self._judged_for:
            return True
        reason = self._reason(time)
        self.verified = not reason
        if reason:
            relay.server_fault(TlsFault(reason, verification=True), time)
        return not reason

    def _reason(self, time: int) -> str:
        relay = self._relay
        self._judged_for = relay.domain
        return judge_certificate(self._certificate, relay.domain, self.kind, time)
