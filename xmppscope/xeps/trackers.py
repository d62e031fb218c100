"""Feeds every machine that has a state with what concerns it, and adds to the entries what the machines know.

`Trackers` is an observer. For each connection it keeps one `Tracked`, which sends an element on by its expanded name,
and so does with the payload of an iq: most stanzas touch nothing but a counter. Machines that several connections share
(accounts, resumable sessions) are kept beside them. Each machine is bounded and counts what it forgot.
"""

from collections.abc import Callable, Sequence
from typing import Final

from xmppscope.model.element import Element
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session import logins
from xmppscope.session.account import Account, Accounts
from xmppscope.session.encryption import Encryption
from xmppscope.session.logins import Logins
from xmppscope.session.notes import annotate, link
from xmppscope.session.roster import QUERY, Contact, Roster
from xmppscope.session.seen import About, Note, Seen
from xmppscope.session.subscription import INBOUND, OUTBOUND, TYPES, Subscription, from_roster, in_roster
from xmppscope.xeps import deliveries, xep_0198, xep_0220, xep_0313
from xmppscope.xeps.xep_0045 import MUC, MUC_USER, Rooms
from xmppscope.xeps.xep_0198 import Sessions, StreamManagement
from xmppscope.xeps.xep_0220 import Dialback, DialbackRequests
from xmppscope.xeps.xep_0313 import ArchiveQueries

_NOTHING: Final[tuple[Note, ...]] = ()
_CONTACT: Final = 100
_SECTIONS: Final = {"subscribe": 1, "unsubscribe": 2, "subscribed": 3, "unsubscribed": 4}


class Tracked:
    """What is known of one connection. `compression` names the method once it is in use."""

    def __init__(self, about: About, accounts: Accounts, sessions: Sessions, requests: DialbackRequests) -> None:
        self.about = about
        self.logins = Logins()
        self.encryption = Encryption(from_start=about.from_start)
        self.management = StreamManagement(sessions)
        self.rooms = Rooms()
        self.archive = ArchiveQueries()
        self.roster = Roster()
        self.dialback = Dialback(requests)
        self.compression: str | None = None
        self._accounts = accounts
        self._account: Account | None = None
        self._account_of = ""
        self._learned = ""
        self._begun = False

    @property
    def jid(self) -> str:
        """The full JID of a client, also that of a session it resumed; the domain of a component; or nothing."""
        return self.about.negotiation.bound or self.management.jid

    @property
    def forgotten(self) -> int:
        """How many things were not kept, to bound memory."""
        machines = (self.logins, self.rooms, self.archive, self.roster, self.dialback)
        return sum(machine.forgotten for machine in machines)

    @property
    def account(self) -> Account:
        """The account that the connection is of."""
        jid = self.jid or self._learned
        account = self._account
        if account is None or jid != self._account_of:
            account = self._account = self._find_account(jid)
            self._account_of = jid
        return account

    def _find_account(self, jid: str) -> Account:
        kind = self.about.negotiation.kind
        if kind == "s2s":
            return self._accounts.without_jid("servers")
        if jid and kind != "component":
            return self._accounts[jid]
        return self._accounts.without_jid(str(self.about.number))

    def element(self, entry: Entry, element: Element) -> None:
        """Take an element with its entry."""
        if not self._begun:
            self._begun = True
            self.encryption.clear()
        if entry.kind == "stanza":
            management = self.management
            half = management.initiating if entry.sender == INITIATING else management.receiving
            if half.counting:
                management.count(half, entry)
            _STANZAS[entry.name or ""](self, entry, element)
        else:
            name = element.name
            if name in logins.HANDLERS:
                self.logins.take(entry.sender, element, entry.entry)
            if name in xep_0198.HANDLERS:
                negotiation = self.about.negotiation
                self.management.take(entry, element, negotiation.domain, self.jid)
            elif name in xep_0220.NAMES:
                self.dialback.take(entry, element)
        if entry.compression is not None:
            self.compression = entry.compression

    def other(self, entry: Entry) -> None:
        """Take an entry that is no element."""
        if entry.kind == "tls":
            self.encryption.handshake(entry)
        elif entry.kind == "closed" and entry.state == "broken":
            self.management.cut(entry)

    def _message(self, entry: Entry, element: Element) -> None:
        if entry.sender == RECEIVING and not self._account_of and entry.to and "/" in entry.to:
            # RFC 6120 §10.5.4: a server sends a client what is addressed to it.
            self._learned = self._learned or entry.to
        related = [child for child in element.children if child.name in deliveries.HANDLERS]
        deliveries.message(self.account, entry, related, self.rooms.nick)
        for child in related or element.children[:1]:
            if child.name in xep_0313.RESULT:
                self.archive.result(child)
            elif child.name in xep_0313.FIN:
                self.archive.fin(child, None)

    def _presence(self, entry: Entry, element: Element) -> None:
        kind = entry.type
        if kind is not None:
            if kind == "error":
                deliveries.error(self.account, entry)
                return
            if kind in TYPES and self.about.negotiation.kind == "c2s":
                self._subscription(entry, kind)
        for child in element.children:
            if child.name == MUC or child.name == MUC_USER:
                self.rooms.presence(entry, child)
        if entry.id is not None and (entry.sender == INITIATING or self.about.negotiation.kind != "c2s"):
            deliveries.remember(self.account, entry)

    def _iq(self, entry: Entry, element: Element) -> None:
        children = element.children
        handler = _PAYLOADS.get(children[0].name) if children else None
        if handler is not None:
            handler(self, entry, children[0])

    def _subscription(self, entry: Entry, kind: str) -> None:
        """Follow a contact's state by what is sent (RFC 6121 appendix A); without the roster none is known."""
        account = self.account
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
            account.know(contact, after)
            section = f"RFC 6121 §A.{2 if sent else 3}.{_SECTIONS[kind]}"
            annotate(entry, f"{cut(contact, _CONTACT)}: {before.value} → {after.value}", section)

    def _roster(self, entry: Entry, query: Element) -> None:
        account = self.account
        if entry.sender == INITIATING:
            if entry.type == "set":
                for item in query.children:
                    account.change(account.forms[item.attrs.get("jid")], entry)
            return
        if account.forms[entry.from_]:
            return  # RFC 6121 §2.1.6: a push from anybody but the own account is none
        if entry.type == "result":
            account.knows_roster = True
            self._know(account, self.roster.result(query, entry.entry))
        elif entry.type == "set":
            pushed = self.roster.push(query, entry.entry)
            self._know(account, pushed)
            for contact in pushed:
                cause = account.pushed(account.forms[contact.jid], entry)
                if cause is not None:
                    link(entry, "cause", cause)

    def _know(self, account: Account, contacts: list[Contact]) -> None:
        for contact in contacts:
            form = account.forms[contact.jid]
            state = from_roster(contact.subscription, contact.ask, account.subscriptions.get(form))
            if state is not None:
                account.know(form, state)
            elif contact.subscription == "remove":
                account.subscriptions.pop(form, None)

    def _query(self, entry: Entry, query: Element) -> None:
        if entry.type == "set" and entry.sender == INITIATING:
            self.archive.ask(query, entry.entry)

    def _fin(self, entry: Entry, fin: Element) -> None:
        if entry.type == "result" and entry.answers is not None:
            self.archive.fin(fin, entry.answers)


