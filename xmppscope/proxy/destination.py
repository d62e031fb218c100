"""Destinations as clients of a proxy name them, checked before anybody looks them up, and what is done about them.

This is what SOCKS and HTTP CONNECT have in common. Whether a destination may be gone to is not decided here.
"""

from typing import Final, Literal, NamedTuple

from xmppscope.proxy.host import NotAHostError, dns_name, literal

Destination = tuple[str, int]
"""A host, as `proxy.host` has it (an IPv6 address without brackets), and a port."""

Refusal = Literal["failed", "not allowed", "unreachable", "refused"]
"""Why a destination is not reached: a fault, the proxy's own decision, no way there, nobody listens."""

_PORT_DIGITS: Final = 5


class Reply(NamedTuple):
    """What a proxy protocol sends, and what came of it: a `destination`, or its `end` in words, or neither yet."""

    send: bytes = b""
    destination: Destination | None = None
    end: str = ""


def host(text: str) -> str | None:
    """Return *text* as a host, None if it is none."""
    address = literal(text)
    if address is not None:
        # A zone (RFC 4007 §11) means something on the client's machine alone.
        return None if "%" in text else str(address)
    try:
        return dns_name(text)
    except NotAHostError:
        return None


def authority(text: str) -> Destination | None:
    """Return the host and port of ``host:port`` or ``[IPv6]:port`` (RFC 9110 §7.2), None if it is neither."""
    name, _, digits = text.rpartition(":")
    where = host(name) if name.startswith("[") or ":" not in name else None
    if where is None or not (digits.isascii() and digits.isdigit() and len(digits) <= _PORT_DIGITS):
        return None
    return (where, int(digits)) if 0 < int(digits) <= 0xFFFF else None
