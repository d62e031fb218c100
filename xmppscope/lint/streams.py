"""Stream headers (RFC 6120 §4.7, §4.8).

A response header that comes with a stream error is not judged: the receiving entity may not have known yet which of its
domains was meant. Streams before version 1.0 and those of components (XEP-0114) have rules of their own.
"""

import re
from typing import Final

from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import OPEN, OPENED, REOPENED, STARTTLS, STREAM
from xmppscope.lint.rule import Rule, talk
from xmppscope.model import namespaces
from xmppscope.model.namespaces import FRAMING
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.seen import Seen

_EMPTY: Final = f"S: <stream:features>{STARTTLS}</stream:features>"

NAMESPACE: Final = Rule(
    "stream-namespace", "stream", "error", "RFC 6120 §4.8.1",
    what="A stream header whose element is called stream, yet not in the namespace http://etherx.jabber.org/streams.",
    why="The namespace is what makes it a stream; the receiver must answer with invalid-namespace and close.",
    wrong=talk(
        "C: <stream:stream to='capulet.example' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/stream'>",
        OPENED,
        "S: <stream:error><invalid-namespace xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "S: </stream:stream>",
        after="none",
    ),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
TO_MISSING: Final = Rule(
    "stream-to-missing", "stream", "error", "RFC 6120 §4.7.2",
    needs="both stream headers, each of version 1.0 or later",
    what="The header of the initiating entity has no 'to'.",
    why="Without it a server that serves several domains cannot tell which one is meant.",
    wrong=talk(f"C: <stream:stream {STREAM}>", OPENED, _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
FROM_MISSING: Final = Rule(
    "stream-response-from-missing", "stream", "error", "RFC 6120 §4.7.1",
    needs="both stream headers, each of version 1.0 or later; no stream error right behind the response",
    what="The header of the receiving entity has no 'from'.",
    why="The initiating entity compares it with the domain that it asked for.",
    wrong=talk(OPEN, f"S: <stream:stream id='s1' xml:lang='en' {STREAM}>", _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
ID_MISSING: Final = Rule(
    "stream-id-missing", "stream", "error", "RFC 6120 §4.7.3",
    needs="both stream headers, each of version 1.0 or later; no stream error right behind the response",
    what="The header of the receiving entity has no 'id'.",
    why="The id names the stream; dialback keys and older logins are computed from it.",
    wrong=talk(OPEN, f"S: <stream:stream from='capulet.example' xml:lang='en' {STREAM}>", _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
ID_REUSED: Final = Rule(
    "stream-id-reused", "stream", "error", "RFC 6120 §4.3.3",
    needs="the response headers of one connection",
    what="A response header after a restart repeats the 'id' of an earlier stream of the connection.",
    why="A restart begins a new stream, and the receiving entity must give it a new id: what was bound to the old one "
    "must not hold for the new one.",
    wrong=talk(OPEN, OPENED, _EMPTY, OPEN, OPENED, _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, OPEN, REOPENED, _EMPTY, after="none"),
)  # fmt: skip
ID_FROM_INITIATOR: Final = Rule(
    "stream-id-from-initiator", "stream", "warning", "RFC 6120 §4.7.3",
    needs="the connection from its first packet on, so that it is certain who initiated it",
    what="The header of the initiating entity has an 'id', even if it is empty.",
    why="Only the receiving entity names the stream; it ignores this one.",
    wrong=talk(f"C: <stream:stream to='capulet.example' id='mine' {STREAM}>", OPENED, _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
LANG_MISSING: Final = Rule(
    "stream-response-lang-missing", "stream", "warning", "RFC 6120 §4.7.4",
    needs="both stream headers, each of version 1.0 or later; no stream error right behind the response",
    what="The header of the receiving entity has no xml:lang.",
    why="It is the language of error texts, and of all text in stanzas that do not name their own.",
    wrong=talk(OPEN, f"S: <stream:stream from='capulet.example' id='s1' {STREAM}>", _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
VERSION: Final = Rule(
    "stream-version-syntax", "stream", "error", "RFC 6120 §4.7.5",
    what="The 'version' of a header is not two numbers with a dot between, or has leading zeros.",
    why="Peers compare the numbers to agree on a version: a header that cannot be compared counts as none.",
    wrong=talk(OPEN.replace("1.0", "01.0"), OPENED, _EMPTY, after="none"),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip

_VERSION_FORM: Final = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)")
_LANG: Final = "http://www.w3.org/XML/1998/namespace\nlang"
_WANTED: Final = ((FROM_MISSING, "from", "from"), (ID_MISSING, "id", "id"), (LANG_MISSING, _LANG, "xml:lang"))
_MOST_IDS: Final = 64


class HeaderChecker(Checker):
    """Reads the headers of both entities."""

    RULES = (NAMESPACE, TO_MISSING, FROM_MISSING, ID_MISSING, ID_REUSED, ID_FROM_INITIATOR, LANG_MISSING, VERSION)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._ids: set[str] = set()
        self._doubts: list[tuple[Rule, str, int]] = []

    def header(self, seen: Seen) -> None:
        """Judge a header."""
        element = seen.element
        if element is None:
            return
        if element.local == "stream" and element.ns not in (namespaces.STREAM, FRAMING):
            self.report(NAMESPACE, f'the stream is in the namespace "{element.ns[:80]}"')
            return
        version = element.attrs.get("version")
        if version is not None and not _VERSION_FORM.fullmatch(version):
            self.report(VERSION, f'version "{version[:20]}"')
        if seen.entry.sender == INITIATING:
            if "id" in element.attrs and self.course.about.from_start:
                self.report(ID_FROM_INITIATOR, "the initiating entity gives the stream an id")
        else:
            self._response(seen.entry.entry, element.attrs)

    def _response(self, number: int, attrs: dict[str, str]) -> None:
        course = self.course
        asked = course.sides[INITIATING]
        if not course.modern or course.kind not in ("c2s", "s2s") or asked.header is None or asked.header_entry is None:
            return
        if "to" not in asked.header.attrs and course.aligned and asked.stream == course.sides[RECEIVING].stream:
            self.report(TO_MISSING, "the header does not say which domain is meant", [asked.header_entry.entry])
        self._doubts = [
            (rule, f"the response header has no {name}", number) for rule, key, name in _WANTED if key not in attrs
        ]
        identity = attrs.get("id", "")
        if identity and identity in self._ids:
            self.report(ID_REUSED, f'the id "{identity[:40]}" names an earlier stream of this connection')
        elif len(self._ids) < _MOST_IDS:
            self._ids.add(identity)

    def follow(self, seen: Seen) -> None:
        """Let what follows a response header settle what was in doubt."""
        if self._doubts and seen.entry.sender == RECEIVING:
            for rule, text, number in self._doubts:
                self.report(rule, text, [number])
            self._doubts = []

    def error(self, seen: Seen) -> None:
        """Forget what was in doubt: a response that only serves an error need not know its domain."""
        if seen.entry.sender == RECEIVING:
            self._doubts = []

    KINDS = table({"stream-open": header, "nonza": follow, "stream-error": error})
