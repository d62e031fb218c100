"""Entries for TLS: what a client offers, what a server chose and showed, alerts, and what could not be read.

What a server answers comes in several messages, some of them encrypted; its entry waits until the next thing that is
not part of the answer, so that it can tell choice, certificate and resumption in one line.
"""

from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger, binary, shown
from xmppscope.analyzer.stamps import Stamp
from xmppscope.analyzer.transport_entries import role
from xmppscope.explain.tls import (
    Facts,
    NoCertificate,
    describe_alert,
    describe_client_certificate,
    describe_client_hello,
    describe_key_update,
    describe_retry,
    describe_server,
)
from xmppscope.model.marks import VerdictMark
from xmppscope.model.timeline import Leg
from xmppscope.model.wire import Side
from xmppscope.tls.certificate import CertificateFacts, read_certificate
from xmppscope.tls.events import (
    AlertSeen,
    CertificateHidden,
    CertificateRequested,
    CertificatesSeen,
    CloseNotify,
    Established,
    HelloSeen,
    KeyUpdated,
    Stamped,
    TlsFact,
    Undecryptable,
)
from xmppscope.tls.hello import ClientHello, ServerHello
from xmppscope.tls.identity import Match, match_certificate
from xmppscope.tls.names import version_name

_XMPP: Final = frozenset({"xmpp-client", "xmpp-server"})
_FATAL: Final = 2
_VERDICTS: Final = {"verified": "verified", "refused": "refused", "unverified": "not verified"}


class _Answer:
    """What a server has answered so far."""

    def __init__(self, event: HelloSeen, hello: ServerHello) -> None:
        self.first = event
        self.last: TlsFact = event
        self.hello = hello
        self.chain: list[bytes] | None = None
        self.hidden = False
        self.asks_certificate = False


