"""The destination that a redirected connection was meant for (Linux, netfilter's REDIRECT and DNAT).

The kernel remembers it beside the connection. TPROXY needs no such question: there the socket's own address is the
destination. Other systems have other means, which are left out.
"""

import errno
import ipaddress
import struct
import sys
from typing import Final, Protocol

from xmppscope.proxy.host import plain_address

_ORIGINAL_DST: Final = 80  # SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST, of <linux/netfilter_ipv4.h> and its cousin
_SOL_IP: Final = 0
_SOL_IPV6: Final = 41
_SOCKADDR_IN: Final = struct.Struct("!2xH4s8x")
_SOCKADDR_IN6: Final = struct.Struct("!2xH4x16s4x")

_NOT_REDIRECTED: Final = frozenset({errno.ENOENT, errno.ENOPROTOOPT, errno.EOPNOTSUPP})
"""What the kernel answers where this connection is not redirected, or where it cannot redirect any."""


class Accepted(Protocol):
    """An accepted connection: a socket, or what asyncio gives for one."""

    def getsockopt(self, level: int, option: int, buffer: int, /) -> bytes:
        """Return an option of the socket."""

    def getsockname(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """Return the own address."""


def original_destination(sock: Accepted) -> tuple[str, int] | None:
    """Return the address and port that the connection was meant for, or None where it was not redirected."""
    if sys.platform != "linux":
        return None
    name = sock.getsockname()
    own = plain_address(name[0].partition("%")[0])
    if own is None:
        return None
    # The family of the address counts, not that of the socket: an IPv6 socket may have an IPv4 connection.
    level, form = (_SOL_IP, _SOCKADDR_IN) if own.version == 4 else (_SOL_IPV6, _SOCKADDR_IN6)
    try:
        port, packed = form.unpack(sock.getsockopt(level, _ORIGINAL_DST, form.size))
    except OSError as error:
        if error.errno in _NOT_REDIRECTED:
            return None
        raise
    meant = ipaddress.ip_address(packed)
    if (meant, port) == (own, name[1]):
        return None
    zone = f"%{name[3]}" if meant.is_link_local and len(name) > 3 else ""
    return f"{meant}{zone}", port
