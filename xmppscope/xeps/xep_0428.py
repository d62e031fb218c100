"""Fallback Indication (XEP-0428): which part of a body is only for clients that do not know an extension."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import number

FALLBACK: Final = "urn:xmpp:fallback:0"


def _fallback(met: Met, element: Element) -> None:
    """XEP-0428 §2.2: part of the body is only for clients that do not know the extension named."""
    for child in element.children[:2]:
        start, end = number(child.attrs.get("start")), number(child.attrs.get("end"))
        if child.local == "body" and start is not None and end is not None:
            met.note(f"characters {start} to {end} of the body are only for clients without it", "XEP-0428 §2.2")


EXTENSION: Final = Extension(
    number="0428",
    title="Fallback Indication",
    namespaces=(FALLBACK,),
    elements={expanded(FALLBACK, "fallback"): _fallback},
)
