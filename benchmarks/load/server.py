"""The server of the load: one thread, any number of connections, as little work for each byte as it can do.

    python -m benchmarks.load.server server.pem

It listens on a free port of loopback, prints it, and ends with its standard input or on SIGINT. Direct TLS is told from
STARTTLS by the first byte. A program for measuring and nothing else: it expects the client of this folder, and TLS 1.3.
"""

import gc
import selectors
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Final

from benchmarks.load.script import LOGIN, STARTTLS, SUNK, Exchange, sunk

READ: Final = 1 << 16
TLS_RECORD: Final = b"\x16"

Handler = Callable[[], None]
WAIT: Final = (BlockingIOError, ssl.SSLWantReadError)


class Connection:
    """One client; `ready` is what to do when its socket has something to read."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, number: int, forget: Callable[[], object]) -> None:
        self.ready: Handler = self._begin
        self._plain = sock
        self._socket: ssl.SSLSocket
        self._context = context
        self._number = number
        self._forget = forget
        self._heard = b""
        self._left = 0
        self._script: Iterator[Exchange | None] = iter(())

    def _begin(self) -> None:
        direct_tls = self._plain.recv(1, socket.MSG_PEEK) == TLS_RECORD
        self._script = chain(() if direct_tls else STARTTLS, (None,), LOGIN)
        self._next()

    def _next(self) -> None:
        """Take the next step of the script: an exchange, TLS, or after the last one the echo."""
        self._heard = b""
        try:
            self._exchange = next(self._script)
        except StopIteration:
            self.ready = self._echo
            return
        if self._exchange is not None:
            self.ready = self._negotiate
            return
        self._socket = self._context.wrap_socket(self._plain, server_side=True, do_handshake_on_connect=False)
        self._plain = self._socket
        self.ready = self._handshake

    def _handshake(self) -> None:
        self._socket.do_handshake()
        self._next()

    def _negotiate(self) -> None:
        data = self._plain.recv(READ)
        if not data:
            self._close()
            return
        self._heard += data
        assert self._exchange is not None
        if self._heard.endswith(self._exchange.question_end):
            answer = self._exchange.answer
            self._plain.send(answer % self._number if b"%d" in answer else answer)
            self._next()

    def _echo(self) -> None:
        data = self._socket.read(READ)
        if not data:
            self._close()
        elif (size := sunk(data)) is not None:
            self._left = size
            self.ready = self._swallow
        elif self._socket.write(data) != len(data):
            raise RuntimeError("the client does not read what it is sent")

    def _swallow(self) -> None:
        data = self._socket.read(READ)
        self._left -= len(data)
        if not data:
            self._close()
        elif self._left <= 0:
            self._socket.write(SUNK)
            self.ready = self._echo

    def _close(self) -> None:
        if isinstance(self._plain, ssl.SSLSocket):
            # It has sent its own close_notify when it wants to read that of the client, who may be gone.
            with suppress(OSError):
                self._plain.unwrap()
        self.end()

    def end(self) -> None:
        """Let go of the connection, whose client is gone."""
        self._forget()
        self._plain.close()
        # Nobody collects cycles here (see `main`).
        self.ready = _nothing


def _nothing() -> None:
    pass


def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Serve whoever connects until standard input ends."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    number = 0
    while True:
        for key, _ in selector.select():
            connection = key.data
            if connection is not None:
                try:
                    connection.ready()
                except WAIT:
                    pass
                except OSError:
                    connection.end()
            elif key.fileobj is listener:
                number += 1
                _accept(listener, selector, context, number)
            else:
                return


def _accept(listener: socket.socket, selector: selectors.BaseSelector, context: ssl.SSLContext, number: int) -> None:
    sock, _ = listener.accept()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    descriptor = sock.fileno()
    connection = Connection(sock, context, number, lambda: selector.unregister(descriptor))
    selector.register(descriptor, selectors.EVENT_READ, connection)


def main() -> None:
    """Listen, print the port, serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.load_cert_chain(sys.argv[1])
    context.set_alpn_protocols(["xmpp-client"])
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(listener.getsockname()[1], flush=True)
        gc.freeze()
        gc.disable()
        with suppress(KeyboardInterrupt):
            serve(listener, context)


if __name__ == "__main__":
    main()
