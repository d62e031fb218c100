"""The roster of one client, as its server shows it: results and pushes (RFC 6121 §2).

Left out: names, groups, and versioning: an empty result says that what the client has is still right (§2.6.3).
"""

from typing import Final

import msgspec

from xmppscope.model.element import Element
from xmppscope.model.namespaces import ROSTER
from xmppscope.session.triggers import expanded

QUERY: Final = expanded(ROSTER, "query")
ITEM: Final = expanded(ROSTER, "item")

MOST_CONTACTS: Final = 10_000
"""How many contacts of a roster are kept."""


class Contact(msgspec.Struct, omit_defaults=True, gc=False):
    """A contact as last seen; `entry` showed it so."""

    jid: str
    subscription: str
    entry: int
    ask: str | None = None


class Roster:
    """The contacts of one client by JID; `forgotten` counts those that were not kept."""

    def __init__(self) -> None:
        self.contacts: dict[str, Contact] = {}
        self.forgotten = 0

    def result(self, query: Element, entry: int) -> list[Contact]:
        """Take the `<query/>` of a result, which holds the whole roster; return its contacts."""
        self.contacts.clear()
        return self._items(query, entry)

    def push(self, query: Element, entry: int) -> list[Contact]:
        """Take the `<query/>` of a push, which holds one item (§2.1.6); return the contacts in it."""
        return self._items(query, entry)

    def _items(self, query: Element, entry: int) -> list[Contact]:
        found = []
        for item in query.children:
            jid = item.attrs.get("jid")
            if item.name != ITEM or not jid:
                continue
            contact = Contact(jid, item.attrs.get("subscription", "none"), entry, item.attrs.get("ask"))
            found.append(contact)
            if contact.subscription == "remove":
                self.contacts.pop(jid, None)
            elif jid in self.contacts or len(self.contacts) < MOST_CONTACTS:
                self.contacts[jid] = contact
            else:
                self.forgotten += 1
        return found
