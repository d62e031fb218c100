"""XMPP over a WebSocket (RFC 7395): frames of both directions in, entries out.

Each message is a document of its own. Offsets of entries count the payloads of a direction's messages, their packets
and times are those of the frames. A ping or pong is a keepalive, a close frame an `http` entry: the stream has a
`<close/>` of its own.
"""

from collections.abc import Callable, Sequence
from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.elements import ElementEntries
from xmppscope.analyzer.http_entries import Handshake, close_in_words, tell_unseen
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.recognise import is_xmpp
from xmppscope.analyzer.stamps import Stamp, StampTrack
from xmppscope.analyzer.transport_entries import tell_gap
from xmppscope.framing.documents import BINARY, FLAWS, Documents
from xmppscope.framing.permessage_deflate import MISSED, Deflate, MessageInflater
from xmppscope.framing.pieces import Item, Piece
from xmppscope.framing.websocket import MASKED, NOT_MASKED, FrameReader
from xmppscope.framing.websocket_events import Control, FrameEvent, Message, Opcode, Refused
from xmppscope.framing.websocket_search import FrameSearch
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import CLIENT, FRAMING, SASL, SASL2, SM2, SM3, STREAM
from xmppscope.model.timeline import Annotation
from xmppscope.model.wire import Side
from xmppscope.redact import SENSITIVE

OPEN: Final = f"{FRAMING}{SEPARATOR}open"
CLOSE: Final = f"{FRAMING}{SEPARATOR}close"
_SPECS: Final = {**FLAWS, MASKED: "RFC 6455 §5.1", NOT_MASKED: "RFC 6455 §5.1"}
_NAMESPACES: Final = frozenset({CLIENT, STREAM, SASL, SASL2, SM2, SM3})
_UNKNOWN: Final = 1 << 62
"""Stands for a hole of unknown length: longer than any frame."""

_OTHER: Final[dict[Side, Side]] = {0: 1, 1: 0}
_HEARTBEATS: Final = {Opcode.PING: "WebSocket ping", Opcode.PONG: "WebSocket pong"}


class _Side:
    """One direction: its frames, where they were captured, and its documents.

    `search` is there while nobody knows where a frame begins; `stale` is set once it was said that messages cannot be
    inflated.
    """

    def __init__(self, *, masks: bool | None, deflate: Deflate | None, begins: bool) -> None:
        self.masks = masks
        self.deflate = deflate
        self.reader = FrameReader(masks=masks, inflater=None if deflate is None else MessageInflater(deflate))
        self.search = None if begins else self._find(0, _is_proof)
        self.track = StampTrack()
        self.documents = Documents(SENSITIVE)
        self.stale = False

    @property
    def at(self) -> int:
        """The offset on the wire behind the last byte received."""
        return self.reader.at if self.search is None else self.search.at

    def feed(self, data: bytes) -> list[FrameEvent]:
        """Take the next bytes."""
        if self.search is None:
            return self.reader.feed(data)
        events = self.search.feed(data)
        if self.search.found is not None:
            self.reader, self.search = self.search.found, None
        return events

    def lost(self, length: int) -> list[FrameEvent]:
        """Note that bytes are missing."""
        if self.search is not None:
            return self.search.lost(length)
        events = self.reader.lost(length)
        if self.reader.broken:
            self.search = self._find(self.reader.at, _is_whole)
        return events

    def _find(self, at: int, proves: Callable[[bytes], bool]) -> FrameSearch:
        return FrameSearch(masks=self.masks, deflate=self.deflate, proves=proves, at=at)


