"""The front door: the first bytes of a client tell what it speaks, and any of the ways in leads to XMPP.

A stream header, a TLS ClientHello, SOCKS5, HTTP CONNECT and a browser's GET arrive at one port; their first bytes
differ. After SOCKS5 or CONNECT the bytes behind it are judged again, and only TLS and what can be XMPP are let in: a
proxy within a proxy is refused. Specifications: RFC 6120 §4.2, RFC 8446 §5.1, RFC 1928, RFC 9110 §9.3.6.

Bytes in, bytes and a verdict out. How long to wait for a client that says nothing, and which destinations may be gone
to, is for the caller to decide.
"""

from typing import Final, Literal, NamedTuple

from xmppscope.proxy.destination import Destination, Refusal
from xmppscope.proxy.http import Http, is_request
from xmppscope.proxy.page import Page
from xmppscope.proxy.socks import Socks

Kind = Literal["clear", "tls", "web", "http", "refused", "garbage", "closed"]
Via = Literal["", "SOCKS5", "HTTP CONNECT"]

SPACE_BOUND: Final = 1024
"""Bytes of white space that may come before a stream header."""

AHEAD_BOUND: Final = 256 * 1024
"""Bytes that a client may send ahead, behind its request for a tunnel, before that is answered."""

_BOM: Final = b"\xef\xbb\xbf"
_SPACES: Final = b" \t\r\n"
_NESTED: Final = "a proxy protocol inside a tunnel, where only XMPP and TLS are passed on"


class Arrived(NamedTuple):
    """The verdict: what has arrived.

    `clear` and `tls` are to be passed on, and so is `web`, HTTP that is not for the proxy itself: `data` are all bytes
    so far, and `destination` is what the client named by way of `via`, if it did. With the others the connection is
    done once the step's bytes are sent: `http` was answered, `refused` declined, `garbage` is nothing known, `closed`
    ended too early; `reason` says more, in words.
    """

    kind: Kind
    data: bytes = b""
    destination: Destination | None = None
    via: Via = ""
    reason: str = ""


class FrontStep(NamedTuple):
    """What to send back now; the verdict, once there is one; a destination, while it waits for `accept` or `reject`."""

    send: bytes = b""
    verdict: Arrived | None = None
    destination: Destination | None = None


class Front:
    """The beginning of one client's connection, until its verdict."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._data = b""
        self._asks: Socks | Http | None = None
        self._wanted: Destination | None = None
        self._destination: Destination | None = None
        self._via: Via = ""
        self._verdict: Arrived | None = None

    def feed(self, data: bytes) -> FrontStep:
        """Take the next bytes of the client. Behind a verdict on what is no XMPP they are dropped."""
        if self._verdict is not None:
            if self._verdict.kind in ("clear", "tls", "web"):
                raise RuntimeError("the verdict has handed this connection over")
            return FrontStep()
        if self._wanted is None:
            return self._judge(data) if self._asks is None else self._ask(self._asks, data)
        self._data += data
        if len(self._data) > AHEAD_BOUND:
            return self._end("refused", "too much sent ahead of the answer to its request")
        return FrontStep(destination=self._wanted)

    def eof(self) -> FrontStep:
        """Take the end of what the client sends, or of the time that it was given."""
        if self._verdict is not None:
            return FrontStep()
        said = self._data or self._asks is not None or self._via
        return self._end("closed", "ended before it was clear what it speaks" if said else "said nothing")

    def accept(self) -> FrontStep:
        """Let the client go to the destination that it wants; what it has sent ahead is judged at once."""
        asks, self._destination = self._waiting()
        self._via = "HTTP CONNECT" if isinstance(asks, Http) else "SOCKS5"
        self._asks = self._wanted = None
        ahead, self._data = self._data, b""
        step = self._judge(ahead)
        return step._replace(send=asks.accept() + step.send)

    def reject(self, refusal: Refusal, text: str) -> FrontStep:
        """Keep the client from the destination that it wants; *text*, a sentence, is shown where HTTP can show it."""
        asks, _ = self._waiting()
        return self._end("refused", text, asks.reject(refusal, text))

    def _waiting(self) -> tuple[Socks | Http, Destination]:
        if self._wanted is None or self._asks is None:
            raise RuntimeError("no destination waits for an answer")
        return self._asks, self._wanted

    def _judge(self, data: bytes) -> FrontStep:
        """Tell by the first bytes what the client speaks."""
        self._data += data
        opening = _opening(self._data)
        if opening is None:
            return FrontStep()
        if opening in ("clear", "tls"):
            return self._end(opening)
        if opening == "garbage":
            return self._end("garbage", "neither XMPP, TLS, SOCKS nor HTTP")
        if self._via and opening != "http":
            return self._end("refused", _NESTED)
        self._asks = Http(self._page) if opening == "http" else Socks()
        data, self._data = self._data, b""
        return self._ask(self._asks, data)

    def _ask(self, asks: Socks | Http, data: bytes) -> FrontStep:
        """Go on with a proxy protocol."""
        reply = asks.feed(data)
        if isinstance(asks, Http) and asks.passes:
            self._data = asks.passes
            return self._end("web")
        if self._via and (reply.end or reply.destination is not None):
            return self._end("refused", _NESTED)
        if reply.end:
            return self._end("http" if isinstance(asks, Http) else "refused", reply.end, reply.send)
        if reply.destination is not None:
            self._wanted = reply.destination
            self._data, asks.rest = asks.rest, b""
        return FrontStep(reply.send, destination=self._wanted)

    def _end(self, kind: Kind, reason: str = "", send: bytes = b"") -> FrontStep:
        self._verdict = Arrived(kind, self._data, self._destination, self._via, reason)
        self._data, self._asks, self._wanted = b"", None, None
        return FrontStep(send, self._verdict)


def _opening(data: bytes) -> Literal["clear", "tls", "socks", "http", "garbage"] | None:
    """Return what *data* begins, None while that is open.

    White space and a byte order mark are let through before XML alone, and left in it: what a client really sends is
    to be seen.
    """
    body = data.removeprefix(_BOM).lstrip(_SPACES)
    if not body or data in (_BOM[:1], _BOM[:2]):
        return "garbage" if len(data) > SPACE_BOUND else None
    if len(data) - len(body) > SPACE_BOUND:
        return "garbage"
    if body.startswith(b"<"):
        return "clear"
    return _binary(data) if data[0] < 0x20 else _http(data)


def _binary(data: bytes) -> Literal["tls", "socks", "garbage"] | None:
    """Tell TLS (a handshake record of any version, RFC 8446 §5.1) and SOCKS by the first byte, or the first two."""
    if data[0] == 0x05:
        return "socks"
    if data[0] == 0x16:
        return None if len(data) == 1 else "tls" if data[1] == 0x03 else "garbage"
    if data[0] == 0x04:
        return None if len(data) == 1 else "socks" if data[1] in (1, 2) else "garbage"
    return "garbage"


def _http(data: bytes) -> Literal["http", "garbage"] | None:
    request = is_request(data)
    return None if request is None else "http" if request else "garbage"
