"""WebSockets that are refused, or closed for a reason."""

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.diagnosis import Diagnoses
from xmppscope.model.timeline import Diagnosis
from xmppscope.model.wire import Data, Ended, Opened
from xmppscope.tls.keylog import KeyStore

UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
ASK = b"GET /ws HTTP/1.1\r\n" + UPGRADE
GRANT = b"HTTP/1.1 101 Switching Protocols\r\n" + UPGRADE
OPEN = b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example'/>"


def close(code: int, reason: bytes = b"") -> bytes:
    return b"\x88" + bytes([2 + len(reason)]) + code.to_bytes(2) + reason


def told(*said: tuple[int, bytes]) -> list[str]:
    analyzer = Analyzer(KeyStore(), observers=[Diagnoses()])
    records = analyzer.feed(Opened(1, 0, 0, "192.0.2.1:1", "192.0.2.2:2", True))
    for number, (side, data) in enumerate(said, 1):
        records += analyzer.feed(Data(1, side, number, number, data))  # type: ignore[arg-type]
    for side in (1, 0):
        records += analyzer.feed(Ended(1, side, 99, 99, False))  # type: ignore[arg-type]
    return [record.text for record in [*records, *analyzer.close()] if isinstance(record, Diagnosis)]


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "502 Bad Gateway"])
def test_refused(status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    assert told((0, ASK), (1, answer)) == [f"The WebSocket was refused: {status}."]


def test_closed_with_a_code() -> None:
    opened = b"\x81" + bytes([len(OPEN) | 0x80]) + bytes(4) + OPEN
    assert told((0, ASK), (1, GRANT), (0, opened), (1, close(1009, b"too much"))) == [
        'The server closed the WebSocket: 1009, message too big: "too much".'
    ]


def test_closed_in_order_is_no_matter() -> None:
    texts = told((0, ASK), (1, GRANT), (1, close(1000, b"bye")))
    assert not any("closed the WebSocket" in text for text in texts)
