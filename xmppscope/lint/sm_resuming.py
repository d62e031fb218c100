"""What follows the resumption of a session (XEP-0198 §5, §9.2).

What each side had sent before the cut is known where the earlier connection was seen too, from its header on and
without a hole. What must be sent again is told by the ids of stanzas: where one has none, nothing is judged. The
client is only judged once it has shown that it knew of the resumption: by an answer to something later.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import MANAGEMENT
from xmppscope.lint.rule import Rule, talk
from xmppscope.lint.sm import ManagementChecker
from xmppscope.model.element import Element
from xmppscope.model.namespaces import ROSTER
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_AUTHENTICATE: Final = (
    "C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='EXTERNAL'><initial-response>=</initial-response>"
    f"<resume {MANAGEMENT} previd='m1' h='0'/></authenticate>",
    "S: <success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@capulet.example</authorization-identifier>"
    f"<resumed {MANAGEMENT} previd='m1' h='0'/></success>",
)
_RESUME: Final = f"C2: <resume {MANAGEMENT} previd='m1' h='0'/>"
_RESUMED: Final = f"S2: <resumed {MANAGEMENT} previd='m1' h='1'/>"
_ALL: Final = f"S2: <resumed {MANAGEMENT} previd='m1' h='2'/>"
_KNOWS: Final = (
    "S2: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
    "C2: <iq type='result' id='p1'/>",
)


def _message(identity: str) -> str:
    return f"C2: <message to='romeo@montague.example' id='{identity}'><body>Hark!</body></message>"


RETRANSMIT: Final = Rule(
    "sm-retransmit-missing", "sm", "error", "XEP-0198 §5",
    needs="both connections, both directions from their headers on, without a hole; ids on all that was not "
    "acknowledged, 64 stanzas at most; of a client a proof that it knew of the resumption",
    what="After a resumption a side sends something new, while it has not sent again all that the other side did not "
    "acknowledge with 'h'.",
    why="What was under way at the cut is lost: the sender is the only one who still has it.",
    wrong=talk(_RESUME, _RESUMED, *_KNOWS, _message("new"), after="cut"),
    right=talk(_RESUME, _RESUMED, _message("y2"), *_KNOWS, _message("new"), after="cut"),
)  # fmt: skip
REBUILT: Final = Rule(
    "sm-state-rebuilt", "sm", "warning", "XEP-0198 §5",
    needs="both connections, both directions from their headers on, without a hole",
    what="A client asks for its roster right after a resumption, among its first eight stanzas.",
    why="The session goes on with its roster and presence, and the server sends what has changed: to ask again is what "
    "the resumption was to save.",
    wrong=talk(
        _RESUME, _ALL, *_KNOWS, "C2: <iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>", after="cut"
    ),
    right=talk(_RESUME, _ALL, *_KNOWS, after="cut"),
)  # fmt: skip
FEATURES: Final = Rule(
    "sm-features-after-resume", "sm", "error", "XEP-0198 §9.2",
    needs="the server's stream from its header on, without a hole",
    what="Stream features follow the success of SASL2 although it has resumed a session.",
    why="The old stream goes on at once; features would begin a negotiation that is over, and a client may take them "
    "for a new session.",
    wrong=talk(*_AUTHENTICATE, "S: <stream:features/>", after="sasl2"),
    right=talk(*_AUTHENTICATE, f"S: <r {MANAGEMENT}/>", after="sasl2"),
)  # fmt: skip

_ROSTER: Final = names.expanded(ROSTER, "query")
_FIRST: Final = 8


class ResumedChecker(Checker):
    """Watches what both sides send behind a resumption; stands before what counts, which then has the session."""

    RULES = (RETRANSMIT, REBUILT, FEATURES)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._asked: tuple[str, int] | None = None
        self._inline = 0
        self._resumed: Entry | None = None
        self._due: dict[Sender, list[str]] = {}
        self._again: frozenset[str | None] = frozenset()
        self._stanzas = 0
        self._knows = False
        self.rest()

    def resume(self, seen: Seen) -> None:
        """Take a request to resume, alone or inside SASL2."""
        element = seen.element
        for one in () if element is None else (element, *element.children):
            if one.name in names.managed("resume") and seen.entry.sender == INITIATING:
                self._asked = one.attrs.get("previd", ""), _number(one)

    def resumed(self, seen: Seen) -> None:
        """Take the answer, alone or inside SASL2."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != RECEIVING:
            return
        found = next((one for one in (element, *element.children) if one.name in names.managed("resumed")), None)
        self._inline = entry.entry if found is not None and found is not element else 0
        if found is not None and self._asked is not None:
            self._begin(self._asked, _number(found), entry)

    def _begin(self, asked: tuple[str, int], handled: int, entry: Entry) -> None:
        course = self.course
        earlier = course.memory.get((course.about.negotiation.domain.lower(), asked[0]))
        if not isinstance(earlier, ManagementChecker) or earlier.course is course:
            return
        sides: tuple[tuple[Sender, int], ...] = ((INITIATING, handled), (RECEIVING, asked[1]))
        left = {sender: earlier.left(sender, h) for sender, h in sides}
        self._due = {sender: [one for one in ids or () if one is not None] for sender, ids in left.items()}
        for sender, ids in left.items():
            if ids is None or None in ids:
                self._due[sender] = []
        if left[INITIATING] is not None:
            self._again = frozenset(left[INITIATING] or ())
            self._resumed, self._stanzas, self._knows = entry, 0, False
            self.rest(now=False)

    def stanza(self, seen: Seen) -> None:
        """Take a stanza behind the resumption."""
        entry, resumed = seen.entry, self._resumed
        if resumed is None:
            return
        sender = entry.sender
        due = self._due.get(sender)
        if sender == INITIATING:
            self._stanzas += 1
            self._knows = self._knows or (entry.answers is not None and entry.answers > resumed.entry)
        if due and entry.id is not None and entry.id in due:
            del due[: due.index(entry.id) + 1]
        elif due and entry.id is not None and (sender == RECEIVING or self._knows) and entry.answers is None:
            self._due.pop(sender)
            if self.course.whole(sender):
                text = f"something new, before {len(due)} of what was not acknowledged came again"
                self.report(RETRANSMIT, text, [resumed.entry, entry.entry])
        if self._stanzas > _FIRST and not any(self._due.values()):
            self._resumed = None
            self.rest()

    def roster(self, seen: Seen, _query: Element) -> None:
        """Take a request for the roster."""
        entry, resumed = seen.entry, self._resumed
        if resumed is None or not self._knows or self._stanzas > _FIRST or entry.id in self._again:
            return
        if entry.type == "get" and entry.sender == INITIATING and self.course.whole(INITIATING):
            self.report(REBUILT, "the roster is asked for again", [resumed.entry, entry.entry])

    def features(self, seen: Seen) -> None:
        """Take features."""
        if self._inline and seen.entry.sender == RECEIVING and self.course.whole(RECEIVING):
            self.report(FEATURES, "features although a session was resumed", [self._inline, seen.entry.entry])
        self._inline = 0

    def header(self, seen: Seen) -> None:
        """Take a header, with which a stream begins anew."""
        if seen.entry.sender == RECEIVING:
            self._inline = 0

    KINDS = table({"stream-open": header})
    ELEMENTS = table(
        {
            names.FEATURES: features,
            **dict.fromkeys((names.AUTHENTICATE, *names.managed("resume")), resume),
            **dict.fromkeys((names.SASL2_SUCCESS, *names.managed("resumed")), resumed),
            **dict.fromkeys(names.STANZAS, stanza),
        }
    )
    PAYLOADS = table({_ROSTER: roster})


def _number(element: Element) -> int:
    h = element.attrs.get("h", "").strip()
    return int(h) if h.isascii() and h.isdigit() and len(h) < 11 else -1
