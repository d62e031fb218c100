"""What `stats --filter` counts: the entries that match, once all that is known of them has been added.

The figures of a connection are asked of the trackers when it ends, before these forget it: so this is two observers,
one in front of all others and one behind them. What those between them note, an expression may ask for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from xmppscope.model.timeline import Connection, Finding, Severity
from xmppscope.session.seen import About, Note, Observer, Seen
from xmppscope.stats.figures import Statistics
from xmppscope.stats.report import Report

if TYPE_CHECKING:
    from xmppscope.filter.context import Selection

_NOTHING: Final[tuple[Note, ...]] = ()


class Matching:
    """Lets *statistics* see what *selected* keeps; *first* tells when the capture begins.

    `observers` puts those of a run in order.
    """

    def __init__(self, statistics: Statistics, selected: "Selection", first: Callable[[], int | None]) -> None:
        self._statistics = statistics
        self.selected = selected
        self._seen = False
        self._first = first
        self._found: Sequence[Note] = _NOTHING
        self._findings: Counter[Severity] = Counter()
        self._stanzas = 0

    @property
    def missed_all(self) -> bool:
        """Whether there were entries, and none has matched."""
        return self._seen and not self.selected.matched

    def observers(self, others: Sequence[Observer]) -> list[Observer]:
        """Return *others* with what this needs in front, between and behind."""
        return [_InFront(self._statistics), *(_Overheard(one, self._hear) for one in others), self]

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry, behind all others."""
        findings = [note for note in self._found if isinstance(note, Finding)]
        self._found = _NOTHING
        self._seen = True
        predicate = self.selected.predicate
        if predicate.origin is None:
            predicate.origin = self._first()
        if predicate(seen.entry, findings, _record(seen.about)):
            self.selected.matched += 1
            self._stanzas += seen.entry.kind == "stanza"
            self._findings.update(finding.severity for finding in findings)
            self._statistics.see(seen)
        return _NOTHING

    def ended(self, _about: About) -> Sequence[Note]:
        """Take the end of a connection."""
        self._found = _NOTHING
        return _NOTHING

    def totals(self, report: Report) -> Report:
        """Return *report* with the totals of what matched."""
        found: dict[Severity, int] = {
            "error": self._findings["error"],
            "warning": self._findings["warning"],
            "info": self._findings["info"],
        }
        totals = msgspec.structs.replace(
            report.totals, stanzas=self._stanzas, entries=self.selected.matched, findings=found
        )
        return msgspec.structs.replace(report, totals=totals)

    def _hear(self, notes: Sequence[Note]) -> None:
        self._found = [*self._found, *notes]


class _InFront:
    """Tells the figures of the end of a connection before the trackers forget it."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    def see(self, _seen: Seen) -> Sequence[Note]:
        return _NOTHING

    def ended(self, about: About) -> Sequence[Note]:
        return self._statistics.ended(about)


class _Overheard:
    """An observer whose notes are heard by another one too."""

    def __init__(self, observer: Observer, hear: Callable[[Sequence[Note]], None]) -> None:
        self._observer = observer
        self._hear = hear

    def see(self, seen: Seen) -> Sequence[Note]:
        notes = self._observer.see(seen)
        if notes:
            self._hear(notes)
        return notes

    def ended(self, about: About) -> Sequence[Note]:
        return self._observer.ended(about)


def _record(about: About) -> Connection:
    """Return the record of a connection, as far as an expression can ask for it."""
    return Connection(
        connection=about.number,
        time="",
        initiating=about.initiating,
        receiving=about.receiving,
        kind=about.negotiation.kind,
        transport=about.transport,
    )
