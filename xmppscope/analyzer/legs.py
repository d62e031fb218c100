"""The TLS of a connection; of one leg of it, where a proxy stands between and each leg has a TLS of its own."""

from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.tls_entries import TlsEntries
from xmppscope.model.timeline import Leg as LegName
from xmppscope.model.wire import Side
from xmppscope.tls.connection import TlsConnection
from xmppscope.tls.events import AlertSeen, CertificatesSeen, Established, HelloSeen, TlsEvent, TlsFact

_SENT_BY_PROXY: Final = (HelloSeen, CertificatesSeen, Established, AlertSeen)


class Leg:
    """One leg's TLS, `tls` and `entries` once it has begun.

    `name` is None where there is no proxy. `arrivals` is the side whose bytes are the timeline's; what the proxy sends
    on the leg is the other side, and of that only what its TLS says before the handshake is done.
    """

    def __init__(self, name: LegName | None = None, arrivals: Side = 0) -> None:
        self.name: LegName | None = name
        self.arrivals: Side = arrivals
        self.tls: TlsConnection | None = None
        self.entries: TlsEntries | None = None
        self.sends_tls = False

    def begin(self, services: Services, ledger: Ledger, directions: tuple[Direction, Direction]) -> None:
        """Begin TLS; a second time changes nothing."""
        if self.tls is None:
            self.tls = TlsConnection(services.keys, services.resumptions)
            self.entries = TlsEntries(ledger, directions, self.name)

    def flush(self) -> None:
        """Write what the server has answered so far."""
        if self.entries is not None:
            self.entries.flush()

    def has_closed(self, side: Side) -> bool:
        """Tell whether a side has sent close_notify."""
        return self.entries is not None and side in self.entries.closed

    def concerns(self, event: TlsEvent) -> bool:
        """Tell whether *event* is one for the timeline."""
        return self.name is None or event.side == self.arrivals or isinstance(event, _SENT_BY_PROXY)

    def tell(self, event: TlsFact) -> None:
        """Write what a handshake has to tell."""
        if self.entries is not None:
            self.entries.tell(event)

    @property
    def settled(self) -> bool:
        """Whether the handshake is done."""
        return self.entries is not None and self.entries.established
