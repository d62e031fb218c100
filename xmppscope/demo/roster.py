"""The roster (RFC 6121 §2): its items as elements, reading and changing it, and the pushes that tell of a change."""

import secrets
from typing import Final

from xmppscope.demo.accounts import Account, Contact
from xmppscope.demo.errors import StanzaError
from xmppscope.demo.jid import Jid, JidError
from xmppscope.demo.names import ROSTER
from xmppscope.demo.xml import Element, element, stanza, text_of

CONTACTS_BOUND: Final = 1000


def query(account: Account) -> Element:
    """Return the whole roster."""
    listed = (contact for _, contact in sorted(account.contacts.items()) if contact.listed)
    return element(ROSTER, "query", None, *(_item(contact) for contact in listed))


def the_item(iq: Element) -> Element:
    """Return the item of a roster set; RFC 6121 §2.1.5: "MUST contain one and only one <item/> element"."""
    items = iq.findall(f"{{{ROSTER}}}query/{{{ROSTER}}}item")
    if len(items) != 1:
        raise StanzaError("bad-request", "a roster set has exactly one item")
    return items[0]


def address(item: Element) -> str:
    """Return the bare JID that an item is about."""
    try:
        return Jid.parse(item.get("jid") or "").bare
    except JidError as error:
        raise StanzaError("bad-request", "the item's jid is no address") from error


def update(account: Account, item: Element) -> None:
    """Take over a name and groups that the user has given, and push them."""
    contact = known(account, address(item))
    groups = [text_of(group) for group in item.iterchildren(f"{{{ROSTER}}}group")]
    # RFC 6121 §2.3.3: no group twice, and none without a name.
    if len(set(groups)) < len(groups):
        raise StanzaError("bad-request", "a group is named twice")
    if "" in groups:
        raise StanzaError("not-acceptable", "a group has no name")
    contact.name, contact.groups, contact.listed = item.get("name"), tuple(groups), True
    push(account, contact)


def known(account: Account, jid: str) -> Contact:
    """Return the contact, which from now on the account knows."""
    if jid not in account.contacts and len(account.contacts) >= CONTACTS_BOUND:
        raise StanzaError("resource-constraint", "too many contacts")
    return account.contacts.setdefault(jid, Contact(jid))


def push(account: Account, contact: Contact, *, removed: bool = False) -> None:
    """Tell every interested resource what has become of an item (RFC 6121 §2.1.6)."""
    for session in account.interested():
        item = element(ROSTER, "item", {"jid": contact.jid, "subscription": "remove"}) if removed else _item(contact)
        attributes = {"type": "set", "id": f"push-{secrets.token_hex(4)}", "to": str(session.jid)}
        session.deliver(stanza("iq", attributes, element(ROSTER, "query", None, item)))


def _item(contact: Contact) -> Element:
    state = contact.state
    attributes = {
        "jid": contact.jid,
        "name": contact.name,
        "subscription": state.subscription,
        "ask": "subscribe" if state.pending_out else None,
    }
    return element(ROSTER, "item", attributes, *(element(ROSTER, "group", None, group) for group in contact.groups))