class Trackers:
    """Follows all connections; `forgotten` counts what was dropped to bound memory, over all of them."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.sessions = Sessions()
        self._requests = DialbackRequests()
        self._connections: dict[int, Tracked] = {}
        self._forgotten = 0

    @property
    def forgotten(self) -> int:
        """How many things were forgotten so far, by connections that have ended and by what they share."""
        return self._forgotten + self.accounts.forgotten + self.sessions.forgotten

    def of(self, about: About) -> Tracked:
        """Return what is known of a connection."""
        tracked = self._connections.get(about.number)
        if tracked is None:
            tracked = self._connections[about.number] = Tracked(about, self.accounts, self.sessions, self._requests)
        return tracked

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry; add what is known of it."""
        entry, element = seen.entry, seen.element
        tracked = self._connections.get(entry.connection) or self.of(seen.about)
        if tracked.encryption.waits and entry.kind != "tls":
            tracked.encryption.later(entry)
        if element is None:
            tracked.other(entry)
        elif entry.edit is None or entry.edit.action == "dropped":
            # What a proxy sends of its own, or in the place of another element, its peer did not send.
            tracked.element(entry, element)
        return _NOTHING

    def ended(self, about: About) -> Sequence[Note]:
        """Forget a connection."""
        tracked = self._connections.pop(about.number, None)
        if tracked is not None:
            self._forgotten += tracked.forgotten
        return _NOTHING


_STANZAS: Final[dict[str, Callable[[Tracked, Entry, Element], None]]] = {
    "message": Tracked._message,
    "presence": Tracked._presence,
    "iq": Tracked._iq,
}
_PAYLOADS: Final[dict[str, Callable[[Tracked, Entry, Element], None]]] = {
    QUERY: Tracked._roster,
    **dict.fromkeys(xep_0313.QUERY, Tracked._query),
    **dict.fromkeys(xep_0313.FIN, Tracked._fin),
}
