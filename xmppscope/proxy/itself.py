"""Tells whether an address is one that the proxy itself listens on: dialling it would go round in a circle.

Only addresses are compared. A circle through another machine, or through a redirection by the kernel, is not seen.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

from xmppscope.proxy.host import plain_address

Avoid = Callable[[str, int], bool]
"""Tells whether an IP address and a port are not to be dialled."""


def itself(listening: Iterable[tuple[str, int]]) -> Avoid:
    """Return what tells whether an address leads back to one of *listening*, the IP addresses and ports of listeners.

    A listener on all addresses of IPv6 is taken to hear IPv6 alone, as those of asyncio do.
    """
    ears = {(plain_address(ip), port) for ip, port in listening}
    everywhere = {(ip.version, port) for ip, port in ears if ip is not None and ip.is_unspecified}

    def avoid(ip: str, port: int) -> bool:
        address = plain_address(ip)
        if address is None:
            return False
        if address.is_unspecified:  # to connect to it is to connect to this machine
            address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
        return (address, port) in ears or ((address.version, port) in everywhere and _is_here(address))

    return avoid


def _is_here(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether the address is one of this machine's: only such can be bound to. Nothing is sent."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
