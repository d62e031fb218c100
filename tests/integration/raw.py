"""Peers that are a socket and nothing more: a test says what they send and when, and sees every byte that comes."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tests.integration.certificates import Issued
from tests.integration.processes import PATIENCE

NAMESPACES = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
TLS, SASL, BIND = (f"urn:ietf:params:xml:ns:xmpp-{name}" for name in ("tls", "sasl", "bind"))
CLOSE = "</stream:stream>"
STARTTLS, PROCEED = f"<starttls xmlns='{TLS}'/>", f"<proceed xmlns='{TLS}'/>"
OFFER = f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"
MECHANISMS = f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
AUTH = f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>"
SUCCESS = f"<success xmlns='{SASL}'/>"
RESOURCES = f"<stream:features><bind xmlns='{BIND}'/></stream:features>"
BIND_REQUEST = f"<iq type='set' id='b1'><bind xmlns='{BIND}'/></iq>"
FEATURES_END = "</stream:features>"
ABORT = struct.pack("ii", 1, 0)
"""As SO_LINGER: a close sends RST and throws away what was not sent."""


def header(domain: str) -> str:
    """Return the stream header of a client."""
    return f"<?xml version='1.0'?><stream:stream to='{domain}' {NAMESPACES} version='1.0'>"


def response(domain: str) -> str:
    """Return the stream header of a server."""
    return f"<stream:stream from='{domain}' id='s' {NAMESPACES} version='1.0'>"


def bound(domain: str) -> str:
    """Return the answer to `BIND_REQUEST`."""
    jid = f"<jid>juliet@{domain}/balcony</jid>"
    return f"<iq type='result' id='b1'><bind xmlns='{BIND}'>{jid}</bind></iq>"


class Peer:
    """One end of a connection; `heard` is all that came and was not asked for yet, `domain` what a login goes to."""

    def __init__(self, sock: socket.socket, domain: str = "raw.test") -> None:
        self.sock = sock
        self.domain = domain
        self.heard = b""
        sock.settimeout(PATIENCE)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.sock.close()

    def say(self, *texts: str | bytes) -> None:
        """Send text."""
        self.sock.sendall(b"".join(text.encode() if isinstance(text, str) else text for text in texts))

    def hear(self, what: str | bytes) -> str:
        """Wait for *what*; return everything up to its end."""
        wanted = what.encode() if isinstance(what, str) else what
        while wanted not in self.heard:
            data = self.sock.recv(1 << 16)
            if not data:
                raise ConnectionError(f"the connection ended before {wanted!r}; heard {self.heard[-500:]!r}")
            self.heard += data
        taken, _, self.heard = self.heard.partition(wanted)
        return (taken + wanted).decode()

    def hear_all(self) -> bytes:
        """Return all that comes until the connection ends."""
        while data := self.sock.recv(1 << 16):
            self.heard += data
        taken, self.heard = self.heard, b""
        return taken

    def secure(self, ca_file: Path, version: ssl.TLSVersion | None = None) -> "Peer":
        """Be the client of a TLS handshake that wants a certificate for the domain."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ca_file)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        # An end without close_notify is an error.
        self.sock = context.wrap_socket(self.sock, server_hostname=self.domain, suppress_ragged_eofs=False)
        return self

    def present(self, issued: Issued) -> None:
        """Be the server of a TLS handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.certificate, issued.key)
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def log_in(self) -> "Peer":
        """Log in as a client that is in TLS, or needs none, and bind a resource."""
        self.say(header(self.domain))
        self.hear(FEATURES_END)
        self.say(AUTH)
        self.hear(SUCCESS)
        self.say(header(self.domain))
        self.hear(FEATURES_END)
        self.say(BIND_REQUEST)
        self.hear("</iq>")
        return self

    def let_in(self) -> None:
        """Be the server of such a client."""
        self.hear(">")
        self.say(response(self.domain), MECHANISMS)
        self.hear("</auth>")
        self.say(SUCCESS)
        self.hear("version='1.0'>")
        self.say(response(self.domain), RESOURCES)
        self.hear("</iq>")
        self.say(bound(self.domain))

    def echo(self) -> None:
        """Be the server of such a client, and send back all that it says then, closing tag included."""
        self.let_in()
        while data := self.sock.recv(1 << 18):
            self.sock.sendall(data)

    def reset(self) -> None:
        """Close with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.sock.close()


def dial(port: int, host: str = "127.0.0.1", domain: str = "raw.test") -> Peer:
    """Connect as a client of *domain*."""
    return Peer(socket.create_connection((host, port), PATIENCE), domain)


Play = Callable[[Peer], None]


class RawServer:
    """Listens on `port` of 127.0.0.1; plays *play* with every connection, in a thread of its own.

    What goes wrong in a play is kept in `trouble`, unless it is that the other side has gone. `served` counts
    connections.
    """

    def __init__(self, play: Play, domain: str = "raw.test") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self.served = 0
        self.trouble: list[BaseException] = []
        self._play, self._domain = play, domain
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                sock, _ = self._listener.accept()
                self.served += 1
                self._threads.append(threading.Thread(target=self._serve, args=[sock], daemon=True))
                self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        with Peer(sock, self._domain) as peer:
            try:
                self._play(peer)
            except OSError:
                return  # the other side has gone
            except BaseException as error:
                self.trouble.append(error)

    def __enter__(self) -> "RawServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # what wakes the thread up on Linux is an error elsewhere
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)
