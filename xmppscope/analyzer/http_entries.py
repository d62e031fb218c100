"""The HTTP handshake of a WebSocket and its close, told in entries (RFC 6455 §4, §7.4, RFC 7395 §3.1, RFC 8441).

Of the headers those are shown that the handshake is about; what may be a secret (Authorization, cookies, the query of
the URL) is named and masked.
"""

from base64 import b64encode
from hashlib import sha1
from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.http.events import Headers, RequestHead, ResponseHead
from xmppscope.framing.permessage_deflate import Deflate, agreed
from xmppscope.model.plaintext import cut, quote
from xmppscope.model.timeline import Annotation, Entry
from xmppscope.redact.attributes import url_secrets

_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SUBPROTOCOL: Final = "xmpp"
_SHOWN: Final = 200
_MASK: Final = "…"
_SECRETS: Final = (
    ("Authorization", "RFC 9110 §11.6.2"),
    ("Proxy-Authorization", "RFC 9110 §11.7.2"),
    ("Cookie", "RFC 6265 §4.2"),
    ("Set-Cookie", "RFC 6265 §4.1"),
)
_CLOSE_CODES: Final = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "a kind of data that is not accepted",
    1007: "data that does not fit its kind",
    1008: "against the policy",
    1009: "message too big",
    1010: "an extension is missing",
    1011: "the server met something unexpected",
    1012: "service restart",
    1013: "try again later",
    1014: "the server behind answered badly",
}
_NEVER_SENT: Final = {1005: "no status", 1006: "abnormal closure", 1015: "TLS handshake failed"}


class Handshake:
    """A request for a WebSocket and its answer; either may not have been captured."""

    def __init__(self, request: RequestHead | None) -> None:
        self.request = request
        self.answer: ResponseHead | None = None

    @property
    def is_websocket(self) -> bool:
        """Whether this is about a WebSocket."""
        if self.request is not None:
            asks = tokens(self.request.headers, "upgrade") if not self.request.protocol else [self.request.protocol]
            return "websocket" in asks
        answer = self.answer
        return answer is not None and answer.status == 101 and "websocket" in tokens(answer.headers, "upgrade")

    @property
    def wants_xmpp(self) -> bool:
        """Whether the request names the subprotocol (RFC 7395 §3.1)."""
        return self.request is not None and _SUBPROTOCOL in tokens(self.request.headers, "sec-websocket-protocol")

    @property
    def grants_xmpp(self) -> bool:
        """Whether the answer names the subprotocol."""
        return (
            self.granted
            and self.answer is not None
            and _SUBPROTOCOL in tokens(self.answer.headers, "sec-websocket-protocol")
        )

    @property
    def granted(self) -> bool:
        """Whether the answer grants a WebSocket: 101, or with HTTP/2 any success (RFC 8441 §5)."""
        if self.answer is None:
            return False
        status = self.answer.status
        return 200 <= status < 300 if self.request is not None and self.request.protocol else status == 101

    @property
    def deflate(self) -> tuple[Deflate, Deflate] | None:
        """How client and server compress."""
        return None if self.answer is None else agreed(value(self.answer.headers, "sec-websocket-extensions"))

    @property
    def waits(self) -> bool:
        """Whether the connection goes on as a WebSocket with subprotocol xmpp if the answer grants it."""
        return self.wants_xmpp and self.answer is None and self.request is not None and not self.request.protocol

    def knows(self, side: int) -> bool:
        """Tell whether what a side sent of it was captured, so that its frames begin right behind that."""
        return (self.request if side == self.client else self.answer) is not None

    @property
    def client(self) -> int:
        """Which side is the client."""
        if self.request is not None:
            return self.request.side
        return 0 if self.answer is None else 1 - self.answer.side


def value(headers: Headers, name: str) -> str:
    """Return the value of a header, those of several of its name joined; empty if there is none."""
    return ", ".join(text.strip() for key, text in headers if key == name)


def tokens(headers: Headers, name: str) -> list[str]:
    """Return the items of a header that is a list, in lower case."""
    return [token.strip().lower() for token in value(headers, name).split(",") if token.strip()]


def tell_wanted(ledger: Ledger, direction: Direction, handshake: Handshake, stamp: Stamp) -> None:
    """Write the entry of a request for a WebSocket."""
    head = handshake.request
    if head is None:
        return
    spec = "RFC 8441 §4" if head.protocol else "RFC 6455 §4.1"
    offered = value(head.headers, "sec-websocket-protocol")
    annotations = [Annotation(f"{head.method} {_url(ledger, head.target)}, HTTP/{head.version}", spec)]
    host = value(head.headers, "host")
    if host:
        annotations.append(Annotation(f"host {cut(host, _SHOWN)}", spec))
    origin = value(head.headers, "origin")
    if origin:
        annotations.append(Annotation(f"origin {_url(ledger, origin)}", "RFC 6455 §10.2"))
    annotations.append(Annotation(f"subprotocols offered: {cut(offered, _SHOWN) or 'none'}", "RFC 7395 §3.1"))
    annotations += _extensions("offered", head.headers)
    annotations += _secrets(ledger, head.headers)
    what = "with subprotocol xmpp" if handshake.wants_xmpp else "without the subprotocol xmpp"
    ledger.tell(
        direction, "http", f"ask for a WebSocket {what}", stamp, size=head.end - head.start, annotations=annotations
    )


