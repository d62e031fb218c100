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


def tell_http(ledger: Ledger, direction: Direction, first: bytes, stamp: Stamp) -> bool:
    """Write the entries of an HTTP message that carries XMPP; return False for any other HTTP."""
    websocket = _WEBSOCKET.search(first) is not None
    if not websocket and _BOSH not in first and not ledger.number:
        return False
    if not ledger.number:
        ledger.transport = "websocket" if websocket else "bosh"
        ledger.claim()
    if ledger.transport == "tcp":
        summary = "HTTP on a connection that speaks XMPP over TCP"
    elif websocket:
        asks = direction.sender == INITIATING
        summary = "ask for a WebSocket with subprotocol xmpp" if asks else "WebSocket granted, subprotocol xmpp"
    else:
        summary = "HTTP message of a BOSH session"
    ledger.tell(direction, "http", summary, stamp, offset=(0, len(first)))
    reason = f"what {ledger.transport} carries is not read"
    ledger.tell(direction, "opaque", reason, stamp, reason=reason)
    return True
