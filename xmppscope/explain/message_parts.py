"""What each part of a message says, and which part speaks for the whole (RFC 6121 §5.2 and the XEPs named below)."""

from collections.abc import Callable
from typing import Final

from xmppscope.explain.context import Context, plural, short_id
from xmppscope.explain.wording import DATA_FORM, DELAY, MUC_USER, content, node_name, waited
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.plaintext import quote, visible

Teller = Callable[[Element, Context], str]

_CHAT_STATES: Final = {
    "active": "pays attention",
    "composing": "is typing",
    "paused": "stopped typing",
    "inactive": "looks away",
    "gone": "left the chat",
}
_MARKERS: Final = {"received": "has received", "displayed": "has read", "acknowledged": "has acknowledged"}
_CALLS: Final = {
    "propose": "proposes a call",
    "ringing": "rings",
    "proceed": "takes the call",
    "accept": "takes the call on this device",
    "reject": "refuses the call",
    "retract": "withdraws the call",
    "finish": "has ended the call",
}
_ROOM_CODES: Final = {
    "100": "everybody sees full JIDs here",
    "101": "the affiliation changed",
    "102": "shows unavailable members",
    "103": "hides unavailable members",
    "104": "the configuration changed",
    "170": "logging is on",
    "171": "logging is off",
    "172": "the room is non-anonymous now",
    "173": "the room is semi-anonymous now",
    "174": "the room is fully anonymous now",
}


# How strongly a part speaks for the message: the lowest is told. Plain numbers: an enum costs a third of a summary.
MODIFIER: Final = -1
"""Told with whatever else is told."""
OVER_BODY: Final = 1
SAID: Final = 2
INSTEAD: Final = 3
CHAT_STATE: Final = 4


def _body(part: Element, _context: Context) -> str:
    return quote(part.text)


def _subject(part: Element, _context: Context) -> str:
    return f"subject {quote(part.text)}" if part.text else "no subject"


def _correction(part: Element, _context: Context) -> str:
    return f", correcting {short_id(part.attrs.get('id', '?'))}"


def _chat_state(part: Element, _context: Context) -> str:
    return _CHAT_STATES[part.local]


def _receipt(part: Element, _context: Context) -> str:
    return f"has received {short_id(part.attrs.get('id', '?'))}"


def _marker(part: Element, _context: Context) -> str:
    return f"{_MARKERS[part.local]} {short_id(part.attrs.get('id', '?'))}"


def _encrypted(scheme: str) -> Teller:
    def tell(_part: Element, _context: Context) -> str:
        return f"encrypted ({scheme})"

    return tell


def _retracted(part: Element, _context: Context) -> str:
    return f"takes back {short_id(part.attrs.get('id', '?'))}"


def _reactions(part: Element, _context: Context) -> str:
    given = " ".join(visible(child.text) for child in part.children[:16])
    target = short_id(part.attrs.get("id", "?"))
    return f'reacts "{given}" to {target}' if given else f"takes back the reaction to {target}"


def _attention(_part: Element, _context: Context) -> str:
    return "asks for attention"


def _call(part: Element, _context: Context) -> str:
    media = [visible(child.attrs.get("media", "")) for child in part.children if child.local == "description"]
    named = ", ".join(name for name in media if name)
    return _CALLS[part.local] + (f" ({named})" if named else "")


def _invitation(part: Element, context: Context) -> str:
    """Tell of a direct invitation (XEP-0249)."""
    text = f"invites to {context.short(part.attrs.get('jid', '?'))}"
    if part.attrs.get("password"):
        text += f", {context.secret('password', part.attrs['password'])}"
    reason = part.attrs.get("reason")
    return f"{text}: {quote(reason)}" if reason else text


def _room(part: Element, context: Context) -> str:
    """Tell what a room says about itself or passes on (XEP-0045 §7.8, §7.5, §10)."""
    codes: list[str] = []
    text = ""
    for child in part.children:
        local = child.local
        if local == "status":
            code = child.attrs.get("code", "?")
            codes.append(_ROOM_CODES.get(code) or f"status {visible(code)}")
        elif local in {"invite", "decline"}:
            text = _mediated(child, context)
        elif local == "password":
            text += f", {context.secret('password', child.text)}"
    return text or ", ".join(codes) or "private message of the room"


