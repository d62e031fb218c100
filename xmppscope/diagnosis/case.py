"""What is kept of one connection until it ends: who said what last, what was offered, tried, refused.

A case only remembers; what it all means is decided when the connection is over (`verdicts`). Everything is an entry or
a number, and each list has a bound.
"""

from typing import Final

import msgspec

from xmppscope.diagnosis.scram import Scram
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import About

MOST_ATTEMPTS: Final = 50
"""How many attempts to log in are kept; later ones take the place of the last."""


class Attempt(msgspec.Struct):
    """One attempt to log in, by the numbers of its entries; 0 and empty where there is nothing of it.

    `proof` is the last thing that the client sent, `why` the condition with which it was `refused`, `said` the text
    beside it. `result` is what became of recomputing it.
    """

    mechanism: str
    user: str
    begun: int
    proof: int = 0
    refused: int = 0
    why: str = ""
    said: str = ""
    scram: Scram | None = None
    result: str = ""

    @property
    def family(self) -> str:
        """What kind of secret the mechanism uses: `scram`, `password`, `digest`, `token`, `certificate` or `none`."""
        for family, names in _FAMILIES.items():
            if self.mechanism.startswith(names):
                return family
        return "none"


_FAMILIES: Final = {
    "scram": ("SCRAM-",),
    "password": ("PLAIN", "LOGIN"),
    "digest": ("DIGEST-", "CRAM-"),
    "token": ("HT-", "OAUTH", "X-OAUTH", "XOAUTH"),
    "certificate": ("EXTERNAL",),
    "anonymous": ("ANONYMOUS",),
}


class Refusal(msgspec.Struct):
    """An error that a request of the negotiation was answered with: `bind`, `register`, `legacy`, `dialback`, `tls`."""

    what: str
    asked: int
    entry: Entry
    why: str
    said: str


class StreamError(msgspec.Struct):
    """A stream error, its condition, a condition of the application's own, and its text."""

    entry: Entry
    why: str
    own: str
    said: str


class Case:
    """One connection. `user` is whom a legacy login names, `removes` tells that the account was to be deleted."""

    def __init__(self, about: About) -> None:
        self.about = about
        self.by_proxy = False
        self.opened = False
        self.authenticated = False
        self.registered = False
        self.removes = False
        self.user = ""
        self.first: Entry | None = None
        self.headers: dict[Sender, Entry] = {}
        self.latest: dict[Sender, Entry] = {}
        self.asked: dict[Sender, Entry] = {}
        self.features: Entry | None = None
        self.mechanisms: list[str] = []
        self.offers_tls = False
        self.requires_tls = False
        self.starttls: Entry | None = None
        self.hello: Entry | None = None
        self.answer: Entry | None = None
        self.alert: Entry | None = None
        self.secured = False
        self.attempts: list[Attempt] = []
        self.requests: dict[int, str] = {}
        self.refusal: Refusal | None = None
        self.errors: dict[Sender, StreamError] = {}
        self.malformed: dict[Sender, Entry] = {}
        self.closed: dict[Sender, Entry] = {}
        self.ended: list[Entry] = []
        self.web_refused: Entry | None = None
        self.web_closed: Entry | None = None
        self.resumable = False
        self.resumed: tuple[Entry, Entry] | None = None
        self.jid = ""
        self.open_since: Entry | None = None
        self.inactive: Entry | None = None
        self.active: Entry | None = None
        self.resume: tuple[str, Entry] | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The present attempt to log in, or the last one."""
        return self.attempts[-1] if self.attempts else None

    @property
    def whole(self) -> bool:
        """Whether the connection was seen from its first byte on, without a hole: what was not seen was not there."""
        return self.about.from_start and not self.about.lost

    def begin(self, attempt: Attempt) -> None:
        """Take a new attempt to log in."""
        if len(self.attempts) >= MOST_ATTEMPTS:
            del self.attempts[-1]
        self.attempts.append(attempt)

    def quits_first(self) -> Sender | None:
        """Return who closed its stream first or, where nobody did, ended the transport first."""
        ends = [*self.closed.values(), *self.ended]
        return min(ends, key=lambda entry: entry.entry).sender if ends else None


def other(sender: Sender) -> Sender:
    """Return the other end."""
    return RECEIVING if sender == INITIATING else INITIATING
