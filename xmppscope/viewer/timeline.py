"""The timeline as the viewer's server keeps it: every record, and of each entry a short form for the list.

The short form leaves out what only the detail of one entry needs: annotations, inherited prefixes, and of the XML all
but its beginning. A page asks for the short forms from where it is, and in full for the entry that is looked at. It may
be filled by one thread while others ask.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from xmppscope.model.timeline import Connection, Entry, Finding, Record
from xmppscope.viewer.spool import Spool

MOST: Final = 2_000_000
"""Records that are kept; of what comes later nothing is, and `left` counts it."""

_HEAD: Final = 240
_BATCH: Final = 1000

Test = Callable[[Entry, Sequence[Finding], Connection | None], object]


class Timeline:
    """Records, in their order; `done` says that no more will come.

    `meta` is what the page is to know of them all, `watched` how many pages follow live.
    """

    def __init__(self) -> None:
        self.meta: dict[str, Any] = {}
        self.done = False
        self.watched = 0
        self.left = 0
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
        self._full = Spool()
        self._short = Spool()
        # Where in the records an entry stands; they are numbered from 1, though a filter may have left some out.
        self._numbers = array("Q")
        self._places = array("Q")
        self._connections: dict[int, Connection] = {}

    def __len__(self) -> int:
        return len(self._short)

    @property
    def entries(self) -> int:
        """How many of the records are entries."""
        return len(self._numbers)

    def add(self, records: Sequence[Record]) -> None:
        """Take records."""
        room = MOST - len(self)
        if len(records) > room:
            self.left += len(records) - room
            records = records[:room]
        if not records:
            return
        place = len(self)
        for number, record in enumerate(records, place):
            if isinstance(record, Entry):
                self._numbers.append(record.entry)
                self._places.append(number)
            elif isinstance(record, Connection):
                self._connections[record.connection] = record
        self._full.append([self._encoder.encode(record) for record in records])
        self._short.append([self._encoder.encode(_short(record)) for record in records])

    def page(self, first: int, count: int) -> list[bytes]:
        """Return the short forms of records from place *first* on, as JSON."""
        return self._short.read(first, count)

    def connections(self) -> list[bytes]:
        """Return the last record of every connection, as JSON."""
        return [self._encoder.encode(record) for record in list(self._connections.values())]

    def entry(self, number: int) -> Entry | None:
        """Return an entry in full."""
        low, high = 0, len(self._numbers)
        while low < high:
            middle = (low + high) // 2
            if self._numbers[middle] < number:
                low = middle + 1
            else:
                high = middle
        if low >= len(self._places) or self._numbers[low] != number:
            return None
        found = self._decoder.decode(self._full.read(self._places[low], 1)[0])
        return found if isinstance(found, Entry) else None

    def matching(self, test: Test) -> list[int]:
        """Return the numbers of the entries of which *test* is true, with the findings that directly follow each."""
        found: list[int] = []
        entry: Entry | None = None
        findings: list[Finding] = []
        connections = self._connections
        for record in self._records():
            if isinstance(record, Finding) and entry is not None and entry.entry in record.entries:
                findings.append(record)
                continue
            if entry is not None and test(entry, findings, connections.get(entry.connection)):
                found.append(entry.entry)
            findings = []
            entry = record if isinstance(record, Entry) else None
        if entry is not None and test(entry, findings, connections.get(entry.connection)):
            found.append(entry.entry)
        return found

    def close(self) -> None:
        """Let go of the files."""
        self._full.close()
        self._short.close()

    def _records(self) -> Iterator[Record]:
        place, end = 0, len(self._full)
        while place < end:
            lines = self._full.read(place, min(_BATCH, end - place))
            place += len(lines)
            for line in lines:
                yield self._decoder.decode(line)


def _short(record: Record) -> Record:
    """Return what the list needs of a record."""
    if not isinstance(record, Entry):
        return record
    xml = record.xml
    return msgspec.structs.replace(
        record, xml=xml[:_HEAD] if xml else None, xmlns=None, annotations=None, xeps=None, bytes=None, end_time=""
    )
