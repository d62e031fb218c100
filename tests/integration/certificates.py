"""A certificate authority for the tests' servers, good for a day."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)


def subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def begin(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, authority: bool, ends: dt.timedelta = DAY
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key as files."""

    certificate: Path
    key: Path


class TestAuthority:
    """Signs certificates for XMPP domains; `file` is its own certificate, for those who shall trust it."""

    __test__ = False

    def __init__(self, folder: Path, name: str = "integration test authority") -> None:
        self.name, self.folder = name, folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = begin(name, name, self._key, authority=True).add_extension(usage, critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, domain: str, *, ends: dt.timedelta = DAY, name: str = "") -> Issued:
        """Certify a server of *domain*, and 127.0.0.1 for clients that compare with the address they dialled.

        *ends* is when it ceases to be valid, counted from now; *name* is that of the files, if it is not the domain.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.DNSName(domain), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))],
        )
        certificate = (
            begin(domain, self.name, key, authority=False, ends=ends)
            .add_extension(names, critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        issued = Issued(self.folder / f"{name or domain}.crt", self.folder / f"{name or domain}.key")
        issued.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        issued.key.touch(mode=0o600)
        issued.key.write_bytes(pem(key))
        return issued