class WebSocket:
    """Follows one WebSocket; `foreign` is set once its messages are certainly no XMPP.

    Without a *handshake* it begins in mid-stream, and whatever is not XMPP beyond doubt is passed over.
    """

    def __init__(
        self,
        ledger: Ledger,
        entries: ElementEntries,
        directions: tuple[Direction, Direction],
        handshake: Handshake | None,
        note_client: Callable[[Side], None],
    ) -> None:
        self.foreign = False
        self._ledger = ledger
        self._entries = entries
        self._directions = directions
        self._midstream = handshake is None
        self._note_client = note_client
        if handshake is None or handshake.answer is None:
            deflate: tuple[Deflate | None, Deflate | None] = (Deflate(), Deflate())
        else:
            deflate = handshake.deflate or (None, None)
        client = None if handshake is None else handshake.client
        self._sides = tuple(
            _Side(
                masks=None if client is None else side == client,
                deflate=deflate[0 if side == client else 1],
                begins=handshake is not None and handshake.knows(side),
            )
            for side in (0, 1)
        )

    def feed(self, direction: Direction, data: bytes, stamp: Stamp) -> None:
        """Take the next bytes of one side."""
        side = self._sides[direction.side]
        side.track.add(side.at, stamp)
        for event in side.feed(data):
            if type(event) is Message:
                self._message(direction, side, event)
            else:
                self._other(direction, side, event)

    def lost(self, direction: Direction, length: int | None, stamp: Stamp) -> None:
        """Note that bytes of one side are missing."""
        side = self._sides[direction.side]
        for event in side.lost(length or _UNKNOWN):
            self._other(direction, side, event)
        direction.at_known = False
        tell_gap(self._ledger, direction, length, None, stamp)
        side.track.add(side.at, stamp)

    def close(self, direction: Direction) -> None:
        """Take the end of one side."""
        side = self._sides[direction.side]
        for event in side.reader.close() if side.search is None else side.search.close():
            self._other(direction, side, event)

    def rest(self, direction: Direction) -> None:
        """Take less memory until the next message of one side."""
        self._sides[direction.side].documents.rest()

    def _message(self, direction: Direction, side: _Side, message: Message) -> None:
        first, last = side.track.find(message.start, message.end)
        if first is not last:
            first = Stamp(first.time, first.packet, last.end_time, last.end_packet)
        documents = side.documents
        direction.stamps.add(documents.at, first)
        pieces = documents.feed(message.data)
        if message.binary and not documents.flaw:
            documents.flaw = BINARY
        flaws = (*message.flaws, documents.flaw) if documents.flaw else message.flaws
        for piece in pieces:
            self._piece(direction, piece, flaws)

    def _piece(self, direction: Direction, piece: Piece, flaws: Sequence[str]) -> None:
        entries, ledger = self._entries, self._ledger
        entries.flaws = [Annotation(flaw, _SPECS.get(flaw, "")) for flaw in flaws] if flaws else None
        if type(piece) is Item:
            name = piece.element.name
            if not ledger.claimed and not self._prove(direction, piece):
                return
            if name == OPEN:
                entries.opened(direction, piece)
            elif name == CLOSE:
                entries.closed(direction, piece)
            else:
                entries.item(direction, piece)
        else:
            entries.other(direction, piece)
        entries.forget_actions()

    def _prove(self, direction: Direction, item: Item) -> bool:
        """Claim the connection if *item* can be nothing but XMPP."""
        if _speaks(item.element):
            if self._midstream:
                client = self._sides[direction.side].reader.masks
                self._note_client(direction.side if client else _OTHER[direction.side])
                tell_unseen(self._ledger, direction)
            claim_websocket(self._ledger)
            return True
        self.foreign = True
        return False

    def _other(self, direction: Direction, side: _Side, event: FrameEvent) -> None:
        # A control frame may stand between the fragments of a message, whose beginning is still asked for.
        find = side.track.peek if side.reader.open else side.track.find
        first, last = find(event.start, event.end)
        stamp = Stamp(first.time, first.packet, last.end_time, last.end_packet)
        if isinstance(event, Control):
            self._control(direction, event, stamp)
        elif isinstance(event, Refused):
            self._ledger.tell(direction, "malformed", event.reason, stamp, reason=event.reason)
        elif not isinstance(event, Message):
            direction.at_known = False
            if event.reason == MISSED:
                if side.stale:
                    return
                side.stale = True
            self._ledger.tell(direction, "opaque", event.reason, stamp, reason=event.reason)

    def _control(self, direction: Direction, event: Control, stamp: Stamp) -> None:
        annotations = [Annotation(flaw, _SPECS.get(flaw, "RFC 6455 §5.5")) for flaw in event.flaws]
        heartbeat = _HEARTBEATS.get(Opcode(event.opcode))
        if heartbeat is not None:
            self._ledger.tell(direction, "keepalive", heartbeat, stamp, annotations=annotations or None)
            return
        annotations.append(Annotation("close frame", "RFC 6455 §7.4"))
        self._ledger.tell(direction, "http", close_in_words(event.data), stamp, annotations=annotations)


def claim_websocket(ledger: Ledger) -> None:
    """Note that a connection carries XMPP over WebSocket, which is for clients (RFC 7395 §1)."""
    ledger.transport = "websocket"
    ledger.negotiation.kind = "c2s"
    ledger.claim()


def _speaks(element: Element) -> bool:
    """Tell whether *element* can be nothing but XMPP."""
    return element.ns == FRAMING or is_xmpp(element)


def _document(data: bytes) -> Element | None:
    """Return the element that *data* is, wholly and with all its prefixes declared."""
    pieces = Documents(frozenset()).feed(data)
    only = pieces[0] if len(pieces) == 1 else None
    return only.element if isinstance(only, Item) and len(only.raw) == len(data) else None


def _is_proof(data: bytes) -> bool:
    """Tell whether a message, seen without the handshake, can be nothing but XMPP."""
    element = _document(data)
    return element is not None and _speaks(element)


def _is_whole(data: bytes) -> bool:
    """Tell whether a message, on a connection that speaks XMPP, is a document of it."""
    element = _document(data)
    return element is not None and (element.ns in _NAMESPACES or _speaks(element))
