"""Numbers and collects the records of the timeline, and keeps the counts that the summary tells."""

from collections.abc import Sequence
from typing import Final

from xmppscope.analyzer.stamps import Stamp, Told
from xmppscope.model.element import Element
from xmppscope.model.instant import iso
from xmppscope.model.timeline import Connection as ConnectionRecord
from xmppscope.model.timeline import Entry, Finding, Kind, Record, Severity, Summary
from xmppscope.model.wire import FILE_SHIFT, NUMBER_MASK
from xmppscope.session.seen import About, Note, Observer, Seen

_UNREAD: Final[frozenset[Kind]] = frozenset({"gap", "opaque"})


class Recorder:
    """The one place where records get their numbers.

    `files` tells whether packet positions name one of several captures. `digits` is how many digits of a second the
    capture has (6 or 9).
    """

    def __init__(self, *, files: int = 1, show_secrets: bool = False, observers: Sequence[Observer] = ()) -> None:
        self.records: list[Record] = []
        self.digits = 6
        self.show_secrets = show_secrets
        self.entries = 0
        self.connections = 0
        self.stanzas = 0
        self.gaps = 0
        self.undecrypted = 0
        self.findings: dict[Severity, int] = {"error": 0, "warning": 0, "info": 0}
        self._observers = tuple(observers)
        self._sees = tuple(observer.see for observer in observers)
        self._files = files
        self._time = -1
        self._time_text = ""

    def take(self) -> list[Record]:
        """Return the records made since the last call."""
        records = self.records
        if not records:
            return []
        self.records = []
        return records

    def text(self, time: int) -> str:
        """Return *time* as the contract writes it."""
        if time != self._time:
            self._time_text = iso(time, self.digits)
            self._time = time
        return self._time_text

    def _packets(self, first: int, last: int) -> tuple[tuple[int, int] | None, int | None]:
        """Return the packet numbers and the file index of two packet positions; nothing where there are no packets."""
        if not last:
            return None, None
        if self._files == 1:
            return (first, last), None
        return (first & NUMBER_MASK, last & NUMBER_MASK), first >> FILE_SHIFT

    def told(self, first: Stamp, last: Stamp) -> Told:
        """Return what an entry tells of when and where its bytes were captured."""
        time = self.text(first.time)
        end_time = time if last.end_time == first.time else self.text(last.end_time)
        packets, file = self._packets(first.packet, last.end_packet)
        return Told(time, end_time, packets, file, first.time, last.end_time)

    def connection(self, record: ConnectionRecord) -> None:
        """Write a connection record."""
        self.records.append(record)

    def entry(self, entry: Entry, element: Element | None = None, about: About | None = None) -> None:
        """Give *entry* its number and write it, with what observers have to say about it."""
        self.entries += 1
        entry.entry = self.entries
        if entry.kind == "stanza":
            self.stanzas += 1
        elif entry.kind == "gap":
            self.gaps += 1
        self.records.append(entry)
        if about is not None:
            if entry.kind in _UNREAD:
                about.lost.add(entry.sender)
            seen = Seen(entry, element, about)
            for see in self._sees:
                notes = see(seen)
                if notes:
                    self.note(notes)

    def ended(self, about: About) -> None:
        """Let observers know that nothing more comes of a connection."""
        for observer in self._observers:
            self.note(observer.ended(about))

    def note(self, notes: Sequence[Note]) -> None:
        """Write findings and diagnoses."""
        for note in notes:
            if isinstance(note, Finding):
                self.findings[note.severity] += 1
            self.records.append(note)

    def summary(self, packets: int, connections: int) -> Summary:
        """Return the closing record; *packets* and *connections* are what the source counted."""
        return Summary(
            packets=packets,
            connections=connections,
            xmpp_connections=self.connections,
            entries=self.entries,
            stanzas=self.stanzas,
            findings=dict(self.findings),
            gaps=self.gaps,
            undecrypted=self.undecrypted,
        )
