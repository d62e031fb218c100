"""What comes along with a stanza: delay (XEP-0203), ids (0359), hints (0334), addresses (0033), encryption (0380).

Each says one small thing about the stanza that carries it.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.plaintext import quote
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, at, instant, listed, span, word

DELAY: Final = "urn:xmpp:delay"
IDS: Final = "urn:xmpp:sid:0"
HINTS: Final = "urn:xmpp:hints"
ADDRESSES: Final = "http://jabber.org/protocol/address"
ENCRYPTION: Final = "urn:xmpp:eme:0"
IDLE: Final = "urn:xmpp:idle:1"
NICK: Final = "http://jabber.org/protocol/nick"
_HINTS: Final = {
    "no-store": "not to be stored",
    "no-permanent-store": "not to be archived",
    "no-copy": "not to be copied to other clients",
    "store": "to be stored",
}
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


def _stanza_id(met: Met, element: Element) -> None:
    """§5: only ids of the own archive and, in a room, of the room are to be trusted; anybody could write another."""
    by, entry = bare(element.attrs.get("by", "")), met.entry
    if not by or entry.name != "message" or not (met.c2s and met.received) or not met.jid:
        return
    if met.account.forms[by] and by.lower() != bare(entry.from_ or "").lower():
        met.note(f"an id in the name of {address(by)}, who is neither the own account nor the sender", "XEP-0359 §5")


def _hint(met: Met, element: Element) -> None:
    if met.entry.name == "message":
        met.note(_HINTS[element.local], "XEP-0334 §3")


def _addresses(met: Met, element: Element) -> None:
    for kind in ("to", "cc", "bcc", "replyto", "ofrom"):
        found = [one.attrs.get("jid") or one.attrs.get("uri", "?") for one in element.children if _is(one, kind)]
        if found:
            met.note(f"{kind}: {listed(found, 4)}", "XEP-0033 §4")


def _is(one: Element, kind: str) -> bool:
    return one.local == "address" and one.attrs.get("type") == kind


def _encryption(met: Met, element: Element) -> None:
    name = element.attrs.get("name")
    if name:
        met.note(f"encrypted with {word(name)}", "XEP-0380 §3")


def _idle(met: Met, element: Element) -> None:
    since = instant(element.attrs.get("since", ""))
    if since is not None and met.entry.name == "presence" and at(met.entry) >= since:
        met.note(f"idle for {span(at(met.entry) - since)}", "XEP-0319 §3")


def _nick(met: Met, element: Element) -> None:
    if element.text.strip():
        met.note(f"calls itself {quote(element.text.strip(), _TEXT)}", "XEP-0172 §4")


XEP_0203: Final = Extension(
    number="0203", title="Delayed Delivery", namespaces=(DELAY,), elements={expanded(DELAY, "delay"): _delay}
)
XEP_0359: Final = Extension(
    number="0359",
    title="Unique and Stable Stanza IDs",
    namespaces=(IDS,),
    elements={expanded(IDS, "stanza-id"): _stanza_id},
)
XEP_0334: Final = Extension(
    number="0334",
    title="Message Processing Hints",
    namespaces=(HINTS,),
    elements={expanded(HINTS, local): _hint for local in _HINTS},
)
XEP_0033: Final = Extension(
    number="0033",
    title="Extended Stanza Addressing",
    namespaces=(ADDRESSES,),
    elements={expanded(ADDRESSES, "addresses"): _addresses},
)
XEP_0380: Final = Extension(
    number="0380",
    title="Explicit Message Encryption",
    namespaces=(ENCRYPTION,),
    elements={expanded(ENCRYPTION, "encryption"): _encryption},
)
XEP_0319: Final = Extension(
    number="0319",
    title="Last User Interaction in Presence",
    namespaces=(IDLE,),
    elements={expanded(IDLE, "idle"): _idle},
)
XEP_0172: Final = Extension(
    number="0172", title="User Nickname", namespaces=(NICK,), elements={expanded(NICK, "nick"): _nick}
)
