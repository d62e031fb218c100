"""What is known of one account across its connections: its messages by id, its contacts, what changed its roster.

One logical message is met several times: sent, delivered, copied to other clients, found in the archive. It is known by
its `id`, by the sender's own id and the ids that archives gave it (XEP-0359), together with the two addresses, where
all that stand for the account count as one. Between servers, and for components, addresses say all.

Everything here is bounded, per account and in all; `Accounts.forgotten` counts what was dropped.
"""

from collections import deque
from typing import Final

from xmppscope.model.instant import nanoseconds
from xmppscope.model.jid import bare
from xmppscope.model.timeline import Entry
from xmppscope.session.changes import Changes
from xmppscope.session.subscription import Subscription

MOST_PER_ACCOUNT: Final = 4096
"""How many ids of one account are remembered."""

MOST_IN_ALL: Final = 32_768
"""How many ids are remembered in all."""

MOST_ACCOUNTS: Final = 1024
MOST_CONTACTS: Final = 1024
_MOST_CHANGES: Final = 8
_FRESH: Final = 10_000_000_000
"""Nanoseconds after which a push is no longer taken for the answer to a change."""

_MOST_FORMS: Final = 64
_MOST_PLACES: Final = 8

Key = tuple[str, ...]


class Forms(dict[str | None, str]):
    """The form in which each address is compared: bare, in lower case; *own* and no address become the empty one."""

    def __init__(self, own: str) -> None:
        super().__init__()
        self.own = own.lower()

    def __missing__(self, address: str | None) -> str:
        """Find the form of an address that was not seen before."""
        form = bare(address or "").lower()
        if form == self.own:
            form = ""
        if len(self) >= _MOST_FORMS:
            self.clear()
        self[address] = form
        return form


class Account:
    """One account; `own` is its bare JID, empty where there is none: a server, a component, a login not captured.

    `subscriptions` are the states of its contacts, which are all there once the roster was seen (`knows_roster`);
    `changes` tells which entries made them so, and what else holds for all connections of the account.
    """

    def __init__(self, own: str, accounts: "Accounts") -> None:
        self.own = own
        self.forms = Forms(own)
        self.subscriptions: dict[str, Subscription] = {}
        self.knows_roster = False
        self.changes = Changes()
        self._changes: dict[str, deque[tuple[Entry, set[int]]]] = {}
        self._accounts = accounts
        # Connection, entry, connection, entry, …: tuples of numbers are what the garbage collector passes over.
        self._places: dict[Key, tuple[int, ...]] = {}

    @property
    def remembered(self) -> int:
        """How many ids are remembered."""
        return len(self._places)

    def add(self, key: Key, connection: int, entry: int) -> None:
        """Remember that what *key* stands for is in *entry*."""
        places = self._places.get(key)
        if places is None:
            self._places[key] = (connection, entry)
            self._accounts.count(self)
        elif len(places) < 2 * _MOST_PLACES:
            self._places[key] = (*places, connection, entry)

    def find(self, key: Key, connection: int) -> int | None:
        """Return the latest entry of *key* on *connection*, or else the earliest anywhere."""
        places = self._places.get(key)
        if places is None:
            return None
        for place in range(len(places) - 2, 0, -2):
            if places[place] == connection:
                return places[place + 1]
        return places[1]

    def first(self, key: Key) -> int | None:
        """Return the earliest entry of *key*."""
        places = self._places.get(key)
        return None if places is None else places[1]

    def forget(self, *, everything: bool) -> int:
        """Forget the older half of the ids, or *everything*; return how many that were."""
        places = list(self._places.items())
        dropped = len(places) if everything else (len(places) + 1) // 2
        # A new dictionary: an old one keeps the room of what it has lost.
        self._places = dict(places[dropped:])
        return dropped

    def know(self, contact: str, state: Subscription) -> None:
        """Note the state of a contact, within bounds."""
        if contact in self.subscriptions or len(self.subscriptions) < MOST_CONTACTS:
            self.subscriptions[contact] = state
        else:
            self._accounts.not_kept += 1

    def change(self, contact: str, entry: Entry) -> None:
        """Note that *entry* asks for a change of a contact's roster item; pushes will follow, in the same order."""
        if len(self._changes) >= MOST_CONTACTS:
            self._changes.clear()
        self._changes.setdefault(contact, deque(maxlen=_MOST_CHANGES)).append((entry, set()))

    def pushed(self, contact: str, push: Entry) -> int | None:
        """Return the entry that a *push* is about: the oldest fresh change that its connection was not told of."""
        for entry, told in self._changes.get(contact, ()):
            if push.connection not in told and nanoseconds(push.time) - nanoseconds(entry.time) <= _FRESH:
                told.add(push.connection)
                return entry.entry
        return None


class Accounts:
    """The accounts of a capture, by bare JID."""

    def __init__(self) -> None:
        self.not_kept = 0
        self._accounts: dict[str, Account] = {}
        self._count = 0

    @property
    def forgotten(self) -> int:
        """How many ids, contacts and machines were not kept, to bound memory."""
        return self.not_kept + sum(account.changes.forgotten for account in self._accounts.values())

    def __getitem__(self, jid: str) -> Account:
        """Return the account of *jid*, bare or full; it is new if it was not met before."""
        own = bare(jid).lower()
        return self._accounts.get(own) or self._new(own, own)

    def without_jid(self, name: str) -> Account:
        """Return what stands for an account on connections that have none; *name* tells them apart."""
        key = f"\n{name}"
        return self._accounts.get(key) or self._new(key, "")

    def _new(self, key: str, own: str) -> Account:
        if len(self._accounts) >= MOST_ACCOUNTS:
            oldest = self._accounts.pop(next(iter(self._accounts)))
            self.not_kept += oldest.changes.forgotten + len(oldest.subscriptions)
            self._forget(oldest, everything=True)
        account = self._accounts[key] = Account(own, self)
        return account

    def count(self, account: Account) -> None:
        """Count an id that *account* remembers from now on, and keep memory bounded."""
        self._count += 1
        if account.remembered > MOST_PER_ACCOUNT:
            self._forget(account)
        elif self._count > MOST_IN_ALL:
            for one in self._accounts.values():
                self._forget(one)

    def _forget(self, account: Account, *, everything: bool = False) -> None:
        dropped = account.forget(everything=everything)
        self._count -= dropped
        self.not_kept += dropped
