"""Reads the facts out of an X.509 certificate (RFC 5280), as far as they can be read.

A certificate comes from the wire: whatever is broken in it, reading raises nothing. What cannot be read is named in
`CertificateFacts.problems`, and the other facts stand. Left out: chains, trust, revocation, which an observer of a
capture cannot judge. Whether the names fit is the business of `xmppscope.tls.identity`.

The library is imported on first use: it costs 90 ms, and captures without TLS do not need it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from xmppscope.tls.vectors import HandshakeError, Reader

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

_T = TypeVar("_T")
_E = TypeVar("_E", bound="x509.ExtensionType")

TEXT_BOUND: Final = 1023
"""The most characters that are kept of one text; as long as a domainpart can be (RFC 7622 §3.2)."""

NAME_PROBLEMS: Final = ("unreadable alternative names", "unreadable SRVName", "unreadable XmppAddr")
"""How those `CertificateFacts.problems` begin that leave names unknown."""

DNS_SRV: Final = "1.3.6.1.5.5.7.8.7"  # id-on-dnsSRV, RFC 4985 §2
XMPP_ADDR: Final = "1.3.6.1.5.5.7.8.5"  # id-on-xmppAddr, RFC 6120 §13.7.1.4

_USAGES: Final = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "2.5.29.37.0": "any",
}

_SIGNATURES: Final = {
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.113549.1.1.11": "SHA-256 with RSA",
    "1.2.840.113549.1.1.12": "SHA-384 with RSA",
    "1.2.840.113549.1.1.13": "SHA-512 with RSA",
    "1.2.840.113549.1.1.14": "SHA-224 with RSA",
    "1.2.840.10040.4.3": "SHA-1 with DSA",
    "2.16.840.1.101.3.4.3.2": "SHA-256 with DSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
    "1.2.840.10045.4.3.1": "SHA-224 with ECDSA",
    "1.2.840.10045.4.3.2": "SHA-256 with ECDSA",
    "1.2.840.10045.4.3.3": "SHA-384 with ECDSA",
    "1.2.840.10045.4.3.4": "SHA-512 with ECDSA",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}

_UTF8_STRING: Final = 0x0C
_IA5_STRING: Final = 0x16


@dataclass(slots=True)
class CertificateFacts:
    """What a certificate says; an empty text, an empty list or None is what it does not say or cannot be read.

    `subject` and `issuer` are distinguished names as RFC 4514 writes them, `serial` and `fingerprint` (SHA-256 of the
    whole certificate) lower-case hexadecimal, `signature` the algorithm of its signature (the OID where it has no name
    here), `key_bits` the size of the key. Times are aware, in UTC. `usages` are the names or OIDs of the extended key
    usages, None where the extension is absent. `error` is set, and nothing else but the fingerprint, where it is no
    certificate at all.
    """

    fingerprint: str
    error: str = ""
    subject: str = ""
    common_name: str = ""
    issuer: str = ""
    serial: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: str = ""
    key_bits: int | None = None
    signature: str = ""
    dns_names: list[str] = field(default_factory=list)
    srv_names: list[str] = field(default_factory=list)
    xmpp_addresses: list[str] = field(default_factory=list)
    ip_addresses: list[str] = field(default_factory=list)
    usages: list[str] | None = None
    self_signed: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """All names that the certificate is for, each once: DNS names, then SRV names, XMPP addresses, IP addresses."""
        return list(dict.fromkeys(self.dns_names + self.srv_names + self.xmpp_addresses + self.ip_addresses))


def read_certificate(der: bytes) -> CertificateFacts:
    """Return the facts of one certificate in DER; raise nothing, whatever the bytes are."""
    from cryptography import x509

    facts = CertificateFacts(fingerprint=hashlib.sha256(der).hexdigest())
    with warnings.catch_warnings():
        # The library warns the caller of what breaks RFC 5280; the reader of a capture must see it as facts instead.
        warnings.simplefilter("ignore")
        try:
            certificate = x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion) as error:
            facts.error = f"unreadable certificate: {_reason(error)}"
            return facts
        _read_fields(facts, certificate)
        _read_key(facts, certificate)
        _read_alternative_names(facts, certificate)
        _read_usages(facts, certificate)
        facts.self_signed = _is_self_signed(certificate)
    return facts


def _read_fields(facts: CertificateFacts, certificate: x509.Certificate) -> None:
    facts.serial = _attempt(facts, "serial number", lambda: format(certificate.serial_number, "x"), "")
    facts.subject = _attempt(facts, "subject", lambda: _bounded(certificate.subject.rfc4514_string()), "")
    facts.issuer = _attempt(facts, "issuer", lambda: _bounded(certificate.issuer.rfc4514_string()), "")
    facts.common_name = _attempt(facts, "common name", lambda: _common_name(certificate), "")
    facts.not_before = _attempt(facts, "start of validity", lambda: certificate.not_valid_before_utc, None)
    facts.not_after = _attempt(facts, "end of validity", lambda: certificate.not_valid_after_utc, None)
    facts.signature = _attempt(facts, "signature algorithm", lambda: _signature(certificate), "")


def _read_key(facts: CertificateFacts, certificate: x509.Certificate) -> None:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    key = _attempt(facts, "public key", certificate.public_key, None)
    if isinstance(key, rsa.RSAPublicKey):
        facts.key, facts.key_bits = f"RSA {key.key_size}", key.key_size
    elif isinstance(key, ec.EllipticCurvePublicKey):
        facts.key, facts.key_bits = f"EC {key.curve.name}", key.key_size
    elif isinstance(key, dsa.DSAPublicKey):
        facts.key, facts.key_bits = f"DSA {key.key_size}", key.key_size
    elif key is not None:
        facts.key = type(key).__name__.strip("_").removesuffix("PublicKey")


def _read_alternative_names(facts: CertificateFacts, certificate: x509.Certificate) -> None:
    from cryptography import x509

    extension = _attempt(facts, "alternative names", lambda: _extension(certificate, x509.SubjectAlternativeName), None)
    for name in extension or ():
        if isinstance(name, x509.DNSName):
            facts.dns_names.append(_bounded(name.value))
        elif isinstance(name, x509.IPAddress):
            facts.ip_addresses.append(str(name.value))
        elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == DNS_SRV:
            _read_other_name(facts, facts.srv_names, "SRVName", name.value, _IA5_STRING)
        elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == XMPP_ADDR:
            _read_other_name(facts, facts.xmpp_addresses, "XmppAddr", name.value, _UTF8_STRING)


def _read_other_name(facts: CertificateFacts, names: list[str], kind: str, value: bytes, tag: int) -> None:
    try:
        names.append(_bounded(_der_text(value, tag)))
    except (HandshakeError, UnicodeDecodeError) as error:
        facts.problems.append(f"unreadable {kind}: {_reason(error)}")


def _der_text(value: bytes, tag: int) -> str:
    """Return the text of one DER string of this *tag*, which must fill *value*."""
    reader = Reader(value, "the string")
    found = reader.number(1)
    if found != tag:
        # RFC 4985 §2: "SRVName ::= IA5String"; RFC 6120 §13.7.1.4: "XmppAddr ::= UTF8String"
        wanted = "IA5String" if tag == _IA5_STRING else "UTF8String"
        raise HandshakeError(f"its ASN.1 tag is 0x{found:02x}, not that of {wanted}")
    length = reader.number(1)
    if length > 0x80:
        length = reader.number(min(length & 0x7F, 4))
    text = reader.take(length)
    reader.finish()
    return text.decode("ascii" if tag == _IA5_STRING else "utf-8")


def _read_usages(facts: CertificateFacts, certificate: x509.Certificate) -> None:
    from cryptography import x509

    extension = _attempt(facts, "extended key usage", lambda: _extension(certificate, x509.ExtendedKeyUsage), None)
    if extension is not None:
        facts.usages = [_USAGES.get(usage.dotted_string, usage.dotted_string) for usage in extension]


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _common_name(certificate: x509.Certificate) -> str:
    from cryptography.x509.oid import NameOID

    for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        if isinstance(attribute.value, str):
            return _bounded(attribute.value)
    return ""


def _signature(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid.dotted_string
    return _SIGNATURES.get(oid, oid)


def _is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate's own key made its signature; a signature that cannot be checked does not count."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _attempt(facts: CertificateFacts, what: str, read: Callable[[], _T], default: _T) -> _T:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, UnsupportedGeneralNameType

    try:
        return read()
    except (ValueError, TypeError, DuplicateExtension, UnsupportedGeneralNameType, UnsupportedAlgorithm) as error:
        facts.problems.append(f"unreadable {what}: {_reason(error)}")
        return default


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:120] or type(error).__name__


def _bounded(text: str) -> str:
    return text if len(text) <= TEXT_BOUND else text[:TEXT_BOUND] + "…"
