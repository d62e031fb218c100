"""Message Processing Hints (XEP-0334): whether a message is to be stored and copied."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met

HINTS: Final = "urn:xmpp:hints"
_HINTS: Final = {
    "no-store": "not to be stored",
    "no-permanent-store": "not to be archived",
    "no-copy": "not to be copied to other clients",
    "store": "to be stored",
}


def _hint(met: Met, element: Element) -> None:
    if met.entry.name == "message":
        met.note(_HINTS[element.local], "XEP-0334 §3")


EXTENSION: Final = Extension(
    number="0334",
    title="Message Processing Hints",
    namespaces=(HINTS,),
    elements={expanded(HINTS, local): _hint for local in _HINTS},
)
