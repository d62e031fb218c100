"""What the relay of a connection is told by the command line, and what it needs of the world."""

import ssl
from collections.abc import Callable
from typing import Protocol

import msgspec

from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.strangers import Strangers
from xmppscope.proxy.upstream import Upstream
from xmppscope.proxy.web_url import WebUrl

Destination = tuple[str, int]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for: `records` says that a recording wants the bytes as they are on the wire.

    `kind` is that of the streams to come, for what has to be decided before there is a header; `shows_certificate`
    says that there is one to show to servers that ask.
    """

    upstream: Upstream | None = None
    web: tuple[WebUrl, ...] = ()
    keep_channel_binding: bool = False
    real_certificate: bool = False
    insecure: bool = False
    shows_certificate: bool = False
    records: bool = False
    kind: ConnectionKind = "unknown"


class Tools(Protocol):
    """Contexts for both legs, and the secrets that handshakes leave behind."""

    def client_context(
        self,
        domain: str,
        dialled: str,
        upstream: bytes | None,
        alpn: str | None,
        versions: tuple[ssl.TLSVersion, ssl.TLSVersion],
        *,
        asks: bool = False,
    ) -> ssl.SSLContext:
        """Return the context in which to be the server of *domain*; *upstream* is that server's own certificate.

        With *asks* the peer is asked for a certificate too.
        """

    def server_context(self, alpn: tuple[str, ...], versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> ssl.SSLContext:
        """Return the context in which the proxy is a client of the server."""

    @property
    def strangers(self) -> Strangers:
        """The peers that are not to be asked for a certificate again."""

    @property
    def secrets(self) -> Callable[[], bytes]:
        """What returns the lines that the key log has gained."""


class Dial(msgspec.Struct, frozen=True):
    """A command: connect to the server of `domain`, or to the `destination` that the client or the user named."""

    domain: str
    kind: ConnectionKind
    direct_tls: bool
    destination: Destination | None


class End(msgspec.Struct, frozen=True):
    """A command: send FIN on a leg once all is sent; with `abort` RST at once; with `close` let go of it entirely."""

    leg: str
    abort: bool = False
    close: bool = False


Command = Dial | End