def tell_granted(ledger: Ledger, direction: Direction, handshake: Handshake, stamp: Stamp) -> None:
    """Write the entry of the answer to such a request."""
    head = handshake.answer
    if head is None:
        return
    chosen = value(head.headers, "sec-websocket-protocol")
    status = f"{head.status} {head.reason}".strip()
    annotations = [Annotation(f"status {cut(status, _SHOWN)}", "RFC 6455 §4.2.2")]
    if handshake.granted:
        what = "with subprotocol xmpp" if handshake.grants_xmpp else "without the subprotocol xmpp"
        summary = f"WebSocket granted {what}"
        annotations.append(Annotation(f"subprotocol: {cut(chosen, _SHOWN) or 'none'}", "RFC 7395 §3.1"))
        annotations += _extensions("agreed on", head.headers)
        if not _accepts(handshake):
            annotations.append(
                Annotation("Sec-WebSocket-Accept does not fit the key of the request", "RFC 6455 §4.2.2")
            )
    else:
        summary = f"WebSocket refused: {cut(status, _SHOWN)}"
        location = value(head.headers, "location")
        if location:
            annotations.append(Annotation(f"location {_url(ledger, location)}", "RFC 6455 §4.2.2"))
    annotations += _secrets(ledger, head.headers)
    ledger.tell(direction, "http", summary, stamp, size=head.end - head.start, annotations=annotations)


def tell_unseen(ledger: Ledger, direction: Direction) -> None:
    """Write that a WebSocket was recognised by its frames alone."""
    annotations = [Annotation("recognised by a frame that holds an element of XMPP", "RFC 6455 §5.2")]
    summary = "a WebSocket whose handshake is not in the capture"
    ledger.tell(direction, "http", summary, direction.last, annotations=annotations)


def tell_foreign(ledger: Ledger, direction: Direction, stamp: Stamp) -> Entry:
    """Write the entry of HTTP that is on no way to XMPP, and return it."""
    entry = ledger.make(direction, "http", "HTTP on a connection that speaks XMPP over TCP", stamp)
    ledger.write(entry)
    return entry


def tell_bosh(ledger: Ledger, direction: Direction, stamp: Stamp) -> None:
    """Write the entries of a BOSH message whose session is not followed."""
    ledger.tell(direction, "http", "HTTP message of a BOSH session", stamp)
    reason = "what BOSH carries is not read"
    ledger.tell(direction, "opaque", reason, stamp, reason=reason)


def close_in_words(payload: bytes) -> str:
    """Return what a close frame says (RFC 6455 §5.5.1, §7.4)."""
    if not payload:
        return "close the WebSocket, giving no code"
    if len(payload) < 2:
        return "close the WebSocket, with a code cut short"
    code = int.from_bytes(payload[:2])
    reason = payload[2:].decode(errors="replace")
    words = _CLOSE_CODES.get(code) or _range(code)
    return f"close the WebSocket: {code}, {words}" + (f": {quote(reason)}" if reason else "")


def _range(code: int) -> str:
    if code in _NEVER_SENT:
        return f"{_NEVER_SENT[code]}, which may not be sent"
    if 3000 <= code < 4000:
        return "a code of a library or framework"
    return "a code of the application" if 4000 <= code < 5000 else "an undefined code"


def masked(url: str) -> str:
    """Return *url*, visible, with what may be a secret in it masked."""
    raw = url.encode(errors="surrogateescape")
    done, parts = 0, []
    for start, end in url_secrets(raw, 0, len(raw)):
        parts += [raw[done:start].decode(errors="replace"), _MASK]
        done = end
    parts.append(raw[done:].decode(errors="replace"))
    return cut("".join(parts), _SHOWN)


def _extensions(what: str, headers: Headers) -> list[Annotation]:
    extensions = value(headers, "sec-websocket-extensions")
    return [Annotation(f"extensions {what}: {cut(extensions, _SHOWN)}", "RFC 6455 §9.1")] if extensions else []


def _url(ledger: Ledger, url: str) -> str:
    return cut(url, _SHOWN) if ledger.recorder.show_secrets else masked(url)


def _secrets(ledger: Ledger, headers: Headers) -> list[Annotation]:
    """Return what there is to say of headers that are secrets."""
    found = [(label, spec, value(headers, label.lower())) for label, spec in _SECRETS]
    shown = ledger.recorder.show_secrets
    return [
        Annotation(f"{label}: {cut(text, _SHOWN) if shown else 'masked'}", spec) for label, spec, text in found if text
    ]


def _accepts(handshake: Handshake) -> bool:
    """RFC 6455 §4.2.2: the answer's value is made from the key of the request; HTTP/2 has neither (RFC 8441 §5)."""
    if handshake.request is None or handshake.answer is None or handshake.request.protocol:
        return True
    key = value(handshake.request.headers, "sec-websocket-key")
    fitting = b64encode(sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    return value(handshake.answer.headers, "sec-websocket-accept") == fitting
