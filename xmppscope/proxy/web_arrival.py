"""Tells by a ClientHello whether what comes inside this TLS is HTTP, for WebSocket and BOSH, or an XMPP stream.

ALPN decides (RFC 7301; XEP-0368 §3). A client that names no protocol speaks XMPP, unless the only server that is known
is one of the web. Whatever is no ClientHello is left to the relay of streams, which has words for it.
"""

from typing import Final

from xmppscope.tls.hello import ClientHello, HandshakeError, parse_client_hello

_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_HEADER: Final = 5
_LONGEST: Final = 64 * 1024

HTTP_1_1: Final = "http/1.1"
_HTTP: Final = frozenset({HTTP_1_1, "http/1.0", "h2"})
_XMPP: Final = frozenset({"xmpp-client", "xmpp-server"})


class TlsArrival:
    """Collects a ClientHello; `data` are all bytes so far, `is_web` what they tell, once they do."""

    def __init__(self, *, web_only: bool) -> None:
        self.data = b""
        self.is_web: bool | None = None
        self._web_only = web_only

    def feed(self, data: bytes) -> bool | None:
        """Take the next bytes; return `is_web`."""
        self.data += data
        try:
            message = _message(self.data)
            if message is not None:
                self.is_web = self._judge(parse_client_hello(message))
        except HandshakeError:
            self.is_web = False
        return self.is_web

    def _judge(self, hello: ClientHello) -> bool:
        offered = frozenset(hello.alpn)
        if not offered:
            return self._web_only
        return bool(offered & _HTTP) and not offered & _XMPP


def _message(data: bytes) -> bytes | None:
    """Return the body of a ClientHello in one or more records, None while it is not whole; raises `HandshakeError`."""
    message, at = b"", 0
    while len(data) - at >= _HEADER:
        if data[at] != _HANDSHAKE or data[at + 1] != 3:
            raise HandshakeError("no record of a handshake")
        size = int.from_bytes(data[at + 3 : at + _HEADER])
        if at + _HEADER + size > len(data):
            break
        message += data[at + _HEADER : at + _HEADER + size]
        at += _HEADER + size
    if message and message[0] != _CLIENT_HELLO:
        raise HandshakeError("no ClientHello")
    length = int.from_bytes(message[1:4]) if len(message) >= 4 else 0
    if length > _LONGEST or len(data) > 2 * _LONGEST:
        raise HandshakeError("too long")
    return message[4 : 4 + length] if len(message) >= 4 and len(message) >= 4 + length else None
