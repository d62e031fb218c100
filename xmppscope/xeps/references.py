"""What refers to an earlier message by its id: retraction, moderation, reactions, replies.

In a room they name the id that the room gave (`<stanza-id/>`), else the one that the sender gave. The original is
linked where it was seen; what `deliveries` remembers of messages is asked.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.plaintext import quote
from xmppscope.xeps.descriptor import Met
from xmppscope.xeps.words import address

RETRACT: Final = ("urn:xmpp:message-retract:1", "urn:xmpp:message-retract:0")
MODERATE: Final = ("urn:xmpp:message-moderate:1", "urn:xmpp:message-moderate:0")

_REASON: Final = 100


def original(met: Met, rel: str, identity: str | None) -> None:
    """Link the entry to the message of this id in the same conversation, if it was seen."""
    entry, account = met.entry, met.account
    if not identity:
        return
    forms = account.forms
    from_, to = forms[entry.from_], forms[entry.to]
    keys = (("", from_, identity), ("", to, identity), (identity, from_, to), (identity, to, from_))
    found = next((one for key in keys if (one := account.find(key, entry.connection)) is not None), None)
    if found is not None:
        met.link(rel, found)


def moderated(met: Met, element: Element, holder: Element) -> None:
    """Tell who has moderated: XEP-0425 §3.1, the room tells who has moderated, and why."""
    by = element.attrs.get("by")
    reason = next((one.text for one in (*element.children, *holder.children) if one.local == "reason"), "")
    text = f"moderated by {address(by)}" if by else "moderated"
    met.note(f"{text}: {quote(reason, _REASON)}" if reason else text, "XEP-0425 §3.1")
