"""What the messages of a handshake tell, and when they change the keys (RFC 8446 §4, RFC 5246 §7.4).

One object serves a connection through renegotiations: each new ClientHello begins anew. Left out: signatures and the
Finished values, which an observer need not verify, since records that decrypt prove the keys.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.tls import assembly
from xmppscope.tls.assembly import Message
from xmppscope.tls.direction import Direction, Epoch
from xmppscope.tls.events import (
    CertificateRequested,
    CertificatesSeen,
    Established,
    HelloSeen,
    KeyUpdated,
    TlsEvent,
    about,
)
from xmppscope.tls.hello import (
    ClientHello,
    ServerHello,
    parse_certificate,
    parse_certificate_request,
    parse_client_hello,
    parse_encrypted_extensions,
    parse_server_hello,
    parse_server_key_exchange_group,
)
from xmppscope.tls.names import version_name
from xmppscope.tls.schedule12 import SideKeys
from xmppscope.tls.suites import Suite, suite
from xmppscope.tls.vectors import Reader

TLS13: Final = 0x0304
_TRANSCRIPT_BOUND: Final = 512 * 1024
_TICKETS: Final = 16


class Handshake:
    """The state of a connection's last handshake.

    `full` tells that the server sent more than a hello before its keys changed, so that nothing is resumed (TLS 1.2 and
    older). `early_accepted` is None as long as that is unknown. `master` and `keys` are filled by `KeyFinder`.
    """

    def __init__(self) -> None:
        self.client: Direction | None = None
        self.server: Direction | None = None
        self.established = False
        self._begin()

    def _begin(self) -> None:
        self.client_hello: ClientHello | None = None
        self.server_hello: ServerHello | None = None
        self.group: int | None = None
        self.alpn: str | None = None
        self.early_accepted: bool | None = None
        self.full = False
        self.tickets: list[bytes] = []
        self.encrypted_premaster: bytes | None = None
        self.master: bytes | None = None
        self.keys: tuple[SideKeys, SideKeys] | None = None
        self.traffic: dict[tuple[bool, int], bytes] = {}
        self._finished: set[int] = set()
        self._server_done = False
        self._sent: tuple[list[bytes], list[bytes]] = ([], [])
        self._transcript_size = 0

    @property
    def version(self) -> int | None:
        """The version that was negotiated."""
        return None if self.server_hello is None else self.server_hello.version

    @property
    def tls13(self) -> bool:
        """Whether TLS 1.3 was negotiated."""
        return self.version == TLS13

    @property
    def suite(self) -> Suite | None:
        """The cipher suite that was negotiated."""
        return None if self.server_hello is None else suite(self.server_hello.suite)

    @property
    def retrying(self) -> bool:
        """Whether the last hello of the server asked for another one of the client."""
        return self.server_hello is not None and self.server_hello.retry

    @property
    def resumed(self) -> bool:
        """Whether the session goes on with secrets of an earlier one."""
        if self.server_hello is None or self.server is None or self.server.epoch == Epoch.PLAIN:
            return False
        if self.tls13:
            return self.server_hello.psk_index is not None
        return not self.full and not self.server.holed

    @property
    def transcript(self) -> bytes | None:
        """The messages from ClientHello to ClientKeyExchange, or None if they were not all seen."""
        client, server = self._sent
        if not (client and self._server_done) or self.encrypted_premaster is None:
            return None
        if self._transcript_size > _TRANSCRIPT_BOUND or any(d is None or d.holed for d in (self.client, self.server)):
            return None
        return b"".join([client[0], *server, *client[1:]])

    def take(self, direction: Direction, message: Message) -> list[TlsEvent]:
        """Take the next message of *direction*; raise `HandshakeError` if it is malformed."""
        # A second hello begins a renegotiation, unless it was asked for; the first may be captured after its answer.
        if message.kind == assembly.CLIENT_HELLO and self.client_hello is not None and not self.retrying:
            self._begin()
        self._record(direction, message)
        handler = _HANDLERS.get(message.kind)
        return [] if handler is None else handler(self, direction, message)

    def complete(self, direction: Direction, stamps: tuple[int, int, int, int], proven: bool = False) -> list[TlsEvent]:
        """Note that *direction* sent its Finished; *proven* by application data if both sides must have."""
        if proven:
            self._finished |= {0, 1}
        self._finished.add(direction.side)
        if self.established or len(self._finished) < 2 or self.server_hello is None or self.suite is None:
            return []
        self.established = True
        time, packet, end_time, end_packet = stamps
        return [
            Established(
                side=direction.side,
                time=time,
                packet=packet,
                end_time=end_time,
                end_packet=end_packet,
                version=version_name(self.server_hello.version),
                suite=self.suite.name,
                resumed=self.resumed,
                group=self.group,
                alpn=self.alpn,
                early_data=self.early_accepted is True,
            )
        ]

    def _record(self, direction: Direction, message: Message) -> None:
        """Keep what the extended master secret is made of."""
        # RFC 7627 §3: "handshake_messages" are all "up to and including the ClientKeyExchange", without HelloRequest.
        if self.encrypted_premaster is not None or self.tls13 or message.kind == assembly.HELLO_REQUEST:
            return
        if message.kind == assembly.CLIENT_HELLO:
            self.client = direction
        self._transcript_size += len(message.raw)
        if self._transcript_size <= _TRANSCRIPT_BOUND:
            self._sent[direction is not self.client].append(message.raw)

    def _client_hello(self, direction: Direction, message: Message) -> list[TlsEvent]:
        self.client = direction
        self.client_hello = parse_client_hello(message.body)
        self.established = False
        return [HelloSeen(**about(direction.side, message), hello=self.client_hello)]

    def _server_hello(self, direction: Direction, message: Message) -> list[TlsEvent]:
        hello = parse_server_hello(message.body)
        self.server = direction
        self.server_hello = hello
        self.group, self.alpn = hello.group, hello.alpn
        if hello.retry or hello.version != TLS13 or hello.psk_index is None:
            self.early_accepted = False
        if hello.version == TLS13 and not hello.retry:
            direction.advance(Epoch.HANDSHAKE)
        return [HelloSeen(**about(direction.side, message), hello=hello)]

    def _encrypted_extensions(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        extensions = parse_encrypted_extensions(message.body)
        self.alpn = extensions["alpn"]
        self.early_accepted = extensions["early_data"]
        return []

    def _certificate(self, direction: Direction, message: Message) -> list[TlsEvent]:
        self.full = True
        return [CertificatesSeen(**about(direction.side, message), chain=parse_certificate(message.body, self.tls13))]

    def _certificate_request(self, direction: Direction, message: Message) -> list[TlsEvent]:
        request = parse_certificate_request(message.body, self.version or 0)
        return [CertificateRequested(**about(direction.side, message), request=request)]

    def _server_key_exchange(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        self.full = True
        chosen = self.suite
        if chosen is not None and chosen.exchange.startswith(("ECDHE_", "ECDH_anon")) and "PSK" not in chosen.exchange:
            self.group = parse_server_key_exchange_group(message.body)
        return []

    def _server_hello_done(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        self.full = self._server_done = True
        return []

    def _client_key_exchange(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        # RFC 5246 §7.4.7.1: "the RSA-encrypted PreMasterSecret in a ClientKeyExchange is preceded by two length bytes."
        self.full = True
        self.encrypted_premaster = b""
        if self.suite is not None and self.suite.exchange == "RSA":
            self.encrypted_premaster = Reader(message.body, "ClientKeyExchange").vector(2)
        return []

    def _new_session_ticket(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        # RFC 5077 §3.3: a lifetime hint of four bytes and the ticket. Tickets of TLS 1.3 resume no secret known here.
        if not self.tls13:
            reader = Reader(message.body, "NewSessionTicket")
            reader.take(4)
            self.tickets = [*self.tickets, reader.vector(2)][-_TICKETS:]
        return []

    def _end_of_early_data(self, direction: Direction, message: Message) -> list[TlsEvent]:  # noqa: ARG002
        # RFC 8446 §4.5: EndOfEarlyData tells "that the following records are protected under handshake traffic keys".
        if direction.epoch == Epoch.EARLY:
            self.early_accepted = True
            direction.advance(Epoch.HANDSHAKE)
        return []

    def _finish(self, direction: Direction, message: Message) -> list[TlsEvent]:
        # Finished may also follow a post-handshake CertificateRequest (RFC 8446 §4.6.2), and then changes no keys.
        if direction.epoch == Epoch.HANDSHAKE:
            direction.advance(Epoch.TRAFFIC)
        stamps = (message.time, message.packet, message.end_time, message.end_packet)
        return self.complete(direction, stamps)

    def _key_update(self, direction: Direction, message: Message) -> list[TlsEvent]:
        # RFC 8446 §4.6.3: "After sending a KeyUpdate message, the sender SHALL send all its traffic using the next
        # generation of keys".
        if not self.tls13 or direction.epoch != Epoch.TRAFFIC:
            return []
        direction.advance(Epoch.TRAFFIC, direction.generation + 1)
        return [KeyUpdated(**about(direction.side, message), requested=message.body == b"\x01")]


_HANDLERS: Final[dict[int, Callable[[Handshake, Direction, Message], list[TlsEvent]]]] = {
    assembly.CLIENT_HELLO: Handshake._client_hello,
    assembly.SERVER_HELLO: Handshake._server_hello,
    assembly.ENCRYPTED_EXTENSIONS: Handshake._encrypted_extensions,
    assembly.CERTIFICATE: Handshake._certificate,
    assembly.CERTIFICATE_REQUEST: Handshake._certificate_request,
    assembly.SERVER_KEY_EXCHANGE: Handshake._server_key_exchange,
    assembly.SERVER_HELLO_DONE: Handshake._server_hello_done,
    assembly.CLIENT_KEY_EXCHANGE: Handshake._client_key_exchange,
    assembly.NEW_SESSION_TICKET: Handshake._new_session_ticket,
    assembly.END_OF_EARLY_DATA: Handshake._end_of_early_data,
    assembly.FINISHED: Handshake._finish,
    assembly.KEY_UPDATE: Handshake._key_update,
}
