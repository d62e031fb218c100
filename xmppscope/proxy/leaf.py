"""Leaf certificates: what the proxy shows to a client in place of the server's certificate (RFC 6120 §13.7.1).

A certificate is for the XMPP domain that the client asked for, not for the host that it dialled; the address it dialled
is added for clients that compare it all the same, and so are the names that the server's own certificate has beside the
domain. Whatever a client calls a domain, a certificate can be made: what fits into no kind of name is left out of it.
"""

import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xmppscope.proxy.authority import Authority
from xmppscope.proxy.host import plain_address
from xmppscope.tls.certificate import DNS_SRV, XMPP_ADDR
from xmppscope.tls.identity import SERVICES, ascii_domain

LIFETIME: Final = timedelta(days=7)
SKEW: Final = timedelta(days=1)
"""How far a certificate reaches back, for clients whose clock is slow."""

_DNS_SRV: Final = x509.ObjectIdentifier(DNS_SRV)
_XMPP_ADDR: Final = x509.ObjectIdentifier(XMPP_ADDR)
_IA5_STRING: Final = 0x16
_UTF8_STRING: Final = 0x0C

# RFC 1035 §2.3.4: "labels 63 octets or less, names 255 octets or less". The underscore is no letter of a host name, but
# such domains exist.
_DNS_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_DOMAINPART_BOUND: Final = 1023  # RFC 7622 §3.2
_COMMON_NAME_BOUND: Final = 64  # RFC 5280 §A.1, ub-common-name
_MOST_NAMES: Final = 256
_MOST_BYTES: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class LeafNames:
    """What a leaf certificate is for: the XMPP `domain`, the IP `address` dialled, `others` of the server's own."""

    domain: str
    address: str = ""
    others: tuple[x509.GeneralName, ...] = ()


def mint(authority: Authority, names: LeafNames, key: ec.EllipticCurvePublicKey, now: datetime) -> x509.Certificate:
    """Return a certificate for *names* and *key* that is valid *now*; no names make it raise."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _common_name(names))]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(_PURPOSES, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if found := alternative_names(names):
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
    return authority.sign(builder)


def alternative_names(names: LeafNames) -> list[x509.GeneralName]:
    """Return all names of the certificate, each once: those of the domain first, then the address, then the others."""
    found = _names_of_domain(names.domain)
    # A socket for both families shows an IPv4 client's as ::ffff:192.0.2.1, but 192.0.2.1 is what was dialled.
    if (address := plain_address(names.address)) is not None:
        found.append(x509.IPAddress(address))
    return list(dict.fromkeys([*found, *names.others]))


def upstream_names(der: bytes) -> tuple[x509.GeneralName, ...]:
    """Return the names to copy out of the certificate of the server: DNS names, wildcards, addresses, other names.

    A certificate that cannot be read has none to copy; what is wrong with it is told by who verifies it.
    """
    with warnings.catch_warnings():
        # The library warns of what breaks RFC 5280, which is the server's business.
        warnings.simplefilter("ignore")
        try:
            extensions = x509.load_der_x509_certificate(der).extensions
            names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, *_UNREADABLE):
            return ()
        return tuple(_bounded(list(names)))


_UNREADABLE: Final = (
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_PURPOSES: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _names_of_domain(domain: str) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    host = ascii_domain(domain)
    if (address := plain_address(host)) is not None:
        found.append(x509.IPAddress(address))
    elif _DNS_NAME.fullmatch(host):
        found.append(x509.DNSName(host))
        # RFC 4985 §2: "The SRVName, if present, MUST contain a service name and a domain name in the following form:
        # _Service.Name"
        found += [
            x509.OtherName(_DNS_SRV, _der(_IA5_STRING, f"_{service}.{host}".encode("ascii"))) for service in SERVICES
        ]
    if text := _domainpart(domain):
        found.append(x509.OtherName(_XMPP_ADDR, _der(_UTF8_STRING, text)))
    return found


def _domainpart(domain: str) -> bytes:
    """Return *domain* as an XmppAddr has it: UTF-8 and, unlike in the DNS, with its U-labels (RFC 6120 §13.7.1.4)."""
    whole = domain.lower().removesuffix(".").encode("utf-8", "replace")
    return whole[:_DOMAINPART_BOUND].decode("utf-8", "ignore").encode("utf-8")


def _common_name(names: LeafNames) -> str:
    """Return a name for people; nothing compares it, since there are alternative names (RFC 6125 §6.4.4)."""
    text = ascii_domain(names.domain) or names.address or "xmppscope"
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:_COMMON_NAME_BOUND])
    return printable.encode("utf-8", "replace")[:_COMMON_NAME_BOUND].decode("utf-8", "ignore")


def _bounded(names: list[x509.GeneralName]) -> list[x509.GeneralName]:
    """Return those of *names* that can be copied, as many as a handshake carries well."""
    found: list[x509.GeneralName] = []
    size = 0
    for name in names[:_MOST_NAMES]:
        if isinstance(name, x509.DNSName | x509.OtherName):
            size += len(name.value)
        elif not isinstance(name, x509.IPAddress):
            continue
        if size > _MOST_BYTES:
            break
        found.append(name)
    return found


def _der(tag: int, content: bytes) -> bytes:
    """Return *content* as one DER value (X.690 §8.1.3)."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
