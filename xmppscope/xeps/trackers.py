"""Feeds every machine that has a state with what concerns it, and adds to the entries what the machines know.

`Trackers` is an observer. For each connection it keeps one `Tracked`, which sends elements to the handlers of the
extensions. What several connections share (accounts, resumable sessions) is kept beside them. Each machine is bounded
and counts what it forgot.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from xmppscope.session.account import Accounts
from xmppscope.session.seen import About, Note, Seen
from xmppscope.xeps.descriptor import Extension, Handler, Handlers, Shelf
from xmppscope.xeps.registry import EXTENSIONS
from xmppscope.xeps.tracked import Tables, Tracked
from xmppscope.xeps.xep_0198 import Sessions

__all__ = ["Tracked", "Trackers"]

_NOTHING: Final[tuple[Note, ...]] = ()


class Trackers:
    """Follows all connections; `forgotten` counts what was dropped to bound memory, over all of them.

    *extensions* are those of the registry, unless others come with it.
    """

    def __init__(self, extensions: Iterable[Extension] = EXTENSIONS) -> None:
        found = tuple(extensions)
        self.accounts = Accounts()
        self.capture = Shelf()
        self._tables = Tables(
            elements=table(extension.elements for extension in found),
            errors=table(extension.errors for extension in found),
            nonzas=table(extension.nonzas for extension in found),
            items=table(extension.items for extension in found),
        )
        self._connections: dict[int, Tracked] = {}
        self._forgotten = 0

    @property
    def sessions(self) -> Sessions:
        """The resumable sessions of XEP-0198."""
        return self.capture.of(Sessions)

    @property
    def forgotten(self) -> int:
        """How many things were forgotten so far, by connections that have ended and by what they share."""
        return self._forgotten + self.accounts.forgotten + self.capture.forgotten

    def of(self, about: About) -> Tracked:
        """Return what is known of a connection."""
        tracked = self._connections.get(about.number)
        if tracked is None:
            tracked = Tracked(about, self.accounts, self.capture, self._tables)
            self._connections[about.number] = tracked
        return tracked

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry; add what is known of it."""
        entry, element = seen.entry, seen.element
        tracked = self._connections.get(entry.connection) or self.of(seen.about)
        tracked.begin(entry)
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
            tracked.account.forms.clear()  # a cache, which an account that rests does without
        return _NOTHING


def table(found: Iterable[Handlers]) -> dict[str, tuple[Handler, ...]]:
    """Join the handlers of all extensions: one look-up gives all that an element is sent to."""
    joined: dict[str, tuple[Handler, ...]] = {}
    for handlers in found:
        for name, handler in handlers.items():
            joined[name] = (*joined.get(name, ()), handler)
    return joined
