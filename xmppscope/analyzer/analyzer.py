"""Joins it all: wire events in, timeline records out. No socket, no file, no clock: time arrives on the events."""

from xmppscope.analyzer.connection import Connection
from xmppscope.analyzer.direction import Cut
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.model.timeline import Record, Summary
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Opened, WireEvent
from xmppscope.tls.keylog import KeyStore


class Analyzer:
    """Turns the wire events of any number of flows into one timeline.

    `files` is the number of captures that packet positions may name. `ignored` collects flows that do not carry XMPP,
    for the source to stop delivering them; the source empties it.
    """

    def __init__(self, keys: KeyStore, *, show_secrets: bool = False, files: int = 1) -> None:
        self.ignored: list[int] = []
        self._recorder = Recorder(files=files, show_secrets=show_secrets)
        self._services = Services(keys, show_secrets=show_secrets)
        self._connections: dict[int, Connection] = {}
        self._time = 0

    @property
    def digits(self) -> int:
        """How many digits of a second the timeline shows: 6, or 9 where the capture has them."""
        return self._recorder.digits

    @digits.setter
    def digits(self, digits: int) -> None:
        self._recorder.digits = digits

    def feed(self, event: WireEvent) -> list[Record]:
        """Take the next wire event; return the records that it completes."""
        return self.feed_all([event])

    def feed_all(self, events: list[WireEvent]) -> list[Record]:
        """Take several wire events; return the records that they complete, the same as one by one.

        Plain XML is cut ahead, and written once something else comes: cutting and writing in turn for each packet would
        drive each other's code out of the processor's cache.
        """
        ahead: list[tuple[Connection, Cut]] = []
        for event in events:
            if type(event) is Data:
                connection = self._connections.get(event.flow)
                if connection is None:
                    continue
                cut = connection.cut_ahead(event)
                if cut is None:
                    _write(ahead)
                    connection.data(event)
                    if connection.ignored:
                        self._ignore(event.flow)
                else:
                    ahead.append((connection, cut))
                    if cut.framer.stopped:
                        _write(ahead)
            else:
                _write(ahead)
                self._feed_rare(event)
        _write(ahead)
        return self._recorder.take()

    def close(self) -> list[Record]:
        """Return what is still pending: the source has ended."""
        for connection in self._connections.values():
            connection.released(self._time)
        self._connections.clear()
        return self._recorder.take()

    def summary(self, packets: int, connections: int) -> Summary:
        """Return the closing record; *packets* and *connections* are what the source counted."""
        return self._recorder.summary(packets, connections)

    def _feed_rare(self, event: WireEvent) -> None:
        if isinstance(event, Opened):
            self._connections[event.flow] = Connection(event, self._recorder, self._services)
            return
        connection = self._connections.get(event.flow)
        if connection is None:
            return
        self._time = max(self._time, event.time)
        if isinstance(event, Lost):
            connection.lost(event)
        elif isinstance(event, Conflict):
            connection.conflict(event)
        elif isinstance(event, Ended):
            connection.ended(event)
        else:
            connection.released(event.time)
            del self._connections[event.flow]

    def _ignore(self, flow: int) -> None:
        self.ignored.append(flow)
        del self._connections[flow]


def _write(ahead: list[tuple[Connection, Cut]]) -> None:
    """Write what was cut ahead, in its order."""
    for connection, cut in ahead:
        connection.write(cut)
    ahead.clear()
