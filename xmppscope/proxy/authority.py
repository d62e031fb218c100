"""The proxy's certificate authority (RFC 5280): one for each user, made on first use, never replaced.

Its private key leaves neither this object nor the file (`keeping`): leaf certificates come to it to be signed, and what
is exported is the certificate alone. Left out: what a leaf certificate says (`leaf`), who is to trust the authority and
how (`trust`).
"""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy import keeping
from xmppscope.proxy.keeping import NAME, default_directory

__all__ = ["Authority", "default_directory", "new_authority"]

_LIFETIME: Final = timedelta(days=5 * 365)
_SKEW: Final = timedelta(days=1)
_ANEW: Final = "move the file away to have a new one made, which clients must trust anew"


class Authority:
    """An authority that can sign; `path` is its file, `created` tells whether it was made just now."""

    def __init__(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, path: Path, *, created: bool = False
    ) -> None:
        self.certificate = certificate
        self.path = path
        self.created = created
        self._key = key
        self._identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_key_identifier(certificate))

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Return the authority that is kept in *directory*; on first use make one."""
        found = cls.find(directory)
        if found is not None:
            return found
        # Where another process was quicker, what it wrote is what counts.
        created = keeping.create(directory, new_authority(datetime.now(UTC)))
        found = cls.find(directory)
        if found is None:
            raise XmppscopeError(f"{directory / NAME}: taken away while it was made; try again")
        found.created = created
        return found

    @classmethod
    def find(cls, directory: Path) -> Self | None:
        """Return the authority that is kept in *directory*, or None if there is none."""
        data = keeping.read(directory)
        if data is None:
            return None
        path = directory / NAME
        certificate, key = _parsed(data, path)
        _refuse_out_of_date(certificate, path)
        return cls(certificate, key, path)

    @property
    def name(self) -> str:
        """The name that clients show, such as ``xmppscope CA 3f:a2:9c:07``; it ends with the start of `key_id`."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in hexadecimal with colons."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":")

    @property
    def key_id(self) -> str:
        """The subject key identifier, in hexadecimal with colons."""
        return _key_identifier(self.certificate).digest.hex(":")

    @property
    def not_before(self) -> datetime:
        """The time from which on the authority is valid, aware, in UTC."""
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """The time until which the authority is valid, aware, in UTC."""
        return self.certificate.not_valid_after_utc

    @cached_property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @cached_property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def p12(self) -> bytes:
        """The certificate in PKCS #12, marked as one to trust as Java wants it, without a password."""
        entry = pkcs12.PKCS12Certificate(self.certificate, self.name.encode())
        return pkcs12.serialize_java_truststore([entry], serialization.NoEncryption())

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Return the certificate that *builder* describes, issued by this authority."""
        issued = builder.issuer_name(self.certificate.subject).add_extension(self._identifier, critical=False)
        return issued.sign(self._key, hashes.SHA256())


def new_authority(now: datetime) -> bytes:
    """Return a new key and its certificate, in PEM, valid from *now* on, and a day before for slow clocks."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    digits = identifier.digest[:4].hex(":")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"xmppscope CA {digits}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(pem)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _parsed(data: bytes, path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return certificate and key out of the file; raise an error if anything about them is not as we write it."""
    try:
        certificate = x509.load_pem_x509_certificate(data)
        identifier = _key_identifier(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise XmppscopeError(f"{path}: damaged, no certificate of an authority can be read in it; {_ANEW}") from error
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise XmppscopeError(f"{path}: damaged, no private key in the clear can be read in it; {_ANEW}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise XmppscopeError(f"{path}: damaged, its key is not that of its certificate; {_ANEW}")
    if not constraints.ca or not identifier.digest:
        raise XmppscopeError(f"{path}: damaged, its certificate is not one of an authority; {_ANEW}")
    return certificate, key


def _refuse_out_of_date(certificate: x509.Certificate, path: Path) -> None:
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        raise XmppscopeError(f"{path}: the authority expired on {certificate.not_valid_after_utc:%Y-%m-%d}; {_ANEW}")
    if now < certificate.not_valid_before_utc:
        raise XmppscopeError(
            f"{path}: the authority is valid from {certificate.not_valid_before_utc:%Y-%m-%d} on; "
            "set this machine's clock"
        )


def _key_identifier(certificate: x509.Certificate) -> x509.SubjectKeyIdentifier:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
