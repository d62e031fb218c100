"""A plain TCP relay whose connections can be broken off, for clients that cannot be told to do so themselves."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

from tests.integration.processes import PATIENCE

ABORT = struct.pack("ii", 1, 0)
"""As SO_LINGER: a close sends RST and throws away what was not sent."""


class Cutter:
    """Listens on `port` of 127.0.0.1 and passes on to another address."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target, PATIENCE)
                server.settimeout(None)
                self._open += [client, server]
                self._start(self._pass, client, server)
                self._start(self._pass, server, client)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):  # cut, or the other side has gone
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Reset every connection, towards both sides."""
        while self._open:
            one = self._open.pop()
            with contextlib.suppress(OSError):  # it may have ended by itself
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                one.shutdown(socket.SHUT_RD)
            one.close()

    def stop(self) -> None:
        """Cut what is open, and listen no more."""
        with contextlib.suppress(OSError):  # what wakes the thread up on Linux is an error elsewhere
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)


@contextlib.contextmanager
def cutter(host: str, port: int) -> Iterator[Cutter]:
    """Relay to *host* and *port* for the time of a with block."""
    relay = Cutter(host, port)
    try:
        yield relay
    finally:
        relay.stop()
