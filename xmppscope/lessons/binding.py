"""Ties the steps of a lesson to the entries of its recordings.

Which entry an expression means is tested by a function that the caller makes of it, since the filter language stands
beside this part. A step that finds nothing is a fault of the lesson, and raises.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from xmppscope.lessons.library import Lesson, Step, View
from xmppscope.lessons.notebook import Knowledge
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Record

Matches = Callable[[Entry, Sequence[Finding], Connection | None], bool]
Compile = Callable[[str], Matches]

_NUMBER: Final = re.compile(r"\{([a-z][a-z0-9-]*)(?:\.(\d))?\}")
_NO_FINDINGS: Final[tuple[Finding, ...]] = ()


class Recorded:
    """A recording as the analyzer tells it: entries by number, in the order of the timeline, and all about them."""

    def __init__(self, view: View, records: Iterable[Record], known: dict[int, Knowledge]) -> None:
        self.view = view
        self.known = known
        self.entries: dict[int, Entry] = {}
        self.findings: dict[int, list[Finding]] = {}
        self.connections: dict[int, Connection] = {}
        self.diagnoses: list[Diagnosis] = []
        self.before: dict[int, str] = {}
        """The state of the connection before each entry."""
        states: dict[int, str] = {}
        latest = 0
        for record in records:
            if isinstance(record, Entry):
                latest = record.entry
                self.entries[latest] = record
                self.before[latest] = states.get(record.connection, "connected")
                states[record.connection] = record.state
            elif isinstance(record, Finding):
                self.findings.setdefault(record.entries[-1] if record.entries else latest, []).append(record)
            elif isinstance(record, Diagnosis):
                self.diagnoses.append(record)
            elif isinstance(record, Connection):
                self.connections[record.connection] = record

    def find(self, matches: Matches, after: int = 0) -> Entry | None:
        """Return the first entry behind number *after* that matches."""
        for number, entry in self.entries.items():
            if number > after and self.holds(matches, entry):
                return entry
        return None

    def holds(self, matches: Matches, entry: Entry) -> bool:
        """Tell whether *entry* matches."""
        findings = self.findings.get(entry.entry, _NO_FINDINGS)
        return matches(entry, findings, self.connections.get(entry.connection))

    def lanes(self, entry: Entry) -> tuple[str, str]:
        """Return the lane that *entry* comes from and the one that it goes to."""
        initiating, receiving = self.view.ways[entry.connection]
        return (initiating, receiving) if entry.sender == "initiating" else (receiving, initiating)


class Shown(msgspec.Struct, frozen=True):
    """A step with the entries that it shows, the first of which it is about."""

    step: Step
    recorded: Recorded
    entries: tuple[Entry, ...]


def bind(lesson: Lesson, recordings: dict[str, Recorded], compile_filter: Compile) -> list[Shown]:
    """Return the steps with their entries; raise `LookupError` for one that finds none, or whose claim is false."""
    numbers: dict[str, tuple[int, ...]] = {}
    steps: list[Shown] = []
    for step in lesson.steps:
        recorded = recordings[step.view]
        found: list[Entry] = []
        for find in step.finds:
            after = found[-1].entry if found else _latest(steps, recorded)
            matches = compile_filter(_filled(find.expression, numbers))
            entry = recorded.find(matches, after if find.behind else 0)
            if entry is None:
                raise LookupError(f"{lesson.name}: step {step.id} finds no entry: {find.expression}")
            found.append(entry)
            numbers[step.id] = tuple(entry.entry for entry in found)
        for claim in step.claims:
            if not recorded.holds(compile_filter(_filled(claim, numbers)), found[0]):
                raise LookupError(f"{lesson.name}: what step {step.id} claims is false: {claim}")
        steps.append(Shown(step, recorded, tuple(found)))
    return steps


def _latest(steps: list[Shown], recorded: Recorded) -> int:
    """Return the number of the last entry that a step has found in this recording."""
    return next((shown.entries[-1].entry for shown in reversed(steps) if shown.recorded is recorded), 0)


def _filled(expression: str, numbers: dict[str, tuple[int, ...]]) -> str:
    def number(found: re.Match[str]) -> str:
        return str(numbers[found[1]][int(found[2] or 1) - 1])

    return _NUMBER.sub(number, expression)
