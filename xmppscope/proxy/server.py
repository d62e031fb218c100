"""The asyncio shell of the proxy: sockets, timers and the clock. What to do with them the relays say.

A connection is first met by the front door, which tells by its first bytes what it is; then a relay gets it. What
relays tell is gathered and handed on in batches, after the bytes have been sent: the traffic never waits for anybody
who watches. A peer that does not read makes the other one wait, by way of TCP.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Sequence
from typing import Final, Protocol

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.wire import ProxyEvent
from xmppscope.proxy.connection import ProxiedStream
from xmppscope.proxy.itself import itself
from xmppscope.proxy.page import Page
from xmppscope.proxy.resolve import Resolver
from xmppscope.proxy.settings import Settings, Tools
from xmppscope.proxy.web_errands import WebErrands


class Watcher(Protocol):
    """Whoever looks on."""

    def watch(self, events: list[ProxyEvent]) -> None:
        """Take what the relays tell."""

    def note(self, text: str) -> None:
        """Take a line about a client that was no XMPP."""


_BACKLOG: Final = 1024


class Clock:
    """Nanoseconds since the epoch that never step: the time of day at the start, and what has passed since.

    They are whole microseconds, as a recording has them, so that latencies are the same live and read again.
    """

    def __init__(self) -> None:
        self._epoch = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return the time now."""
        return (self._epoch + time.monotonic_ns()) // 1000 * 1000


class ProxyServer:
    """Listens and relays; *watcher* gets what the relays tell.

    `addresses` are those it listens on, once `start` has returned; `own_ends` are both ends of its server legs, which
    a redirection may lead back here.
    """

    def __init__(
        self,
        settings: Settings,
        tools: Tools,
        page: Page,
        resolver: Resolver,
        watcher: Watcher,
        *,
        transparent: bool = False,
    ) -> None:
        self.settings = settings
        self.tools = tools
        self.page = page
        self.resolver = resolver
        self.note = watcher.note
        self.clock = Clock()
        self.transparent = transparent
        self.addresses: list[tuple[str, int]] = []
        self.open: set[ProxiedStream] = set()
        self.connections = 0
        self.own_ends: set[tuple[str, str]] = set()
        self._flows = 0
        self._first_pair = secrets.randbits(40)  # so that two recordings may be joined
        self._watch = watcher.watch
        self._events: list[ProxyEvent] = []
        self._scheduled = False
        self._servers: list[asyncio.Server] = []
        self._avoid = itself(())
        self.errands = WebErrands(self)

    async def start(self, listen: Sequence[tuple[str, int]]) -> None:
        """Listen on every address; raises `XmppscopeError` where that cannot be."""
        loop = asyncio.get_running_loop()
        for host, port in listen:
            try:
                server = await loop.create_server(lambda: ProxiedStream(self), host, port, backlog=_BACKLOG)
            except OSError as error:
                await self.stop()
                raise XmppscopeError(f"{_shown(host, port)}: {_trouble(error)}") from error
            self._servers.append(server)
            self.addresses += [sock.getsockname()[:2] for sock in server.sockets]
        self._avoid = itself(self.addresses)

    async def stop(self) -> None:
        """Close all streams and stop listening."""
        for server in self._servers:
            server.close()
        for stream in list(self.open):
            stream.stop()
        deadline = asyncio.get_running_loop().time() + _LAST_SECONDS
        while self.open and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_MOMENT)
        for stream in list(self.open):
            stream.abandon()
        self._hand_on()

    def avoid(self, ip: str, port: int) -> bool:
        """Tell whether an address leads back to the proxy itself."""
        return self._avoid(ip, port)

    def next_numbers(self) -> tuple[int, tuple[int, int]]:
        """Return the numbers of a new connection and of its two flows."""
        self.connections += 1
        self._flows += 2
        return self._first_pair + self.connections, (self._flows - 1, self._flows)

    def gather(self, events: list[ProxyEvent]) -> None:
        """Take what a relay tells; it is handed on once there is nothing to be sent."""
        self._events += events
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._hand_on)

    def _hand_on(self) -> None:
        self._scheduled = False
        events, self._events = self._events, []
        if events:
            self._watch(events)


_LAST_SECONDS: Final = 2.0
_MOMENT: Final = 0.01


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _trouble(error: OSError) -> str:
    if error.errno == 98 or "in use" in str(error):
        return "in use by another program; choose --listen 127.0.0.1:0"
    if error.errno == 13:
        return "not permitted; ports below 1024 need more rights: choose --listen 127.0.0.1:5322"
    if isinstance(error, socket.gaierror) or error.errno == 99:
        return "not an address of this machine; choose --listen 127.0.0.1:5322"
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
