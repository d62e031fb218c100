"""Entries for what the framer hands over: elements, headers, closing tags, white space and what is no XMPP.

`ElementEntries.item` is the hot path of the whole program: it runs once for every stanza, and half of its cost is the
entry itself. It is written flat on purpose.
"""

import re
from typing import Final

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.edits import Made, mark_edited, pieces_of
from xmppscope.analyzer.http_entries import masked
from xmppscope.analyzer.ledger import Ledger, shown
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.explain.registry import xeps_of
from xmppscope.explain.summary import Context, summarize, summarize_header
from xmppscope.framing.framer import ASSUMED
from xmppscope.framing.pieces import Bad, Foot, Head, Item, Piece, Space, Torn
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.marks import EditMark
from xmppscope.model.namespaces import CLIENT, CONTENT, STREAM
from xmppscope.model.plaintext import QUOTED, cut
from xmppscope.model.timeline import INITIATING, RECEIVING, Annotation, Edit, Entry, Kind, Sender
from xmppscope.redact import MASK, Redactor, is_misnamed_login
from xmppscope.redact.attributes import attribute, url_secrets
from xmppscope.session.iq import Answer, IqCorrelator
from xmppscope.session.negotiation import Step
from xmppscope.session.states import Action

_KINDS: Final[dict[str, Kind]] = {
    **{f"{ns}{SEPARATOR}{local}": "stanza" for ns in CONTENT for local in ("message", "presence", "iq")},
    f"{STREAM}{SEPARATOR}error": "stream-error",
}
_HARMLESS: Final = re.compile(rb"\xef\xbb\xbf|<\?xml[^>?]*\?>|<(?:message|presence|iq)[ \t\r\n/>][^>]*>?")
"""The beginning of broken XML that may be shown: a byte order mark, an XML declaration, the start tag of a stanza."""

_ELSEWHERE: Final = "see-other-uri"
_NAMES: Final = 4096
_PAYLOADS: Final = 16_384


