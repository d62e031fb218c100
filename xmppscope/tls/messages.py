"""Parses the handshake messages that carry certificates and the ephemeral group (RFC 8446 §4.3.2, §4.4; RFC 5246 §7.4).

Bodies come without the four bytes of the handshake header; a malformed one raises `HandshakeError`. Left out: the keys
and signatures themselves, which an observer cannot use, and certificate extensions such as OCSP staples.
"""

from dataclasses import dataclass, field
from typing import Final

from xmppscope.tls.vectors import Reader

_TLS12: Final = 0x0303
_TLS13: Final = 0x0304

_SIGNATURE_ALGORITHMS: Final = 13
_CERTIFICATE_AUTHORITIES: Final = 47

_NAMED_CURVE: Final = 3
"""RFC 8422 §5.4: the curve type of every ServerKeyExchange that names its group."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What a server asks of the client's certificate.

    `types` are certificate types (before TLS 1.3), `signatures` signature schemes (from TLS 1.2), `authorities`
    distinguished names in DER; each may be empty.
    """

    types: bytes = b""
    signatures: list[int] = field(default_factory=list)
    authorities: list[bytes] = field(default_factory=list)


def parse_certificate(body: bytes, tls13: bool) -> list[bytes]:
    """Return the DER certificates of a Certificate message, leaf first; raise `HandshakeError` if it is malformed.

    The list is empty where a client has no certificate to show. `tls13` selects the form of RFC 8446 §4.4.2, with a
    context and extensions, else that of RFC 5246 §7.4.2.
    """
    reader = Reader(body, "Certificate")
    if tls13:
        reader.vector(1)
    entries = Reader(reader.vector(3), "certificate list")
    reader.finish()
    chain = []
    while entries.left:
        chain.append(entries.vector(3, least=1))
        if tls13:
            entries.vector(2)
    return chain


def parse_certificate_request(body: bytes, version: int) -> CertificateRequest:
    """Parse a CertificateRequest in the form of *version*; raise `HandshakeError` if it is malformed.

    RFC 8446 §4.3.2 (TLS 1.3), RFC 5246 §7.4.4 (TLS 1.2), RFC 4346 §7.4.4 (before: without signature algorithms).
    """
    reader = Reader(body, "CertificateRequest")
    if version >= _TLS13:
        reader.vector(1)
        request = _request_of_extensions(reader.vector(2, least=2))
    else:
        types = reader.vector(1, least=1)
        signatures = reader.numbers(2) if version == _TLS12 else []
        request = CertificateRequest(types, signatures, _distinguished_names(reader.vector(2)))
    reader.finish()
    return request


def _request_of_extensions(block: bytes) -> CertificateRequest:
    reader = Reader(block, "extension block of CertificateRequest")
    request = CertificateRequest()
    while reader.left:
        number = reader.number(2)
        data = Reader(reader.vector(2), f"extension {number} of CertificateRequest")
        if number == _SIGNATURE_ALGORITHMS:
            request.signatures.extend(data.numbers(2))
            data.finish()
        elif number == _CERTIFICATE_AUTHORITIES:
            request.authorities.extend(_distinguished_names(data.vector(2)))
            data.finish()
    return request


def _distinguished_names(data: bytes) -> list[bytes]:
    return list(Reader(data, "list of certificate authorities").vectors(2, least=1))


def parse_server_key_exchange_group(body: bytes) -> int | None:
    """Return the named group of an ECDHE ServerKeyExchange (RFC 8422 §5.4), or None if it describes a curve by hand.

    Ask only for suites with ECDHE key exchange and without PSK: nothing in the message itself tells them apart.
    """
    reader = Reader(body, "ServerKeyExchange")
    if reader.number(1) != _NAMED_CURVE:
        return None
    group = reader.number(2)
    reader.vector(1, least=1)
    return group