class TlsEntries:
    """Writes the entries of one connection's TLS.

    `names_xmpp` tells that the client's ALPN names XMPP, `unreadable` that something could not be decrypted, `closed`
    which sides have sent close_notify, `established` that the handshake was completed. *leg* names the leg of a proxied
    connection; `verdict` is what the proxy made of the certificate that it was shown.
    """

    def __init__(self, ledger: Ledger, directions: tuple[Direction, Direction], leg: Leg | None = None) -> None:
        self.names_xmpp = False
        self.unreadable = False
        self.established = False
        self.closed: set[Side] = set()
        self._ledger = ledger
        self._directions = directions
        self._leg = leg
        self.verdict: VerdictMark | None = None
        self._client: Side | None = None
        self._sni = ""
        self._version = "none"
        self._hellos: list[ClientHello | ServerHello] = []
        self._answer: _Answer | None = None
        ledger.handshakes += 1

    def tell(self, event: TlsFact) -> None:
        """Write what *event* has to tell."""
        if isinstance(event, HelloSeen):
            self._hello(event)
        elif isinstance(event, CertificatesSeen):
            self._certificates(event)
        elif isinstance(event, CertificateRequested) and self._answer is not None:
            self._answer.asks_certificate = True
            self._answer.last = event
        elif isinstance(event, CertificateHidden) and self._answer is not None:
            self._answer.hidden = True
            self.flush()
        elif isinstance(event, Established):
            self.flush(event)
            self._establish()
        elif isinstance(event, CloseNotify):
            self.closed.add(event.side)
        else:
            self.flush()
            self._rest(event)

    def _establish(self) -> None:
        """Note that the handshake is done; where there are two legs, the last one to be done counts."""
        if not self.established:
            self.established = True
            for hello in self._hellos:
                hello.extensions.clear()  # all that they say was told, and a connection may stay open for long
            self._hellos.clear()
            self._ledger.handshakes -= 1
        if not self._ledger.handshakes:
            self._ledger.negotiation.tls(done=True)

    def flush(self, established: Established | None = None) -> None:
        """Write what the server has answered, as far as it is known."""
        answer, self._answer = self._answer, None
        if answer is None:
            return
        certificate, match = self._shown(answer, established)
        facts = describe_server(
            answer.hello,
            certificate,
            match,
            alpn=None if established is None else established.alpn,
            group=None if established is None else established.group,
            resumed=None if established is None else established.resumed,
            early_data=True if established is not None and established.early_data else None,
            asks_certificate=answer.asks_certificate,
            chain=len(answer.chain or ()),
            word=self._word(established),
        )
        self._write(answer.first, facts, answer.last)

    def _word(self, established: Established | None) -> str:
        """Return what the proxy knows of a certificate: its own was accepted, the server's judged."""
        if self._leg == "client":
            return "it trusts the proxy" if established is not None else "the certificate is the proxy's own"
        if self.verdict is None:
            return ""
        reason = f": {self.verdict.reason}" if self.verdict.reason else ""
        return f"certificate {_VERDICTS[self.verdict.verdict]}{reason}"

    def _hello(self, event: HelloSeen) -> None:
        hello = event.hello
        self._hellos.append(hello)
        if isinstance(hello, ClientHello):
            self.flush()
            self._client = event.side
            self._sni = hello.sni or ""
            self.names_xmpp = self.names_xmpp or not _XMPP.isdisjoint(hello.alpn)
            facts = describe_client_hello(hello)
            if self._leg == "server" and self._ledger.offered == facts.summary:
                facts.summary = "offers the same"
            elif self._leg is not None:
                self._ledger.offered, facts.summary = facts.summary, facts.summary.removesuffix(", no ALPN")
            self._write(event, facts)
        elif hello.retry:
            self._write(event, describe_retry(hello))
        else:
            self._version = version_name(hello.version)
            self._answer = _Answer(event, hello)

    def _certificates(self, event: CertificatesSeen) -> None:
        if event.side != self._client:
            if self._answer is not None:
                self._answer.chain = event.chain
                self._answer.last = event
            return
        self.flush()
        certificate = read_certificate(event.chain[0]) if event.chain else None
        facts = describe_client_certificate(certificate, self._match_client(certificate, event), len(event.chain))
        if self._leg == "server" and certificate is None:
            facts.summary = "no client certificate: through the proxy no SASL EXTERNAL"
            facts.note("a client's certificate cannot pass a proxy; --client-cert names one for it", "XEP-0178")
        elif certificate is not None and self._leg is not None:
            own = "it is the proxy's own (--client-cert), shown in the place of the peer's"
            facts.note(own if self._leg == "server" else "it ends at the proxy: the server does not see it", "XEP-0178")
        if self._leg != "client":
            self._ledger.negotiation.certificate = certificate
        self._write(event, facts)

    def _match_client(self, certificate: CertificateFacts | None, event: CertificatesSeen) -> Match | None:
        """Compare an initiating server's certificate with the domain that its stream header came from."""
        negotiation = self._ledger.negotiation
        if certificate is None or negotiation.kind != "s2s" or not negotiation.origin:
            return None
        return match_certificate(certificate, negotiation.origin, "xmpp-server", event.end_time)

    def _rest(self, event: TlsFact) -> None:
        if isinstance(event, AlertSeen):
            if self._leg is not None and event.side == (1 if self._leg == "client" else 0):
                return  # the proxy's own: what made it send one is told by the proxy
            who = role(self._ledger, self._directions[event.side])
            self._write(event, describe_alert(event.level, event.description, who))
            if event.level == _FATAL and not self.established and self._leg != "server":
                self._ledger.negotiation.tls(done=False)
        elif isinstance(event, KeyUpdated):
            self._write(event, describe_key_update(event.requested))
        elif isinstance(event, Undecryptable):
            self._undecryptable(event)

    def _undecryptable(self, event: Undecryptable) -> None:
        self.unreadable = True
        direction = self._directions[event.side]
        if direction.protection == "none":
            direction.protection = self._version
        self._ledger.mark_undecrypted()
        self._ledger.negotiation.lost(direction.sender)
        # What is no record may be text, and in text could be a secret.
        all_of_it = self._ledger.recorder.show_secrets or event.data[1:2] == b"\x03"
        data = event.data if all_of_it else binary(event.data)
        self._ledger.tell(direction, "opaque", event.reason, stamp_of(event), reason=event.reason, bytes=shown(data))

    def _shown(
        self, answer: _Answer, established: Established | None
    ) -> tuple[CertificateFacts | NoCertificate, Match | None]:
        """Return the server's certificate and whether it fits, or why there is none to tell of."""
        if answer.chain:
            certificate = read_certificate(answer.chain[0])
            return certificate, self._match(certificate, answer.last.end_time)
        if answer.hidden:
            return "hidden", None
        return ("resumed" if established is not None and established.resumed else "lost"), None

    def _match(self, certificate: CertificateFacts, time: int) -> Match | None:
        negotiation = self._ledger.negotiation
        domain = negotiation.domain or self._sni
        if not domain:
            return None
        service = {"c2s": "xmpp-client", "s2s": "xmpp-server"}.get(negotiation.kind)
        return match_certificate(certificate, domain, service, time)  # type: ignore[arg-type]

    def _write(self, event: TlsFact, facts: Facts, last: TlsFact | None = None) -> None:
        self._ledger.tell(
            self._directions[event.side],
            "tls",
            facts.summary if self._leg is None else f"{self._leg} leg: {facts.summary}",
            stamp_of(event),
            stamp_of(last or event),
            annotations=facts.annotations or None,
            tls=facts.tls,
            leg=self._leg,
        )


def stamp_of(event: Stamped) -> Stamp:
    """Return time and packets of *event*; what the end of the capture cut off ends where it began."""
    if event.end_time < event.time and not event.end_packet:
        return Stamp(event.time, event.packet, event.time, event.packet)
    return Stamp(event.time, event.packet, event.end_time, event.end_packet)
