"""What must not come again on a stream, and what must still come: features, restarts, the closing tag of an error."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import MANAGEMENT, OPEN
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.namespaces import BIND
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.seen import Seen

_CONFLICT: Final = (
    "S: <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    "C: </stream:stream>",
)

FEATURES: Final = Rule(
    "features-after-complete", "stream", "warning", "RFC 6120 §4.3.5",
    needs="the receiving entity's stream from its header on, without a hole",
    what="Features behind others, on the same stream, that were empty or offered nothing that must be negotiated. What "
    "follows the success of SASL2 does not count, nor do empty features.",
    why="The first ones said that the negotiation is complete; the initiating entity has stopped waiting for features.",
    wrong=talk("S: <stream:features/>", f"S: <stream:features><sm {MANAGEMENT}/></stream:features>", after="servers"),
    right=talk("S: <stream:features/>", "S: <stream:features/>", after="servers"),
)  # fmt: skip
RESTART: Final = Rule(
    "restart-after-bind", "stream", "error", "RFC 6120 §7.3.2",
    needs="a client's stream from its header on, without a hole, and the result of a resource binding",
    what="A client that has a resource sends the header of a new stream.",
    why="Binding a resource goes without a restart; the server may take the second header for an error and close.",
    wrong=talk(OPEN),
    right=talk("C: <presence/>"),
)  # fmt: skip
NOT_CLOSED: Final = Rule(
    "stream-error-not-closed", "stream", "error", "RFC 6120 §4.9.1.1",
    needs="the direction from its header on, without a hole, and its end (FIN or RST)",
    what="Who sends a stream error ends the transport without </stream:stream> behind it.",
    why="A stream error ends the stream, and the closing tag is how the other side knows that nothing is missing.",
    wrong=talk(*_CONFLICT, "S fin", "C fin"),
    right=talk(*_CONFLICT, "S: </stream:stream>", "S fin", "C fin"),
)  # fmt: skip

_BIND: Final = names.expanded(BIND, "bind")
_VOLUNTARY: Final = frozenset({
    "urn:xmpp:sm:2", "urn:xmpp:sm:3", "urn:xmpp:csi:0", "urn:xmpp:features:rosterver",
    "urn:xmpp:features:pre-approval", "http://jabber.org/protocol/caps", "urn:xmpp:stream-limits:0",
})  # fmt: skip
"""Namespaces of features that nobody has to negotiate."""


class LaterChecker(Checker):
    """Watches one stream from its header to its end."""

    RULES = (FEATURES, RESTART, NOT_CLOSED)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._complete = 0
        self._asked = self._bound = False

    def header(self, seen: Seen) -> None:
        """Take a header, with which all begins anew."""
        course = self.course
        if seen.entry.sender == RECEIVING:
            self._complete = 0
            return
        side = course.sides[INITIATING]
        if self._bound and not side.closed and course.is_client and course.tcp and course.whole(INITIATING):
            self.report(RESTART, "the header of a new stream after a resource was bound")
        self._asked = self._bound = False

    def features(self, seen: Seen) -> None:
        """Take features."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != RECEIVING:
            return
        if self._complete and element.children and self.course.modern and self.course.whole(RECEIVING):
            text = "features after those that said the negotiation was complete"
            self.report(FEATURES, text, [self._complete, entry.entry])
        if all(child.ns in _VOLUNTARY for child in element.children):
            self._complete = entry.entry

    def success(self, _seen: Seen) -> None:
        """Take the success of SASL2, which features follow on the same stream."""
        self._complete = 0

    def bind(self, seen: Seen, _bind: Element) -> None:
        """Take a resource binding: its result tells the client that it is bound.

        Only behind a request on the same stream: a capture may have the result before the header of its stream.
        """
        if seen.entry.sender == INITIATING:
            self._asked = True
        elif seen.entry.type == "result":
            self._bound = self._asked

    def ended(self) -> None:
        """Judge how a direction with a stream error has ended."""
        course = self.course
        if course.about.lost or not course.modern or not course.tcp or course.kind not in ("c2s", "s2s"):
            return
        for sender, side in course.sides.items():
            if side.error and side.ended and not side.closed and course.whole(sender):
                self.report(NOT_CLOSED, "no </stream:stream> behind a stream error", [side.error])

    KINDS = table({"stream-open": header})
    ELEMENTS = table({names.FEATURES: features, names.SASL2_SUCCESS: success})
    PAYLOADS = table({_BIND: bind})