class ElementEntries:
    """Makes the entries of one connection's pieces.

    `action` is what the negotiation asked for behind the last element that stopped the framer, `go_on` tells that it
    asked to let the other side's bytes go on; who carries it out sets it back.
    """

    def __init__(self, ledger: Ledger, services: Services) -> None:
        self._ledger = ledger
        self._negotiation = ledger.negotiation
        self._recorder = ledger.recorder
        self._services = services
        self._context = Context(show_secrets=services.show_secrets)
        self._redactor = Redactor()
        self._iqs = IqCorrelator(services.servers)
        self._step: Step | None = None
        self._names = services.names
        self.action = Action.NONE
        self.go_on = False
        self.flaws: list[Annotation] | None = None
        """What is wrong with how the next element comes, on WebSocket."""

    def forget_actions(self) -> None:
        """Do nothing of what the negotiation asked for: on WebSocket the bytes that follow are always messages."""
        self.action = Action.NONE
        self.go_on = False

    def item(self, direction: Direction, item: Item) -> None:  # noqa: C901 (flat on purpose: see above)
        """Write the entry of a first-level element and let the negotiation see it."""
        element = item.element
        sender = direction.sender
        start, end = item.start, item.end
        stamps, recorder = direction.stamps, self._recorder
        if start >= stamps.newest_begin and stamps.told is not None:
            told = stamps.told
            stamps.done = end
        else:
            first, last = stamps.find(start, end)
            told = recorder.told(first, last)
            if first is last:
                stamps.told = told
        step = self._negotiation.element(sender, element)
        if step.action is not Action.NONE:
            self._act(step.action)
        ns, local, kind, misnamed = self._names.get(element.name) or self._split(element.name)
        attrs = element.attrs
        redacted = False
        raw = item.raw
        if (item.sensitive or misnamed) and not self._services.show_secrets:
            raw, redacted = self._redactor.redact(sender, element, raw, direction.xmlns or ASSUMED)
        answer = request = None
        if local == "iq" and kind == "stanza":
            answer, request = self._correlate(sender, element, told.last_time)
        context = self._context
        context.time = told.first_time
        # By position, since keywords would cost five times as much: the order is that of `Entry`.
        entry = Entry(
            0,
            0,
            direction.stream,
            sender,
            kind,
            told.time,
            told.end_time,
            summarize(element, sender, context, request),
            step.state,
            direction.protection,
            told.packets,
            end - start,
            (start, end) if direction.at_known else None,
            xeps_of(element),
            local,
            None if direction.xmlns is None and ns == CLIENT else ns,
            raw.decode(),
            direction.xmlns or None,
            attrs.get("id"),
            attrs.get("type"),
            attrs.get("from"),
            attrs.get("to"),
        )
        # What few entries have is set only there.
        if redacted:
            entry.redacted = True
        if self.flaws:
            entry.annotations = self.flaws
        if told.file is not None:
            entry.file = told.file
        if direction.inflater is not None:
            entry.compression = direction.inflater.method
        if answer is not None:
            entry.answers = answer.entry
            entry.latency = answer.latency
        edit = direction.edit_at(start) if direction.edits else None
        if edit is not None:
            mark_edited(entry, edit)
        ledger = self._ledger
        if ledger.number and edit is None:
            entry.connection = ledger.number
            recorder.entry(entry, element, ledger.about)
        else:
            ledger.write(entry, element)
        if step is not self._step:
            self._know(step)
        if edit is not None and edit.data:
            self._changed(direction, edit, entry)

    def _correlate(self, sender: Sender, iq: Element, end_time: int) -> tuple[Answer | None, str | None]:
        """Return what an iq answers, and the expanded name of the payload of that request."""
        attrs = iq.attrs
        identity, to, from_ = attrs.get("id", ""), attrs.get("to", ""), attrs.get("from", "")
        payloads = self._services.payloads
        if attrs.get("type") in ("result", "error"):
            answer = self._iqs.answer(sender, identity, to, from_, end_time)
            return answer, None if answer is None else payloads.pop(answer.entry, None)
        if self._ledger.number and attrs.get("type") in ("get", "set"):
            number = self._recorder.entries + 1
            self._iqs.request(number, sender, identity, to, from_, end_time)
            payloads[number] = iq.children[0].name if iq.children else ""
            if len(payloads) > _PAYLOADS:
                del payloads[next(iter(payloads))]
        return None, None

    def _act(self, action: Action) -> None:
        if action is Action.GO_ON:
            self.go_on = True
        else:
            self.action = action

    def _know(self, step: Step) -> None:
        """Tell what a change of state may have made known: to readers the kind, to the correlation the addresses."""
        self._step = step
        self._ledger.announce()
        self._iqs.know(self._negotiation.kind, self._negotiation.domain, self._negotiation.bound)

    def other(self, direction: Direction, piece: Piece) -> None:
        """Write the entry of any piece but an element."""
        if isinstance(piece, Head):
            self._head(direction, piece)
        elif isinstance(piece, Foot):
            self._ledger.write(self._foot(direction, piece))
        elif isinstance(piece, Space):
            self._space(direction, piece)
        elif isinstance(piece, Bad):
            self._bad(direction, piece)
        elif isinstance(piece, Torn):
            self._torn(direction, piece)

    def _head(self, direction: Direction, head: Head) -> None:
        first, last = direction.stamps.find(head.start, head.end)
        direction.stream += 1
        direction.xmlns = head.xmlns
        entry = self._opening(direction, head, first, last)
        entry.offset = (head.start, head.end) if direction.at_known else None
        edit = direction.edit_at(head.start) if direction.edits else None
        if edit is not None:
            mark_edited(entry, edit)
        self._ledger.write(entry, head.element)

    def opened(self, direction: Direction, item: Item) -> None:
        """Write the entry of WebSocket's `<open/>`, which declares nothing for what follows (RFC 7395 §3.3.3)."""
        self._head(direction, Head(item.element, {}, item.start, item.end, item.raw))

    def closed(self, direction: Direction, item: Item) -> None:
        """Write the entry of WebSocket's `<close/>`, which may send the client elsewhere (RFC 7395 §3.6.1)."""
        raw, uri = item.raw, item.element.attrs.get(_ELSEWHERE, "")
        spans = []
        if uri and not self._services.show_secrets:
            spans = url_secrets(raw, *attribute(raw, 0, len(raw), _ELSEWHERE))
        for start, end in reversed(spans):
            raw = raw[:start] + MASK + raw[end:]
        entry = self._foot(direction, Foot(item.start, item.end, raw), item.element)
        if uri:
            entry.summary += f": go to {masked(uri) if spans else cut(uri, QUOTED)}"
            entry.redacted = bool(spans)
        self._ledger.write(entry)

    def _opening(self, direction: Direction, head: Head, first: Stamp, last: Stamp) -> Entry:
        """Let the negotiation see a stream header; return its entry."""
        element = head.element
        step = self._negotiation.header(direction.sender, element, head.xmlns)
        self._know(step)
        attrs = element.attrs
        summary = summarize_header(element, direction.sender, self._context)
        entry = self._ledger.make(direction, "stream-open", summary, first, last, size=head.end - head.start)
        entry.name, entry.ns, entry.xml, entry.annotations = element.local, element.ns, head.raw.decode(), self.flaws
        entry.id, entry.from_, entry.to = attrs.get("id"), attrs.get("from"), attrs.get("to")
        return entry

    def _foot(self, direction: Direction, foot: Foot, element: Element | None = None) -> Entry:
        first, last = direction.stamps.find(foot.start, foot.end)
        step = self._negotiation.close_tag(direction.sender)
        if step.action is not Action.NONE:
            self._act(step.action)
        entry = self._ending(direction, foot, first, last)
        entry.offset = (foot.start, foot.end) if direction.at_known else None
        if element is not None:
            entry.name, entry.ns, entry.xmlns, entry.annotations = element.local, element.ns, None, self.flaws
        return entry

    def _ending(self, direction: Direction, foot: Foot, first: Stamp, last: Stamp) -> Entry:
        summary = "close the stream" if direction.sender == INITIATING else "stream closed"
        entry = self._ledger.make(direction, "stream-close", summary, first, last, size=foot.end - foot.start)
        entry.name, entry.ns, entry.xml, entry.xmlns = "stream", STREAM, foot.raw.decode(), direction.xmlns
        return entry

    def aside(self, direction: Direction, item: Item, stamp: Stamp) -> None:
        """Write an element that is shown and not followed."""
        self._ledger.write(self._copied(direction, item, stamp))

    def made(self, made: Made, piece: Piece, text: str) -> None:
        """Write what the proxy sends of its own, and let the negotiation see it."""
        sender = made.source.sender
        if isinstance(piece, Head):
            entry = self._opening(made.source, piece, made.stamp, made.stamp)
        elif isinstance(piece, Foot):
            self._negotiation.close_tag(sender)
            entry = self._ending(made.source, piece, made.stamp, made.stamp)
        elif isinstance(piece, Item):
            self._know(self._negotiation.element(sender, piece.element))
            entry = self._copied(made.source, piece, made.stamp)
        else:
            return
        entry.leg, entry.edit, entry.protection = made.leg, Edit(made.by, "injected"), made.protection
        entry.summary = text or entry.summary
        self._ledger.write(entry)

    def _changed(self, direction: Direction, edit: EditMark, original: Entry) -> None:
        """Write what is sent in the place of *original*, on the other leg."""
        for piece in pieces_of(edit.data.encode(), direction):
            if isinstance(piece, Item):
                time, packet = direction.last.end_time, direction.last.end_packet
                entry = self._copied(direction, piece, Stamp(time, packet, time, packet))
                entry.leg = "client" if edit.sender == RECEIVING else "server"
                entry.edit = Edit(edit.by, edit.action, original.entry or None)
                entry.summary = f"{entry.leg} leg: {edit.text or entry.summary}"
                self._ledger.write(entry)

    def _copied(self, direction: Direction, item: Item, stamp: Stamp) -> Entry:
        """Return the entry of an element that was not cut from the stream itself; it has no offset there."""
        element, attrs = item.element, item.element.attrs
        ns, local, kind, misnamed = self._names.get(element.name) or self._split(element.name)
        entry = self._ledger.make(
            direction, kind, summarize(element, direction.sender, self._context, None), stamp, size=len(item.raw)
        )
        raw = item.raw
        if (item.sensitive or misnamed) and not self._services.show_secrets:
            raw, entry.redacted = self._redactor.redact(direction.sender, element, raw, direction.xmlns or ASSUMED)
        entry.xeps, entry.name, entry.ns = xeps_of(element), local, ns
        entry.xml, entry.xmlns = raw.decode(), direction.xmlns
        entry.id, entry.type, entry.from_, entry.to = (attrs.get(key) for key in ("id", "type", "from", "to"))
        return entry

    def _space(self, direction: Direction, space: Space) -> None:
        first, last = direction.stamps.find(space.start, space.end)
        size = space.end - space.start
        summary = "one white space character" if size == 1 else f"{size} white space characters"
        self._ledger.tell(direction, "keepalive", summary, first, last, (space.start, space.end))

    def _bad(self, direction: Direction, bad: Bad) -> None:
        first, last = direction.stamps.find(bad.start, bad.end)
        # Broken XML may be a broken <auth/>: of its bytes only what can hold no secret is shown.
        harmless = _HARMLESS.match(bad.raw)
        raw = bad.raw if self._services.show_secrets else harmless.group() if harmless else b""
        self._ledger.tell(
            direction,
            "malformed",
            f"{bad.reason}, at byte {bad.at}",
            first,
            last,
            (bad.start, bad.end),
            reason=f"{bad.reason}, at byte {bad.at}",
            bytes=shown(raw),
        )

    def _torn(self, direction: Direction, torn: Torn) -> None:
        first, last = direction.stamps.find(torn.start, torn.end)
        self._ledger.tell(
            direction,
            "opaque",
            torn.reason,
            first,
            last,
            (torn.start, torn.end),
            reason=torn.reason,
            bytes=shown(torn.raw) if self._services.show_secrets else None,
        )

    def _split(self, name: str) -> tuple[str, str, Kind, bool]:
        """Split an expanded name once and remember it (within bounds: names come from the wire)."""
        ns, _, local = name.rpartition(SEPARATOR)
        if len(self._names) > _NAMES:
            self._names.clear()
        found = self._names[name] = ns, local, _KINDS.get(name, "nonza"), is_misnamed_login(name)
        return found
