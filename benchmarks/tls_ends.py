"""Both ends of a real TLS connection in memory: the records that OpenSSL writes, and the key log that opens them."""

import contextlib
import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Contexts:
    """The settings of both ends: one version, a self-signed certificate for *domain*, a key log."""

    def __init__(self, version: str, domain: str, keylog: Path) -> None:
        self.domain = domain
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_NONE
        self.client.minimum_version = self.client.maximum_version = VERSIONS[version]
        self.client.keylog_filename = str(keylog)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            pem = Path(folder) / "server.pem"
            pem.write_bytes(_certificate(domain))
            self.server.load_cert_chain(pem)


class Ends:
    """One connection's two ends; side 0 is the client."""

    def __init__(self, contexts: Contexts) -> None:
        self._incoming = (ssl.MemoryBIO(), ssl.MemoryBIO())
        self._outgoing = (ssl.MemoryBIO(), ssl.MemoryBIO())
        self._objects = (
            contexts.client.wrap_bio(self._incoming[0], self._outgoing[0], server_hostname=contexts.domain),
            contexts.server.wrap_bio(self._incoming[1], self._outgoing[1], server_side=True),
        )

    def handshake(self) -> Iterator[tuple[int, bytes]]:
        """Yield the flights of the handshake with the side that sends each."""
        done = [False, False]
        side = 0
        while not all(done):
            try:
                self._objects[side].do_handshake()
                done[side] = True
            except ssl.SSLWantReadError:
                pass
            if flight := self._outgoing[side].read():
                yield side, flight
                self._incoming[side ^ 1].write(flight)
            side ^= 1

    def write(self, side: int, data: bytes) -> bytes:
        """Return the records that carry *data*; nobody reads them, since the other end only has to write, too."""
        self._objects[side].write(data)
        return self._outgoing[side].read()

    def close(self, side: int) -> bytes:
        """Return the record of the close_notify alert."""
        # It then waits for the other end's alert or meets the records that nobody read; its own alert is written.
        with contextlib.suppress(ssl.SSLError):
            self._objects[side].unwrap()
        return self._outgoing[side].read()


def _certificate(domain: str) -> bytes:
    """Return a fresh P-256 key and a certificate that it signed itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
