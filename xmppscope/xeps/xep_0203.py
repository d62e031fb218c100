"""Delayed Delivery (XEP-0203): who has delayed a stanza, and why; the summary tells for how long."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.plaintext import quote
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address

DELAY: Final = "urn:xmpp:delay"
_TEXT: Final = 60


def _delay(met: Met, delay: Element) -> None:
    """Tell who delayed it and why; the summary tells for how long."""
    by, why = delay.attrs.get("from"), delay.text.strip()
    if met.entry.type == "groupchat":
        return
    if by and why:
        met.note(f"delayed by {address(by)}: {quote(why, _TEXT)}", "XEP-0203 §2")
    elif by:
        met.note(f"delayed by {address(by)}", "XEP-0203 §2")


EXTENSION: Final = Extension(
    number="0203", title="Delayed Delivery", namespaces=(DELAY,), elements={expanded(DELAY, "delay"): _delay}
)
