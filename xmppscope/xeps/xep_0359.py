"""Unique and Stable Stanza IDs (XEP-0359): which of them are not to be trusted.

What ids say of the identity of a message is for `deliveries`.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address

IDS: Final = "urn:xmpp:sid:0"


def _stanza_id(met: Met, element: Element) -> None:
    """§3: only ids of the own archive and, in a room, of the room are to be trusted; anybody could write another."""
    by, entry = element.attrs.get("by", ""), met.entry
    if entry.sender == INITIATING or not by or not entry.from_ or entry.name != "message" or not met.c2s:
        return
    forms = met.account.forms
    who = forms[by]
    if who and forms.own and who != forms[entry.from_]:
        met.note(f"an id in the name of {address(by)}, who is neither the own account nor the sender", "XEP-0359 §3")


EXTENSION: Final = Extension(
    number="0359",
    title="Unique and Stable Stanza IDs",
    namespaces=(IDS,),
    elements={expanded(IDS, "stanza-id"): _stanza_id},
)
