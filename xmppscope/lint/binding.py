"""Resource binding (RFC 6120 §7)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import BIND, CLIENT_FIRST, OPEN, REOPENED, SASL, STARTTLS
from xmppscope.lint.rule import Rule, talk
from xmppscope.model import namespaces
from xmppscope.model.element import Element
from xmppscope.model.jid import Jid
from xmppscope.model.timeline import RECEIVING
from xmppscope.session.seen import Seen

_LOGIN: Final = (
    f"C: <auth {SASL} mechanism='EXTERNAL'>=</auth>",
    f"S: <success {SASL}/>",
    OPEN,
    REOPENED,
)

EARLY: Final = Rule(
    "bind-feature-early", "bind", "error", "RFC 6120 §7.4",
    needs="a client's connection from its first byte on, without a hole",
    what="Resource binding is offered before authentication.",
    why="Binding belongs to an authenticated account; a client that follows the offer is refused.",
    wrong=talk(
        f"S: <stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        f"<bind {BIND}/></stream:features>",
        after="header",
    ),
    right=talk(
        f"S: <stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
        "</stream:features>",
        f"C: <auth {SASL} mechanism='SCRAM-SHA-1'>{CLIENT_FIRST}</auth>",
        after="header",
    ),
)  # fmt: skip
MISSING: Final = Rule(
    "bind-feature-missing", "bind", "error", "RFC 6120 §7.4",
    needs="a client's stream, both directions from their headers on, without a hole",
    what="The features that follow SASL authentication offer no resource binding.",
    why="Without the offer a client must not bind, and without a resource it can send nothing.",
    wrong=talk(*_LOGIN, "S: <stream:features/>", after="offer"),
    right=talk(*_LOGIN, f"S: <stream:features><bind {BIND}/></stream:features>", after="offer"),
)  # fmt: skip
RESULT: Final = Rule(
    "bind-result-jid", "bind", "error", "RFC 6120 §7.6.1",
    what="The result of a resource binding has no <jid/>, or one that is no full JID.",
    why="The client learns its own address from it, and must use that one.",
    wrong=talk(
        f"C: <iq type='set' id='r1'><bind {BIND}/></iq>",
        f"S: <iq type='result' id='r1'><bind {BIND}><jid>juliet@capulet.example</jid></bind></iq>",
        after="account",
    ),
    right=talk(
        f"C: <iq type='set' id='r1'><bind {BIND}/></iq>",
        f"S: <iq type='result' id='r1'><bind {BIND}><jid>juliet@capulet.example/balcony</jid></bind></iq>",
        after="account",
    ),
)  # fmt: skip

_BIND: Final = names.expanded(namespaces.BIND, "bind")
_JID: Final = names.expanded(namespaces.BIND, "jid")


class BindChecker(Checker):
    """Follows offers and results."""

    RULES = (EARLY, MISSING, RESULT)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._authenticated = False
        self._due = False

    def success(self, seen: Seen) -> None:
        """Take the end of an authentication; only that of RFC 6120 is followed by features that must offer binding."""
        self._authenticated = True
        self._due = seen.element is not None and seen.element.name == names.SUCCESS

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        element, course, entry = seen.element, self.course, seen.entry
        if element is None or entry.sender != RECEIVING or not course.is_client or not course.modern:
            return
        offered = element.child(_BIND) is not None
        if offered and not self._authenticated and course.from_start():
            self.report(EARLY, "resource binding is offered before authentication")
        if self._due and not offered and course.whole():
            self.report(MISSING, "no resource binding is offered after authentication")
        self._due = False

    def result(self, seen: Seen, bind: Element) -> None:
        """Take what was bound."""
        if seen.entry.type != "result":
            return
        jid = Jid.parse((bind.child_text(_JID) or "").strip())
        if not jid.domainpart or not jid.resourcepart:
            self.report(RESULT, "the result of the binding holds no full JID")

    ELEMENTS = table({names.FEATURES: features, names.SUCCESS: success, names.SASL2_SUCCESS: success})
    PAYLOADS = table({_BIND: result})
