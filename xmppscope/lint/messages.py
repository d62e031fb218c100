"""What accompanies a message: carbons, archived and forwarded copies, ids, receipts and markers, by its form alone."""

from collections import Counter
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.message_rules import (
    CARBON_FROM,
    CARBON_SHAPE,
    FORWARDED,
    MAM,
    MARKER,
    RECEIPT,
    STANZA_ID,
)
from xmppscope.model.element import Element
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_CARBONS: Final = "urn:xmpp:carbons:2"
_FORWARD: Final = "urn:xmpp:forward:0"
_FORWARDED: Final = names.expanded(_FORWARD, "forwarded")
_LOST: Final = tuple(names.expanded(_FORWARD, local) for local in ("message", "presence", "iq"))
_MAM: Final = ("urn:xmpp:mam:2", "urn:xmpp:mam:1")
_SET: Final = names.expanded("http://jabber.org/protocol/rsm", "set")
_RECEIPTS: Final = "urn:xmpp:receipts"
_REQUEST: Final = names.expanded(_RECEIPTS, "request")
_RECEIVED: Final = names.expanded(_RECEIPTS, "received")
_MARKERS: Final = "urn:xmpp:chat-markers:0"
_MARKED: Final = tuple(names.expanded(_MARKERS, local) for local in ("received", "displayed", "acknowledged"))
_STANZA_ID: Final = names.expanded("urn:xmpp:sid:0", "stanza-id")
_ORIGIN_ID: Final = names.expanded("urn:xmpp:sid:0", "origin-id")


class MessageChecker(Checker):
    """Looks at the extensions of messages."""

    RULES = (CARBON_FROM, CARBON_SHAPE, FORWARDED, MAM, STANZA_ID, RECEIPT, MARKER)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._entry = 0
        self._identified: Counter[str] = Counter()

    def carbon(self, seen: Seen, wrapper: Element) -> None:
        """Take the copy of a message to or from another resource."""
        entry, own = seen.entry, self.course.own
        if entry.name != "message":
            return
        forwarded = wrapper.child(_FORWARDED)
        if forwarded is None or not any(child.local == "message" for child in forwarded.children):
            self.report(CARBON_SHAPE, f"<{wrapper.local}/> holds no forwarded message")
        if forwarded is not None:
            self.forwarded(seen, forwarded)
        if entry.sender == RECEIVING and own and entry.from_ and entry.from_.lower() != own:
            self.report(CARBON_FROM, f"a carbon copy from {entry.from_[:80]}")

    def forwarded(self, _seen: Seen, forwarded: Element) -> None:
        """Take a forwarded stanza."""
        if any(child.name in _LOST for child in forwarded.children):
            self.report(FORWARDED, "the forwarded stanza is in the namespace of its wrapper")

    def result(self, seen: Seen, result: Element) -> None:
        """Take an archived message."""
        if seen.entry.name != "message":
            return
        forwarded = result.child(_FORWARDED)
        if "id" not in result.attrs:
            self.report(MAM, "<result/> has no id")
        if forwarded is None:
            self.report(MAM, "<result/> holds no <forwarded/>")
        else:
            self.forwarded(seen, forwarded)

    def fin(self, seen: Seen, fin: Element) -> None:
        """Take the end of a page of the archive."""
        if seen.entry.name == "iq" and seen.entry.type == "result" and fin.child(_SET) is None:
            self.report(MAM, "<fin/> holds no result set")

    def stanza_id(self, seen: Seen, identity: Element) -> None:
        """Take an id that somebody on the way has given the message."""
        missing = [name for name in ("id", "by") if not identity.attrs.get(name)]
        if missing:
            self.report(STANZA_ID, f"<stanza-id/> has no {missing[0]}")
            return
        by = identity.attrs["by"]
        if seen.entry.entry != self._entry:
            children = seen.element.children if seen.element is not None else ()
            self._entry = seen.entry.entry
            self._identified = Counter(one.attrs.get("by", "") for one in children if one.name == _STANZA_ID)
        # Taking the count tells the first one of an address from those behind it, without looking at all again.
        count = self._identified.pop(by, 0)
        if count > 1:
            self.report(STANZA_ID, f"{count} <stanza-id/> by {by[:80]}")

    def origin_id(self, _seen: Seen, identity: Element) -> None:
        """Take the id that the sender has given the message."""
        if not identity.attrs.get("id"):
            self.report(STANZA_ID, "<origin-id/> has no id")

    def request(self, seen: Seen, _request: Element) -> None:
        """Take a request for a receipt."""
        if seen.entry.name != "message" or seen.element is None:
            return
        if not seen.entry.id:
            self.report(RECEIPT, "a receipt is asked for a message without id")
        if seen.element.child(_RECEIVED) is not None:
            self.report(RECEIPT, "a receipt that asks for a receipt")

    def received(self, seen: Seen, receipt: Element) -> None:
        """Take a receipt."""
        if seen.entry.name == "message" and not receipt.attrs.get("id"):
            self.report(RECEIPT, "<received/> has no id")

    def marker(self, seen: Seen, marker: Element) -> None:
        """Take a marker."""
        if seen.entry.name == "message" and not marker.attrs.get("id"):
            self.report(MARKER, f"<{marker.local}/> has no id")

    def markable(self, seen: Seen, _markable: Element) -> None:
        """Take a request for markers."""
        if seen.entry.name == "message" and not seen.entry.id:
            self.report(MARKER, "<markable/> on a message without id")

    PAYLOADS = table(
        {
            **dict.fromkeys((names.expanded(_CARBONS, "sent"), names.expanded(_CARBONS, "received")), carbon),
            _FORWARDED: forwarded,
            **dict.fromkeys((names.expanded(_MAM[0], "result"), names.expanded(_MAM[1], "result")), result),
            **dict.fromkeys((names.expanded(_MAM[0], "fin"), names.expanded(_MAM[1], "fin")), fin),
            _STANZA_ID: stanza_id,
            _ORIGIN_ID: origin_id,
            _REQUEST: request,
            _RECEIVED: received,
            **dict.fromkeys(_MARKED, marker),
            names.expanded(_MARKERS, "markable"): markable,
        }
    )
