"""HTTP on the way to XMPP: the WebSocket handshake (RFC 7395 §3.1) and BOSH (XEP-0124), recognised and named.

What their frames and bodies hold is not read; it is shown as one opaque entry per direction, never as an error.
"""

import re
from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.stamps import Stamp
from xmppscope.model.timeline import INITIATING

_WEBSOCKET: Final = re.compile(rb"(?im)^sec-websocket-protocol:[^\r\n]*\bxmpp\b")
_BOSH: Final = b"http://jabber.org/protocol/httpbind"
_LENGTH: Final = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,9})")
_CHUNKED: Final = re.compile(rb"(?im)^transfer-encoding:")
_HEAD: Final = 16 * 1024
_BODY: Final = 512
_NAMES: Final = {"tcp": "HTTP", "websocket": "WebSocket", "bosh": "BOSH"}


def is_enough(first: bytes) -> bool:
    """Tell whether *first* holds the head of an HTTP message, and enough of its body to see a BOSH session there."""
    head, end, body = first.partition(b"\r\n\r\n")
    if not end:
        return len(first) > _HEAD
    length = _LENGTH.search(head)
    expected = int(length.group(1)) if length else _BODY * (_CHUNKED.search(head) is not None)
    return len(body) >= min(expected, _BODY)


def tell_http(ledger: Ledger, direction: Direction, first: bytes, begin: Stamp, end: Stamp) -> bool:
    """Write the entries of an HTTP message; return False if it does not carry XMPP."""
    websocket = _WEBSOCKET.search(first) is not None
    carries = websocket or _BOSH in first
    if carries and not ledger.number:
        ledger.transport = "websocket" if websocket else "bosh"
        ledger.claim()
    if ledger.transport == "tcp":
        summary = "HTTP on a connection that speaks XMPP over TCP"
    elif websocket:
        asks = direction.sender == INITIATING
        summary = "ask for a WebSocket with subprotocol xmpp" if asks else "WebSocket granted, subprotocol xmpp"
    else:
        summary = "HTTP message of a BOSH session"
    ledger.tell(direction, "http", summary, begin, end, offset=(0, len(first)))
    reason = f"what {_NAMES[ledger.transport]} carries is not read"
    ledger.tell(direction, "opaque", reason, end, reason=reason)
    return carries
