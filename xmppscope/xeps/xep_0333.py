"""Displayed Markers (XEP-0333): how long a marker took, and up to where a conversation has been read.

Links from a marker to the message are for `deliveries`.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import short
from xmppscope.xeps.xep_0184 import Asked, age, ask, peer

MARKERS: Final = "urn:xmpp:chat-markers:0"


def _marked(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    if element.local == "displayed":
        later = age(met, element)
        met.note(f"so is all before it{f', {later} later' if later else ''}", "XEP-0333 §4.2")
    if met.c2s and met.sent:
        met.change("read up to", short(element.attrs.get("id", "?")), subject=peer(met, answers=True))


EXTENSION: Final = Extension(
    number="0333",
    title="Displayed Markers",
    namespaces=(MARKERS,),
    elements={
        expanded(MARKERS, "markable"): ask,
        **{expanded(MARKERS, local): _marked for local in ("received", "displayed", "acknowledged")},
    },
    tracker=Asked,
)
