"""The server's certificate and the authority that signed it, made afresh for each run: what a verifying proxy needs."""

import datetime as dt
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.conversation import DOMAIN

SIGNS: Final = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
HANDSHAKES: Final = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


class Identity(NamedTuple):
    """Two PEM files: the authority's certificate, and the server's key with its certificate."""

    authority: Path
    server: Path


def make(folder: Path) -> Identity:
    """Write both files into *folder*."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    identity = Identity(folder / "authority.pem", folder / "server.pem")
    authority = _builder("benchmark authority", root, root, SIGNS)
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    identity.authority.write_bytes(authority.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    server = _builder(DOMAIN, leaf, root, HANDSHAKES)
    server = server.add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
    private = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    identity.server.write_bytes(private + server.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return identity


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey, usage: x509.KeyUsage
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("benchmark authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
