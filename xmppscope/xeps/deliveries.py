"""One logical message and all that belongs to it, as links: copies, receipts, corrections, errors.

A message is found by its ids (XEP-0359) and addresses in what the account remembers. A `copy` is the message again: as
a carbon (XEP-0280), a result of the archive (XEP-0313), a reflection by a room (XEP-0045 §7.4), a delivery to another
client of the account. A `receipt` answers it (XEP-0184, XEP-0333), a `correction` replaces it (XEP-0308), an error has
it for its `cause` (RFC 6120 §8.3.1). Links go to earlier entries: what comes of a message is not known when it is seen.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.timeline import RECEIVING, Entry
from xmppscope.session.account import Account, Key
from xmppscope.session.notes import link
from xmppscope.xeps import xep_0313

_IDS: Final = "urn:xmpp:sid:0"
_STANZA_ID: Final = f"{_IDS}{SEPARATOR}stanza-id"
_ORIGIN_ID: Final = f"{_IDS}{SEPARATOR}origin-id"
_FORWARDED: Final = f"urn:xmpp:forward:0{SEPARATOR}forwarded"
_MESSAGES: Final = frozenset(f"{ns}{SEPARATOR}message" for ns in ("jabber:client", "jabber:server"))


def message(account: Account, entry: Entry, related: list[Element], nick: Callable[[str], str | None]) -> None:
    """Link a message to what it belongs to, and remember it.

    *related* are its children that `HANDLERS` names; *nick* tells the user's own nickname in a room.
    """
    if entry.type == "error":
        error(account, entry)
        return
    for child in related:
        HANDLERS[child.name](account, entry, child)
    identity = entry.id
    if identity:
        if entry.type == "groupchat" and entry.sender == RECEIVING:
            _reflection(account, entry, identity, nick)
        forms = account.forms
        account.add((identity, forms[entry.from_], forms[entry.to]), entry.connection, entry.entry)


def error(account: Account, entry: Entry) -> None:
    """Link an error to the stanza that caused it: the same id, the addresses swapped (RFC 6120 §8.3.1)."""
    if entry.id:
        forms = account.forms
        _link(account, entry, "cause", (entry.id, forms[entry.to], forms[entry.from_]))


def remember(account: Account, entry: Entry) -> None:
    """Remember a stanza that an error may answer."""
    if entry.id and entry.to:
        forms = account.forms
        account.add((entry.id, forms[entry.from_], forms[entry.to]), entry.connection, entry.entry)


def _link(account: Account, entry: Entry, rel: str, key: Key) -> bool:
    found = account.find(key, entry.connection)
    if found is not None:
        link(entry, rel, found)
    return found is not None


def _reflection(account: Account, entry: Entry, identity: str, nick: Callable[[str], str | None]) -> None:
    """XEP-0045 §7.4: a room sends a message to all occupants, to its sender too."""
    room, _, resource = (entry.from_ or "").partition("/")
    if resource and nick(room) == resource:
        _link(account, entry, "copy", (identity, "", account.forms[room]))


def _origin(account: Account, entry: Entry, origin: Element) -> None:
    identity = origin.attrs.get("id")
    if identity and identity != entry.id:
        forms = account.forms
        account.add((identity, forms[entry.from_], forms[entry.to]), entry.connection, entry.entry)


def _archived(account: Account, entry: Entry, stanza_id: Element) -> None:
    """Note the id that an archive gave to the message; one that was seen before is the same message again."""
    key = _archive_key(account, stanza_id.attrs.get("by"), stanza_id.attrs.get("id"))
    if key is None:
        return
    earlier = account.first(key)
    if earlier is not None and not entry.links:
        link(entry, "copy", earlier)
    account.add(key, entry.connection, entry.entry)


def _receipt(account: Account, entry: Entry, receipt: Element) -> None:
    identity, forms = receipt.attrs.get("id"), account.forms
    if not identity:
        return
    if entry.type == "groupchat":
        # XEP-0333 §4.1: in a room the id is the one that the room gave.
        room = forms[entry.to] or forms[entry.from_]
        _link(account, entry, "receipt", ("", room, identity))
    else:
        _link(account, entry, "receipt", (identity, forms[entry.to], forms[entry.from_]))


def _correction(account: Account, entry: Entry, replace: Element) -> None:
    identity, forms = replace.attrs.get("id"), account.forms
    if identity:
        _link(account, entry, "correction", (identity, forms[entry.from_], forms[entry.to]))


def _carbon(account: Account, entry: Entry, carbon: Element) -> None:
    """XEP-0280 §11: only what comes from the own account is a carbon."""
    if account.forms[entry.from_] == "":
        _copy(account, entry, carbon, None)


def _result(account: Account, entry: Entry, result: Element) -> None:
    _copy(account, entry, result, _archive_key(account, entry.from_, result.attrs.get("id")))


def _copy(account: Account, entry: Entry, wrapper: Element, archived: Key | None) -> None:
    forwarded = wrapper.child(_FORWARDED)
    inner = None if forwarded is None else next((one for one in forwarded.children if one.name in _MESSAGES), None)
    if inner is None:
        return
    forms = account.forms
    addresses = forms[inner.attrs.get("from")], forms[inner.attrs.get("to")]
    keys = [archived]
    for child in inner.children:
        if child.name == _STANZA_ID:
            keys.append(_archive_key(account, child.attrs.get("by"), child.attrs.get("id")))
        elif child.name == _ORIGIN_ID:
            keys.append((child.attrs.get("id", ""), *addresses))
    keys.append((inner.attrs.get("id", ""), *addresses))
    earlier = next((found for key in keys if key and (found := account.first(key)) is not None), None)
    if earlier is not None:
        link(entry, "copy", earlier)


def _archive_key(account: Account, by: str | None, identity: str | None) -> Key | None:
    """Return the key of an id that an archive gave: no message has an empty id."""
    return ("", account.forms[by], identity) if identity else None


HANDLERS: Final[dict[str, Callable[[Account, Entry, Element], None]]] = {
    _STANZA_ID: _archived,
    _ORIGIN_ID: _origin,
    f"urn:xmpp:receipts{SEPARATOR}received": _receipt,
    **{f"urn:xmpp:chat-markers:0{SEPARATOR}{local}": _receipt for local in ("received", "displayed", "acknowledged")},
    f"urn:xmpp:message-correct:0{SEPARATOR}replace": _correction,
    f"urn:xmpp:carbons:2{SEPARATOR}sent": _carbon,
    f"urn:xmpp:carbons:2{SEPARATOR}received": _carbon,
    **dict.fromkeys(xep_0313.RESULT, _result),
}
"""What relates a message to others, by the expanded name of a child."""
