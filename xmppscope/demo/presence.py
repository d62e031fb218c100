"""Presence (RFC 6121 §4): who is told that a resource is available, and what a newly available resource is told."""

from typing import Final

from xmppscope.demo.accounts import Account, Accounts
from xmppscope.demo.jid import Jid
from xmppscope.demo.sessions import Session
from xmppscope.demo.xml import Element, copied, stanza

UNAVAILABLE: Final = "unavailable"

_DIRECTED_BOUND: Final = 100


def broadcast(accounts: Accounts, session: Session, presence: Element) -> None:
    """Make a resource available, or tell of a change in its availability; *presence* has no `to`."""
    initial = session.presence is None
    session.presence = presence
    account = session.account
    for contact in _watchers(account):
        deliver(accounts, contact, presence)
    # RFC 6121 §4.2.2: "an entity is implicitly subscribed to its own presence".
    deliver(accounts, account.jid, presence)
    if initial:
        _welcome(accounts, session)


def withdraw(accounts: Accounts, session: Session, presence: Element | None = None) -> None:
    """Make a resource unavailable, because it says so with *presence*, or because its session has ended."""
    was_available = session.presence is not None
    said = stanza("presence", {"from": str(session.jid), "type": UNAVAILABLE}) if presence is None else presence
    session.presence = None
    watchers = _watchers(session.account) if was_available else []
    # RFC 6121 §4.6.3: who got directed presence is told as well, unless a subscription tells it already.
    others = [jid for text in sorted(session.directed) if (jid := Jid.parse(text)).bare not in map(str, watchers)]
    session.directed.clear()
    for jid in (*watchers, *others):
        deliver(accounts, jid, said)
    if was_available:
        deliver(accounts, session.account.jid, said)
        if presence is not None:
            session.deliver(copied(said, {"to": str(session.jid)}))


def direct(accounts: Accounts, session: Session, presence: Element, to: Jid) -> None:
    """Send presence to somebody in particular, who will be told when the resource becomes unavailable."""
    if presence.get("type") == UNAVAILABLE:
        session.directed.discard(str(to))
    elif len(session.directed) < _DIRECTED_BOUND:
        session.directed.add(str(to))
    deliver(accounts, to, presence)


def answer_probe(accounts: Accounts, session: Session, contact: Jid) -> None:
    """Tell a resource whether the contact is available, if it may know (RFC 6121 §4.3.2)."""
    account = accounts.of(contact)
    user = session.account.jid.bare
    if account is None:
        return
    if not account.contact(user).state.shares and account is not session.account:
        session.deliver(stanza("presence", {"from": contact.bare, "to": user, "type": "unsubscribed"}))
        return
    for available in account.available():
        if available.presence is not None:
            session.deliver(copied(available.presence, {"to": str(session.jid)}))
    if not account.available():
        session.deliver(stanza("presence", {"from": contact.bare, "to": str(session.jid), "type": UNAVAILABLE}))


def share(accounts: Accounts, account: Account, to: Jid, *, available: bool) -> None:
    """Send the presence of every available resource of an account to a contact, or that it is no longer to be seen."""
    for session in account.available():
        if available and session.presence is not None:
            deliver(accounts, to, session.presence)
        else:
            deliver(accounts, to, stanza("presence", {"from": str(session.jid), "type": UNAVAILABLE}))


def deliver(accounts: Accounts, to: Jid, presence: Element) -> None:
    """Deliver presence to one resource, or to all available resources of an account."""
    account = accounts.of(to)
    if account is None:
        return
    one = account.sessions.get(to.resourcepart)
    for session in account.available() if not to.resourcepart else [one] if one is not None else []:
        session.deliver(copied(presence, {"to": str(to)}))


def _watchers(account: Account) -> list[Jid]:
    return [Jid.parse(jid) for jid, contact in sorted(account.contacts.items()) if contact.state.shares]


def _welcome(accounts: Accounts, session: Session) -> None:
    """Tell a resource that has just become available of its contacts, and of those who wait for an answer."""
    account = session.account
    for other in account.available():
        if other is not session and other.presence is not None:
            session.deliver(copied(other.presence, {"to": account.jid.bare}))
    for jid, contact in sorted(account.contacts.items()):
        if contact.state.receives:
            answer_probe(accounts, session, Jid.parse(jid))
        if contact.request is not None:
            session.deliver(contact.request)
