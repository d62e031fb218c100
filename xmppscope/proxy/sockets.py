"""The server's socket of a proxied connection, and what both sockets are set to."""

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xmppscope.proxy.connection import ProxiedStream

_HIGH_WATER: Final = 256 * 1024
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class ServerEnd(asyncio.Protocol):
    """The server's end of a proxied connection."""

    def __init__(self, stream: "ProxiedStream") -> None:
        self._stream = stream
        self.data_received = stream.server_data  # type: ignore[method-assign]  # one call less for every segment

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, now that it is connected."""
        assert isinstance(transport, asyncio.Transport)
        self._stream.server_made(transport)

    def eof_received(self) -> bool:
        """Take FIN from the server; the way to it stays open."""
        self._stream.server_ended()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Take RST from the server, or the end of what we have closed ourselves."""
        if error is not None:
            self._stream.server_ended(reset=True)
        self._stream.server_lost()

    def pause_writing(self) -> None:
        """Let the client wait: the server does not read."""
        self._stream.server_pauses(pause=True)

    def resume_writing(self) -> None:
        """Read from the client again."""
        self._stream.server_pauses(pause=False)


def set_up(transport: asyncio.Transport) -> None:
    """Bound what waits to be sent, and let nothing wait for an acknowledgement: stanzas are small and come alone."""
    transport.set_write_buffer_limits(high=_HIGH_WATER)
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN."""
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
