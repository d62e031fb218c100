"""What happens when somebody subscribes, approves or cancels (RFC 6121 §3): routing, roster pushes and presence.

One server serves both sides here, so what the sender's server does and what the contact's server does follow upon each
other; the two stay two functions, each for its own account and roster.
"""

from xmppscope.demo.accounts import Account, Accounts, Contact
from xmppscope.demo.errors import StanzaError
from xmppscope.demo.jid import Jid
from xmppscope.demo.presence import share
from xmppscope.demo.roster import CONTACTS_BOUND, known, push
from xmppscope.demo.sessions import Session
from xmppscope.demo.subscription import INBOUND, OUTBOUND, State, is_granted_already, is_routed
from xmppscope.demo.xml import Element, copied, stanza


def outbound(accounts: Accounts, session: Session, presence: Element, to: Jid) -> None:
    """Take what a user says about a subscription."""
    kind = presence.get("type") or ""
    account = session.account
    if to.bare == account.jid.bare:
        return
    if kind == "subscribe" and accounts.of(to) is None:
        local = to.domainpart == accounts.domain
        raise StanzaError("item-not-found" if local else "remote-server-not-found")
    if not is_routed(account.contact(to.bare).state, kind):
        return
    contact = known(account, to.bare)
    _send(accounts, account, contact, copied(presence, {"from": account.jid.bare, "to": to.bare}))
    if kind == "subscribed":
        # RFC 6121 §3.1.5: the server "MUST then also send current presence ... from each ... available" resource.
        share(accounts, account, to, available=True)


def remove(accounts: Accounts, account: Account, jid: str) -> None:
    """Remove a contact from the roster, and with it the subscriptions in both directions (RFC 6121 §2.5)."""
    contact = account.contacts.get(jid)
    if contact is None or not contact.listed:
        raise StanzaError("item-not-found")
    addresses = {"from": account.jid.bare, "to": jid}
    if contact.state.receives or contact.state.pending_out:
        _send(accounts, account, contact, stanza("presence", {**addresses, "type": "unsubscribe"}), quiet=True)
    if contact.state.shares or contact.state.pending_in:
        _send(accounts, account, contact, stanza("presence", {**addresses, "type": "unsubscribed"}), quiet=True)
    del account.contacts[jid]
    push(account, contact, removed=True)


def _send(accounts: Accounts, account: Account, contact: Contact, presence: Element, *, quiet: bool = False) -> None:
    """Change the state on the user's side, tell of it unless *quiet*, and hand the stanza to the contact's side.

    The RFC routes first and pushes then; what the contact's side sends in return must not come before the push.
    """
    kind = presence.get("type") or ""
    to = Jid.parse(contact.jid)
    if kind == "unsubscribed" and contact.state.shares:
        # RFC 6121 §3.2.2: "While the user is still subscribed", its presence becomes unavailable.
        share(accounts, account, to, available=False)
    before = _seen(contact)
    contact.listed = contact.listed or kind in ("subscribe", "subscribed")
    _change(contact, OUTBOUND.get((contact.state, kind), contact.state))
    if contact.listed and not quiet and _seen(contact) != before:
        push(account, contact)
    other = accounts.of(to)
    if other is not None:
        _inbound(accounts, other, presence)


def _inbound(accounts: Accounts, account: Account, presence: Element) -> None:
    """Take what somebody says about a subscription to the account, or about the account's subscription."""
    kind, sender = presence.get("type") or "", Jid.parse(presence.get("from") or "")
    contact = account.contact(sender.bare)
    state = contact.state
    if is_granted_already(state, kind):
        _grant_again(accounts, account, sender)
        return
    if (state, kind) not in INBOUND or (
        sender.bare not in account.contacts and len(account.contacts) >= CONTACTS_BOUND
    ):
        return
    contact = known(account, sender.bare)
    before = _seen(contact)
    _change(contact, INBOUND[state, kind])
    if kind == "subscribe":
        contact.request = presence
    for session in account.available() if kind == "subscribe" else account.interested():
        session.deliver(presence)
    if contact.listed and _seen(contact) != before:
        push(account, contact)
    if kind == "unsubscribe" and state.shares:
        share(accounts, account, sender, available=False)


def _grant_again(accounts: Accounts, account: Account, sender: Jid) -> None:
    other = accounts.of(sender)
    if other is not None:
        addresses = {"from": account.jid.bare, "to": sender.bare, "type": "subscribed"}
        _inbound(accounts, other, stanza("presence", addresses))


def _change(contact: Contact, state: State) -> None:
    contact.state = state
    if not state.pending_in:
        contact.request = None


def _seen(contact: Contact) -> tuple[bool, str, bool]:
    """Return what of a contact the roster shows."""
    return contact.listed, contact.state.subscription, contact.state.pending_out
