"""Explicit Message Encryption (XEP-0380): with what a message is encrypted."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import word

ENCRYPTION: Final = "urn:xmpp:eme:0"


def _encryption(met: Met, element: Element) -> None:
    name = element.attrs.get("name")
    if name:
        met.note(f"encrypted with {word(name)}", "XEP-0380 §3")


EXTENSION: Final = Extension(
    number="0380",
    title="Explicit Message Encryption",
    namespaces=(ENCRYPTION,),
    elements={expanded(ENCRYPTION, "encryption"): _encryption},
)
