"""What refers to an earlier message: retraction and moderation (XEP-0424, 0425), reactions (0444), replies (0461).

In a room they name the id that the room gave (`<stanza-id/>`), else the one that the sender gave. The original is
linked where it was seen; what `deliveries` remembers of messages is asked.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.plaintext import quote
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import address, number, word

RETRACT: Final = ("urn:xmpp:message-retract:1", "urn:xmpp:message-retract:0")
MODERATE: Final = ("urn:xmpp:message-moderate:1", "urn:xmpp:message-moderate:0")
REACTIONS: Final = "urn:xmpp:reactions:0"
REPLY: Final = "urn:xmpp:reply:0"
FALLBACK: Final = "urn:xmpp:fallback:0"
FASTEN: Final = "urn:xmpp:fasten:0"

_REASON: Final = 100


class Reacted(Memory[tuple[str, str], tuple[str, ...]]):
    """The reactions that each sender has given to each message."""

    most = 512


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


def _retract(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    original(met, "retraction", element.attrs.get("id"))
    for child in element.children:
        if child.local == "moderated":
            _moderated(met, child, element)


def _apply_to(met: Met, element: Element) -> None:
    """Take version 0 of both: what applies stands in an `<apply-to/>` of XEP-0422, which has the id."""
    for child in element.children:
        if child.ns in RETRACT:
            original(met, "retraction", element.attrs.get("id"))
        elif child.ns in MODERATE and child.local == "moderated":
            original(met, "retraction", element.attrs.get("id"))
            _moderated(met, child, child)


def _moderated(met: Met, moderated: Element, holder: Element) -> None:
    """XEP-0425 §5: the room tells who has moderated, and why."""
    by = moderated.attrs.get("by")
    reason = next((one.text for one in (*moderated.children, *holder.children) if one.local == "reason"), "")
    text = f"moderated by {address(by)}" if by else "moderated"
    met.note(f"{text}: {quote(reason, _REASON)}" if reason else text, "XEP-0425 §5")


def _tombstone(met: Met, element: Element) -> None:
    if met.entry.name == "message" and element.attrs.get("stamp"):
        met.note(f"its content was taken back at {word(element.attrs['stamp'])}", "XEP-0424 §5.1")


def _react(met: Met, element: Element) -> None:
    """XEP-0444 §4.2: each time all reactions are given that hold from now on."""
    if met.entry.name != "message":
        return
    original(met, "reaction", element.attrs.get("id"))
    key = met.entry.from_ or bare(met.jid), element.attrs.get("id", "")
    reacted, now = met.of(Reacted), tuple(sorted(child.text[:16] for child in element.children[:16]))
    before = reacted.get(key)
    reacted.put(key, now)
    if before is not None and before and now:
        met.note(f"in the place of {quote(' '.join(before), _REASON)}", "XEP-0444 §4.2")


def _reply(met: Met, element: Element) -> None:
    if met.entry.name != "message":
        return
    original(met, "reply", element.attrs.get("id"))
    to = element.attrs.get("to")
    met.note(f"replies to {address(to)}" if to else "replies to an earlier message", "XEP-0461 §3.1")


def _fallback(met: Met, element: Element) -> None:
    """XEP-0428 §3: part of the body is only for clients that do not know the extension named."""
    for child in element.children[:2]:
        start, end = number(child.attrs.get("start")), number(child.attrs.get("end"))
        if child.local == "body" and start is not None and end is not None:
            met.note(f"characters {start} to {end} of the body are only for clients without it", "XEP-0428 §3")


XEP_0424: Final = Extension(
    number="0424",
    title="Message Retraction",
    namespaces=RETRACT,
    elements={
        **{expanded(ns, "retract"): _retract for ns in RETRACT},
        **{expanded(ns, "retracted"): _tombstone for ns in RETRACT},
    },
)
XEP_0425: Final = Extension(
    number="0425",
    title="Moderated Message Retraction",
    namespaces=MODERATE,
    elements={expanded(FASTEN, "apply-to"): _apply_to},
)
XEP_0444: Final = Extension(
    number="0444",
    title="Message Reactions",
    namespaces=(REACTIONS,),
    elements={expanded(REACTIONS, "reactions"): _react},
    tracker=Reacted,
)
XEP_0461: Final = Extension(
    number="0461", title="Message Replies", namespaces=(REPLY,), elements={expanded(REPLY, "reply"): _reply}
)
XEP_0428: Final = Extension(
    number="0428",
    title="Fallback Indication",
    namespaces=(FALLBACK,),
    elements={expanded(FALLBACK, "fallback"): _fallback},
)
