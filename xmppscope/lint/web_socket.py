"""XMPP over WebSocket (RFC 7395): each message one document, `<open/>` first, `<close/>` last, no STARTTLS.

What is wrong with a message is known from the message alone. Which is the first one is known only where the connection
was captured from its beginning.
"""

from typing import Final

from xmppscope.framing.documents import FLAWS, OLD_HEADER
from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import SASL, STARTTLS
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.namespaces import FRAMING, STREAM
from xmppscope.model.timeline import RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_FRAMING: Final = f"xmlns='{FRAMING}' version='1.0'"
_OPEN: Final = f"C: <open to='capulet.example' {_FRAMING}/>"
_OPENED: Final = f"S: <open from='capulet.example' id='w1' xml:lang='en' {_FRAMING}/>"
_REOPENED: Final = _OPENED.replace("w1", "w2")
_MECHANISMS: Final = f"<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
_FEATURES: Final = f"S: <stream:features xmlns:stream='{STREAM}'>{_MECHANISMS}</stream:features>"
_LOGIN: Final = (
    f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>biwsbj1qdWxpZXQscj1hYmM=</auth>",
    f"S: <challenge {SASL}>cj1hYmNkZWYscz1jMkZzZEhOaGJIUXhNak0wTlRZPSxpPTQwOTY=</challenge>",
    f"C: <response {SASL}>Yz1iaXdzLHI9YWJjZGVmLHA9aXJNZmhFWThDMVBkcW1oRjJCYnYwYnlYQ3pFPQ==</response>",
    f"S: <success {SASL}>dj1XQ2REVzUwZkpNM0JFM1d5MHcyaEF5SGVEaWM9</success>",
)
_BIND: Final = (
    f"S: <stream:features xmlns:stream='{STREAM}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
)

FRAME: Final = Rule(
    "ws-frame", "websocket", "error", "RFC 7395 §3.3.3",
    what="A WebSocket message that is not text, does not begin with <, or is not exactly one complete element that can "
    "be parsed alone: cut off, several at once, a prefix such as 'stream' that it does not declare itself, white space "
    "as a keepalive. Fragments count as the message that they make up.",
    why="Each message is a document of its own; a receiver that parses it as one finds an error and closes the "
    "stream. Pings of WebSocket take the place of white space.",
    wrong=talk(f"S: <stream:features>{_MECHANISMS}</stream:features>", after="websocket"),
    right=talk(_FEATURES, after="websocket"),
)  # fmt: skip
OPEN_CLOSE: Final = Rule(
    "ws-open-close", "websocket", "error", "RFC 7395 §3.4",
    needs="the direction from the first byte of the connection on, without a hole",
    what="The first message of a direction is not <open/>, or <close/> is sent before the <open/> of a restart. A "
    "server may answer <open/> with <close/>.",
    why="On WebSocket <open/> takes the place of the stream header and <close/> that of the closing tag: without the "
    "one there is no stream, behind the other there is none any more.",
    wrong=talk(_FEATURES, *_LOGIN, f"C: <close xmlns='{FRAMING}'/>", _OPEN, _REOPENED, _BIND, after="websocket"),
    right=talk(_FEATURES, *_LOGIN, _OPEN, _REOPENED, _BIND, after="websocket"),
)  # fmt: skip
OFFERED: Final = Rule(
    "starttls-on-websocket", "websocket", "error", "RFC 7395 §3.9",
    what="A server offers STARTTLS over WebSocket.",
    why="TLS belongs below HTTP there (wss); a client that took the offer would get bytes that are no frames.",
    wrong=talk(
        f"S: <stream:features xmlns:stream='{STREAM}'>{STARTTLS}{_MECHANISMS}</stream:features>", after="websocket"
    ),
    right=talk(_FEATURES, after="websocket"),
)  # fmt: skip

_XML_RULES: Final = ("comment (", "processing instruction (", "document type declaration (", "undefined entity")
"""Reasons that rules of the family xml are about."""


class WebSocketChecker(Checker):
    """Follows the messages of a WebSocket."""

    RULES = (FRAME, OPEN_CLOSE, OFFERED)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._begun: set[Sender] = set()

    def message(self, seen: Seen) -> None:
        """Take any element."""
        entry = seen.entry
        if self.course.about.transport != "websocket":
            self.rest()
            return
        flaw = next((one.text for one in entry.annotations or () if one.text in FLAWS), "")
        if flaw and flaw != OLD_HEADER:
            self.report(FRAME, flaw)
        if entry.sender not in self._begun:
            self._begun.add(entry.sender)
            self._first(entry)

    def _first(self, entry: Entry) -> None:
        closes = entry.sender == RECEIVING and entry.kind == "stream-close"
        if (entry.name, entry.ns) != ("open", FRAMING) and not closes and self._sees_all(entry):
            self.report(OPEN_CLOSE, f"the first message is <{entry.name}/>, not <open/>")

    def opened(self, seen: Seen) -> None:
        """Take `<open/>`, which may be a restart."""
        self.message(seen)
        closed = self.course.sides[seen.entry.sender].closed
        if closed and self.course.about.transport == "websocket" and self._sees_all(seen.entry):
            self.report(OPEN_CLOSE, "<close/> before the <open/> of a restart", [closed, seen.entry.entry])

    def _sees_all(self, entry: Entry) -> bool:
        about = self.course.about
        return about.from_start and entry.sender not in about.lost and not self.course.sides[entry.sender].hurt

    def malformed(self, seen: Seen) -> None:
        """Take a message that is no document; a frame that is none has no size, and bytes of no frame no position."""
        entry = seen.entry
        reason = (entry.reason or "").rpartition(", at byte ")[0]
        ours = self.course.about.transport == "websocket" and entry.size is not None
        if ours and reason and not reason.startswith(_XML_RULES):
            self.report(FRAME, reason[:120])

    def space(self, seen: Seen) -> None:
        """Take a keepalive; only white space is in the payload."""
        if self.course.about.transport == "websocket" and seen.entry.size is not None:
            self.report(FRAME, "white space as a keepalive")

    def features(self, seen: Seen) -> None:
        """Take stream features."""
        offers = seen.element is not None and seen.element.child(names.STARTTLS) is not None
        if offers and self.course.about.transport == "websocket" and seen.entry.sender == RECEIVING:
            self.report(OFFERED, "STARTTLS is offered over WebSocket")

    KINDS = table(
        {
            "stream-open": opened,
            "stream-close": message,
            "stream-error": message,
            "nonza": message,
            "malformed": malformed,
            "keepalive": space,
        }
    )
    ELEMENTS = table({names.FEATURES: features, **dict.fromkeys(names.STANZAS, message)})
