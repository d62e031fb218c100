"""Summaries of presence (RFC 6121 §3, §4) and of being in a room (XEP-0045 §7)."""

from typing import Final

from xmppscope.explain.condition import stanza_error
from xmppscope.explain.context import Context
from xmppscope.explain.wording import MUC_USER, both, content, is_client, place
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.jid import bare
from xmppscope.model.plaintext import quote, visible
from xmppscope.model.timeline import INITIATING, Sender

_STATUS: Final = content("status")
_PARTS: Final = {name: local for local in ("show", "status", "priority") for name in content(local)}
_MUC: Final = f"http://jabber.org/protocol/muc{SEPARATOR}x"
_MUC_USER: Final = f"{MUC_USER}{SEPARATOR}x"
_SHOWN: Final = {"away": "away", "chat": "ready to chat", "dnd": "busy", "xa": "away for long"}
_SENT: Final = {
    "subscribe": "ask {} for a subscription",
    "subscribed": "accept the subscription of {}",
    "unsubscribe": "end the subscription to {}",
    "unsubscribed": "refuse or end the subscription of {}",
    "probe": "ask for the presence of {}",
}
_RECEIVED: Final = {
    "subscribe": "{} asks for a subscription",
    "subscribed": "{} accepted the subscription",
    "unsubscribe": "{} ended its subscription",
    "unsubscribed": "{} refused or ended the subscription",
    "probe": "{} asks for the presence",
}
_ROUTED: Final = {
    "subscribe": "ask for a subscription",
    "subscribed": "accept the subscription",
    "unsubscribe": "end the subscription",
    "unsubscribed": "refuse or end the subscription",
    "probe": "ask for the presence",
}
_REMOVED: Final = {
    "301": "was banned",
    "307": "was kicked",
    "321": "was removed: the affiliation changed",
    "322": "was removed: the room is for members only now",
    "332": "was removed: the service shuts down",
    "333": "was removed: technical problem",
}


def presence(element: Element, sender: Sender, context: Context) -> str:
    """Tell of a presence stanza."""
    attrs = element.attrs
    kind = attrs.get("type")
    outgoing = sender == INITIATING
    if not is_client(element):
        return _routed(element, kind, context)
    if kind == "error":
        return f"{place(element, sender, context)}: {stanza_error(element)}"
    words = None if kind is None else (_SENT if outgoing else _RECEIVED).get(kind)
    if words is not None:
        other = attrs.get("to" if outgoing else "from")
        return words.format(context.short(other) if other else "the server")
    if outgoing:
        return _sent(element, kind, attrs.get("to"), context)
    occupant = element.child(_MUC_USER)
    from_ = attrs.get("from")
    if occupant is not None and from_ is not None:
        return _occupant(element, occupant, from_, kind, context)
    return f"{context.short(from_) if from_ else 'the server'} is {_availability(element, kind)}"


def _sent(element: Element, kind: str | None, to: str | None, context: Context) -> str:
    availability = _availability(element, kind)
    if to is None:
        return availability
    room, _, nick = to.partition("/")
    join = element.child(_MUC)
    if join is not None and kind is None:
        context.enter(room, False)
        password = join.child_text("http://jabber.org/protocol/muc" + SEPARATOR + "password")
        secret = f", {context.secret('password', password)}" if password else ""
        return f"join {context.short(room)} as {quote(nick)}{secret}"
    if context.asked(room):
        if kind == "unavailable":
            return f"leave {context.short(room)}" + availability.removeprefix("unavailable")
        return f"in {context.short(room)} as {quote(nick)}: {availability}"
    return f"to {context.short(to)}: {availability}"


def _availability(element: Element, kind: str | None) -> str:
    """Return `available`, `away: "lunch"` and the like."""
    text = kind or "available"
    if kind is not None and kind != "unavailable":
        text = f"of no known type {quote(kind)}"
    status = priority = ""
    for child in element.children:
        part = _PARTS.get(child.name)
        if part is None or not child.text:
            continue
        if part == "show":
            text = _SHOWN.get(child.text) or quote(child.text)
        elif part == "status":
            status = status or child.text
        else:
            priority = f", priority {visible(child.text)}"
    text += priority
    return f"{text}: {quote(status)}" if status else text


def _routed(element: Element, kind: str | None, context: Context) -> str:
    """Tell of presence between servers, or for a component: both addresses matter."""
    attrs = element.attrs
    where = both(attrs.get("from"), attrs.get("to"), context)
    if kind == "error":
        return f"{where}: {stanza_error(element)}"
    words = None if kind is None else _ROUTED.get(kind)
    if words is not None:
        return f"{where}: {words}"
    if element.child(_MUC) is not None and kind is None:
        return f"{where}: join the room"
    return f"{where}: {_availability(element, kind)}"


def _occupant(element: Element, info: Element, from_: str, kind: str | None, context: Context) -> str:
    """Tell of one's own or another's presence in a room."""
    room = bare(from_)
    codes = {child.attrs.get("code", "") for child in info.children if child.local == "status"}
    item = info.child(f"{MUC_USER}{SEPARATOR}item")
    attrs = {} if item is None else item.attrs
    own = "110" in codes
    if kind == "unavailable":
        return _gone(element, item, codes, from_, context)
    words = (attrs.get("affiliation", ""), attrs.get("role", ""))
    standing = ", ".join(visible(word) for word in words if word and word != "none")
    if own and not context.entered(room):
        context.enter(room, True)
        created = ", a new room" if "201" in codes else ""
        return f"joined {context.short(from_)}{created}" + (f": {standing}" if standing else "")
    availability = _availability(element, kind)
    parts = [part for part in (standing, "" if availability == "available" else availability) if part]
    return f"{context.short(from_)} is in the room" + (f": {', '.join(parts)}" if parts else "")


def _gone(element: Element, item: Element | None, codes: set[str], from_: str, context: Context) -> str:
    who = context.short(from_)
    attrs = {} if item is None else item.attrs
    if "303" in codes:
        return f"{who} is now {quote(attrs.get('nick', '?'))}"
    own = "110" in codes
    if own:
        context.leave(bare(from_))
    for code, words in _REMOVED.items():
        if code in codes:
            reason = None if item is None else item.child_text(f"{MUC_USER}{SEPARATOR}reason")
            return f"{who} {words}" + (f": {quote(reason)}" if reason else "")
    status = next((child.text for child in element.children if child.name in _STATUS and child.text), "")
    return f"{who} left the room" + (f": {quote(status)}" if status else "")
