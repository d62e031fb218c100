"""Conversations for the linter: the lines of an example in, the findings of all rules out."""

import contextlib
import re
import ssl
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xmppscope.analyzer import Analyzer
from xmppscope.lint import Linter
from xmppscope.lint.preambles import INSIDE_TLS, ON_WEBSOCKET, PREAMBLES
from xmppscope.lint.rule import Example, talk
from xmppscope.model.timeline import Entry, Finding, Record
from xmppscope.model.wire import Data, Ended, Lost, Opened, WireEvent
from xmppscope.tls.keylog import KeyStore

START = 1_700_000_000_000_000_000
NAME = "capulet.example"
LINE = re.compile(r"([CS])(2?)(?:: (.*)| (fin|rst|gap))", re.DOTALL)


class Heard:
    """What came of a conversation."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.findings = [record for record in records if isinstance(record, Finding)]
        self.entries = [record for record in records if isinstance(record, Entry)]

    @property
    def rules(self) -> list[str]:
        return [finding.rule for finding in self.findings]


class Tls:
    """Both ends of one TLS connection in memory; who reads along gets its secrets."""

    def __init__(self, folder: Path, manner: str = "tls") -> None:
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.load_cert_chain(folder / "server.pem")
        server.num_tickets = 0
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        if manner == "tls-old":
            for context in (server, client):
                context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):
                client.minimum_version = server.minimum_version = ssl.TLSVersion.TLSv1_1
                client.maximum_version = ssl.TLSVersion.TLSv1_1
        elif manner == "tls-web":
            client.set_alpn_protocols(["http/1.1"])
        self.keylog = folder / f"keys-{id(self)}"
        client.keylog_filename = str(self.keylog)
        self._in = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ends = (
            client.wrap_bio(self._in[0], self._out[0], server_hostname=None if manner == "tls-nameless" else NAME),
            server.wrap_bio(self._in[1], self._out[1], server_side=True),
        )

    def handshake(self) -> Iterator[tuple[int, bytes]]:
        for side in (0, 1, 0, 1, 0):
            with contextlib.suppress(ssl.SSLWantReadError):
                self._ends[side].do_handshake()
            data = self._carry(side)
            if data:
                yield side, data

    def send(self, side: int, data: bytes) -> bytes:
        self._ends[side].write(data)
        return self._carry(side)

    def _carry(self, side: int) -> bytes:
        data = self._out[side].read()
        self._in[1 - side].write(data)
        return data


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a server's key and certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "c")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    folder = tmp_path_factory.mktemp("tls")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    return folder


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: capulet.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: xmpp\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
)


def header(side: int, data: bytes) -> bytes:
    """The header of one WebSocket message; a client's mask of zeros changes nothing."""
    length = len(data).to_bytes(1) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2)
    return b"\x81" + length if side else b"\x81" + bytes([length[0] | 0x80]) + length[1:] + bytes(4)


def steps(example: Example, tls: Tls | None) -> Iterator[tuple[int, int, bytes | str]]:
    """Yield on which connection which side sends which bytes, or what happens to it."""
    web = example.after in ON_WEBSOCKET
    if tls is not None:
        yield from [(1, side, data) for side, data in tls.handshake()]
    if web:
        yield from [(1, side, data) for side, data in enumerate(HANDSHAKE)]
    for line in (*PREAMBLES[example.after], *example.lines):
        found = LINE.fullmatch(line)
        assert found is not None, line
        who, second, xml, event = found.groups()
        side, connection = "CS".index(who), 2 if second else 1
        if xml is None:
            yield connection, side, event
        elif web:
            yield connection, side, header(side, xml.encode()) + xml.encode()
        else:
            data = xml.encode() if example.after != "bosh" else over_http(side, xml.encode())
            yield connection, side, data if tls is None else tls.send(side, data)


def over_http(side: int, body: bytes) -> bytes:
    """Return a body in the request or the response that carries it."""
    line = b"HTTP/1.1 200 OK" if side else b"POST /bosh HTTP/1.1"
    return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (line, len(body), body)


def wire(connection: int, side: int, what: bytes | str, number: int) -> WireEvent:
    time = START + number * 1_000_000
    if isinstance(what, bytes):
        return Data(connection, side, time, number, what)  # type: ignore[arg-type]
    if what == "gap":
        return Lost(connection, side, time, number, 20)  # type: ignore[arg-type]
    return Ended(connection, side, time, number, what == "rst")  # type: ignore[arg-type]


@pytest.fixture
def play_example(certificate: Path) -> Callable[..., Heard]:
    """Play an example of a rule through an analyzer with a linter."""

    def play(example: Example, *, syn: bool = True, select: Sequence[str] = ()) -> Heard:
        keys = KeyStore()
        analyzer = Analyzer(keys, observers=[Linter(select)])
        tls = Tls(certificate, example.after) if example.after in INSIDE_TLS else None
        records = analyzer.feed(Opened(1, START, 0, "192.0.2.1:40001", "192.0.2.2:5222", syn))
        opened = {1}
        for number, (connection, side, what) in enumerate(steps(example, tls), 1):
            if tls is not None and not keys.logs:
                keys.add(tls.keylog.read_bytes(), "the test")
            if connection not in opened:
                opened.add(connection)
                later = START + number * 1_000_000
                records += analyzer.feed(Opened(connection, later, number, "192.0.2.1:40002", "192.0.2.2:5222", True))
            records += analyzer.feed(wire(connection, side, what, number))
        return Heard([*records, *analyzer.close()])

    return play


@pytest.fixture
def hear(play_example: Callable[..., Heard]) -> Callable[..., Heard]:
    """Play lines behind a preamble and return what the rules say."""

    def run(*lines: str, after: str = "login", syn: bool = True, select: Sequence[str] = ()) -> Heard:
        return play_example(talk(*lines, after=after), syn=syn, select=select)  # type: ignore[arg-type]

    return run
