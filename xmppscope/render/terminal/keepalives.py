"""Keepalives fold: a run of them is one line that says how many there were and over how long, in text only.

They wait until something else comes. The run of one connection is not broken by the keepalives of another.
"""

import msgspec

from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.clock import Clock
from xmppscope.render.terminal.numbers import duration


class _Run:
    __slots__ = ("count", "first", "last", "size")

    def __init__(self, first: Entry) -> None:
        self.first = first
        self.last = first
        self.count = 0
        self.size = 0


class Keepalives:
    """Holds the keepalives since the last other record, by connection and sender."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[tuple[int, str], _Run] = {}

    def __bool__(self) -> bool:
        return bool(self._runs)

    def add(self, entry: Entry) -> None:
        """Hold one more keepalive."""
        key = (entry.connection, entry.sender)
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run(entry)
        run.last = entry
        run.count += 1
        run.size += entry.size or 0

    def take(self) -> list[Entry]:
        """Return what was held, one entry for each run, in the order in which the runs began."""
        if not self._runs:
            return []
        entries = [self._folded(run) for run in self._runs.values()]
        self._runs.clear()
        return entries

    def _folded(self, run: _Run) -> Entry:
        if run.count == 1:
            return run.first
        span = (self._clock.parse(run.last.time) - self._clock.parse(run.first.time)) / 1e9
        summary = f"{run.count} keepalives in {duration(abs(span))}"
        return msgspec.structs.replace(run.first, summary=summary, size=run.size)
