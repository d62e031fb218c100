"""Message Delivery Receipts (XEP-0184): how long a receipt took.

Links from a receipt to the message are for `deliveries`. Receipts are matched by id and the bare JID of the peer.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import span

RECEIPTS: Final = "urn:xmpp:receipts"


class Asked(Memory[tuple[str, str], str]):
    """When messages were sent that ask for an answer, by whose answer is awaited and id."""

    most = 1024


def peer(met: Met, *, answers: bool) -> str:
    """Return the peer of a message, or with *answers* of the message that it answers."""
    entry = met.entry
    outward = met.sent if met.c2s else not answers
    return met.account.forms[entry.to if outward else entry.from_]


def ask(met: Met, _element: Element) -> None:
    """Remember a message that asks for a receipt or a marker."""
    entry = met.entry
    if entry.name == "message" and entry.id:
        met.of(Asked).put((peer(met, answers=False), entry.id), entry.time)


def age(met: Met, answer: Element) -> str | None:
    """Return how long an answer has taken, if its message was seen."""
    asked = met.of(Asked).get((peer(met, answers=True), answer.attrs.get("id", "")))
    return None if asked is None else span(max(0, nanoseconds(met.entry.time) - nanoseconds(asked)) / 1e9)


def _received(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    later = age(met, element)
    if later is not None:
        met.note(f"{later} after the message", "XEP-0184 §7")


EXTENSION: Final = Extension(
    number="0184",
    title="Message Delivery Receipts",
    namespaces=(RECEIPTS,),
    elements={expanded(RECEIPTS, "request"): ask, expanded(RECEIPTS, "received"): _received},
    tracker=Asked,
)
