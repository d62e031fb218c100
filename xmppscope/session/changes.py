"""What state everything is in, and which entries made it so: the machines of one connection or account, by name.

Every machine has a name (`subscription`), a subject where there are several of the kind (the contact), and a value in
words. Each change of it keeps the entries that caused it, so that "why is this state so?" has an answer. Left out:
counters that move with every stanza; who has such tells them when asked.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

MOST_MACHINES: Final = 1024
"""How many machines of a connection or account are kept; the oldest are forgotten first."""

MOST_CHANGES: Final = 32
"""How many changes of one machine are kept: the newest, which tell why its value is as it is."""

_LONGEST: Final = 256
_MOST_RECENT: Final = 32


class Changed(msgspec.Struct, gc=False):
    """A change of a machine: the last of `entries` made it, the others led to it. Values may be empty: none."""

    machine: str
    subject: str
    before: str
    after: str
    entries: tuple[int, ...]


class Machine(msgspec.Struct, gc=False):
    """A machine with its present value, the entries that caused it, and how it came there, oldest change first."""

    name: str
    subject: str
    value: str
    entries: tuple[int, ...]
    history: tuple[Changed, ...] = ()


class Changes:
    """The machines of one connection or account; `forgotten` counts the machines that were not kept."""

    def __init__(self) -> None:
        self.forgotten = 0
        # Lists, since a deque takes 600 bytes from the first change on, and most machines change once.
        self._histories: dict[tuple[str, str], list[Changed]] = {}
        self._recent: list[Changed] = []

    def change(self, machine: str, value: str, entry: int, because: Iterable[int] = (), subject: str = "") -> bool:
        """Note that *entry* sets a machine to *value*, because of earlier entries too; the same value changes nothing.

        Tell whether it was a change.
        """
        key = machine, subject[:_LONGEST]
        history = self._histories.get(key)
        if history is None:
            history = self._new(key)
        before = history[-1].after if history else ""
        if before == value:
            return False
        if len(history) == MOST_CHANGES:
            del history[0]
        entries = (*(one for one in dict.fromkeys(because) if one != entry), entry)
        changed = Changed(*key, before, value, entries)
        history.append(changed)
        self._recent.append(changed)
        if len(self._recent) > _MOST_RECENT:
            del self._recent[0]
        return True

    def value(self, machine: str, subject: str = "") -> str:
        """Return the present value of a machine, nothing where it has none."""
        history = self._histories.get((machine, subject[:_LONGEST]))
        return history[-1].after if history else ""

    def entries(self, machine: str, subject: str = "") -> tuple[int, ...]:
        """Return the entries that caused the present value."""
        history = self._histories.get((machine, subject[:_LONGEST]))
        return history[-1].entries if history else ()

    def by(self, entry: int) -> list[Changed]:
        """Return the changes that *entry* made, while they are fresh."""
        return [changed for changed in self._recent if changed.entries[-1] == entry]

    def machines(self) -> list[Machine]:
        """Return all machines, in the order in which they were first met."""
        return [
            Machine(*key, history[-1].after, history[-1].entries, tuple(history))
            for key, history in self._histories.items()
            if history
        ]

    def _new(self, key: tuple[str, str]) -> list[Changed]:
        if len(self._histories) >= MOST_MACHINES:
            del self._histories[next(iter(self._histories))]
            self.forgotten += 1
        history = self._histories[key] = []
        return history
