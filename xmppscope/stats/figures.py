"""The figures of `xmppscope stats`: an observer that counts, and at the end of each connection asks the trackers.

It stands in front of `Trackers`, which forget a connection when it ends. What one connection may make it remember is
bounded, and so is what all may; `forgotten` in the totals says how much was not kept.
"""

from collections.abc import Sequence
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.timeline import Connection, Entry, Record, Summary
from xmppscope.session.seen import About, Note, Seen
from xmppscope.stats.breakdown import Breakdown
from xmppscope.stats.connection import AUTHENTICATE, ConnectionFigures
from xmppscope.stats.exchanges import Exchanges
from xmppscope.stats.report import SCHEMA, Report, Totals
from xmppscope.stats.software import PAYLOADS
from xmppscope.xeps.trackers import Trackers

_NOTHING: Final[tuple[Note, ...]] = ()
_TOLD: Final = ("result", "c2s")


class Statistics:
    """Counts what passes; *trackers* is the observer that stands behind it."""

    def __init__(self, trackers: Trackers) -> None:
        self._trackers = trackers
        self._connections: dict[int, ConnectionFigures] = {}
        self._records: dict[int, Connection] = {}
        self._exchanges = Exchanges()
        self._breakdown = Breakdown()
        self._summary: Summary | None = None

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry."""
        entry, element, about = seen.entry, seen.element, seen.about
        figures = self._connections.get(entry.connection)
        if figures is None:
            figures = self._connections[entry.connection] = ConnectionFigures()
        figures.entries += 1
        if entry.edit is not None and entry.edit.action != "dropped":
            return _NOTHING  # what a proxy sends of its own, or in the place of another element
        if entry.kind == "stanza" and element is not None:
            figures.stanza(entry)
            self._stanza(figures, entry, element, about)
        else:
            figures.other(entry)
            if element is not None and entry.kind == "stream-error":
                self._breakdown.stream_error(entry, element)
            elif element is not None and element.name == AUTHENTICATE:
                figures.software.login(element)
        return _NOTHING

    def ended(self, about: About) -> Sequence[Note]:
        """Take the end of a connection."""
        figures = self._connections.get(about.number)
        if figures is not None:
            figures.conclude(self._trackers.of(about))
        return _NOTHING

    def records(self, records: Sequence[Record]) -> None:
        """Take the records of the timeline: those that name connections, and the summary."""
        for record in records:
            if type(record) is Connection:
                self._records[record.connection] = record
            elif type(record) is Summary:
                self._summary = record

    def report(self, version: str) -> Report:
        """Return the report, once the timeline has ended; *version* is the program's."""
        connections = self._connections
        named = (connections[number].named(record) for number, record in self._records.items() if number in connections)
        summary = self._summary
        forgotten = sum(figures.forgotten for figures in connections.values())
        return Report(
            SCHEMA,
            version,
            [report for report in named if report is not None],
            Totals(
                0 if summary is None else summary.stanzas,
                0 if summary is None else summary.entries,
                0 if summary is None else summary.undecrypted,
                {"error": 0, "warning": 0, "info": 0} if summary is None else summary.findings,
                forgotten + self._breakdown.forgotten + self._exchanges.forgotten + self._trackers.forgotten,
            ),
            self._exchanges.table(),
            self._breakdown.payloads(),
            self._breakdown.errors(),
            self._breakdown.busiest(),
        )

    def _stanza(self, figures: ConnectionFigures, entry: Entry, element: Element, about: About) -> None:
        negotiation = about.negotiation
        self._breakdown.stanza(entry, element, negotiation.bound, negotiation.domain)
        if entry.name == "presence":
            if entry.type is None and negotiation.kind == "c2s":
                figures.software.presence(entry, element)
        elif entry.name == "iq":
            payload = element.children[0] if element.children else None
            if entry.answers is not None:
                self._exchanges.answer(entry.answers, entry.latency, entry.entry)
                if payload is not None and payload.name in PAYLOADS and (entry.type, negotiation.kind) == _TOLD:
                    figures.software.iq(entry, payload, about)
            elif entry.type in ("get", "set"):
                namespace = "" if payload is None else payload.name.rpartition(SEPARATOR)[0]
                self._exchanges.request(entry.entry, namespace)
