"""Stream management (XEP-0198), the accounting that both sides have: what was received, sent and acknowledged.

Counters are those of the specification, modulo 2^32. What is sent stays in a queue until the other side has
acknowledged it; the queue has a bound, and whoever fills it must not go on.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from xmppscope.demo.errors import StreamError
from xmppscope.demo.names import MANAGEMENT
from xmppscope.demo.xml import Element, element

QUEUE_BOUND: Final = 1000

_MODULUS: Final = 1 << 32


@dataclass(slots=True)
class Management:
    """The state of one managed session; it outlives its connections if it can be resumed, by `identifier`."""

    identifier: str = ""
    received: int = 0
    sent: int = 0
    unacknowledged: deque[tuple[Element, datetime]] = field(default_factory=deque)

    @property
    def full(self) -> bool:
        """Whether no more may be sent before something is acknowledged."""
        return len(self.unacknowledged) >= QUEUE_BOUND

    def count_received(self) -> None:
        """Note that a stanza has been handled."""
        self.received = (self.received + 1) % _MODULUS

    def count_sent(self, stanza: Element, when: datetime) -> None:
        """Keep a stanza that is sent, or should be."""
        self.sent = (self.sent + 1) % _MODULUS
        self.unacknowledged.append((stanza, when))

    def acknowledge(self, text: str | None) -> None:
        """Forget what the other side has received, by its `h`; raise `StreamError` for one that cannot be."""
        handled = number(text)
        acknowledged = (self.sent - len(self.unacknowledged)) % _MODULUS
        news = (handled - acknowledged) % _MODULUS
        if news > len(self.unacknowledged):
            raise StreamError("undefined-condition", "", _too_high(handled, self.sent))
        for _ in range(news):
            self.unacknowledged.popleft()

    def answer(self) -> Element:
        """Return the `<a/>` that tells what has been received."""
        return element(MANAGEMENT, "a", {"h": str(self.received)})


def request() -> Element:
    """Return the `<r/>` that asks for an `<a/>`."""
    return element(MANAGEMENT, "r")


def number(text: str | None) -> int:
    """Read an `h`; raise `StreamError` where it is no unsigned 32-bit number."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) >= _MODULUS:
        raise StreamError("policy-violation", "h is not a number from 0 to 4294967295")
    return int(text)


def _too_high(handled: int, sent: int) -> Element:
    """XEP-0198 §6: the application-specific condition for more being acknowledged than was sent."""
    return element(MANAGEMENT, "handled-count-too-high", {"h": str(handled), "send-count": str(sent)})
