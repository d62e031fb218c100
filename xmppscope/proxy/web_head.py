"""Heads of requests on their way to the server: the request target and ``Host`` may change, all other bytes stay.

An offer to change to another protocol than WebSocket is taken out (``Upgrade: h2c``, RFC 9110 §7.8): it is for the next
hop, and what would follow could not be read here.
"""

from typing import Final

from xmppscope.proxy.destination import host
from xmppscope.proxy.host import is_loopback, literal
from xmppscope.proxy.web_message import Fields

_OFFERS: Final = frozenset({b"upgrade", b"http2-settings"})


def rewritten(head: bytes, target: str, authority: str | None, *, upgrades: bool) -> bytes:
    """Return a request's head with another *target*, and with *authority* as its Host unless that is None."""
    first, *lines = head.split(b"\r\n")
    method, _, rest = first.partition(b" ")
    kept = [b"%s %s %s" % (method, target.encode("ascii"), rest.rpartition(b" ")[2])]
    for line in lines:
        name = line.partition(b":")[0]
        if name.lower() == b"host" and authority is not None:
            kept.append(name + b": " + authority.encode("ascii"))
        elif upgrades or name.lower() not in _OFFERS:
            kept.append(line)
    return b"\r\n".join(kept)


def with_query(path: str, asked: str) -> str:
    """Return *path*, with the query of the target that was *asked* for unless it has one of its own."""
    _, mark, query = asked.partition("?")
    return f"{path}?{query}" if mark and "?" not in path else path


def host_of(fields: Fields) -> str:
    """Return what the client calls the server: the value of its Host field."""
    return next((value for name, value in fields if name == "host"), "")


def named(authority: str) -> str:
    """Return the host of a Host field, without its port; empty if there is none."""
    name, colon, port = authority.rpartition(":")
    return host(name if colon and port.isdecimal() else authority) or ""


def domain_of(authority: str) -> str:
    """Return the domain that a Host field names; empty for an address, and for this machine."""
    name = named(authority)
    return "" if not name or literal(name) is not None or is_loopback(name) else name
