"""What is known of one connection: it sends an element on by its expanded name, and keeps what the machines remember.

Most stanzas touch nothing but a counter: of each child the name is looked up once. What was an error's payload is an
echo of the request (RFC 6120 §8.3.1) and is sent to nobody.

What state everything is in, `Tracked.states` tells, and `Tracked.changed` what the newest entry has changed:

- `stream` (the states of the timeline), `tls` (what protects the stream, and the version), `sasl` (mechanism, how far),
  `bound` (the full JID), `presence` (of the client itself), `interested`, `roster version`;
- `sm initiating` and `sm receiving`: both counters of stream management, what is in flight, computed when asked;
- `subscription` for each contact, the subject; of extensions what they note: `carbons`, `client state`, `room`, ….
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session import logins
from xmppscope.session.account import Account, Accounts
from xmppscope.session.changes import Changed, Changes, Machine
from xmppscope.session.encryption import Encryption
from xmppscope.session.logins import Logins
from xmppscope.session.roster import Roster
from xmppscope.session.seen import About
from xmppscope.session.subscription import TYPES
from xmppscope.xeps import contacts, deliveries, login
from xmppscope.xeps.descriptor import Handler, Met, Shelf, T
from xmppscope.xeps.xep_0045 import Rooms
from xmppscope.xeps.xep_0100 import Gateways
from xmppscope.xeps.xep_0198 import Sessions, StreamManagement
from xmppscope.xeps.xep_0220 import Dialback
from xmppscope.xeps.xep_0313 import ArchiveQueries

MOST_EXPECTED: Final = 256
"""How many requests of a connection somebody waits for the answer of; the oldest are forgotten first."""

Table = Mapping[str, tuple[Handler, ...]]


class Tables(NamedTuple):
    """Whom an element is sent to, by its expanded name; see `descriptor.Extension`."""

    elements: Table
    errors: Table
    nonzas: Table
    items: Table


class Tracked:
    """What is known of one connection. `compression` names the method once it is in use."""

    def __init__(self, about: About, accounts: Accounts, capture: Shelf, tables: Tables) -> None:
        self.about = about
        self.capture = capture
        self.changes = Changes()
        self.logins = Logins()
        self.encryption = Encryption(from_start=about.from_start)
        self.management = StreamManagement(capture.of(Sessions))
        self.compression: str | None = None
        self._kept = Shelf()
        self._kept.put(self.management)
        self._gateways = capture.of(Gateways)
        self._special = self._gateways.addresses
        self._elements = tables.elements
        self._tables = tables
        self._accounts = accounts
        self._account: Account | None = None
        self._account_of = ""
        self._learned = ""
        self._begun = False
        self._expected: dict[int, tuple[Handler, ...]] = {}
        self._unexpected = 0
        self._entry = 0
        self._bound = ""
        self._state = ""
        self._protection = ""

    def of(self, kind: type[T]) -> T:
        """Return the connection's tracker of this kind."""
        return self._kept.of(kind)

    @property
    def rooms(self) -> Rooms:
        """The rooms of XEP-0045."""
        return self._kept.of(Rooms)

    @property
    def archive(self) -> ArchiveQueries:
        """The archive queries of XEP-0313."""
        return self._kept.of(ArchiveQueries)

    @property
    def roster(self) -> Roster:
        """The contacts, as the server shows them."""
        return self._kept.of(Roster)

    @property
    def dialback(self) -> Dialback:
        """The answers of XEP-0220."""
        return self._kept.of(Dialback)

    @property
    def jid(self) -> str:
        """The full JID of a client, also that of a session it resumed; the domain of a component; or nothing."""
        return self.about.negotiation.bound or self.management.jid

    @property
    def forgotten(self) -> int:
        """How many things were not kept, to bound memory."""
        return self.logins.forgotten + self.changes.forgotten + self._kept.forgotten + self._unexpected

    @property
    def account(self) -> Account:
        """The account that the connection is of."""
        jid = self.about.negotiation.bound or self.management.jid or self._learned
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

    def states(self) -> list[Machine]:
        """Return every machine with its present value, the entries that caused it, and its changes so far.

        Those of the connection come first, then the counters of stream management, then those of the account, which its
        other connections may have changed. Ask after `Trackers.see` has taken an entry to know what holds after it.
        """
        account = self.account.changes.machines() if self.about.negotiation.kind != "s2s" else []
        return [*self.changes.machines(), *self.management.machines(), *account]

    @property
    def changed(self) -> list[Changed]:
        """What the newest entry of the connection has changed, of the connection itself and of its account."""
        return [*self.changes.by(self._entry), *self.account.changes.by(self._entry)]

    def expect(self, entry: int, handler: Handler) -> None:
        """Have *handler* called with the result or error that answers the iq request *entry*."""
        self._expected[entry] = (*self._expected.get(entry, ()), handler)
        if len(self._expected) > MOST_EXPECTED:
            del self._expected[next(iter(self._expected))]
            self._unexpected += 1

    def begin(self, entry: Entry) -> None:
        """Take every entry, before anything else is done with it."""
        self._entry = entry.entry
        if entry.state != self._state or entry.protection != self._protection:
            self._state, self._protection = entry.state, entry.protection
            self.changes.change("stream", entry.state, entry.entry)
            login.protected(self.changes, entry)
        if self.encryption.waits and entry.kind != "tls":
            self.encryption.later(entry)

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
            if self._special[entry.to] or self._special[entry.from_]:
                self._gateways.met(Met(entry, element, self))
            if entry.answers is not None and self._expected:
                self._answered(entry, element)
        else:
            self._nonza(entry, element)
        if entry.compression is not None:
            self.compression = entry.compression

    def _nonza(self, entry: Entry, element: Element) -> None:
        name = element.name
        if name in logins.HANDLERS:
            self.logins.take(entry.sender, element, entry.entry)
            login.attempted(self.changes, self.logins, entry)
        handlers = self._tables.nonzas.get(name)
        if handlers is not None:
            met = Met(entry, element, self)
            for handler in handlers:
                handler(met, element)
            if self.jid != self._bound:
                self._bind(entry)

    def _bind(self, entry: Entry) -> None:
        """Note what is bound from now on: by an iq, inline with SASL2, or because its session is resumed."""
        self._bound = self.jid
        self.changes.change("bound", self._bound, entry.entry, login.asked(entry))

    def other(self, entry: Entry) -> None:
        """Take an entry that is no element."""
        if entry.kind == "tls":
            self.encryption.handshake(entry)
            login.handshake(self.changes, self.encryption, entry)
        elif entry.kind == "closed" and entry.state == "broken":
            self.management.cut(entry)

    def _children(self, entry: Entry, element: Element) -> None:
        met = None
        for child in element.children:
            handlers = self._elements.get(child.name)
            if handlers is not None:
                met = met or Met(entry, element, self)
                for handler in handlers:
                    handler(met, child)

    def item(self, met: Met, item: Element) -> None:
        """Send a pubsub item to whom its payload concerns."""
        for payload in item.children[:1]:
            for handler in self._tables.items.get(payload.name, ()):
                handler(met, item)

    def _error(self, entry: Entry, element: Element) -> None:
        """Send what an error says beside its condition (RFC 6120 §8.3.4) to whom it concerns."""
        for child in element.children:
            if child.local == "error":
                for condition in child.children:
                    for handler in self._tables.errors.get(condition.name, ()):
                        handler(Met(entry, element, self), condition)

    def _answered(self, entry: Entry, element: Element) -> None:
        for handler in self._expected.pop(entry.answers or 0, ()):
            handler(Met(entry, element, self), element.children[0] if element.children else element)

    def _nick(self, room: str) -> str | None:
        return self.rooms.nick(room)

    def _message(self, entry: Entry, element: Element) -> None:
        if entry.sender == RECEIVING and not self._account_of and entry.to and "/" in entry.to:
            # RFC 6120 §10.5.4: a server sends a client what is addressed to it.
            self._learned = self._learned or entry.to
        related = [child for child in element.children if child.name in deliveries.HANDLERS]
        deliveries.message(self.account, entry, related, self._nick)
        (self._error if entry.type == "error" else self._children)(entry, element)

    def _presence(self, entry: Entry, element: Element) -> None:
        kind, c2s = entry.type, self.about.negotiation.kind == "c2s"
        if kind is not None:
            if kind == "error":
                deliveries.error(self.account, entry)
                self._error(entry, element)
                return
            if kind in TYPES and c2s:
                contacts.subscribe(self, entry, kind)
        if c2s and entry.to is None and entry.sender == INITIATING:
            contacts.available(self.changes, entry, element)
        self._children(entry, element)
        if entry.id is not None and (entry.sender == INITIATING or not c2s):
            deliveries.remember(self.account, entry)

    def _iq(self, entry: Entry, element: Element) -> None:
        (self._error if entry.type == "error" else self._children)(entry, element)
        if entry.type == "result" and self.about.negotiation.bound != self._bound:
            self._bind(entry)


_STANZAS: Final[dict[str, Callable[[Tracked, Entry, Element], None]]] = {
    "message": Tracked._message,
    "presence": Tracked._presence,
    "iq": Tracked._iq,
}
