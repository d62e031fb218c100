"""The server's certificate, made anew for each run by a small authority of its own (RFC 6120 §13.7.1.2).

It names the domain as DNS name, SRV name (RFC 4985) and XMPP address, is valid for a week, and has an elliptic key. The
authority's key is forgotten at once: it can sign nothing else.
"""

import datetime as dt
import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_DNS_SRV: Final = ObjectIdentifier("1.3.6.1.5.5.7.8.7")
_XMPP_ADDR: Final = ObjectIdentifier("1.3.6.1.5.5.7.8.5")
_IA5_STRING: Final = 0x16
_UTF8_STRING: Final = 0x0C
_LIFE: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key, and the certificate of the authority that signed it, all in PEM."""

    certificate_pem: bytes
    key_pem: bytes
    authority_pem: bytes = b""

    @property
    def end_point(self) -> bytes:
        """The channel binding data `tls-server-end-point` (RFC 5929 §4.1)."""
        certificate = x509.load_pem_x509_certificate(self.certificate_pem)
        used = certificate.signature_hash_algorithm
        # "if the certificate's signatureAlgorithm uses ... MD5 or SHA-1, then use SHA-256".
        name = "sha256" if used is None or used.name in ("md5", "sha1") else used.name
        return hashlib.new(name, certificate.public_bytes(serialization.Encoding.DER)).digest()

    def context(self, *alpn: str) -> ssl.SSLContext:
        """Return a context for the server's side of TLS, 1.2 or newer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # `ssl` takes a key from a file only; the folder is for this user alone, and gone afterwards.
        with tempfile.TemporaryDirectory(prefix="xmppscope-") as folder:
            path = Path(folder, "identity.pem")
            path.touch(mode=0o600)
            path.write_bytes(self.key_pem + self.certificate_pem)
            context.load_cert_chain(path)
        if alpn:
            context.set_alpn_protocols(alpn)
        return context


def make_identity(domain: str) -> Identity:
    """Make an authority, and a certificate for the domain signed by it."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("xmppscope demo authority")
    authority = (
        _builder(issuer, issuer, authority_key.public_key(), authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name(domain), issuer, key.public_key(), authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_names(domain), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding = serialization.Encoding.PEM
    return Identity(certificate.public_bytes(encoding), key_pem, authority.public_bytes(encoding))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _names(domain: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [
            x509.DNSName(domain),
            x509.OtherName(_DNS_SRV, _string(_IA5_STRING, f"_xmpp-client.{domain}")),
            x509.OtherName(_XMPP_ADDR, _string(_UTF8_STRING, domain)),
        ]
    )


def _string(kind: int, text: str) -> bytes:
    """Return the DER of a string shorter than 128 bytes: the domain is a common name too, which has at most 64."""
    data = text.encode()
    return bytes((kind, len(data))) + data


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
