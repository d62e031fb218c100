"""The request identifiers of BOSH (XEP-0124 §14).

A rid that is missing may just not have been captured, with all the TCP connection that carried it. It is held against
the client only where the receiving entity has missed it too and ended the session.
"""

from typing import Final

from xmppscope.framing.httpbind import BAD_RID, FAR_RID, MISSING_RID, OTHER_CONTENT
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.seen import Seen

_BODY: Final = "xmlns='http://jabber.org/protocol/httpbind' sid='s1'"

RID: Final = Rule(
    "bosh-rid", "bosh", "error", "XEP-0124 §14",
    needs="for a rid that was left out: no bytes missing, and the answer that ends the session with item-not-found",
    what="A request of a BOSH session has no rid, or one above 9007199254740991; or its rid is not the one before plus "
    "one. The same request sent again is fine, another one under the same rid is not.",
    why="The rid is the order of the session, which goes over several TCP connections: without it the receiving entity "
    "must hold requests back, and then ends the session.",
    wrong=talk(f"C: <body {_BODY} rid='9007199254740992'/>", after="bosh"),
    right=talk(f"C: <body {_BODY} rid='1002'/>", f"C: <body {_BODY} rid='1002'/>", after="bosh"),
)  # fmt: skip

_REFUSALS: Final = frozenset({"item-not-found", "bad-request"})


class BoshChecker(Checker):
    """Judges the rids of one session."""

    RULES = (RID,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._doubt: tuple[int, str] | None = None
        self._hurt = False

    def malformed(self, seen: Seen) -> None:
        """Take a request that breaks the order, or does so unless requests between are missing."""
        entry, reason = seen.entry, seen.entry.reason or ""
        if seen.about.transport != "bosh" or entry.sender != INITIATING:
            return
        if reason == BAD_RID or OTHER_CONTENT in reason:
            self.report(RID, reason)
        elif FAR_RID in reason:
            self._doubt = entry.entry, reason

    def gap(self, seen: Seen) -> None:
        """Take what is missing: rids that nobody may have sent, or bytes, behind which nothing is certain."""
        reason = seen.entry.reason or ""
        if seen.about.transport == "bosh" and reason.startswith(MISSING_RID) and not self._hurt:
            self._doubt = seen.entry.entry, f"rid{reason.removeprefix(MISSING_RID)} was left out"
        else:
            self._hurt = True
            self._doubt = None

    def close(self, seen: Seen) -> None:
        """Take the end of the session: it may say that the receiving entity has missed the same."""
        if self._doubt is None or seen.entry.sender != RECEIVING or seen.element is None:
            return
        if seen.element.attrs.get("condition") in _REFUSALS:
            number, text = self._doubt
            self.report(RID, text, [number, seen.entry.entry])
            self._doubt = None

    KINDS = table({"malformed": malformed, "gap": gap, "opaque": gap, "stream-close": close})
