"""What the relay of a connection is told by the command line, and what it needs of the world."""

import ssl
from collections.abc import Callable
from typing import Protocol

import msgspec

from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.upstream import Upstream

Destination = tuple[str, int]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for: `records` says that a recording wants the bytes as they are on the wire."""

    upstream: Upstream | None = None
    keep_channel_binding: bool = False
    real_certificate: bool = False
    insecure: bool = False
    records: bool = False


class Tools(Protocol):
    """Contexts for both legs, and the secrets that handshakes leave behind."""

    def client_context(
        self,
        domain: str,
        dialled: str,
        upstream: bytes | None,
        alpn: str | None,
        versions: tuple[ssl.TLSVersion, ssl.TLSVersion],
    ) -> ssl.SSLContext:
        """Return the context in which to be the server of *domain*; *upstream* is that server's own certificate."""

    def server_context(self, alpn: tuple[str, ...], versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> ssl.SSLContext:
        """Return the context in which the proxy is a client of the server."""

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
