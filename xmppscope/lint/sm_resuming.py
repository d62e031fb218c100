"""What follows the resumption of a session (XEP-0198 §5, §9.2)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import MANAGEMENT
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_AUTHENTICATE: Final = (
    "C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='EXTERNAL'><initial-response>=</initial-response>"
    f"<resume {MANAGEMENT} previd='m1' h='0'/></authenticate>",
    "S: <success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@capulet.example</authorization-identifier>"
    f"<resumed {MANAGEMENT} previd='m1' h='0'/></success>",
)

FEATURES: Final = Rule(
    "sm-features-after-resume", "sm", "error", "XEP-0198 §9.2",
    needs="the server's stream from its header on, without a hole",
    what="Stream features follow the success of SASL2 although it has resumed a session.",
    why="The old stream goes on at once; features would begin a negotiation that is over, and a client may take them "
    "for a new session.",
    wrong=talk(*_AUTHENTICATE, "S: <stream:features/>", after="sasl2"),
    right=talk(*_AUTHENTICATE, f"S: <r {MANAGEMENT}/>", after="sasl2"),
)  # fmt: skip


class ResumedChecker(Checker):
    """Watches what the server sends behind a resumption."""

    RULES = (FEATURES,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._resumed = 0

    def success(self, seen: Seen) -> None:
        """Take a success of SASL2."""
        element = seen.element
        if element is not None and seen.entry.sender == RECEIVING:
            resumed = any(element.child(name) is not None for name in names.managed("resumed"))
            self._resumed = seen.entry.entry if resumed else 0

    def features(self, seen: Seen) -> None:
        """Take features."""
        if self._resumed and seen.entry.sender == RECEIVING and self.course.whole(RECEIVING):
            self.report(FEATURES, "features although a session was resumed", [self._resumed, seen.entry.entry])
        self._resumed = 0

    def header(self, seen: Seen) -> None:
        """Take a header, with which a stream begins anew."""
        if seen.entry.sender == RECEIVING:
            self._resumed = 0

    KINDS = table({"stream-open": header})
    ELEMENTS = table({names.SASL2_SUCCESS: success, names.FEATURES: features})
