"""The entries of one BOSH session: bodies in, in the order of their rids, entries of the timeline out.

A session is a connection like any other to everything that follows the timeline. What opens, restarts and ends its
stream are attributes of a body (XEP-0206 §4 to §6); what else a body tells is an `http` entry, and so is one without
any element. Offsets count the bodies of a direction, free of chunks and content coding.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from xmppscope.analyzer.bosh_words import STATUSES, ending, is_restart, notes, short, terms
from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.elements import ElementEntries
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.analyzer.transport_entries import tell_gap
from xmppscope.explain.context import short_id
from xmppscope.explain.summary import Context, summarize_header
from xmppscope.framing.httpbind import MISSING_RID, HttpBody
from xmppscope.framing.pieces import Head, Item, Torn
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import HTTPBIND
from xmppscope.model.timeline import INITIATING, RECEIVING, Annotation, Entry, Sender
from xmppscope.model.wire import Opened
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.states import Action

_INHERITED: Final = Annotation("in the namespace of BOSH itself: the declaration of its own is missing", "XEP-0206 §3")
_STANZAS: Final = frozenset(f"{HTTPBIND}{SEPARATOR}{name}" for name in ("message", "presence", "iq"))
_FEATURES: Final = "http://etherx.jabber.org/streams\nfeatures"


class Arrival(msgspec.Struct):
    """A body as it was captured: what it holds, when, under which protection, and what HTTP said of it.

    `rid` is that of the request, or of the request that a response answers; None where nobody knows. `mark` tells two
    bodies apart without keeping them. `route` tells of a TCP connection that is new to the session.
    """

    body: HttpBody
    stamp: Stamp
    protection: str
    rid: int | None
    mark: int = 0
    fault: str = ""
    status: int = 200
    reason: str = ""
    route: str = ""
    facts: list[Annotation] | None = None


class BoshEntries:
    """Writes what one session has to tell."""

    def __init__(self, opened: Opened, recorder: Recorder, services: Services) -> None:
        self.negotiation = Negotiation(start=opened.handshake)
        self.negotiation.kind = "c2s"
        self.ledger = Ledger(opened, recorder, self.negotiation)
        self.ledger.transport = "bosh"
        self.over = False
        self._entries = ElementEntries(self.ledger, services)
        self._context = Context(show_secrets=services.show_secrets)
        self._directions: dict[Sender, Direction] = {
            INITIATING: Direction(0, INITIATING),
            RECEIVING: Direction(1, RECEIVING),
        }
        self._at: dict[Sender, int] = {INITIATING: 0, RECEIVING: 0}
        self._restarting = False
        self._main: str | None = None
        self._others: set[str] = set()

    def begin(self, arrival: Arrival, held: list[tuple[Entry, Element | None]], *, midstream: bool) -> None:
        """Write the record of the connection, and what was seen of TLS on the way."""
        if arrival.protection != "none":
            self.negotiation.direct_tls()
            self.negotiation.tls(done=True)
        self.ledger.backlog = held
        self.ledger.claim()
        for direction in self._directions.values():
            direction.at_known = not midstream

    @property
    def directions(self) -> Mapping[Sender, Direction]:
        """Both directions of the session."""
        return self._directions

    @property
    def _told(self) -> int:
        """How many entries were written, or wait for it to be known where the proxy goes."""
        return self.ledger.recorder.entries + len(self.ledger.backlog)

    def tell(self, sender: Sender, arrival: Arrival, *, opens: bool = False, ends: bool = False) -> None:
        """Write the entries of one body; *opens* and *ends* tell what it means although it does not say so."""
        direction, body = self._directions[sender], arrival.body
        asks = sender == INITIATING
        base, attrs = self._at[sender], body.attrs
        direction.last, direction.protection = arrival.stamp, arrival.protection
        direction.stamps.add(base, arrival.stamp)
        if arrival.route:
            self.http(sender, arrival.stamp, arrival.route, arrival.facts)
        if body.header is not None:
            direction.xmlns = body.header.xmlns
        before = self._told
        if arrival.status >= 300:
            self._refused(direction, arrival)
        elif (opens and (asks or "sid" in attrs)) or (asks and is_restart(attrs)) or (not asks and self._reopens(body)):
            self._open(direction, arrival, base, opens=opens)
        said = notes(attrs, asks=asks)
        if said:
            self.http(sender, arrival.stamp, "; ".join(text for text, _ in said), [Annotation(*one) for one in said])
        self._inside(direction, arrival, base)
        if arrival.fault:
            self._unread(direction, arrival)
        if ends or attrs.get("type") == "terminate":
            self._close(direction, arrival, base)
        if self._told == before:
            self._empty(direction, arrival, base)
        self._at[sender] = base + body.size

    def http(self, sender: Sender, stamp: Stamp, summary: str, facts: list[Annotation] | None = None) -> None:
        """Write what is about the session and no element."""
        self.ledger.tell(self._directions[sender], "http", summary, stamp, annotations=facts)

    def malformed(self, sender: Sender, stamp: Stamp, reason: str, spec: str) -> None:
        """Write that a body breaks the rules of the session."""
        notes_ = [Annotation(reason, spec)]
        self.ledger.tell(self._directions[sender], "malformed", reason, stamp, reason=reason, annotations=notes_)

    def gap(self, sender: Sender, stamp: Stamp, length: int | None) -> None:
        """Write that bytes of a TCP connection of this session are missing."""
        self._directions[sender].at_known = False
        self.negotiation.lost(sender)
        tell_gap(self.ledger, self._directions[sender], length, None, stamp)

    def unreadable(self, sender: Sender, reason: str, stamp: Stamp) -> None:
        """Write that what follows on a TCP connection of this session cannot be read."""
        self._directions[sender].at_known = False
        self.negotiation.lost(sender)
        self.ledger.tell(self._directions[sender], "opaque", reason, stamp, reason=reason)

    def missing(self, sender: Sender, stamp: Stamp, first: int, last: int) -> None:
        """Write that the bodies of some rids are not in the capture."""
        self._directions[sender].at_known = False
        self.negotiation.lost(sender)
        reason = f"{MISSING_RID} {first}" if first == last else f"{MISSING_RID} {first} to {last}"
        self.ledger.tell(self._directions[sender], "gap", reason, stamp, reason=reason)

    def _open(self, direction: Direction, arrival: Arrival, base: int, *, opens: bool) -> None:
        """Write that a stream begins, with the session or again in it."""
        header = arrival.body.header
        if header is None:
            return
        sender, attrs = direction.sender, header.element.attrs
        self._restarting = sender == INITIATING and not opens
        direction.stream += 1
        self.negotiation.header(sender, header.element, header.xmlns)
        summary = summarize_header(header.element, sender, self._context)
        if opens and sender == INITIATING:
            summary = summary.replace("open a stream", "open a BOSH session", 1)
        elif opens:
            summary = f"BOSH session open, sid {short_id(attrs['sid'])}"
        elif sender == INITIATING:
            summary = f"restart the stream to {short(attrs.get('to') or self.negotiation.domain)}"
        else:
            summary = "stream open again"
        if sender == RECEIVING and opens:
            self._main = attrs.get("stream")
        size = header.end - header.start
        offset = base + header.start, base + header.end
        entry = self.ledger.make(direction, "stream-open", summary, arrival.stamp, offset=offset, size=size)
        entry.name, entry.ns, entry.xml = header.element.local, header.element.ns, header.raw.decode()
        entry.from_, entry.to, entry.xeps = attrs.get("from"), attrs.get("to"), ["0124", "0206"]
        if opens and (agreed := terms(attrs)):
            entry.annotations = [Annotation(agreed, "XEP-0124 §7")]
        self.ledger.write(entry, header.element)
        self.ledger.announce()

    def _reopens(self, body: HttpBody) -> bool:
        """Tell whether this is the answer to a restart, which has no mark of its own: it brings new features."""
        return self._restarting and any(type(one) is Item and one.element.name == _FEATURES for one in body.pieces)

    def _inside(self, direction: Direction, arrival: Arrival, base: int) -> None:
        entries = self._entries
        if direction.sender == RECEIVING and arrival.body.pieces:
            self._restarting = False
        other = self._other_stream(direction, arrival)
        for piece in arrival.body.pieces:
            piece.start += base
            piece.end += base
            if type(piece) is Item:
                if other:
                    entries.aside(direction, piece, arrival.stamp)
                elif piece.element.name in _STANZAS:
                    entries.flaws = [_INHERITED]
                    entries.item(direction, piece)
                    entries.flaws = None
                else:
                    entries.item(direction, piece)
            elif isinstance(piece, Torn) and arrival.fault:
                continue
            elif not isinstance(piece, Head):
                entries.other(direction, piece)
        if entries.go_on or entries.action is not Action.NONE:
            # What a plain stream would answer with TLS or zlib has no meaning here.
            entries.forget_actions()

    def _other_stream(self, direction: Direction, arrival: Arrival) -> bool:
        """Tell whether a body belongs to a further stream of the session (XEP-0124 §16), which is not followed."""
        name = arrival.body.attrs.get("stream")
        if name is None or name == self._main or (self._main is None and not self._others and not direction.stream):
            return False
        if name not in self._others and len(self._others) < 64:
            self._others.add(name)
            text = f"a further stream of this session, {short(name)}: its elements are shown, its state is not followed"
            self.http(direction.sender, arrival.stamp, text, [Annotation("several streams", "XEP-0124 §16")])
        return True

    def _unread(self, direction: Direction, arrival: Arrival) -> None:
        reason = f"the rest of a body cannot be read: {arrival.fault}"
        self.ledger.tell(direction, "opaque", reason, arrival.stamp, reason=reason)

    def _refused(self, direction: Direction, arrival: Arrival) -> None:
        """Write that HTTP itself refused: older servers end a session so, and intermediaries."""
        why = STATUSES.get(arrival.status, "")
        status = f"HTTP {arrival.status} {short(arrival.reason)}".rstrip()
        rid = "" if arrival.rid is None else f" to rid {arrival.rid}"
        facts = [Annotation(f"{why}: the session is over", "XEP-0124 §17.1")] if why else None
        if why:
            self.over = True
            self.negotiation.ended(RECEIVING, reset=False)
        self.http(direction.sender, arrival.stamp, f"{status} is the answer{rid}", facts)

    def _close(self, direction: Direction, arrival: Arrival, base: int) -> None:
        """Write that the session ends; what the receiving entity ends is over on both sides."""
        header, sender = arrival.body.header, direction.sender
        asks = sender == INITIATING
        if self.over:
            return
        self.negotiation.close_tag(sender)
        if not asks:
            self.negotiation.close_tag(INITIATING)
            self.over = True
        attrs = arrival.body.attrs
        end = base + arrival.body.size
        start = base + (header.start if header is not None else 0)
        summary = ending(attrs, asks=asks)
        entry = self.ledger.make(direction, "stream-close", summary, arrival.stamp, offset=(start, end))
        if header is not None:
            entry.name, entry.ns, entry.xml = header.element.local, header.element.ns, header.raw.decode()
        entry.type, entry.xeps = attrs.get("type"), ["0124"]
        self.ledger.write(entry, None if header is None else header.element)

    def _empty(self, direction: Direction, arrival: Arrival, base: int) -> None:
        """Write that a body holds nothing: a request that waits for what comes, or its answer."""
        rid = "" if arrival.rid is None else f"rid {arrival.rid}"
        if direction.sender == INITIATING:
            summary = f"ask for what comes next, {rid}" if rid else "ask for what comes next"
        else:
            news = "the session is over" if arrival.body.attrs.get("type") == "terminate" else "nothing new"
            summary = f"{news}, answer to {rid}" if rid else news
        offset = base, base + arrival.body.size
        self.ledger.tell(direction, "http", summary, arrival.stamp, offset=offset)

    def end(self) -> None:
        """Let observers know that nothing more comes."""
        self.ledger.end()
