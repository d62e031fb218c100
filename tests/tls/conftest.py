"""Conversations under TLS for tests: real ones, by the `ssl` module in memory, and TLS 1.3 made record by record."""

import datetime as dt
import os
import ssl
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from xmppscope.tls.connection import TlsConnection
from xmppscope.tls.events import Plaintext
from xmppscope.tls.keylog import KeyStore
from xmppscope.tls.resumption import ResumptionCache

NAME = "prosody.test"


class Party:
    """A self-signed certificate and its key, in files."""

    def __init__(self, folder: Path, key) -> None:
        self.pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)
        self.certificate_der = certificate.public_bytes(serialization.Encoding.DER)
        self.key_file = folder / "key.pem"
        self.certificate_file = folder / "certificate.pem"
        self.key_file.write_bytes(self.pem)
        self.certificate_file.write_bytes(self.certificate_pem)


class Talk:
    """A TLS connection in memory; `wire` holds what each side sent, in order: (side, bytes), side 0 the client."""

    def __init__(self, client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None = None) -> None:
        self._to = (ssl.MemoryBIO(), ssl.MemoryBIO())
        self._out = (ssl.MemoryBIO(), ssl.MemoryBIO())
        self.client = client.wrap_bio(self._to[0], self._out[0], server_hostname=NAME, session=session)
        self.server = server.wrap_bio(self._to[1], self._out[1], server_side=True)
        self.wire: list[tuple[int, bytes]] = []
        self.sent: tuple[list[bytes], list[bytes]] = ([], [])
        self.failure: ssl.SSLError | None = None

    def pump(self) -> "Talk":
        """Shake hands until neither side has more to say."""
        done = [False, False]
        while not all(done):
            for side, end in enumerate((self.client, self.server)):
                if not done[side]:
                    try:
                        end.do_handshake()
                        done[side] = True
                    except ssl.SSLWantReadError:
                        pass
                    except ssl.SSLError as error:
                        self.failure = error
                        done = [True, True]
                self.flush(side)
        self.read()
        return self

    def flush(self, side: int) -> None:
        data = self._out[side].read()
        if data:
            self.wire.append((side, data))
            self._to[1 - side].write(data)

    def read(self) -> None:
        for end in (self.client, self.server):
            with suppress(ssl.SSLError):
                while end.read(65536):
                    pass

    def say(self, side: int, data: bytes) -> None:
        (self.client, self.server)[side].write(data)
        self.sent[side].append(data)
        self.flush(side)
        self.read()

    def bye(self, side: int) -> None:
        with suppress(ssl.SSLError):
            (self.client, self.server)[side].unwrap()
        self.flush(side)
        self.read()

    def chat(self) -> "Talk":
        """Say something of several sizes in both directions, and close."""
        for data in (b"<stream>", b"a" * 200, b"b" * 40000, b"c"):
            self.say(0, data)
            self.say(1, data.upper())
        self.bye(0)
        self.bye(1)
        return self


class Tls:
    """Makes contexts and conversations; `log` is the key log that the clients write."""

    def __init__(self, folder: Path, party: Party) -> None:
        self.party = party
        self._log = folder / "keys.log"
        self._log.touch()

    @property
    def log(self) -> bytes:
        return self._log.read_bytes()

    def context(self, server: bool, version: ssl.TLSVersion, ciphers: str = "", options: int = 0) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
            context.options |= options
        if ciphers:
            context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        if server:
            context.load_cert_chain(self.party.certificate_file, self.party.key_file)
        else:
            context.load_verify_locations(self.party.certificate_file)
            context.keylog_filename = str(self._log)
        return context

    def talk(self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, ciphers: str = "", options: int = 0) -> Talk:
        return Talk(
            self.context(False, version, ciphers, options), self.context(True, version, ciphers, options)
        ).pump()


@pytest.fixture(scope="session")
def rsa_party(tmp_path_factory):
    return Party(tmp_path_factory.mktemp("rsa"), rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="session")
def ec_party(tmp_path_factory):
    return Party(tmp_path_factory.mktemp("ec"), ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def tls(tmp_path, rsa_party):
    return Tls(tmp_path, rsa_party)


@pytest.fixture(scope="module")
def module_tls(tmp_path_factory, rsa_party):
    return Tls(tmp_path_factory.mktemp("log"), rsa_party)


@pytest.fixture
def ec_tls(tmp_path, ec_party):
    return Tls(tmp_path, ec_party)


class Observer:
    """Feeds a conversation to a `TlsConnection`: one packet a piece, a millisecond apart; collects the events."""

    def __init__(self, log: bytes = b"", keys: KeyStore | None = None, cache: ResumptionCache | None = None) -> None:
        self.keys = KeyStore() if keys is None else keys
        if log:
            self.keys.add(log)
        self.connection = TlsConnection(self.keys, ResumptionCache() if cache is None else cache)
        self.packet = 0
        self.events: list = []

    @property
    def time(self) -> int:
        return self.packet * 1_000_000

    def feed(self, side: int, data: bytes) -> list:
        self.packet += 1
        return self.keep(self.connection.feed(side, data, self.time, self.packet))

    def lost(self, side: int, length: int) -> list:
        self.packet += 1
        return self.keep(self.connection.lost(side, length, self.time, self.packet))

    def keep(self, events: list) -> list:
        self.events += events
        return events

    def run(self, wire: list[tuple[int, bytes]], size: int = 1 << 20) -> "Observer":
        """Feed all of *wire* in pieces of at most *size* bytes, and end it."""
        for side, data in wire:
            for at in range(0, len(data), size):
                self.feed(side, data[at : at + size])
        return self.end()

    def end(self) -> "Observer":
        for side in (0, 1):
            self.keep(self.connection.ended(side, self.time, self.packet, False))
        self.keep(self.connection.close())
        return self

    def plain(self, side: int) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, Plaintext) and event.side == side)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def names(self) -> list[str]:
        """The kinds of events but plaintext, in order, with the side."""
        return [f"{type(event).__name__} {event.side}" for event in self.events if not isinstance(event, Plaintext)]


