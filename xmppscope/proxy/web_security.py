"""TLS on both legs of the web, each for itself: the client's at once, the server's where its URL says so.

The client is shown a certificate for the name in its SNI, or for the address that it dialled, and speaks HTTP/1.1. The
server's certificate has to name the host of its URL (RFC 9110 §4.3.4), as a DNS name or an IP address.
"""

import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from xmppscope.model.marks import VerdictMark
from xmppscope.proxy.leg import TlsFault
from xmppscope.proxy.tls_choice import Versions, client_versions, server_name
from xmppscope.proxy.web_arrival import HTTP_1_1
from xmppscope.tls.certificate import read_certificate
from xmppscope.tls.identity import match_certificate

if TYPE_CHECKING:
    from xmppscope.proxy.web_relay import WebRelay

ANY: Final[Versions] = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
"""The versions of TLS that the proxy offers to servers of the web, whatever the client offers."""


class WebSecurity:
    """Makes TLS on both legs of one connection; `verified` says that the server's certificate holds for its host."""

    def __init__(self, relay: "WebRelay") -> None:
        self.verified = False
        self._relay = relay
        relay.server.judge = self._judge

    @property
    def sni(self) -> str:
        """The name in the client's SNI, empty without one."""
        hello = self._relay.client.hello
        return (hello.sni or "") if hello is not None else ""

    def from_client(self, data: bytes, time: int) -> None:
        """Take bytes of the client's TLS."""
        relay, client = self._relay, self._relay.client
        before = client.established
        try:
            client.receive(data, time)
            if client.hello is not None and client.tls is None:
                self._start_client(time)
        except TlsFault as fault:
            relay.ending.client_fault(fault, time)
            return
        if client.established and not before and relay.exchanges.idle and not relay.parting:
            relay.ending.wait_for_request(time)
        if client.closed and relay.ready:
            relay.ending.pass_goodbye(relay.server, time)

    def from_server(self, data: bytes, time: int) -> None:
        """Take bytes of the server's TLS."""
        relay, server = self._relay, self._relay.server
        before = server.established
        try:
            server.receive(data, time)
        except TlsFault as fault:
            relay.ending.server_fault(fault, time)
            return
        if server.established and not before:
            relay.become_ready(time)
        if server.closed and not relay.exchanges.owes:
            relay.ending.pass_goodbye(relay.client, time)

    def start_server(self, time: int) -> None:
        """Begin TLS with the server."""
        relay = self._relay
        relay.server.expect_tls()
        relay.ending.wait_for("the server did not complete the TLS handshake", time)
        try:
            relay.server.start_tls(relay.tools.server_context((HTTP_1_1,), ANY), time, server_name(relay.name))
        except TlsFault as fault:
            relay.ending.server_fault(fault, time)

    def _start_client(self, time: int) -> None:
        relay, hello = self._relay, self._relay.client.hello
        versions = ANY if hello is None else client_versions(hello)
        alpn = HTTP_1_1 if hello is not None and HTTP_1_1 in hello.alpn else None
        context = relay.tools.client_context(self.sni, relay.dialled, None, alpn, versions)
        relay.client.start_tls(context, time)

    def _judge(self, tls: ssl.SSLObject, problem: str, time: int) -> None:
        """Judge the server's certificate, once its chain was; *problem* is what OpenSSL has against that."""
        relay = self._relay
        reason = problem or web_certificate_fault(tls.getpeercert(binary_form=True), relay.name, time)
        if relay.settings.insecure:
            relay.mark(VerdictMark("unverified", reason), time, server=True)
            return
        self.verified = not reason
        relay.mark(VerdictMark("refused" if reason else "verified", reason), time, server=True)
        if reason and not problem:
            raise TlsFault(reason, verification=True)


def web_certificate_fault(der: bytes | None, host: str, time: int) -> str:
    """Return why a server's certificate is not one for *host*; empty if it is."""
    if not der:
        return "the server showed none"
    facts = replace(read_certificate(der), srv_names=[], xmpp_addresses=[])
    match = match_certificate(facts, host, None, time)
    return "" if match.fits else "; ".join(match.reasons)
