"""Stream Management (XEP-0198): both counters of a connection, what is unacknowledged, resumption across connections.

Theory of operation: each side counts the stanzas that it sends from its own <enable/> or <enabled/> on, modulo 2^32
(§4), and the other side tells with `h` how many it has handled. What one side sends is a `Half`: a counter, the last
`h`, and the stanzas in flight, oldest first. A resumption (§5) goes on from the `h` that each side gives; what was
beyond it is expected to be sent again, in order. Sessions are found by the `previd` that the server gave them.

Versions 2 and 3 of the namespace differ in nothing that is followed here. Inline negotiation (§9) counts from the
element that carries it. Left out: `max` and `location`, and what was sent before management was turned on.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.namespaces import BIND2, SASL2, SM2, SM3, STANZA_ERRORS
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.changes import Machine
from xmppscope.session.notes import annotate, counted, link
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import span

MODULUS: Final = 1 << 32
MOST_IN_FLIGHT: Final = 1024
"""How many unacknowledged stanzas of a side are remembered, with id and entry; all are counted."""

MOST_SESSIONS: Final = 512
"""How many resumable sessions a capture may have; the oldest are forgotten first."""

MOST_RESENT: Final = 1000
_AWAITED: Final = 64
_SHOWN: Final = 32
_JID: Final = 200
_TRUE: Final = frozenset({"true", "1"})


class Sent(NamedTuple):
    """A stanza in flight."""

    entry: int
    name: str
    id: str | None
    time: str = ""


class Ack(NamedTuple):
    """What an `h` came to: how many it newly acknowledges, the last of them, and how many more than were sent."""

    new: int
    last: int | None
    over: int


class Half:
    """What one side sends: `sent` and `acked` modulo 2^32, and what is `in_flight`.

    `told` are the entries that made the count begin and that last acknowledged.
    """

    def __init__(self) -> None:
        self.counting = False
        self.sent = 0
        self.acked = 0
        self.in_flight: deque[Sent] = deque(maxlen=MOST_IN_FLIGHT)
        self.awaited: deque[Sent] = deque(maxlen=MOST_IN_FLIGHT)
        self.told: tuple[int, ...] = ()
        self._from = 0
        self._last: int | None = None
        self._patience = 0

    @property
    def unacknowledged(self) -> int:
        """How many stanzas are in flight."""
        return (self.sent - self._from) % MODULUS

    def start(self, at: int = 0) -> None:
        """Count from here on, from *at*."""
        self.counting = True
        self.sent = self.acked = self._from = at
        self.in_flight.clear()

    def stop(self) -> None:
        """Count no more: management was refused."""
        self.counting = False

    def count(self, entry: Entry) -> Sent | None:
        """Count a stanza; return the earlier sending that this one repeats, if it does."""
        self.sent = (self.sent + 1) % MODULUS
        self.in_flight.append(Sent(entry.entry, entry.name or "", entry.id, entry.time))
        return self._repeats(entry) if self.awaited else None

    def acknowledge(self, h: int) -> Ack:
        """Take the *h* of the other side: an observer takes it as it comes, too high or too low."""
        ack = self.would_acknowledge(h)
        self.acked = h
        if ack.over:
            self._from = self.sent
            self.in_flight.clear()
        else:
            for _ in range(self._remembered(ack.new)):
                self.in_flight.popleft()
            self._from = (self._from + ack.new) % MODULUS
        self._last = ack.last
        return ack

    def would_acknowledge(self, h: int) -> Ack:
        """Return what *h* comes to, and leave everything as it is. What is far below counts as old, not as too high."""
        new = (h - self._from) % MODULUS
        if new > MODULUS // 2:
            return Ack(0, self._last, 0)
        if new > self.unacknowledged:
            last = self.in_flight[-1].entry if self.in_flight else self._last
            return Ack(self.unacknowledged, last, new - self.unacknowledged)
        gone = self._remembered(new)
        last = self.in_flight[gone - 1].entry if gone else None if new else self._last
        return Ack(new, last, 0)

    def resume(self, earlier: "Half | None", h: int) -> Ack | None:
        """Go on from *h*, which the other side gave; what *earlier* has in flight beyond it is awaited again."""
        self.start(h)
        if earlier is None:
            return None
        ack = earlier.would_acknowledge(h)
        self._last = ack.last
        self._patience = _AWAITED
        skip = len(earlier.in_flight) if ack.over else earlier._remembered(ack.new)
        self.awaited.extend(islice(earlier.in_flight, skip, None))
        return ack

    def _remembered(self, new: int) -> int:
        """Return how many of the oldest *new* stanzas in flight are remembered."""
        return max(0, len(self.in_flight) - (self.unacknowledged - new))

    def _repeats(self, entry: Entry) -> Sent | None:
        """§5: both sides re-send in order what the other has not handled; ids tell, where a stanza has one."""
        for place, earlier in enumerate(islice(self.awaited, _AWAITED)):
            if earlier.id is not None and (earlier.id, earlier.name) == (entry.id, entry.name):
                for _ in range(place + 1):
                    self.awaited.popleft()
                return earlier
        self._patience -= 1
        if self._patience <= 0:
            self.awaited.clear()
        return None


class Resent(msgspec.Struct, gc=False):
    """A stanza that went over an earlier connection and again over this one."""

    sender: Sender
    name: str
    id: str


class Sessions:
    """The resumable sessions of a capture, by domain and the id that the server gave."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._sessions: dict[tuple[str, str], StreamManagement] = {}

    def add(self, domain: str, identity: str, management: "StreamManagement") -> None:
        """Remember where a session goes on."""
        self._sessions.pop((domain, identity), None)
        if len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
            self.forgotten += 1
        self._sessions[domain, identity] = management

    def find(self, domain: str, identity: str) -> "StreamManagement | None":
        """Return the management of the connection that the session was last on."""
        return self._sessions.get((domain, identity))


