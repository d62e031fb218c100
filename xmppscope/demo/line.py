"""One TCP connection of the demo, with TLS inside when it is asked for; the server and the clients use the same.

TLS runs over `ssl.MemoryBIO`, so that it begins at the exact byte after `<proceed/>`: what came in the clear before is
never taken as protected, and a ClientHello that came along with `<starttls/>` is not lost. There is no flow control:
who does not read what it is sent is cut off when `WRITE_BOUND` bytes wait.
"""

import asyncio
import socket
import ssl
import struct
import sys
from contextlib import suppress
from typing import Final, Protocol, cast

WRITE_BOUND: Final = 4 * 1024 * 1024

_READ_SIZE: Final = 64 * 1024
_LINGER: Final = 2.0
"""Seconds that the other side has to close after us, before the connection is dropped."""


class Owner(Protocol):
    """Who uses a line; the methods are called in this order, `received` any number of times."""

    def connected(self, line: "Line") -> None:
        """Take note that the connection is there."""

    def secured(self) -> None:
        """Take note that the TLS handshake is done."""

    def received(self, data: bytes) -> None:
        """Take bytes, decrypted where there is TLS."""

    def ended(self, reason: str, /) -> None:
        """Take note that the connection is over; *reason* is empty where it was closed in an orderly way."""


class Line(asyncio.Protocol):
    """A connection; bytes out with `write`, bytes in by the owner's `received`."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._begun = False
        self._secured = False
        self._closing = False
        self._reason = ""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def secure(self) -> bool:
        """Whether TLS protects what passes."""
        return self._secured

    @property
    def unique(self) -> bytes | None:
        """The channel binding `tls-unique` (RFC 5929 §3); TLS 1.3 has none."""
        if self._tls is None or self._tls.version() == "TLSv1.3":
            return None
        return self._tls.get_channel_binding("tls-unique")

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None, first: bytes = b""
    ) -> None:
        """Begin TLS; *first* is what has come already and belongs to it."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, hostname)
        self._encrypted(first)

    def write(self, data: bytes) -> None:
        """Send bytes; while TLS is not yet there, or once the line is closing, they go nowhere."""
        if self._closing or self._transport is None or (self._tls is not None and not self._secured):
            return
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.write(data)
            self._flush()
        if self._transport.get_write_buffer_size() > WRITE_BOUND:
            self._reason = "the other side does not read"
            self.cut()

    def close(self) -> None:
        """Send what is to be sent and close; what still comes is not looked at."""
        if self._closing or self._transport is None:
            return
        self._closing = True
        if self._tls is not None and self._secured:
            # It is not the other side's close_notify that is waited for, but its end of the connection.
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._timer = asyncio.get_running_loop().call_later(_LINGER, self._transport.abort)

    def cut(self) -> None:
        """Drop the connection with a reset, as if the network had failed."""
        self._closing = True
        if self._transport is not None:
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            sock = self._transport.get_extra_info("socket")
            # Closing with a linger time of zero discards what was not sent and resets the connection.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the transport (asyncio's callback)."""
        self._transport = cast(asyncio.Transport, transport)
        self._owner.connected(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the connection (asyncio's callback)."""
        if self._closing:
            return
        if self._tls is None:
            self._owner.received(data)
        else:
            self._encrypted(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end (asyncio's callback)."""
        if self._timer is not None:
            self._timer.cancel()
        self._closing = True
        self._owner.ended(self._reason or (str(exc) if exc is not None else ""))

    def _encrypted(self, data: bytes) -> None:
        """Take bytes that belong to TLS."""
        if not self._begun:
            # RFC 6120 §5.3.3 forbids whitespace after <starttls/>; go-sendxmpp sends a line feed all the same.
            data = data.lstrip(b" \t\r\n")
            self._begun = data != b""
        self._incoming.write(data)
        self._pump()

    def _pump(self) -> None:
        """Let TLS work on what has come in."""
        tls = self._tls
        if tls is None:
            return
        try:
            if not self._secured:
                tls.do_handshake()
                self._secured = True
                self._flush()
                self._owner.secured()
            while data := tls.read(_READ_SIZE):
                self._owner.received(data)
                if self._closing:
                    return
            # RFC 8446 §6.1: after a close_notify nothing more comes.
            self.close()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(error)

    def _fail(self, error: ssl.SSLError) -> None:
        self._reason = self._reason or f"TLS failed: {getattr(error, 'verify_message', '') or error.reason or error}"
        self._flush()
        self.close()

    def _flush(self) -> None:
        """Send what TLS wants to send."""
        if self._transport is not None and (data := self._outgoing.read()):
            self._transport.write(data)
