"""Tells whether a certificate is one for an XMPP domain, and if not, why (RFC 6120 §13.7.2, RFC 9525 §6).

It compares names and dates only. Trust in the issuer is left out: a reader of a capture has nobody to trust. The rules
are written out here and not taken from service_identity, because that library answers yes or no about one reference at
a time, while a debugger wants the reason, an XmppAddr and certificates that are half unreadable.
"""

import ipaddress
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from xmppscope.tls.certificate import NAME_PROBLEMS, CertificateFacts

Service = Literal["xmpp-client", "xmpp-server"]
SERVICES: Final[tuple[Service, ...]] = ("xmpp-client", "xmpp-server")

_LABEL_BOUND: Final = 63  # RFC 1035 §2.3.4: "labels 63 octets or less"


@dataclass(slots=True)
class Match:
    """The outcome: `fits`, the name that it fits by (`by`), or the `reasons` why it does not, in plain words.

    `name_fits` tells about the names alone, whatever the dates say.
    """

    fits: bool
    name_fits: bool
    by: str = ""
    reasons: list[str] = field(default_factory=list)


def match_certificate(facts: CertificateFacts, domain: str, service: Service | None, time: int) -> Match:
    """Compare a certificate with the XMPP *domain* that it should be for, at *time* (nanoseconds since the epoch).

    *service* is `xmpp-client` where clients connect and `xmpp-server` between servers; None, where that is not known,
    accepts an SRV name of either.
    """
    if facts.error:
        return Match(fits=False, name_fits=False, reasons=[facts.error])
    by = _fitting_name(facts, domain, SERVICES if service is None else (service,))
    reasons = [] if by else [_why_no_name_fits(facts, domain)]
    reasons += _why_not_now(facts, time)
    return Match(fits=not reasons, name_fits=bool(by), by=by, reasons=reasons)


def ascii_domain(domain: str) -> str:
    """Return *domain* in lower case, without a final dot and with its U-labels as A-labels (RFC 5890 §2.3.2.1).

    A label that cannot be one of the DNS (longer than 63 bytes) stays as it is and so fits no certificate.
    """
    labels = unicodedata.normalize("NFC", domain.lower()).removesuffix(".").split(".")
    return ".".join(_ascii_label(label) for label in labels)


def _ascii_label(label: str) -> str:
    # Punycode of long input is quadratic, and no label of the DNS is longer.
    if label.isascii() or len(label) > _LABEL_BOUND:
        return label
    return "xn--" + label.encode("punycode").decode("ascii")


def _fitting_name(facts: CertificateFacts, domain: str, services: tuple[Service, ...]) -> str:
    """Return words for the first name that is one for *domain*, or the empty text."""
    reference = ascii_domain(domain)
    address = _address(domain)
    if address is not None:
        # RFC 9525 §6.4: an IP-ID is compared octet for octet with iPAddress, and with nothing else.
        found = str(address) in facts.ip_addresses
        return f"IP address {address}" if found else ""
    for name in facts.dns_names:
        if _covers(name, reference):
            return f"DNS name {name}"
    for name in facts.srv_names:
        # RFC 4985 §2: "_Service.Name"; RFC 9525 §6.5: the service is compared without regard to case.
        service, _, host = name.partition(".")
        if service.lower().removeprefix("_") in services and service.startswith("_") and _covers(host, reference):
            return f"SRV name {name}"
    for name in facts.xmpp_addresses:
        if ascii_domain(name) == reference:
            return f"XMPP address {name}"
    return ""


def _covers(presented: str, reference: str) -> bool:
    """Tell whether a presented DNS name is *reference*, an `ascii_domain`, or a wildcard for it."""
    presented = presented.lower().removesuffix(".")
    if "*" not in presented:
        return presented == reference and reference != ""
    # RFC 9525 §6.3: "There is only one wildcard character. The wildcard character appears only as the complete content
    # of the left-most label. If the requirements are not met, the presented identifier is invalid and MUST be ignored.
    # A wildcard in a presented identifier can only match one label in a reference identifier."
    wildcard, _, parent = presented.partition(".")
    label, _, rest = reference.partition(".")
    return wildcard == "*" and "*" not in parent and label != "" and parent != "" and rest == parent


def _address(domain: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = domain.removeprefix("[").removesuffix("]") if domain.startswith("[") else domain
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _why_no_name_fits(facts: CertificateFacts, domain: str) -> str:
    names = facts.names
    if not names:
        unreadable = [problem for problem in facts.problems if problem.startswith(NAME_PROBLEMS)]
        if unreadable:
            return unreadable[0]
        # RFC 9525 §1.3: "Do not include or check strings that look like domain names in the subject's Common Name."
        if facts.common_name:
            return f"has no name but its common name, {facts.common_name}, which does not count"
        return "has no name at all"
    reference = ascii_domain(domain)
    for name in facts.srv_names:
        if _covers(name.partition(".")[2], reference):
            return f"names {domain} only as {name}"
    for name in facts.dns_names:
        if name == domain:
            return f"names {domain} only as a DNS name, not as an IP address"
        parent = name.lower().removeprefix("*.")
        if name.startswith("*.") and (reference == parent or reference.endswith("." + parent)):
            return f"names {name}, which does not cover {domain}"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"names {names[0]}{more}, not {domain}"


def _why_not_now(facts: CertificateFacts, time: int) -> list[str]:
    # RFC 5280 §4.1.2.5: "the period of time from notBefore through notAfter, inclusive."
    now = time // 1_000_000_000
    if facts.not_after is not None and now > facts.not_after.timestamp():
        return [f"expired {facts.not_after.date()}"]
    if facts.not_before is not None and now < facts.not_before.timestamp():
        return [f"not valid before {facts.not_before.date()}"]
    if facts.not_before is None or facts.not_after is None:
        return ["its validity cannot be read"]
    return []
