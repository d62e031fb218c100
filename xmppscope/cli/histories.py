"""How the states of all connections came about, gathered while a capture is read, for whoever draws them.

It asks the trackers after each entry, so it stands behind them among the observers. Of the counters of stream
management, which no tracker keeps the history of, it notes both numbers of each direction whenever one has moved.
"""

from collections.abc import Sequence
from typing import Final

from xmppscope.session.seen import About, Note, Seen
from xmppscope.xeps.trackers import Trackers

MOST: Final = 200_000
"""How many changes are kept; of what comes later nothing is, and `full` says so."""

Change = tuple[int, str, str, str, tuple[int, ...]]
"""The entry that made it, the machine, its subject, its value, and the entries that led to it."""

_NOTHING: Final[tuple[Note, ...]] = ()
_SIDES: Final = ("sm initiating", "sm receiving")


class Histories:
    """Gathers the changes of all machines, by connection."""

    def __init__(self, trackers: Trackers) -> None:
        self.full = False
        self._trackers = trackers
        self._count = 0
        self._changes: dict[int, list[Change]] = {}
        self._counters: dict[int, list[tuple[int, int] | None]] = {}

    def see(self, seen: Seen) -> Sequence[Note]:
        """Note what the newest entry has changed."""
        number, entry = seen.about.number, seen.entry.entry
        tracked = self._trackers.of(seen.about)
        for changed in tracked.changed:
            self._add(number, (entry, changed.machine, changed.subject, changed.after, changed.entries))
        halves = (tracked.management.initiating, tracked.management.receiving)
        if halves[0].counting or halves[1].counting:
            known = self._counters.setdefault(number, [None, None])
            for side, half in enumerate(halves):
                now = (half.sent, half.acked)
                if half.counting and known[side] != now:
                    known[side] = now
                    self._add(number, (entry, _SIDES[side], "", f"{half.acked}/{half.sent}", half.told))
        return _NOTHING

    def ended(self, about: About) -> Sequence[Note]:
        """Let go of what the connection was counted by; its changes stay."""
        self._counters.pop(about.number, None)
        return _NOTHING

    def changes(self) -> dict[int, list[Change]]:
        """Return the changes so far, by connection."""
        return {number: list(changes) for number, changes in list(self._changes.items())}

    def _add(self, connection: int, change: Change) -> None:
        if self._count >= MOST:
            self.full = True
            return
        self._count += 1
        self._changes.setdefault(connection, []).append(change)
