"""The demo's XMPP server: one domain, a few accounts, on loopback. It is small and correct, and it is not a product.

It does what a session needs from login to resumption: STARTTLS and direct TLS, SCRAM with and without channel binding,
PLAIN under TLS, binding, rosters, subscriptions, presence, routing, stream management (RFC 6120, RFC 6121, XEP-0198).
It keeps nothing on disk and nothing for those who are away, speaks to no other server, and has no rooms, archives,
carbons, block lists or vCards. A client that floods it or does not read is cut off rather than slowed down.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from xmppscope.demo.accounts import Accounts
from xmppscope.demo.certificates import Identity, make_identity
from xmppscope.demo.errors import StreamError
from xmppscope.demo.line import Line
from xmppscope.demo.stream import Host, ServerStream

HOLD: Final = 60.0
"""Seconds that a session whose connection was lost can be resumed in."""

_FAREWELL: Final = 5.0


class DemoServer:
    """A server for *domain*; `start` makes it listen, `close` ends it, `async with` closes it at the end.

    *certificate* is a chain and its private key in PEM; without it the server makes one, signed by an authority of its
    own, whose certificate is `authority_pem`. Without *channel_binding* it offers no `-PLUS` mechanism: a client that
    could use one and has a proxy in between would be refused, and rightly so (RFC 5802 §6).
    """

    def __init__(
        self,
        domain: str,
        accounts: Mapping[str, str] | None = None,
        certificate: tuple[bytes, bytes] | None = None,
        *,
        hold: float = HOLD,
        channel_binding: bool = True,
    ) -> None:
        self.domain = domain
        self.port = 0
        self.direct_tls_port = 0
        identity = make_identity(domain) if certificate is None else Identity(*certificate)
        self._authority_pem = identity.authority_pem
        self._host = Host(
            Accounts(domain),
            identity.context(),
            identity.context("xmpp-client"),
            identity.end_point,
            hold,
            channel_binding,
        )
        self._listeners: list[asyncio.Server] = []
        for username, password in (accounts or {}).items():
            self.add_account(username, password)

    @property
    def authority_pem(self) -> bytes:
        """The certificate of the server's own authority, in PEM; empty if the server was given a certificate."""
        return self._authority_pem

    def add_account(self, username: str, password: str) -> None:
        """Create an account, or give an existing one another password."""
        self._host.accounts.add(username, password)

    async def start(self, host: str = "127.0.0.1", port: int = 0, direct_tls_port: int | None = None) -> None:
        """Listen with STARTTLS on *port*, and with direct TLS on *direct_tls_port* if given; 0 is any free one."""
        self.port = await self._listen(host, port, direct_tls=False)
        if direct_tls_port is not None:
            self.direct_tls_port = await self._listen(host, direct_tls_port, direct_tls=True)

    async def close(self) -> None:
        """Stop listening, and close all streams with `<system-shutdown/>`."""
        for listener in self._listeners:
            listener.close()
        streams = self._host.streams
        for stream in list(streams):
            stream.fail(StreamError("system-shutdown"))
        if streams:
            async with asyncio.timeout(_FAREWELL):
                await self._host.empty.wait()
        self._host.accounts.forget_sessions()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _listen(self, host: str, port: int, *, direct_tls: bool) -> int:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Line(ServerStream(self._host, direct_tls=direct_tls)), host, port)
        self._listeners.append(listener)
        number: int = listener.sockets[0].getsockname()[1]
        return number
