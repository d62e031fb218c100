"""A SOCKS server as far as a debugging proxy needs one: SOCKS5 without authentication, CONNECT alone (RFC 1928).

BIND, UDP, user names and GSS-API are refused with the code that says so, and SOCKS4 with its own. Bytes in, bytes out:
whoever drives it decides about the destination and then calls `accept` or `reject`.
"""

import ipaddress
from typing import Final

from xmppscope.proxy.destination import Refusal, Reply, host

SOCKS4_BOUND: Final = 1024
"""Bytes that a SOCKS4 request may have; those of SOCKS5 say how long they are, 262 bytes at most."""

_VERSION: Final = 5
_VERSION4: Final = 4
_NO_AUTHENTICATION: Final = 0
_NONE_ACCEPTABLE: Final = 0xFF
_CONNECT: Final = 1
_IPV4, _DOMAIN, _IPV6 = 1, 3, 4

# RFC 1928 §6.
_SUCCEEDED: Final = 0
_COMMAND_NOT_SUPPORTED: Final = 7
_ADDRESS_TYPE_NOT_SUPPORTED: Final = 8
_CODES: Final[dict[Refusal, int]] = {"failed": 1, "not allowed": 2, "unreachable": 4, "refused": 5}

_SOCKS4_REJECTED: Final = bytes([0, 91, 0, 0, 0, 0, 0, 0])


class Socks:
    """One negotiation; after a destination, `rest` holds the bytes behind the request, until `accept` or `reject`."""

    def __init__(self) -> None:
        self.rest = b""
        self._greeted = False

    def feed(self, data: bytes) -> Reply:
        """Take the next bytes of the client."""
        self.rest += data
        if self._greeted:
            return self._request()
        if self.rest[:1] == bytes([_VERSION4]):
            return self._socks4()
        greeting = self._greeting()
        if not self._greeted:
            return greeting
        request = self._request()
        return request._replace(send=greeting.send + request.send)

    def accept(self) -> bytes:
        """Return the reply that begins the tunnel."""
        return _reply(_SUCCEEDED)

    def reject(self, refusal: Refusal, _text: str) -> bytes:
        """Return the reply with the code for *refusal*; there is no place for words."""
        return _reply(_CODES[refusal])

    def _greeting(self) -> Reply:
        """§3: version, number of methods, methods."""
        if len(self.rest) < 2 or len(self.rest) < 2 + self.rest[1]:
            return Reply()
        end = 2 + self.rest[1]
        methods, self.rest = self.rest[2:end], self.rest[end:]
        if _NO_AUTHENTICATION not in methods:
            return Reply(bytes([_VERSION, _NONE_ACCEPTABLE]), end="SOCKS5 that insists on authentication")
        self._greeted = True
        return Reply(bytes([_VERSION, _NO_AUTHENTICATION]))

    def _request(self) -> Reply:
        """§4: version, command, reserved, address type, address, port."""
        if len(self.rest) < 5:
            return Reply()
        version, command, _reserved, kind, first = self.rest[:5]
        if version != _VERSION:
            return Reply(_reply(_CODES["failed"]), end="a SOCKS5 request of another version")
        begin = 5 if kind == _DOMAIN else 4
        length = {_IPV4: 4, _DOMAIN: first, _IPV6: 16}.get(kind)
        if length is None:
            return Reply(_reply(_ADDRESS_TYPE_NOT_SUPPORTED), end="a SOCKS5 address of an unknown type")
        end = begin + length
        if len(self.rest) < end + 2:
            return Reply()
        address, port = self.rest[begin:end], int.from_bytes(self.rest[end : end + 2])
        self.rest = self.rest[end + 2 :]
        if command != _CONNECT:
            return Reply(_reply(_COMMAND_NOT_SUPPORTED), end="a SOCKS5 command other than CONNECT")
        where = _host(kind, address)
        if where is None or not port:
            return Reply(_reply(_CODES["failed"]), end="a SOCKS5 destination that is none")
        return Reply(destination=(where, port))

    def _socks4(self) -> Reply:
        """Refuse SOCKS4 once its request is complete: version, command, port, address, a user up to a NUL."""
        if len(self.rest) < SOCKS4_BOUND and b"\0" not in self.rest[8:]:
            return Reply()
        return Reply(_SOCKS4_REJECTED, end="SOCKS4; SOCKS5 is spoken here")


def _reply(code: int) -> bytes:
    """Return a reply (§6). The bound address is left open: to a client that wants XMPP it tells nothing."""
    return bytes([_VERSION, code, 0, _IPV4, 0, 0, 0, 0, 0, 0])


def _host(kind: int, address: bytes) -> str | None:
    if kind != _DOMAIN:
        return str(ipaddress.ip_address(address))
    try:
        return host(address.decode())
    except UnicodeDecodeError:
        return None
