"""Jingle Message Initiation (XEP-0353): the state of each call that is proposed, before Jingle itself begins."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import at, short, span

MESSAGES: Final = "urn:xmpp:jingle-message:0"


class Calls(Memory[str, tuple[int, float]]):
    """What was proposed, by id: entry and time."""

    most = 256


def _call(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    identity, calls, local = element.attrs.get("id", ""), met.of(Calls), element.local
    known = calls.get(identity)
    if local == "propose":
        calls.put(identity, (met.entry.entry, at(met.entry)))
    met.change("call proposal", local, () if known is None else known[:1], subject=short(identity))
    if known is not None and local != "propose":
        met.link("cause", known[0])
        met.note(f"{span(max(0.0, at(met.entry) - known[1]))} after the proposal", "XEP-0353 §3")


EXTENSION: Final = Extension(
    number="0353",
    title="Jingle Message Initiation",
    namespaces=(MESSAGES,),
    elements={
        expanded(MESSAGES, local): _call
        for local in ("propose", "ringing", "proceed", "accept", "reject", "retract", "finish")
    },
    tracker=Calls,
)
