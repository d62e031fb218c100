"""A TLS connection as an observer follows it: bytes of both sides in, plaintext and facts out (RFC 8446, RFC 5246).

It joins the parts: records are cut, or found again behind lost bytes; those that cannot be read yet wait, bounded; the
record layer tells what they hold. Which side is the client is learnt from who sends a ClientHello.
"""

from typing import Final

from xmppscope.model.wire import Side
from xmppscope.tls.boundary import BoundarySearch
from xmppscope.tls.direction import MOST_HELD, MOST_SKIPPED, Direction, Epoch, Gap
from xmppscope.tls.events import NotTls, Plaintext, TlsEvent
from xmppscope.tls.keylog import KeyStore
from xmppscope.tls.layer import RecordLayer
from xmppscope.tls.names import version_name
from xmppscope.tls.opening import Failed, open_record, openable
from xmppscope.tls.records import APPLICATION_DATA, CHANGE_CIPHER_SPEC, HEADER_SIZE, Record
from xmppscope.tls.resumption import ResumptionCache
from xmppscope.tls.secrets import KeyFinder

PATIENCE: Final = 1_000_000_000
"""Nanoseconds of capture time that records wait for a key or a hello."""


class TlsConnection:
    """One TLS connection; *keys* and *cache* are shared by all.

    The methods take what the wire events say and return what it means, in order for each side. They raise nothing,
    whatever the bytes.
    """

    def __init__(self, keys: KeyStore, cache: ResumptionCache) -> None:
        self._directions = (Direction(0), Direction(1))
        self._layer = RecordLayer(KeyFinder(keys, cache), self._directions)

    @property
    def version(self) -> str | None:
        """The negotiated version (``TLSv1.3``), once the ServerHello was seen."""
        version = self._layer.handshake.version
        return None if version is None else version_name(version)

    @property
    def suite(self) -> str | None:
        """The IANA name of the negotiated cipher suite."""
        chosen = self._layer.handshake.suite
        return None if chosen is None else chosen.name

    @property
    def resumed(self) -> bool:
        """Whether an earlier session is resumed."""
        return self._layer.handshake.resumed

    @property
    def client_random(self) -> bytes | None:
        """The random of the last ClientHello, by which key logs name the session."""
        hello = self._layer.handshake.client_hello
        return None if hello is None else hello.random

    @property
    def client_side(self) -> Side | None:
        """The side that is the TLS client, once a hello told."""
        handshake = self._layer.handshake
        if handshake.client is not None:
            return handshake.client.side
        if handshake.server is not None:
            return 0 if handshake.server.side else 1
        return None

    def decrypting(self, side: Side) -> bool:
        """Tell whether the last protected record of *side* could be opened."""
        return self._directions[side].decrypting

    def unread(self, side: Side) -> dict[str, int]:
        """Return how many bytes of *side* could not be read, by reason."""
        return dict(self._directions[side].unread)

    def feed(self, side: Side, data: bytes, time: int, packet: int) -> list[TlsEvent]:
        """Take the next bytes of *side*, captured at *time* (nanoseconds) in *packet*."""
        direction = self._directions[side]
        if direction.not_tls:
            return [_not_tls(direction, data, time, packet)]
        direction.grant(len(data))
        if direction.search is not None:
            direction.search.feed(data, time, packet)
            self._search(direction)
        else:
            self._records(direction, direction.reader.feed(data, time, packet))
            self._stray(direction, time, packet)
        return self._settled(time)

    def opened(self, side: Side, time: int, end_time: int) -> list[TlsEvent]:
        """Note that the next record of *side*, application data, was opened by the proxy, whose leg this is."""
        direction = self._directions[side]
        direction.number += 1
        direction.decrypting = True
        if self._layer.handshake.established:
            return []
        return list(self._layer.handshake.complete(direction, (time, 0, end_time, 0), proven=True))

    def lost(self, side: Side, length: int, time: int, packet: int) -> list[TlsEvent]:
        """Note that *length* bytes of *side* are missing from the capture."""
        direction = self._directions[side]
        if direction.not_tls:
            return []
        damaged = None
        if direction.search is None:
            damaged = direction.reader.lost(length, time, packet)
        if damaged is None:
            direction.search = BoundarySearch()
        self._receive(direction, Gap(length, damaged, time, packet))
        return self._settled(time)

    def ended(self, side: Side, time: int, packet: int, reset: bool) -> list[TlsEvent]:  # noqa: ARG002
        """Note that *side* sends no more; by *reset* or not, what the other one has sent may still be captured."""
        self._finish(self._directions[side], "the connection ended inside a record", time, packet)
        return self._settled(time)

    def close(self) -> list[TlsEvent]:
        """End the connection: nothing waits any longer."""
        for direction in self._directions:
            self._finish(direction, "the capture ended inside a record", 0, 0)
            direction.patient = False
        return self._settled(0)

    def _records(self, direction: Direction, records: list[Record]) -> None:
        layer = self._layer
        for record in records:
            # Almost every record is application data under known keys: that way is kept short.
            opener = direction.opener
            if (
                opener is not None
                and not direction.queue
                and not direction.slack
                and record.header[0] == APPLICATION_DATA
                and (opened := opener.open(record.header, record.fragment, direction.number)) is not None
            ):
                direction.number += 1
                kind, content = opened
                if kind == APPLICATION_DATA and content and layer.handshake.established:
                    layer.events.append(
                        Plaintext(
                            direction.side, content, record.time, record.packet, record.end_time, record.end_packet
                        )
                    )
                else:
                    layer.content(direction, kind, content, record)
            else:
                self._receive(direction, record)

    def _receive(self, direction: Direction, item: Record | Gap) -> None:
        """Read *item*, or let it wait behind what waits already."""
        if direction.queue or not self._layer.take(direction, item):
            direction.hold(item)
            if direction.held > MOST_HELD:
                direction.patient = False
                self._drain(direction)

    def _search(self, direction: Direction, final: bool = False) -> None:
        """Try whether a record begins where one could."""
        search = direction.search
        while search is not None and (record := search.candidate(final)) is not None:
            if not self._resumes(direction, record):
                # It may have been a record all the same: the first behind a hole lacks the vector in TLS 1.0.
                direction.slack = min(direction.slack + 1, MOST_SKIPPED)
                search.reject()
                continue
            rest, first, last = search.rest()
            direction.search = None
            self._records(direction, direction.reader.resume(rest[HEADER_SIZE + len(record.fragment) :], first, last))
            self._stray(direction, *last)
            search = direction.search

    def _resumes(self, direction: Direction, record: Record) -> bool:
        """Read a record that may be one; False if it proves not to be."""
        layer = self._layer
        if (
            direction.epoch == Epoch.PLAIN
            or direction.queue
            or not direction.spend(0)
            or not openable(direction, layer.handshake, layer.finder)
        ):
            self._receive(direction, record)
            return True
        if layer.handshake.tls13 and record.header[0] == CHANGE_CIPHER_SPEC:
            return False
        opened = open_record(direction, record, layer.handshake, layer.finder)
        if isinstance(opened, Failed):
            return False
        layer.content(direction, *opened, record)
        return True

    def _stray(self, direction: Direction, time: int, packet: int) -> None:
        """Deal with bytes that are no record where one is due: the boundary is lost, or TLS is over."""
        stray = direction.reader.stray
        if not stray:
            return
        direction.reader.drop()
        if direction.decrypting and not direction.closed:
            record = Record(b"", stray, time, packet, time, packet)
            self._layer.unreadable(direction, "no TLS record where one is due", record)
            direction.skipped(len(stray))
            direction.search = BoundarySearch()
            direction.search.feed(stray, time, packet)
            self._search(direction)
        else:
            direction.patient = False
            self._drain(direction)
            direction.not_tls = True
            self._layer.events.append(_not_tls(direction, stray, time, packet))

    def _finish(self, direction: Direction, reason: str, time: int, packet: int) -> None:
        """End a direction: what is not whole will never be."""
        if direction.ended:
            return
        if direction.search is not None:
            self._search(direction, final=True)
        rest = direction.reader.rest(time, packet)
        if rest is not None:
            self._layer.unreadable(direction, reason, rest)
        direction.ended = True

    def _settled(self, time: int) -> list[TlsEvent]:
        """Read what waited, where it can be read by now or has waited for too long; return all events."""
        first, second = self._directions
        while first.queue or second.queue:
            for direction in self._directions:
                if direction.queue and time - direction.queue[0].time > PATIENCE:
                    direction.patient = False
            if not (self._drain(first) | self._drain(second)):
                break
        events, self._layer.events = self._layer.events, []
        return events

    def _drain(self, direction: Direction) -> bool:
        """Read records that waited, as far as possible; return whether there were any."""
        progress = False
        while direction.queue and self._layer.take(direction, direction.queue[0]):
            direction.release()
            progress = True
        return progress


def _not_tls(direction: Direction, data: bytes, time: int, packet: int) -> NotTls:
    return NotTls(side=direction.side, time=time, packet=packet, end_time=time, end_packet=packet, data=data)
