"""Hosts as they are written: names of the DNS, IP addresses, and both with a port (RFC 1035, RFC 3986 §3.2.2).

What names a host comes from options, from the wire and from the DNS. Whatever it is, it becomes a name that can be
looked up, an address, or a reason why it is neither. Nothing is looked up here.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

from xmppscope.tls.identity import ascii_domain

LOCALHOST: Final = "localhost"

_NAME_BOUND: Final = 253  # RFC 1035 §2.3.4: 255 octets on the wire are so many characters
_LABEL_BOUND: Final = 63
_TEXT_BOUND: Final = 1023  # RFC 7622 §3.2: a domainpart has at most so many octets
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection shall go: a name or an IP address (without brackets), and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return shown(self.host, self.port)


class NotAHostError(ValueError):
    """The text names no host; the message, which follows the text, tells why."""


def shown(host: str, port: int) -> str:
    """Return *host* and *port* as one text, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that *text* is, with or without brackets, or None."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    # RFC 4007 §11.2 leaves it open what a zone may be; names of interfaces and their numbers are all there is.
    zone = address.scope_id if isinstance(address, ipaddress.IPv6Address) else None
    return address if zone is None or _LETTERS.issuperset(zone.lower()) else None


def dns_name(text: str) -> str:
    """Return the name as the DNS has it: A-labels, lower case, no final dot. Raises `NotAHostError`."""
    if not text.removesuffix("."):
        raise NotAHostError("is empty")
    if len(text) > _TEXT_BOUND:
        raise NotAHostError(f"has more than {_TEXT_BOUND} characters")
    name = ascii_domain(text)
    labels = name.split(".")
    # The length first: `ascii_domain` leaves a label alone that is too long to be one, whatever is in it.
    if any(len(label) > _LABEL_BOUND for label in labels):
        raise NotAHostError(f"has a label of more than {_LABEL_BOUND} bytes")
    if not all(labels):
        raise NotAHostError("has an empty label")
    if not _LETTERS.issuperset("".join(labels)):
        raise NotAHostError("has characters that no host name has")
    if len(name) > _NAME_BOUND:
        raise NotAHostError(f"has more than {_NAME_BOUND} bytes")
    if labels[-1].isdigit():
        raise NotAHostError("is neither a name nor an IPv4 address")
    return name


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that *text* leads to: of an IPv4 address written as IPv6 (``::ffff:``) the IPv4 address."""
    address = literal(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_loopback(host: str) -> bool:
    """Tell whether *host* stands for this machine alone; of names that holds for ``localhost`` only."""
    address = plain_address(host)
    return host.lower().removesuffix(".") == LOCALHOST if address is None else address.is_loopback
