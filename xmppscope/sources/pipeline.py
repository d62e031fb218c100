"""Joins the layers: bytes of captures in, timeline records out. Pure: who reads the bytes, and when, is no matter here.

Several captures make one timeline: connections go on from one file to the next.
"""

from collections.abc import Sequence
from typing import Final

from xmppscope import __version__
from xmppscope.analyzer import Analyzer
from xmppscope.capture.events import TLS_KEY_LOG, CaptureEvent, MarkedSegment, Notice, Secrets
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.errors import CaptureError
from xmppscope.model.segment import Segment
from xmppscope.model.timeline import Header, Record
from xmppscope.model.wire import WireEvent
from xmppscope.session.seen import Observer
from xmppscope.sources.marks import Marks
from xmppscope.tls.keylog import KeyStore
from xmppscope.transport.reassembly import Reassembler

_REST: Final = 65_536
"""How many packets lie between two looks for connections that are idle."""


class Pipeline:
    """Turns captures into one timeline: `open`, `feed` and `end` each file in turn, then `close`.

    `first` and `latest` are the times of the first and of the latest TCP segment, in nanoseconds since the epoch;
    `packets` counts the packets of all files. `notices` collects what the user should be told, one line each; who tells
    it empties the list. `feed` and `end` raise `CaptureError` if a file is no capture; the next one may be opened then.
    """

    def __init__(
        self, keys: KeyStore, *, files: int = 1, show_secrets: bool = False, observers: Sequence[Observer] = ()
    ) -> None:
        self.first: int | None = None
        self.latest = 0
        self.notices: list[str] = []
        self._keys = keys
        self._analyzer = Analyzer(keys, show_secrets=show_secrets, files=files, observers=observers)
        self._reassembler = Reassembler()
        self._marks = Marks(self._reassembler)
        self._reader: CaptureReader | None = None
        self._names: list[str] = []
        self._packets = 0
        self._began = True
        self._accepted = False
        self._headed = False
        self._unrested = 0

    @property
    def packets(self) -> int:
        """How many packets have been read so far."""
        return self._packets + (self._reader.packets if self._reader else 0)

    def open(self, name: str) -> None:
        """Begin the next capture; *name* is what messages call it."""
        self._reader = CaptureReader(file=len(self._names), name=name)
        self._names.append(name)
        self._began = False

    def feed(self, data: bytes) -> list[Record]:
        """Take the next bytes of the capture; return the records that they complete."""
        reader = self._current()
        try:
            return self._take(reader.feed(data), reader)
        except CaptureError as error:
            raise self._named(error) from error

    def end(self) -> list[Record]:
        """End the capture; what is incomplete in it may go on in the next one."""
        reader = self._current()
        try:
            records = self._take(reader.close(), reader)
        except CaptureError as error:
            raise self._named(error) from error
        self._accepted = True
        self.leave()
        return records

    def leave(self) -> None:
        """Give up the rest of the capture, if one is open."""
        if self._reader is not None:
            self._packets += self._reader.packets
            self._accepted = self._accepted or self._reader.packets > 0
            self._reader = None

    def close(self) -> list[Record]:
        """End the timeline; the last record is the summary. Without a usable capture there is no timeline at all."""
        self.leave()
        if not self._accepted:
            return []
        self._keys.growing = False
        records: list[Record] = []
        for event in self._reassembler.close():
            records += self._analyzer.feed(event)
        records += self._analyzer.close()
        records.append(self._analyzer.summary(self._packets, self._marks.connections))
        return self._with_header(records)

    def _current(self) -> CaptureReader:
        if self._reader is None:
            raise ValueError("no capture is open")
        return self._reader

    def _named(self, error: CaptureError) -> CaptureError:
        return CaptureError(f"{self._names[-1]}: {error}")

    def _take(self, events: list[CaptureEvent], reader: CaptureReader) -> list[Record]:
        self._analyzer.digits = max(self._analyzer.digits, reader.digits)
        reassemble = self._reassembler.feed
        wires: list[WireEvent] = []
        segment: Segment | None = None
        for event in events:
            if type(event) is Segment:
                if not self._began:
                    self._begin(event)
                segment = event
                wires += reassemble(event)
            elif type(event) is MarkedSegment:
                segment = event.segment
                if not self._began:
                    self._begin(segment)
                wires += self._marks.feed(event)
            else:
                self._rare(event)
        records = self._analyzer.feed_all(wires)
        if ignored := self._analyzer.ignored:
            self._ignore(ignored)
        if segment is not None:
            self.latest = max(self.latest, segment.time)
            self._unrested += len(events)
            if self._unrested > _REST:
                self._unrested = 0
                self._analyzer.rest(self.latest)
        return self._with_header(records) if records else records

    def _rare(self, event: CaptureEvent) -> None:
        if isinstance(event, Notice):
            self.notices.append(event.text)
        elif isinstance(event, Secrets) and event.kind == TLS_KEY_LOG:
            # The block is whole: its last line needs no line feed.
            self._keys.add(event.data + b"\n", f"secrets in {self._names[-1]}")

    def _begin(self, segment: Segment) -> None:
        """Note the first segment of a file."""
        self._began = True
        if self.first is None:
            self.first = segment.time
        elif segment.time < self.latest:
            back = (self.latest - segment.time) / 1e9
            before, name = self._names[-2:]
            self.notices.append(f"{name} begins {back:.3f} s before {before} ends; give captures in the order of time")

    def _ignore(self, flows: list[int]) -> None:
        for flow in flows:
            self._reassembler.ignore(flow)
        flows.clear()

    def _with_header(self, records: list[Record]) -> list[Record]:
        if not self._headed:
            self._headed = True
            records.insert(0, Header(xmppscope=__version__))
        return records
