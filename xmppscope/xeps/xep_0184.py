"""Message Delivery Receipts (XEP-0184): how long a receipt took.

Links from a receipt to the message are for `deliveries`. Receipts are matched by id and the bare JID of the peer.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import at, span

RECEIPTS: Final = "urn:xmpp:receipts"


class Asked(Memory[tuple[str, str], tuple[int, float]]):
    """Messages that ask for an answer, by whose answer is awaited and id: entry and time."""

    most = 1024


def peer(met: Met, *, answers: bool) -> str:
    """Return the peer of a message, or with *answers* of the message that it answers."""
    entry = met.entry
    outward = met.sent if met.c2s else not answers
    return bare((entry.to if outward else entry.from_) or "").lower()


def ask(met: Met, _element: Element) -> None:
    """Remember a message that asks for a receipt or a marker."""
    entry = met.entry
    if entry.name == "message" and entry.id:
        met.of(Asked).put((peer(met, answers=False), entry.id), (entry.entry, at(entry)))


def _received(met: Met, element: Element) -> None:
    asked = met.of(Asked).get((peer(met, answers=True), element.attrs.get("id", "")))
    if asked is not None and met.entry.name == "message":
        met.note(f"{span(max(0.0, at(met.entry) - asked[1]))} after the message", "XEP-0184 §7")


EXTENSION: Final = Extension(
    number="0184",
    title="Message Delivery Receipts",
    namespaces=(RECEIPTS,),
    elements={expanded(RECEIPTS, "request"): ask, expanded(RECEIPTS, "received"): _received},
    tracker=Asked,
)