def _mediated(part: Element, context: Context) -> str:
    inviting = part.local == "invite"
    to, from_ = part.attrs.get("to"), part.attrs.get("from")
    reason = part.child_text(f"{MUC_USER}{SEPARATOR}reason")
    if to is not None:
        text = f"invite {context.short(to)}" if inviting else f"decline the invitation of {context.short(to)}"
    else:
        who = context.short(from_) if from_ else "somebody"
        text = f"{who} invites to this room" if inviting else f"{who} declines the invitation"
    return f"{text}: {quote(reason)}" if reason else text


def _event(part: Element, _context: Context) -> str:
    """Tell of a notification of XEP-0060 or XEP-0163."""
    for child in part.children:
        node = node_name(child.attrs.get("node", ""))
        local = child.local
        if local == "items":
            return _items(child, node)
        if local == "delete":
            return f"deleted the node {node}"
        if local == "purge":
            return f"emptied the node {node}"
        if local == "subscription":
            return f"subscription to {node}: {visible(child.attrs.get('subscription', '?'))}"
        return f"{visible(local)} of {node}"
    return "event without content"


def _items(items: Element, node: str) -> str:
    published = sum(child.local == "item" for child in items.children)
    retracted = sum(child.local == "retract" for child in items.children)
    if retracted and not published:
        return f"took back {plural(retracted, 'item')} of {node}"
    if published == 1:
        return f"published {node}"
    return f"published {plural(published, 'item')} to {node}"


def _link(part: Element, _context: Context) -> str:
    url = part.child_text(f"jabber:x:oob{SEPARATOR}url") or ""
    return f"link {quote(url)}"


def _form(part: Element, _context: Context) -> str:
    return f"form to fill in, {plural(len(part.children), 'field')}"


def _chunk(part: Element, _context: Context) -> str:
    return f"chunk {visible(part.attrs.get('seq', '?'))} of a byte stream"


def _entry(ns: str, local: str, rank: int, teller: Teller) -> tuple[str, tuple[int, Teller]]:
    return f"{ns}{SEPARATOR}{local}", (rank, teller)


PARTS: Final[dict[str, tuple[int, Teller]]] = dict(
    [
        *[(name, (SAID, _body)) for name in content("body")],
        *[(name, (INSTEAD, _subject)) for name in content("subject")],
        (DELAY, (MODIFIER, waited)),
        _entry("urn:xmpp:message-correct:0", "replace", MODIFIER, _correction),  # XEP-0308
        _entry("http://jabber.org/protocol/pubsub#event", "event", OVER_BODY, _event),
        _entry("eu.siacs.conversations.axolotl", "encrypted", OVER_BODY, _encrypted("OMEMO")),  # XEP-0384
        _entry("urn:xmpp:omemo:1", "encrypted", OVER_BODY, _encrypted("OMEMO")),
        _entry("urn:xmpp:omemo:2", "encrypted", OVER_BODY, _encrypted("OMEMO")),
        _entry("urn:xmpp:openpgp:0", "openpgp", OVER_BODY, _encrypted("OpenPGP")),  # XEP-0373
        _entry("jabber:x:encrypted", "x", OVER_BODY, _encrypted("OpenPGP")),  # XEP-0027
        _entry("urn:xmpp:message-retract:0", "retract", OVER_BODY, _retracted),  # XEP-0424
        _entry("urn:xmpp:message-retract:1", "retract", OVER_BODY, _retracted),
        _entry("urn:xmpp:reactions:0", "reactions", OVER_BODY, _reactions),  # XEP-0444
        _entry("jabber:x:conference", "x", OVER_BODY, _invitation),
        _entry("urn:xmpp:attention:0", "attention", INSTEAD, _attention),  # XEP-0224
        _entry(MUC_USER, "x", INSTEAD, _room),
        _entry("urn:xmpp:receipts", "received", INSTEAD, _receipt),  # XEP-0184
        _entry("jabber:x:oob", "x", INSTEAD, _link),  # XEP-0066
        (DATA_FORM, (INSTEAD, _form)),
        _entry("http://jabber.org/protocol/ibb", "data", INSTEAD, _chunk),  # XEP-0047
        *[_entry("urn:xmpp:chat-markers:0", local, INSTEAD, _marker) for local in _MARKERS],  # XEP-0333
        *[_entry("urn:xmpp:jingle-message:0", local, INSTEAD, _call) for local in _CALLS],  # XEP-0353
        *[
            _entry("http://jabber.org/protocol/chatstates", local, CHAT_STATE, _chat_state)  # XEP-0085
            for local in _CHAT_STATES
        ],
    ]
)
