"""What TLS the proxy makes of what the client offers: versions, server name, and whether a certificate holds."""

import ssl
from typing import Final

from xmppscope.model.timeline import ConnectionKind
from xmppscope.tls.certificate import read_certificate
from xmppscope.tls.hello import SUPPORTED_VERSIONS, ClientHello
from xmppscope.tls.identity import Service, ascii_domain, match_certificate

Versions = tuple[ssl.TLSVersion, ssl.TLSVersion]

_VERSIONS: Final = {
    0x0301: ssl.TLSVersion.TLSv1,
    0x0302: ssl.TLSVersion.TLSv1_1,
    0x0303: ssl.TLSVersion.TLSv1_2,
    0x0304: ssl.TLSVersion.TLSv1_3,
}
_NAMED: Final = {version.name.replace("_", "."): version for version in _VERSIONS.values()}
_SERVICES: Final[dict[ConnectionKind, Service]] = {"c2s": "xmpp-client", "s2s": "xmpp-server"}
_NAME_BOUND: Final = 253  # RFC 1035 §2.3.4
_LABEL_BOUND: Final = 63


def client_versions(hello: ClientHello) -> Versions:
    """Return the oldest and the newest version that the client offers and the proxy speaks; the newest if none."""
    # RFC 5246 §E.1: before the extension for it, a client offers all versions up to the one that it names.
    known = sorted(version for version in hello.versions if version in _VERSIONS)
    if not known:
        return ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    oldest = known[0] if SUPPORTED_VERSIONS in hello.extensions else _OLDEST_IMPLIED
    return _VERSIONS[min(oldest, known[-1])], _VERSIONS[known[-1]]


_OLDEST_IMPLIED: Final = 0x0301


def offered_alpn(hello: ClientHello) -> tuple[str, ...]:
    """Return the ALPN that can be offered to the server as the client does: `ssl` takes names of ASCII alone.

    Others, those of GREASE (RFC 8701) among them, are escapes in a `ClientHello`, which are nobody's protocol.
    """
    return tuple(name for name in hello.alpn if "\\" not in name)


def only(version: str) -> Versions:
    """Return the bounds that leave nothing but *version* (``TLSv1.2``), so that both legs speak the same (XEP-0515)."""
    found = _NAMED.get(version, ssl.TLSVersion.TLSv1_2)
    return found, found


def server_name(domain: str) -> str | None:
    """Return the SNI for an XMPP *domain* (XEP-0368 §3), or None where it can't be one."""
    name = ascii_domain(domain)
    labels = name.split(".")
    usable = all(0 < len(label) <= _LABEL_BOUND for label in labels) and name.isascii() and "\0" not in name
    return name if usable and len(name) <= _NAME_BOUND else None


def judge_certificate(der: bytes | None, domain: str, kind: ConnectionKind, time: int) -> str:
    """Return why the server's certificate is not one for *domain*; empty if it is (RFC 6120 §13.7.2)."""
    if not der:
        return "the server showed none"
    if not domain:
        return "the client has not said which domain it is to be for"
    match = match_certificate(read_certificate(der), domain, _SERVICES.get(kind), time)
    return "" if match.fits else "; ".join(match.reasons)
