"""XML as streams may use it (RFC 6120 §11).

The framer is the judge: what it refuses is an entry of kind `malformed`, whose reason is translated here. Behind a
hole, whichever direction it is in, or before a header was seen, broken XML says nothing about the sender.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import OPENED
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

NOT_WELL_FORMED: Final = Rule(
    "xml-not-well-formed", "xml", "error", "RFC 6120 §11.3",
    needs="the stream from its header on, without a hole before the fault",
    what="Bytes that are no well-formed, namespace-well-formed XML: mismatched tags, characters that XML does not "
    "allow, undeclared prefixes, one attribute twice.",
    why="The receiver must answer with the stream error not-well-formed and close the stream; nothing behind the "
    "fault is read.",
    wrong=talk("C: <message to='romeo@montague.example'><body>Tom & Jerry</body></message>"),
    right=talk("C: <message to='romeo@montague.example'><body>Tom &amp; Jerry</body></message>"),
)  # fmt: skip
COMMENT: Final = Rule(
    "xml-comment", "xml", "error", "RFC 6120 §11.1",
    what="A comment, at any depth.",
    why="Streams must not contain comments; a receiver may close the stream with restricted-xml.",
    wrong=talk("C: <presence><!-- hello --></presence>"),
    right=talk("C: <presence><status>&lt;!-- hello --&gt;</status></presence>"),
)  # fmt: skip
INSTRUCTION: Final = Rule(
    "xml-processing-instruction", "xml", "error", "RFC 6120 §11.1",
    what="A processing instruction. The XML declaration before a stream header is none.",
    why="Streams must not contain processing instructions; a receiver may close the stream with restricted-xml.",
    wrong=talk("C: <presence><?style a?></presence>"),
    right=talk("C: <presence/>"),
)  # fmt: skip
DOCTYPE: Final = Rule(
    "xml-doctype", "xml", "error", "RFC 6120 §11.1",
    what="A document type declaration.",
    why="Streams must not contain a DTD: entities defined in one are a way to exhaust a receiver.",
    wrong=talk(
        "C: <?xml version='1.0'?><!DOCTYPE stream><stream:stream to='capulet.example' version='1.0' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        OPENED,
        "S: <stream:error><restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "S: </stream:stream>",
        after="none",
    ),
    right=talk(
        "C: <?xml version='1.0'?><stream:stream to='capulet.example' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        after="none",
    ),
)  # fmt: skip
ENTITY: Final = Rule(
    "xml-entity-reference", "xml", "error", "RFC 6120 §11.1",
    what="A reference to an entity other than the five that XML predefines (lt, gt, amp, apos, quot). Character "
    "references such as &#233; are fine.",
    why="Without a DTD, which streams must not have, such an entity stands for nothing; names from HTML such as "
    "&nbsp; are the usual cause.",
    wrong=talk("C: <message to='romeo@montague.example'><body>good&nbsp;night</body></message>"),
    right=talk("C: <message to='romeo@montague.example'><body>good&#160;night</body></message>"),
)  # fmt: skip
ENCODING: Final = Rule(
    "xml-encoding", "xml", "error", "RFC 6120 §11.6",
    what="An XML declaration that names another encoding than UTF-8.",
    why="Streams are UTF-8; the receiver must answer with unsupported-encoding and close the stream.",
    wrong=talk(
        "C: <?xml version='1.0' encoding='ISO-8859-1'?><stream:stream to='capulet.example' version='1.0' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        after="none",
    ),
    right=talk(
        "C: <?xml version='1.0' encoding='utf-8'?><stream:stream to='capulet.example' version='1.0' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        after="none",
    ),
)  # fmt: skip
BYTE_ORDER_MARK: Final = Rule(
    "xml-bom", "xml", "error", "RFC 6120 §11.6",
    what="A byte order mark (U+FEFF) before a stream header.",
    why="UTF-8 has no byte order; to a receiver the mark is a character before the document, and many refuse it.",
    wrong=talk(
        "C: \ufeff<stream:stream to='capulet.example' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        after="none",
    ),
    right=talk(
        "C: <stream:stream to='capulet.example' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        after="none",
    ),
)  # fmt: skip

_REFUSED: Final = (
    ("comment (", COMMENT, "a comment"),
    ("processing instruction (", INSTRUCTION, "a processing instruction"),
    ("document type declaration (", DOCTYPE, "a document type declaration"),
    ("undefined entity", ENTITY, "a reference to an entity that XML does not define"),
    ('declared encoding "', ENCODING, "an encoding other than UTF-8 is declared"),
    ("byte order mark (", BYTE_ORDER_MARK, "a byte order mark before the stream header"),
)
_BROKEN: Final = (
    "not well-formed", "mismatched tag", "unbound prefix", "duplicate attribute", "unclosed token", "partial character",
    "no element found", "reserved prefix", "reference to invalid character number", "syntax error",
    "illegal character(s)", "unclosed CDATA section", "prefix must not be bound", "cannot undeclare prefix",
)  # fmt: skip
"""How expat's words for a fault begin; whatever else is malformed (bounds, text between elements) is none of these."""


_ALONE: Final = "unbound prefix"
"""On WebSocket, where each message stands alone, that is a matter of ws-frame."""

_ASKS: Final = frozenset({names.STARTTLS, names.COMPRESS})
_GRANTS: Final = frozenset({names.PROCEED, names.COMPRESSED, names.SUCCESS})
_REFUSES: Final = frozenset({names.TLS_FAILURE, names.COMPRESS_FAILURE})


class XmlChecker(Checker):
    """Translates what the framer refuses."""

    RULES = (NOT_WELL_FORMED, COMMENT, INSTRUCTION, DOCTYPE, ENTITY, ENCODING, BYTE_ORDER_MARK)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._switching: set[Sender] = set()

    def nonza(self, seen: Seen) -> None:
        """Take what says that TLS, zlib or a security layer comes next: then bytes that are no XML may be that."""
        name = "" if seen.element is None else seen.element.name
        if name in _ASKS:
            self._switching.add(seen.entry.sender)
        elif name in _GRANTS:
            self._switching.update((INITIATING, RECEIVING))
        elif name in _REFUSES:
            self._switching.clear()

    def header(self, seen: Seen) -> None:
        """Take a stream header: what follows it is XML."""
        self._switching.discard(seen.entry.sender)

    def malformed(self, seen: Seen) -> None:
        """Name the rule that malformed bytes break."""
        entry = seen.entry
        course = self.course
        side = course.sides[entry.sender]
        if course.about.lost or any(one.hurt for one in course.sides.values()) or entry.sender in self._switching:
            return
        if entry.stream == 0 and not self._begins(entry):
            return
        reason = entry.reason or ""
        for beginning, rule, text in _REFUSED:
            if reason.startswith(beginning) and "utf8" not in reason.lower():
                self.report(rule, text)
                return
        if self.course.about.transport == "websocket" and reason.startswith(_ALONE):
            return
        if entry.stream and not side.closed and reason.startswith(_BROKEN):
            self.report(NOT_WELL_FORMED, reason)

    def _begins(self, entry: Entry) -> bool:
        """Tell whether these are the first bytes of a connection, which therefore stand before its header."""
        return self.course.about.from_start and entry.offset is not None and entry.offset[0] == 0

    KINDS = table({"malformed": malformed, "nonza": nonza, "stream-open": header})
