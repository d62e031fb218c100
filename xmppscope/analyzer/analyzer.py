"""Joins it all: wire events in, timeline records out. No socket, no file, no clock: time arrives on the events."""

from collections.abc import Sequence

from xmppscope.analyzer.connection import Connection
from xmppscope.analyzer.direction import Cut
from xmppscope.analyzer.proxied import LegView, ProxiedConnection
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.model.marks import LegMark
from xmppscope.model.timeline import Record, Summary
from xmppscope.model.wire import (
    Ciphertext,
    Clear,
    Conflict,
    Data,
    Ended,
    Keys,
    Lost,
    Marked,
    Opened,
    ProxyEvent,
    Released,
    Sealed,
    WireEvent,
)
from xmppscope.session.seen import Observer
from xmppscope.tls.keylog import KeyStore

AnyEvent = WireEvent | ProxyEvent
_Ahead = list[tuple[Connection | LegView, Cut]]


class Analyzer:
    """Turns the wire events of any number of flows into one timeline; the two legs of the proxy are one connection.

    `files` is the number of captures that packet positions may name. `ignored` collects flows that do not carry XMPP,
    for the source to stop delivering them; the source empties it. *observers* see every entry as it is made.
    """

    def __init__(
        self,
        keys: KeyStore,
        *,
        show_secrets: bool = False,
        files: int = 1,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.ignored: list[int] = []
        self._recorder = Recorder(files=files, show_secrets=show_secrets, observers=observers)
        self._services = Services(keys, show_secrets=show_secrets)
        self._connections: dict[int, Connection | LegView] = {}
        self._pairs: dict[int, ProxiedConnection] = {}
        self._time = 0

    @property
    def digits(self) -> int:
        """How many digits of a second the timeline shows: 6, or 9 where the capture has them."""
        return self._recorder.digits

    @digits.setter
    def digits(self, digits: int) -> None:
        self._recorder.digits = digits

    def feed(self, event: AnyEvent) -> list[Record]:
        """Take the next wire event; return the records that it completes."""
        return self.feed_all([event])

    def feed_all(self, events: Sequence[AnyEvent]) -> list[Record]:
        """Take several wire events; return the records that they complete, the same as one by one.

        Plain XML is cut ahead, and written once something else comes: cutting and writing in turn for each packet would
        drive each other's code out of the processor's cache.
        """
        ahead: _Ahead = []
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
            elif type(event) is Clear:
                connection = self._connections.get(event.flow)
                if type(connection) is LegView:
                    _write(ahead)
                    connection.connection.clear(event)
            elif type(event) is not Ciphertext:
                _write(ahead)
                self._feed_rare(event)
        _write(ahead)
        return self._recorder.take()

    def close(self) -> list[Record]:
        """Return what is still pending: the source has ended."""
        for connection in self._connections.values():
            (connection.connection if isinstance(connection, LegView) else connection).released(self._time)
        self._connections.clear()
        if self._services.bosh is not None:
            self._services.bosh.end()
        return self._recorder.take()

    def rest(self, time: int) -> None:
        """Let connections that have been idle at *time*, for a while, take less memory."""
        for connection in self._connections.values():
            (connection.connection if isinstance(connection, LegView) else connection).rest(time)

    def summary(self, packets: int, connections: int) -> Summary:
        """Return the closing record; *packets* and *connections* are what the source counted."""
        return self._recorder.summary(packets, connections)

    def _feed_rare(self, event: AnyEvent) -> None:
        if isinstance(event, Opened):
            self._connections[event.flow] = Connection(event, self._recorder, self._services)
            return
        if isinstance(event, Keys):
            self._services.keys.add(event.data, "the proxy's own sessions")
            return
        connection = self._connections.get(event.flow)
        if connection is None:
            return
        if isinstance(event, Marked) and isinstance(event.mark, LegMark) and type(connection) is Connection:
            self._pair(connection, event.flow, event.mark)
            return
        self._time = max(self._time, event.time)
        if isinstance(connection, LegView):
            self._feed_leg(connection, event)
        elif isinstance(event, Lost):
            connection.lost(event)
        elif isinstance(event, Conflict):
            connection.conflict(event)
        elif isinstance(event, Ended):
            connection.ended(event)
        elif isinstance(event, Released):
            connection.released(event.time)
            del self._connections[event.flow]

    def _feed_leg(self, leg: LegView, event: AnyEvent) -> None:
        """Feed one leg of a proxied connection; what the proxy alone tells is for nobody else."""
        if isinstance(event, Sealed | Lost | Conflict | Ended | Marked | Released):
            leg.feed(event)
        if isinstance(event, Released):
            del self._connections[event.flow]
        if leg.connection.done:
            self._pairs.pop(leg.connection.pair, None)

    def _pair(self, connection: Connection, flow: int, mark: LegMark) -> None:
        """Join a leg to its pair, or begin one with the client's leg; a server leg alone stays a connection."""
        opened = connection.opened
        if mark.leg == "client":
            pair = self._pairs[mark.pair] = ProxiedConnection(opened, mark, self._recorder, self._services)
            self._connections[flow] = pair.view(0)
        elif mark.pair in self._pairs:
            self._pairs[mark.pair].reached(opened)
            self._connections[flow] = self._pairs[mark.pair].view(1)

    def _ignore(self, flow: int) -> None:
        self.ignored.append(flow)
        del self._connections[flow]


def _write(ahead: _Ahead) -> None:
    """Write what was cut ahead, in its order."""
    for connection, cut in ahead:
        connection.write(cut)
    ahead.clear()