class StreamManagement:
    """Follows stream management on one connection; *sessions* are those of the capture.

    `answered` tells that there is something to tell: the server has answered. `jid` is that of the session, once known;
    `connection` the number of the connection, once the session is on it.
    """

    def __init__(self, sessions: Sessions) -> None:
        self.initiating = Half()
        self.receiving = Half()
        self.jid = ""
        self.connection = 0
        self.enabled = False
        self.resumable = False
        self.resumed = False
        self.failed: str | None = None
        self.resumed_at: tuple[int, int] | None = None
        self.resent: list[Resent] = []
        self.forgotten = 0
        self._cut = False
        self._sessions = sessions
        self._resume: tuple[StreamManagement | None, int | None] = (None, None)

    @property
    def answered(self) -> bool:
        """Whether the server has answered `<enable/>` or `<resume/>`."""
        return self.enabled or self.resumed or self.failed is not None

    def machines(self) -> list[Machine]:
        """Return both counters as machines, with the last acknowledgement and what is in flight for their entries."""
        found = []
        for name, half in (("sm initiating", self.initiating), ("sm receiving", self.receiving)):
            if half.counting:
                value = f"{half.sent} sent, {half.acked} acknowledged, {half.unacknowledged} in flight"
                entries = (*half.told, *(sent.entry for sent in islice(half.in_flight, _SHOWN)))
                found.append(Machine(name, "", value, entries))
        return found

    def count(self, half: Half, entry: Entry) -> None:
        """Count a stanza of the side that *half* belongs to."""
        earlier = half.count(entry)
        if earlier is not None and entry.id is not None:
            link(entry, "resent", earlier.entry)
            if len(self.resent) < MOST_RESENT:
                self.resent.append(Resent(entry.sender, earlier.name, entry.id))
            else:
                self.forgotten += 1

    def cut(self, entry: Entry) -> None:
        """Take the end of a connection whose stream was not closed (§7): say, once, what is still in flight."""
        resumable = self.resumable or self.resumed
        then = "sent again after a resumption" if resumable else "the session cannot be resumed"
        for half, who in ((self.initiating, "client"), (self.receiving, "server")):
            if half.counting and half.unacknowledged and not self._cut:
                count = counted(half.unacknowledged, "stanza")
                annotate(entry, f"{count} of the {who} unacknowledged: {then}", "XEP-0198 §5")
        self._cut = True

    def take(self, entry: Entry, element: Element, domain: str, jid: str) -> None:
        """Take an element that `HANDLERS` names; *domain* is the server's, *jid* what is bound so far."""
        HANDLERS[element.name](self, entry, element, domain, jid)

    def _enable(self, entry: Entry, _element: Element, _domain: str, _jid: str) -> None:
        if entry.sender == INITIATING:
            self.initiating.start()
            self.initiating.told = (entry.entry,)

    def _enabled(self, entry: Entry, element: Element, domain: str, jid: str) -> None:
        if entry.sender != RECEIVING:
            return
        if not self.initiating.counting:
            self.initiating.start()
            self.initiating.told = (entry.entry,)
        self.receiving.start()
        self.receiving.told = (entry.entry,)
        self.enabled = True
        self.resumable = element.attrs.get("resume") in _TRUE
        self.jid, self.connection = jid, entry.connection
        identity = element.attrs.get("id")
        if self.resumable and identity:
            self._sessions.add(domain, identity, self)

    def _failed(self, entry: Entry, element: Element, _domain: str, _jid: str) -> None:
        if entry.sender != RECEIVING:
            return
        earlier, _ = self._resume
        self.initiating.stop()
        self._resume = (None, None)
        conditions = (child.local for child in element.children if child.ns == STANZA_ERRORS and child.local != "text")
        self.failed = next(conditions, "")
        h = _h(element)
        if earlier is not None and h is not None:
            _tell(entry, earlier.initiating.would_acknowledge(h))

    def _ask_to_resume(self, entry: Entry, element: Element, domain: str, _jid: str) -> None:
        if entry.sender != INITIATING:
            return
        earlier, h = self._sessions.find(domain, element.attrs.get("previd", "")), _h(element)
        self._resume = earlier, h
        if earlier is not None:
            whose = f" of {cut(earlier.jid, _JID)}" if earlier.jid else ""
            annotate(entry, f"the session{whose}, on connection {earlier.connection} so far", "XEP-0198 §5")
        if earlier is not None and h is not None:
            ack = earlier.receiving.would_acknowledge(h)
            _tell(entry, ack)
            _tell_lost(entry, earlier.receiving.unacknowledged - ack.new, RECEIVING)

    def _resumed(self, entry: Entry, element: Element, domain: str, _jid: str) -> None:
        if entry.sender != RECEIVING:
            return
        identity = element.attrs.get("previd", "")
        earlier, received = self._resume
        earlier = earlier or self._sessions.find(domain, identity)
        h = _h(element)
        self.resumed = True
        if received is not None:
            self.receiving.resume(None if earlier is None else earlier.receiving, received)
        if h is not None:
            ack = self.initiating.resume(None if earlier is None else earlier.initiating, h)
            if ack is not None and earlier is not None:
                _tell(entry, ack)
                _tell_lost(entry, earlier.initiating.unacknowledged - ack.new, INITIATING)
        self.initiating.told = self.receiving.told = (entry.entry,)
        if received is not None and h is not None:
            self.resumed_at = received, h
        self.jid, self.connection = "" if earlier is None else earlier.jid, entry.connection
        self._sessions.add(domain, identity, self)

    def _answer(self, entry: Entry, element: Element, _domain: str, _jid: str) -> None:
        """§4: `<a/>` tells how many stanzas of the other side its sender has handled."""
        half = self.receiving if entry.sender == INITIATING else self.initiating
        h = _h(element)
        if not half.counting or h is None:
            return
        ack = half.acknowledge(h)
        half.told = (*half.told[:1], entry.entry)
        _tell(entry, ack)
        if not ack.over:
            _tell_open(entry, half, h)

    def _authenticate(self, entry: Entry, element: Element, domain: str, jid: str) -> None:
        """§9: SASL2 carries `<resume/>`, Bind 2 inside it `<enable/>`; so do the answers."""
        for child in element.children:
            if child.name in _INLINE:
                self.take(entry, child, domain, jid)
            elif child.name in _BINDING:
                for inner in child.children:
                    if inner.name in _INLINE:
                        self.take(entry, inner, domain, jid)