@pytest.fixture(scope="session")
def observer():
    return Observer


HASHES = {
    0x1301: hashes.SHA256,
    0x1302: hashes.SHA384,
    0x1303: hashes.SHA256,
    0x1304: hashes.SHA256,
    0x1305: hashes.SHA256,
}
KEY_SIZES = {0x1301: 16, 0x1302: 32, 0x1303: 32, 0x1304: 16, 0x1305: 16}


def vector(size: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return len(data).to_bytes(size, "big") + data


def extension(number: int, data: bytes = b"") -> bytes:
    return number.to_bytes(2, "big") + vector(2, data)


def message(kind: int, body: bytes = b"") -> bytes:
    return bytes((kind,)) + vector(3, body)


def record(kind: int, fragment: bytes) -> bytes:
    return bytes((kind, 3, 3)) + vector(2, fragment)


class Sealer:
    """Seals the records of one side of a made TLS 1.3 connection."""

    def __init__(self, suite: int, secret: bytes) -> None:
        self.suite = suite
        self.secret = secret
        self.number = 0
        key = self._expand(b"key", KEY_SIZES[suite])
        self._iv = int.from_bytes(self._expand(b"iv", 12), "big")
        self._cipher = {
            0x1301: AESGCM,
            0x1302: AESGCM,
            0x1303: ChaCha20Poly1305,
            0x1304: AESCCM,
            0x1305: lambda key: AESCCM(key, 8),
        }[suite](key)
        self._tag = 8 if suite == 0x1305 else 16

    def _expand(self, label: bytes, size: int) -> bytes:
        info = size.to_bytes(2, "big") + vector(1, b"tls13 " + label) + b"\0"
        return HKDFExpand(HASHES[self.suite](), size, info).derive(self.secret)

    def seal(self, kind: int, content: bytes, padding: int = 0) -> bytes:
        inner = content + bytes((kind,)) + bytes(padding)
        header = bytes((23, 3, 3)) + (len(inner) + self._tag).to_bytes(2, "big")
        nonce = (self._iv ^ self.number).to_bytes(12, "big")
        self.number += 1
        return header + self._cipher.encrypt(nonce, inner, header)

    def data(self, content: bytes, padding: int = 0) -> bytes:
        return self.seal(23, content, padding)

    def next(self) -> "Sealer":
        return Sealer(self.suite, self._expand(b"traffic upd", len(self.secret)))


class Made:
    """A TLS 1.3 connection put together by hand: hellos, secrets, sealers by label, and the key log for it."""

    def __init__(self, suite: int = 0x1301, *, early: bool = False, psk: bool = False) -> None:
        self.suite = suite
        self.random = os.urandom(32)
        self.secrets = {
            label: os.urandom(HASHES[suite].digest_size)
            for label in (
                "CLIENT_EARLY_TRAFFIC_SECRET",
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "CLIENT_TRAFFIC_SECRET_0",
                "SERVER_TRAFFIC_SECRET_0",
            )
        }
        self.early, self.client_handshake, self.server_handshake, self.client, self.server = (
            Sealer(suite, secret) for secret in self.secrets.values()
        )
        offers = [extension(43, vector(1, b"\x03\x04"))]
        offers += [extension(42)] if early else []
        offers += [extension(41, b"key")] if psk or early else []
        suites = vector(2, *(code.to_bytes(2, "big") for code in HASHES))
        self.client_hello = record(
            22, message(1, b"\x03\x03" + self.random + b"\0" + suites + b"\x01\0" + vector(2, *offers))
        )
        self.server_hello = self._server_hello(os.urandom(32), psk or early)
        self.retry = self._server_hello(
            bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"), False
        )

    def _server_hello(self, random: bytes, psk: bool) -> bytes:
        chosen = [extension(43, b"\x03\x04")] + ([extension(41, b"\0\0")] if psk else [])
        return record(
            22, message(2, b"\x03\x03" + random + b"\0" + self.suite.to_bytes(2, "big") + b"\0" + vector(2, *chosen))
        )

    def log(self, *without: str) -> bytes:
        lines = (
            f"{label} {self.random.hex()} {secret.hex()}\n"
            for label, secret in self.secrets.items()
            if label not in without
        )
        return "".join(lines).encode()

    def server_flight(self, early: bool = False) -> bytes:
        extensions = vector(2, extension(42) if early else b"")
        return self.server_handshake.seal(22, message(8, extensions) + message(20, bytes(32)))

    def client_flight(self) -> bytes:
        return self.client_handshake.seal(22, message(20, bytes(32)))

    def handshake(self) -> list[tuple[int, bytes]]:
        """A whole handshake without early data."""
        return [
            (0, self.client_hello),
            (1, self.server_hello + record(20, b"\x01") + self.server_flight()),
            (0, record(20, b"\x01") + self.client_flight()),
        ]


@pytest.fixture(scope="session")
def made():
    return Made


@pytest.fixture(scope="session")
def parts():
    """The builders of messages, records and vectors."""
    return type(
        "Parts", (), {"message": staticmethod(message), "record": staticmethod(record), "vector": staticmethod(vector)}
    )
