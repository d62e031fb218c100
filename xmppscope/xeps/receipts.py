"""What comes back for a message: delivery receipts (XEP-0184), chat markers (XEP-0333), corrections (XEP-0308).

Links from them to the message are for `deliveries`. Here is told what a message asks for, how long the answer took, and
how many times a message was corrected. Receipts are matched by id and the bare JID of the peer.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import at, short, span

RECEIPTS: Final = "urn:xmpp:receipts"
MARKERS: Final = "urn:xmpp:chat-markers:0"
CORRECTION: Final = "urn:xmpp:message-correct:0"


class Asked(Memory[tuple[str, str], tuple[int, float]]):
    """Messages that ask for an answer, by whose answer is awaited and id: entry and time."""

    most = 1024


class Corrected(Memory[tuple[str, str], int]):
    """How many times a message was corrected, by its sender and id."""

    most = 512


def _peer(met: Met, *, answers: bool) -> str:
    """Return the peer of a message, or with *answers* of the message that it answers."""
    entry = met.entry
    outward = met.sent if met.c2s else not answers
    return bare((entry.to if outward else entry.from_) or "").lower()


def _ask(met: Met, _element: Element) -> None:
    entry = met.entry
    if entry.name == "message" and entry.id:
        met.of(Asked).put((_peer(met, answers=False), entry.id), (entry.entry, at(entry)))


def _received(met: Met, element: Element) -> None:
    asked = met.of(Asked).get((_peer(met, answers=True), element.attrs.get("id", "")))
    if asked is not None and met.entry.name == "message":
        met.note(f"{span(max(0.0, at(met.entry) - asked[1]))} after the message", "XEP-0184 §7")


def _marked(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    asked = met.of(Asked).get((_peer(met, answers=True), element.attrs.get("id", "")))
    if element.local == "displayed":
        later = f", {span(max(0.0, at(met.entry) - asked[1]))} later" if asked is not None else ""
        met.note(f"so is all before it{later}", "XEP-0333 §4.2")
    if met.c2s and met.sent:
        met.change("read up to", short(element.attrs.get("id", "?")), subject=_peer(met, answers=True))


def _correct(met: Met, element: Element) -> None:
    """XEP-0308 §3: a correction of a correction names the original once more."""
    if met.entry.name != "message":
        return
    corrected, key = met.of(Corrected), (bare(met.entry.from_ or met.jid), element.attrs.get("id", ""))
    times = (corrected.get(key) or 0) + 1
    corrected.put(key, times)
    if times > 1:
        met.note(f"corrected {times} times by now", "XEP-0308 §3")


XEP_0184: Final = Extension(
    number="0184",
    title="Message Delivery Receipts",
    namespaces=(RECEIPTS,),
    elements={expanded(RECEIPTS, "request"): _ask, expanded(RECEIPTS, "received"): _received},
    tracker=Asked,
)
XEP_0333: Final = Extension(
    number="0333",
    title="Displayed Markers",
    namespaces=(MARKERS,),
    elements={
        expanded(MARKERS, "markable"): _ask,
        **{expanded(MARKERS, local): _marked for local in ("received", "displayed", "acknowledged")},
    },
    tracker=Asked,
)
XEP_0308: Final = Extension(
    number="0308",
    title="Last Message Correction",
    namespaces=(CORRECTION,),
    elements={expanded(CORRECTION, "replace"): _correct},
    tracker=Corrected,
)
