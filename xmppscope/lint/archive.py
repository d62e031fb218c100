"""Archived messages that nobody asked for (XEP-0313 §4, §8.2)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING
from xmppscope.session.seen import Seen

_FORWARDED: Final = (
    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@montague.example/garden' "
    "to='juliet@capulet.example' type='chat'><body>Hi</body></message></forwarded>"
)
_RESULT: Final = (
    "S: <message to='juliet@capulet.example/balcony'><result xmlns='urn:xmpp:mam:2' queryid='q1' id='a1'>"
    f"{_FORWARDED}</result></message>"
)

UNSOLICITED: Final = Rule(
    "mam-unsolicited-result", "message", "warning", "XEP-0313 §8.2",
    needs="a client's stream to its end, both directions from their headers on, without a hole, no resumption",
    what="A message says that it is a result from an archive, for a query that the client has never sent.",
    why="A client must ignore it: this is how others try to put words into a history. If it came from the own archive, "
    "the answer is lost.",
    wrong=talk(_RESULT),
    right=talk("C: <iq type='set' id='m1'><query xmlns='urn:xmpp:mam:2' queryid='q1'/></iq>", _RESULT),
)  # fmt: skip

_MAM: Final = ("urn:xmpp:mam:2", "urn:xmpp:mam:1")
_MOST: Final = 4096
_FEW: Final = 16


class ArchiveChecker(Checker):
    """Keeps what was asked; what fits no query by the end of the connection fits none."""

    RULES = (UNSOLICITED,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._asked: set[str | None] = set()
        self._odd: dict[str | None, int] = {}
        self._silent = False

    def query(self, seen: Seen, query: Element) -> None:
        """Take a query."""
        if seen.entry.sender == INITIATING:
            identity = query.attrs.get("queryid")
            self._asked.add(identity)
            self._odd.pop(identity, None)
            self._silent = self._silent or len(self._asked) > _MOST
            if self._silent:
                self._asked.clear()

    def result(self, seen: Seen, result: Element) -> None:
        """Take a result."""
        identity = result.attrs.get("queryid")
        if identity in self._asked or self._silent or seen.entry.sender != RECEIVING or not self.course.is_client:
            return
        if seen.entry.name == "message" and len(self._odd) < _FEW and self.course.whole():
            self._odd.setdefault(identity, seen.entry.entry)

    def ended(self) -> None:
        """Report what fits nothing."""
        if self._silent or self.course.resumed or self.course.about.lost or not self.course.whole():
            return
        for identity, number in self._odd.items():
            named = "without queryid" if identity is None else f'for the query "{identity[:40]}"'
            self.report(UNSOLICITED, f"a result {named}, which the client has not sent", [number])

    PAYLOADS = table(
        {
            **dict.fromkeys((names.expanded(ns, "query") for ns in _MAM), query),
            **dict.fromkeys((names.expanded(ns, "result") for ns in _MAM), result),
        }
    )
