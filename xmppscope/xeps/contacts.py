"""The contacts of an account: roster results and pushes, and the nine states of each subscription (RFC 6121 §2, §3).

What the tables of the appendix say is in `session.subscription`. Here a stanza meets them, is annotated with the change
it makes, and a push is linked to what it comes of. Versions of the roster (§2.6) are kept as the client has them.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.plaintext import cut, quote
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.session.account import Account
from xmppscope.session.changes import Changes
from xmppscope.session.notes import annotate, link
from xmppscope.session.roster import QUERY, Contact, Roster
from xmppscope.session.subscription import INBOUND, OUTBOUND, Subscription, from_roster, in_roster
from xmppscope.xeps.descriptor import Extension, Followed, Met

SUBSCRIPTION: Final = "subscription"
"""The machine of a contact; its subject is the contact's bare JID in lower case."""

PRESENCE: Final = "presence"
"""The machine of the client's own presence: `available`, `unavailable` or what `<show/>` says."""

_CONTACT: Final = 100
_VERSION: Final = 40
_SECTIONS: Final = {"subscribe": 1, "unsubscribe": 2, "subscribed": 3, "unsubscribed": 4}


def subscribe(place: Followed, entry: Entry, kind: str) -> None:
    """Follow a contact's state by a presence of *kind* (RFC 6121 appendix A); without the roster none is known."""
    account = place.account
    sent = entry.sender == INITIATING
    contact = account.forms[entry.to if sent else entry.from_]
    before = account.subscriptions.get(contact, Subscription.NONE if account.knows_roster else None)
    if before is None:
        account.change(contact, entry)
        return
    after = (OUTBOUND if sent else INBOUND).get((before, kind), before)
    if in_roster(after) != in_roster(before):
        account.change(contact, entry)
    if after is not before:
        _set(account, contact, after, entry)
        section = f"RFC 6121 §A.{2 if sent else 3}.{_SECTIONS[kind]}"
        annotate(entry, f"{cut(contact, _CONTACT)}: {before.value} → {after.value}", section)


def available(changes: Changes, entry: Entry, presence: Element) -> None:
    """Follow the presence of the client itself, which it sends to nobody in particular (§4.2, §4.4, §4.5)."""
    if entry.type == "unavailable":
        changes.change(PRESENCE, "unavailable", entry.entry)
    elif entry.type is None:
        show = next((child.text for child in presence.children if child.local == "show"), "")
        changes.change(PRESENCE, cut(show, _VERSION) or "available", entry.entry)


def _set(account: Account, contact: str, state: Subscription, entry: Entry, because: tuple[int, ...] = ()) -> None:
    account.know(contact, state)
    account.changes.change(SUBSCRIPTION, state.value, entry.entry, because, contact)


def _roster(met: Met, query: Element) -> None:
    account, entry = met.account, met.entry
    if met.sent:
        if entry.type == "set":
            for item in query.children:
                account.change(account.forms[item.attrs.get("jid")], entry)
        elif entry.type == "get":
            _ask(met, query)
        return
    if account.forms[entry.from_]:
        return  # RFC 6121 §2.1.6: a push from anybody but the own account is none
    if entry.type == "result":
        account.knows_roster = True
        _know(met, met.of(Roster).result(query, entry.entry), {})
        _version(met, query)
    elif entry.type == "set":
        _push(met, query)


def _push(met: Met, query: Element) -> None:
    account = met.account
    causes: dict[str, tuple[int, ...]] = {}
    pushed = met.of(Roster).push(query, met.entry.entry)
    for contact in pushed:
        form = account.forms[contact.jid]
        cause = account.pushed(form, met.entry)
        if cause is not None:
            causes[form] = (cause,)
            link(met.entry, "cause", cause)
    _know(met, pushed, causes)
    _version(met, query)


def _know(met: Met, contacts: list[Contact], causes: dict[str, tuple[int, ...]]) -> None:
    account = met.account
    for contact in contacts:
        form = account.forms[contact.jid]
        state = from_roster(contact.subscription, contact.ask, account.subscriptions.get(form))
        if state is not None:
            _set(account, form, state, met.entry, causes.get(form, ()))
        elif contact.subscription == "remove":
            account.subscriptions.pop(form, None)
            account.changes.change(SUBSCRIPTION, "removed", met.entry.entry, causes.get(form, ()), form)


def _version(met: Met, query: Element) -> None:
    """§2.6.2: results and pushes carry the version that the roster has with them."""
    version = query.attrs.get("ver")
    if version is not None:
        met.change("roster version", cut(version, _VERSION))


def _ask(met: Met, query: Element) -> None:
    """§2.2: a client that asks for the roster is interested in pushes; §2.6.2: with a version it has one already."""
    met.change("interested", "yes")
    version = query.attrs.get("ver")
    if version is None:
        return
    known = f"has version {quote(version, _VERSION)}" if version else "understands versions, and has none yet"
    met.note(f"the client {known}", "RFC 6121 §2.6.2")
    if version:
        met.expect(_unchanged)


def _unchanged(met: Met, payload: Element) -> None:
    """§2.6.3: an empty result says that the client's version is right; what changed since comes as pushes."""
    if met.received and met.entry.type == "result" and payload is met.stanza:
        met.note("the client's version is still right, or pushes with what changed follow", "RFC 6121 §2.6.3")


EXTENSION: Final = Extension(
    number="0237",
    title="Roster Versioning",
    namespaces=("urn:xmpp:features:rosterver",),
    elements={QUERY: _roster},
    tracker=Roster,
)
"""The roster is of RFC 6121; its versions were XEP-0237 first."""