def _tell(entry: Entry, ack: Ack) -> None:
    if ack.last is not None:
        link(entry, "ack", ack.last)
    if ack.over:
        annotate(entry, f"acknowledges {counted(ack.over, 'stanza')} more than were sent", "XEP-0198 §6")


def _tell_open(entry: Entry, half: Half, h: int) -> None:
    """Say how many of how many have arrived, and since when the oldest of the others is on its way."""
    left = half.unacknowledged
    # Past 2^32 the count begins anew, and "4294967295 of 2" would tell nobody anything.
    text = f"{h} of {half.sent} received" if h <= half.sent else "received"
    text += f", {left} unacknowledged" if left else ""
    if left and len(half.in_flight) == left:
        oldest = half.in_flight[0]
        age = max(0, nanoseconds(entry.time) - nanoseconds(oldest.time)) / 1e9
        text += f": the oldest for {span(age)} (#{oldest.entry})"
    annotate(entry, text, "XEP-0198 §4")


def _tell_lost(entry: Entry, lost: int, sender: Sender) -> None:
    if lost > 0:
        who = "client" if sender == INITIATING else "server"
        annotate(entry, f"{counted(lost, 'stanza')} did not arrive: the {who} sends again", "XEP-0198 §5")


def _h(element: Element) -> int | None:
    """Return the `h` of an element where it is an unsigned int of 32 bits (§12)."""
    text = element.attrs.get("h", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    h = int(text)
    return h if h < MODULUS else None


Handler = Callable[[StreamManagement, Entry, Element, str, str], None]

_OWN: Final[dict[str, Handler]] = {
    "enable": StreamManagement._enable,
    "enabled": StreamManagement._enabled,
    "failed": StreamManagement._failed,
    "resume": StreamManagement._ask_to_resume,
    "resumed": StreamManagement._resumed,
    "a": StreamManagement._answer,
}
_BINDING: Final = frozenset({expanded(BIND2, "bind"), expanded(BIND2, "bound")})
_INLINE: Final = frozenset(expanded(ns, local) for ns in (SM3, SM2) for local in _OWN if local != "a")

HANDLERS: Final[dict[str, Handler]] = {
    **{expanded(ns, local): handler for ns in (SM3, SM2) for local, handler in _OWN.items()},
    expanded(SASL2, "authenticate"): StreamManagement._authenticate,
    expanded(SASL2, "success"): StreamManagement._authenticate,
}
"""What turns management on, resumes or acknowledges, by expanded name."""


def _take(met: Met, element: Element) -> None:
    met.of(StreamManagement).take(met.entry, element, met.place.about.negotiation.domain, met.place.jid)


EXTENSION: Final = Extension(
    number="0198",
    title="Stream Management",
    namespaces=(SM3, SM2),
    nonzas=dict.fromkeys(HANDLERS, _take),
    tracker=StreamManagement,
)
