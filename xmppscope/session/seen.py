"""What is seen of the timeline while it is made: each entry, with its element, as trackers and rules get it.

An observer sees an entry when it has got its number and before anybody else does, so that it may add annotations, links
and XEP numbers to it; nothing else of it may be changed. What it returns follows the entry.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from xmppscope.model.element import Element
from xmppscope.model.timeline import Diagnosis, Entry, Finding, Sender, Transport
from xmppscope.session.negotiation import Negotiation


class About(msgspec.Struct):
    """A connection, as far as it is known by now.

    `number` is that of its record, `from_start` tells that its SYN was captured, `lost` whose bytes are missing in part
    or could not be read, `proxied` that the proxy stands in between. `negotiation` tells the kind of stream, the
    domain, what is bound.
    """

    number: int
    initiating: str
    receiving: str
    from_start: bool
    negotiation: Negotiation
    lost: set[Sender]
    proxied: bool = False
    transport: Transport = "tcp"


class Seen(msgspec.Struct, gc=False):
    """An entry, its `element` where it is one (raw, before secrets are masked), and the connection."""

    entry: Entry
    element: Element | None
    about: About


Note = Finding | Diagnosis


class Observer(Protocol):
    """Whoever follows the timeline of all connections."""

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry; return what is to follow it."""

    def ended(self, about: About) -> Sequence[Note]:
        """Take the end of a connection, of which nothing more will come."""
