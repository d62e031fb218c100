"""Keeps of a timeline what matches a filter, with neighbours if they are wanted, as grep does.

Records in, records out, in any batches. Header and summary always pass. The record of a connection waits until one of
its entries is printed, so that what comes out is again a timeline. Findings and diagnoses go with their entries.
Neighbours are those of the same connection; they come late where connections interleave, as an entry whose missing
bytes came late does. A finding that directly follows the entry that decided it, in the same batch, belongs to it.
"""

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Record

if TYPE_CHECKING:
    from xmppscope.filter.compile import Filter

CONNECTIONS: Final = 16_384
"""Connections that are remembered; of those heard of least recently only the record is lost, if it still waits."""

KEPT: Final = 64 * 1024 * 1024
"""Bytes of entries that are kept because what follows may match."""

REMEMBERED: Final = 10_000
"""Printed entries that are remembered for the sake of findings about them."""

_ENTRY: Final = 1024


class _Kept(NamedTuple):
    """An entry with the findings that it decided."""

    entry: Entry
    findings: list[Finding]
    size: int


class _Place:
    """One connection: its record, whether that was printed, entries that may still be, and how many follow for sure."""

    __slots__ = ("before", "following", "printed", "record")

    def __init__(self) -> None:
        self.record: Connection | None = None
        self.printed = False
        self.before: deque[_Kept] = deque()
        self.following = 0


class Selection:
    """The records that match *predicate*, each with *before* and *after* entries of its connection around it.

    `matched` counts the entries that match, neighbours left out.
    """

    def __init__(self, predicate: "Filter", before: int = 0, after: int = 0) -> None:
        self.predicate = predicate
        self.matched = 0
        self._before = before
        self._after = after
        self._places: dict[int, _Place] = {}
        self._kept = 0
        self._printed: set[int] = set()
        self._order: deque[int] = deque()

    def feed(self, records: list[Record]) -> list[Record]:
        """Take a batch of records; return those that are to be printed."""
        out: list[Record] = []
        at, end = 0, len(records)
        while at < end:
            record = records[at]
            at += 1
            if isinstance(record, Entry):
                findings: list[Finding] = []
                while at < end and isinstance(finding := records[at], Finding) and record.entry in finding.entries:
                    findings.append(finding)
                    at += 1
                self._entry(record, findings, out)
            elif isinstance(record, Connection):
                place = self._place(record.connection)
                place.record = record
                if place.printed:
                    out.append(record)
            elif isinstance(record, (Finding, Diagnosis)):
                self._note(record, out)
            else:
                out.append(record)
        return out

    def close(self) -> list[Record]:
        """End the timeline; what was kept for a match that did not come is dropped, so nothing is left to print."""
        self._places.clear()
        self._kept = 0
        return []

    def _entry(self, entry: Entry, findings: list[Finding], out: list[Record]) -> None:
        place = self._place(entry.connection)
        if self.predicate(entry, findings, place.record):
            self.matched += 1
            place.following = self._after
            self._open(place, out)
            self._release(place, out)
            self._print(entry, findings, out)
        elif place.following:
            place.following -= 1
            self._print(entry, findings, out)
        elif self._before:
            self._keep(place, entry, findings)

    def _note(self, note: Finding | Diagnosis, out: list[Record]) -> None:
        """Print a finding or diagnosis with any of its entries; alone, if it is what the expression asks for.

        One that names no entries is about the connection, and is tested like an entry of it.
        """
        place = self._place(note.connection)
        if self._printed.isdisjoint(note.entries):
            alone = self.predicate.asks_for_notes or not note.entries
            if not (alone and self.predicate.matches_note(note, place.record)):
                return
        self._open(place, out)
        out.append(note)

    def _place(self, connection: int) -> _Place:
        place = self._places.pop(connection, None)
        if place is None:
            place = _Place()
            if len(self._places) >= CONNECTIONS:
                self._drop(self._places.pop(next(iter(self._places))))
        # The one heard of last stands last.
        self._places[connection] = place
        return place

    def _open(self, place: _Place, out: list[Record]) -> None:
        if not place.printed:
            place.printed = True
            if place.record is not None:
                out.append(place.record)

    def _print(self, entry: Entry, findings: list[Finding], out: list[Record]) -> None:
        out.append(entry)
        out += findings
        self._printed.add(entry.entry)
        self._order.append(entry.entry)
        if len(self._order) > REMEMBERED:
            self._printed.discard(self._order.popleft())

    def _keep(self, place: _Place, entry: Entry, findings: list[Finding]) -> None:
        kept = _Kept(entry, findings, _ENTRY + len(entry.xml or ""))
        place.before.append(kept)
        self._kept += kept.size
        if len(place.before) > self._before:
            self._kept -= place.before.popleft().size
        while self._kept > KEPT:
            self._drop(next(other for other in self._places.values() if other.before))

    def _release(self, place: _Place, out: list[Record]) -> None:
        for kept in place.before:
            self._print(kept.entry, kept.findings, out)
        self._drop(place)

    def _drop(self, place: _Place) -> None:
        self._kept -= sum(kept.size for kept in place.before)
        place.before.clear()
