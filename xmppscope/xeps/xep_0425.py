"""Moderated Message Retraction (XEP-0425): who has moderated a message, and why.

Version 1 is told inside the retraction (XEP-0424), version 0 inside an `<apply-to/>` of XEP-0422.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.references import MODERATE, RETRACT, moderated, original

FASTEN: Final = "urn:xmpp:fasten:0"
_REASON: Final = 100


def _apply_to(met: Met, element: Element) -> None:
    """Take version 0 of both: what applies stands in an `<apply-to/>` of XEP-0422, which has the id."""
    for child in element.children:
        if child.ns in RETRACT:
            original(met, "retraction", element.attrs.get("id"))
        elif child.ns in MODERATE and child.local == "moderated":
            original(met, "retraction", element.attrs.get("id"))
            moderated(met, child, child)


EXTENSION: Final = Extension(
    number="0425",
    title="Moderated Message Retraction",
    namespaces=MODERATE,
    elements={expanded(FASTEN, "apply-to"): _apply_to},
)
