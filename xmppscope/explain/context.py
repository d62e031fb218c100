"""What the summaries of one connection build on: its domain, who is logged in, what was offered, the rooms entered.

`summary` learns it from the elements as it describes them, so it must see a connection's elements in their order.
"""

from typing import Final

from xmppscope.model.jid import Jid
from xmppscope.model.plaintext import cut, quote, visible
from xmppscope.session.sasl_exchange import SaslExchange

_RESOURCE: Final = 12
_ID: Final = 8
_REMEMBERED: Final = 4096


class Context:
    """One connection, as its summaries see it. A source may set `time` (ns) before each element, for delays."""

    def __init__(self, show_secrets: bool = False) -> None:
        self.show_secrets = show_secrets
        self.time = 0
        self.request: str | None = None
        """Expanded name of the payload of the request that the current iq answers, if the caller knows it."""
        self.jid = ""
        """The full JID bound on the connection; empty until then."""
        self.sasl = SaslExchange()
        self.offered: dict[str, frozenset[str]] = {}
        """The mechanisms last offered, by the namespace of the profile."""
        self.after = ""
        """What the next stream header follows upon: `TLS`, `login`, `compression`."""
        self._domain = ""
        self._rooms: dict[str, bool] = {}
        self._short: dict[str, str] = {}

    @property
    def domain(self) -> str:
        """The domain of the connection, which addresses show as ``…``, those below it as ``conference.…``."""
        return self._domain

    @domain.setter
    def domain(self, domain: str) -> None:
        if domain != self._domain:
            self._domain = domain
            self._short.clear()

    def short(self, jid: str) -> str:
        """Return an address as summaries show it: the connection's domain as ``…``, a long resource cut."""
        found = self._short.get(jid)
        if found is None:
            if len(self._short) >= _REMEMBERED:
                self._short.clear()
            found = self._short[jid] = self._shorten(jid)
        return found

    def _shorten(self, jid: str) -> str:
        local, domain, resource = Jid.parse(jid)
        shown = visible(domain)
        if local:
            if self._domain and f".{domain}".endswith(f".{self._domain}"):
                shown = visible(domain.removesuffix(self._domain)) + "…"
            shown = f"{visible(local)}@{shown}"
        return f"{shown}/{cut(resource, _RESOURCE)}" if resource else shown

    def secret(self, word: str, value: str) -> str:
        """Return how a secret called *word* is told."""
        return f"{word} {quote(value)}" if self.show_secrets else f"{word} masked"

    def enter(self, room: str, entered: bool) -> None:
        """Remember that a room (bare JID) was asked to let the user in, or has done so."""
        if len(self._rooms) < _REMEMBERED or room in self._rooms:
            self._rooms[room] = entered

    def leave(self, room: str) -> None:
        """Forget a room."""
        self._rooms.pop(room, None)

    def asked(self, room: str) -> bool:
        """Tell whether this bare JID is a room that was asked to let the user in."""
        return room in self._rooms

    def entered(self, room: str) -> bool:
        """Tell whether the user is in this room."""
        return self._rooms.get(room, False)


def short_id(text: str) -> str:
    """Return the first eight characters of an id, with ``…`` if there are more."""
    return cut(text, _ID)


def plural(count: int, noun: str) -> str:
    """Return *count* and *noun* with its plural s where it needs one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Return a span of time in words, with the digits that matter."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days"
