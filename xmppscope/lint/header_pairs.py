"""Both headers of one stream, compared, and what stands around them (RFC 6120 §4.7, §4.8, §11.5).

The request must be the one that the response answers: streams are aligned (lint.course) and bear the same number. What
a response says beside a stream error is not judged, since the receiving entity may not serve what was asked for.
"""

import re
from typing import Final

from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import OPEN, OPENED, STARTTLS
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.jid import bare
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.seen import Seen

_EMPTY: Final = f"S: <stream:features>{STARTTLS}</stream:features>"
_NEEDS: Final = "both headers of one stream; no stream error right behind the response"

CONTENT: Final = Rule(
    "stream-content-ns-mismatch", "stream", "error", "RFC 6120 §4.8.2",
    needs=_NEEDS,
    what="The response header declares another default namespace, which is that of the stanzas, than the header that "
    "it answers.",
    why="Each side would send stanzas in a namespace that the other one does not take for stanzas.",
    wrong=talk(
        OPEN,
        "S: <stream:stream from='capulet.example' id='s1' xml:lang='en' version='1.0' xmlns='jabber:server' "
        "xmlns:stream='http://etherx.jabber.org/streams'>",
        _EMPTY,
        after="none",
    ),
    right=talk(OPEN, OPENED, _EMPTY, after="none"),
)  # fmt: skip
RAISED: Final = Rule(
    "stream-version-raised", "stream", "error", "RFC 6120 §4.7.5",
    needs=f"a stream of a client or between servers, {_NEEDS}",
    what="The response header names a higher version than the initiating entity has offered.",
    why="A version is agreed upon by taking the lower one; who asked for less would be spoken to in what it may not "
    "know.",
    wrong=talk(OPEN, OPENED.replace("1.0", "1.1"), _EMPTY, after="none"),
    right=talk(OPEN.replace("1.0", "1.1"), OPENED, _EMPTY, after="none"),
)  # fmt: skip
TO: Final = Rule(
    "stream-response-to", "stream", "warning", "RFC 6120 §4.7.2",
    needs=f"a client's stream, {_NEEDS}",
    what="The response header has a 'to' although the client gave no 'from', has none although it did, or another one "
    "than the bare JID that the client gave.",
    why="The 'to' confirms for whom the stream is; the client compares it with what it has said of itself.",
    wrong=talk(OPEN, OPENED.replace("id=", "to='juliet@capulet.example' id="), _EMPTY, after="none"),
    right=talk(
        OPEN.replace("to=", "from='juliet@capulet.example' to="),
        OPENED.replace("id=", "to='juliet@capulet.example' id="),
        _EMPTY,
        after="none",
    ),
)  # fmt: skip
STANDALONE: Final = Rule(
    "xml-standalone", "xml", "warning", "RFC 6120 §11.5",
    what="The XML declaration before a stream header says whether the document stands alone.",
    why="A stream has no document type declaration, so there is nothing to say; strict parsers of streams may refuse "
    "it.",
    wrong=talk(OPEN.replace("C: ", "C: <?xml version='1.0' standalone='yes'?>"), OPENED, _EMPTY, after="none"),
    right=talk(OPEN.replace("C: ", "C: <?xml version='1.0'?>"), OPENED, _EMPTY, after="none"),
)  # fmt: skip

_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_DEFAULT: Final = re.compile(r"""\sxmlns\s*=\s*(?:'([^']*)'|"([^"]*)")""")
_STANDALONE: Final = re.compile(r"""\s*<\?xml[^?>]*\sstandalone\s*=""")


class HeaderPairChecker(Checker):
    """Holds a response header against the header that it answers."""

    RULES = (CONTENT, RAISED, TO, STANDALONE)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._doubts: list[tuple[Rule, str, int]] = []

    def header(self, seen: Seen) -> None:
        """Take a header."""
        entry = seen.entry
        if entry.xml is not None and _STANDALONE.match(entry.xml):
            self.report(STANDALONE, "the XML declaration says whether the document stands alone")
        if entry.sender == RECEIVING:
            self._doubts = self._compare(entry)

    def _compare(self, entry: Entry) -> list[tuple[Rule, str, int]]:
        course, found = self.course, []
        asked, answered = course.sides[INITIATING], course.sides[RECEIVING]
        if asked.header is None or answered.header is None or asked.header_entry is None or course.about.lost:
            return []
        if not course.aligned or asked.stream != answered.stream or course.kind not in ("c2s", "s2s") or not course.tcp:
            return []
        ours, theirs = _content(asked.header_entry), _content(entry)
        if ours is not None and theirs is not None and ours != theirs:
            found.append((CONTENT, f'asked in "{ours[:80]}", answered in "{theirs[:80]}"', entry.entry))
        offered, chosen = (_version(side.header.attrs.get("version", "")) for side in (asked, answered) if side.header)
        if offered is not None and chosen is not None and chosen > offered:
            found.append((RAISED, f"version {_dotted(chosen)} in answer to {_dotted(offered)}", entry.entry))
        if course.is_client and course.modern:
            fault = _addressed(asked.header.attrs.get("from"), answered.header.attrs.get("to"))
            if fault:
                found.append((TO, fault, entry.entry))
        return found

    def follow(self, seen: Seen) -> None:
        """Let what follows a response settle what was in doubt."""
        if self._doubts and seen.entry.sender == RECEIVING:
            for rule, text, number in self._doubts:
                self.report(rule, text, [number])
            self._doubts = []

    def error(self, seen: Seen) -> None:
        """Forget what was in doubt beside a stream error."""
        if seen.entry.sender == RECEIVING:
            self._doubts = []

    KINDS = table({"stream-open": header, "nonza": follow, "stream-error": error})


def _content(entry: Entry) -> str | None:
    """Return the default namespace that a header declares; None if it declares none."""
    found = _DEFAULT.search(entry.xml or "")
    return None if found is None else found.group(1) or found.group(2) or ""


def _version(text: str) -> tuple[int, int] | None:
    found = _VERSION.fullmatch(text)
    return None if found is None else (int(found.group(1)), int(found.group(2)))


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _addressed(from_: str | None, to: str | None) -> str:
    """Return what is wrong with the 'to' of a response to a header with this 'from'; nothing, if it fits."""
    if not from_:
        return "the response says for whom it is, and the client has not said who it is" if to else ""
    if not to:
        return "the response does not say for whom it is"
    return "" if to.lower() == bare(from_).lower() else "the response is for somebody else than the client says it is"
