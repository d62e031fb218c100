"""What all rules may ask about a connection: its headers, what was offered on which stream, and what was missed.

The preconditions of the rules are kept here. A direction is *whole* from its stream header on, as long as nothing of it
was lost, unreadable or malformed; a rule that draws a conclusion from what it did not see asks for that first.
"""

import re
from typing import Final

from xmppscope.lint.names import FEATURES, HEADER, SASL2_SUCCESS, managed
from xmppscope.model.element import Element
from xmppscope.model.namespaces import STREAM
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Kind, Sender
from xmppscope.session.seen import About, Seen

_VERSION: Final = re.compile(r"0*(\d{1,9})\.0*(\d{1,9})")
_HURTS: Final[frozenset[Kind]] = frozenset({"gap", "opaque", "malformed"})
_KEPT: Final = 4
_RESUMED: Final = frozenset(managed("resumed"))


class Side:
    """One direction: its last stream header and what became of it.

    `clear_start` tells that its first header was sent in the clear, `closed` is the entry of its closing tag since the
    last header, `error` that of a stream error.
    """

    def __init__(self) -> None:
        self.header: Element | None = None
        self.header_entry: Entry | None = None
        self.first_header: Entry | None = None
        self.closed = 0
        self.error = 0
        self.ended = 0
        self.hurt = False

    @property
    def modern(self) -> bool:
        """Whether the header says that RFC 6120 applies: version 1.0 or later (§4.7.5)."""
        found = _VERSION.fullmatch(self.header.attrs.get("version", "")) if self.header is not None else None
        return found is not None and int(found.group(1)) >= 1

    @property
    def stream(self) -> int:
        """The number of the present stream; 0 before the first header."""
        return 0 if self.header_entry is None else self.header_entry.stream


class Course:
    """How one connection went so far, as rules see it.

    `aligned` says that streams of one number belong together: headers came in turn, request and response, which they do
    not if the capture has missed one. `resumed` tells that an earlier session goes on here (XEP-0198 §5), whose
    stanzas and questions may come up again. `altered` holds the streams whose features a proxy has changed. `stale`
    tells that a checker wants stanzas now or no longer. `memory` is what all connections of a run share: the sessions
    that may be resumed, by domain and id.
    """

    def __init__(self, about: About, memory: dict[tuple[str, str], object] | None = None) -> None:
        self.about = about
        self.memory = {} if memory is None else memory
        self.sides: dict[Sender, Side] = {INITIATING: Side(), RECEIVING: Side()}
        self.last: Entry | None = None
        self.ended_first: Sender | None = None
        self.stale = False
        self.resumed = False
        self.aligned = True
        self.altered: set[int] = set()
        self._features: dict[int, list[Element]] = {}

    @property
    def kind(self) -> str:
        """The kind of the connection, as far as it is known."""
        return self.about.negotiation.kind

    @property
    def is_client(self) -> bool:
        """Whether a client talks to its server."""
        return self.about.negotiation.kind == "c2s"

    @property
    def modern(self) -> bool:
        """Whether both headers say version 1.0 or later."""
        return self.sides[INITIATING].modern and self.sides[RECEIVING].modern

    @property
    def tcp(self) -> bool:
        """Whether the stream is one of RFC 6120, directly on TCP or TLS."""
        headers = [side.header for side in self.sides.values() if side.header is not None]
        return self.about.transport == "tcp" and all(header.name == HEADER for header in headers)

    @property
    def own(self) -> str:
        """The bare JID of the client's account, in lower case; empty while unknown."""
        bound = self.about.negotiation.bound if self.is_client else ""
        return bound.partition("/")[0].lower()

    def whole(self, *senders: Sender) -> bool:
        """Tell whether these directions, both if none is named, were seen from their header on without a hole."""
        sides = [self.sides[sender] for sender in senders] or self.sides.values()
        return all(side.header is not None and not side.hurt for side in sides)

    def from_start(self, *senders: Sender) -> bool:
        """Tell whether these directions were seen from the first byte of the connection on."""
        return self.about.from_start and self.whole(*senders)

    def features(self, stream: int) -> list[Element]:
        """Return what the receiving entity has offered on one of its streams."""
        return self._features.get(stream, [])

    def see(self, seen: Seen) -> None:
        """Note what an entry says of the course; called before the rules see it."""
        entry, element = seen.entry, seen.element
        side = self.sides[entry.sender]
        self.last = entry
        if entry.kind == "stream-open" and element is not None:
            side.header, side.header_entry = element, entry
            side.first_header = side.first_header or entry
            side.error = 0
            self._align(entry)
        elif element is not None and element.name == FEATURES and entry.sender == RECEIVING:
            self._features.setdefault(entry.stream, []).append(element)
            if len(self._features) > _KEPT:
                del self._features[next(iter(self._features))]
        elif element is not None and entry.sender == RECEIVING and _resumes(element):
            self.resumed = True
        elif entry.edit is not None and entry.name == "features" and len(self.altered) < _KEPT:
            self.altered.add(entry.stream)

    def _align(self, entry: Entry) -> None:
        asked, answered = (self.sides[sender].stream for sender in (INITIATING, RECEIVING))
        if entry.sender == INITIATING:
            self.aligned = self.aligned and answered >= asked - 1
        else:
            self.aligned = self.aligned and asked >= answered

    def settle(self, entry: Entry) -> None:
        """Note what follows from an entry for later ones; called after the rules have seen it."""
        side = self.sides[entry.sender]
        if entry.kind == "stream-open":
            side.closed = 0
        elif entry.kind == "stream-close":
            side.closed = side.closed or entry.entry
        elif entry.kind == "stream-error":
            side.error = entry.entry
        elif entry.kind == "closed":
            side.ended = entry.entry
            self.ended_first = self.ended_first or entry.sender
        elif entry.kind in _HURTS:
            side.hurt = True
        if entry.edit is not None and entry.edit.action != "changed":
            side.hurt = True


def _resumes(element: Element) -> bool:
    """Tell whether *element* resumes a session, be it inside the success of SASL2."""
    if element.name == SASL2_SUCCESS:
        return any(child.name in _RESUMED for child in element.children)
    return element.name in _RESUMED


def is_stream_tag(element: Element) -> bool:
    """Tell whether *element* is a stream header of RFC 6120 (and not the `open` of WebSocket)."""
    return element.name == f"{STREAM}\nstream"
