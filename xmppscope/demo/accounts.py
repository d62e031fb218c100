"""The accounts of the server: what it keeps of their passwords, their rosters, and their sessions of the moment."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from xmppscope.demo.jid import Jid
from xmppscope.demo.scram import HASHES, ITERATIONS, Keys, derive
from xmppscope.demo.subscription import State
from xmppscope.demo.xml import Element

if TYPE_CHECKING:
    from xmppscope.demo.sessions import Session

_PLAIN_HASH: Final = "sha256"


@dataclass(slots=True)
class Contact:
    """What an account knows of a contact: the roster item, and the subscriptions of RFC 6121 §A.1.

    A contact that has only asked for a subscription is known but not `listed`: it is not in the roster (§A.1).
    """

    jid: str
    name: str | None = None
    groups: tuple[str, ...] = ()
    state: State = State.NONE
    listed: bool = False
    request: Element | None = None


@dataclass(slots=True)
class Account:
    """A user of the server."""

    jid: Jid
    keys: dict[str, Keys]
    contacts: dict[str, Contact] = field(default_factory=dict)
    sessions: dict[str, "Session"] = field(default_factory=dict)

    def contact(self, jid: str) -> Contact:
        """Return what is known of a contact; nothing, for one not heard of before."""
        return self.contacts.get(jid) or Contact(jid)

    def available(self) -> list["Session"]:
        """Return the sessions that have sent their presence."""
        return [session for session in self.sessions.values() if session.presence is not None]

    def interested(self) -> list["Session"]:
        """Return the sessions that have asked for the roster (RFC 6121 §2.2)."""
        return [session for session in self.sessions.values() if session.interested]


class Accounts:
    """All accounts of one domain."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self._accounts: dict[str, Account] = {}
        self._secret = secrets.token_bytes(32)

    def add(self, username: str, password: str) -> Account:
        """Create an account, or give an existing one another password."""
        salt = secrets.token_bytes(16)
        keys = {name: derive(password, salt, ITERATIONS, name) for name in HASHES.values()}
        name = username.lower()
        account = self._accounts.setdefault(name, Account(Jid(name, self.domain), keys))
        account.keys = keys
        return account

    def of(self, jid: Jid) -> Account | None:
        """Return the account with that bare address, if there is one."""
        return self._accounts.get(jid.localpart) if jid.domainpart == self.domain else None

    def named(self, username: str) -> Account | None:
        """Return the account of a user name, if there is one."""
        return self._accounts.get(username.lower())

    def forget_sessions(self) -> None:
        """End all sessions without telling anybody, since nobody is left."""
        for account in self._accounts.values():
            for session in account.sessions.values():
                session.ended()
            account.sessions.clear()

    def address(self, username: str) -> str:
        """Return the bare JID of a user."""
        return Jid(username.lower(), self.domain).bare

    def keys(self, username: str, hash_name: str) -> Keys:
        """Return the keys of a user; of one that does not exist, such as no password fits, so that nobody can tell."""
        account = self.named(username)
        if account is not None:
            return account.keys[hash_name]
        salt = hmac.digest(self._secret, username.encode(), _PLAIN_HASH)[:16]
        size = hashlib.new(hash_name).digest_size
        return Keys(salt, ITERATIONS, secrets.token_bytes(size), secrets.token_bytes(size))

    def check(self, username: str, password: str) -> bool:
        """Tell whether a password is right."""
        keys = self.keys(username, _PLAIN_HASH)
        offered = derive(password, keys.salt, keys.iterations, _PLAIN_HASH)
        return hmac.compare_digest(offered.stored_key, keys.stored_key)
