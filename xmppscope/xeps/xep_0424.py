"""Message Retraction (XEP-0424): what is taken back, and what stands in its place in an archive.

Moderation (XEP-0425) is retraction by somebody else.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.references import RETRACT, moderated, original
from xmppscope.xeps.words import word

_REASON: Final = 100


def _retract(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    original(met, "retraction", element.attrs.get("id"))
    for child in element.children:
        if child.local == "moderated":
            moderated(met, child, element)


def _tombstone(met: Met, element: Element) -> None:
    if met.entry.name == "message" and element.attrs.get("stamp"):
        met.note(f"its content was taken back at {word(element.attrs['stamp'])}", "XEP-0424 §4")


EXTENSION: Final = Extension(
    number="0424",
    title="Message Retraction",
    namespaces=RETRACT,
    elements={
        **{expanded(ns, "retract"): _retract for ns in RETRACT},
        **{expanded(ns, "retracted"): _tombstone for ns in RETRACT},
    },
)
