"""The client of the load: one connection logs in, then sends a message and waits for it, or pushes large ones."""

import socket
import ssl
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple, Self

from benchmarks.conversation import DOMAIN
from benchmarks.load.script import CLOSE, LOGIN, STARTTLS, SUNK, Exchange, message, sink

READ: Final = 1 << 16
PATIENCE: Final = 60.0
"""Seconds until a connection on which nothing comes is given up."""

_CONTEXT: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_CONTEXT.check_hostname = False
# The proxy's own authority signs one side and the benchmark's the other: verifying costs the client alone.
_CONTEXT.verify_mode = ssl.CERT_NONE
_CONTEXT.minimum_version = ssl.TLSVersion.TLSv1_3
_CONTEXT.set_alpn_protocols(["xmpp-client"])

_numbers: Final = count(1)


class Way(NamedTuple):
    """How to get to the server: the address to dial, and whether TLS begins at once."""

    host: str
    port: int
    direct_tls: bool = False


class Client:
    """A connection that is logged in; its `socket` is there for whoever drives many at once."""

    def __init__(self, way: Way) -> None:
        plain = socket.create_connection((way.host, way.port), timeout=PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not way.direct_tls:
            for exchange in STARTTLS:
                _ask(plain, exchange)
        self.socket = _CONTEXT.wrap_socket(plain, server_hostname=DOMAIN)
        for exchange in LOGIN:
            _ask(self.socket, exchange)
        self._template = message(next(_numbers))
        self._messages = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.socket.close()

    def next_message(self) -> bytes:
        """Return the next message to send, unlike all before it."""
        return self._template % next(self._messages)

    def round_trip(self) -> None:
        """Send a message and wait until it is back, every byte of it."""
        sent = self.next_message()
        self.socket.write(sent)
        received = self.socket.read(READ)
        while len(received) < len(sent):
            received += _more(self.socket)
        if received != sent:
            raise RuntimeError(f"{sent!r} came back as {received!r}")

    def push(self, stanza: bytes, times: int) -> None:
        """Send the same large message a number of times and wait until the server has all of it."""
        self.socket.write(sink(len(stanza) * times))
        for _ in range(times):
            self.socket.sendall(stanza)
        _until(self.socket, SUNK)

    def close(self) -> None:
        """Close the stream in order, then TLS, then the connection."""
        self.socket.settimeout(PATIENCE)
        with self.socket:
            self.socket.write(CLOSE)
            _until(self.socket, CLOSE)
            self.socket.setblocking(False)
            # Its own close_notify is sent when it looks for the other one, or finds that the other end has gone.
            with suppress(OSError):
                self.socket.unwrap()


def _ask(sock: socket.socket, exchange: Exchange) -> None:
    sock.sendall(exchange.question)
    _until(sock, exchange.answer_end)


def _until(sock: socket.socket, end: bytes) -> None:
    received = b""
    while not received.endswith(end):
        received += _more(sock)


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(READ)
    if not data:
        raise ConnectionError("the connection was closed before the answer came")
    return data
