"""The roster on a client's stream (RFC 6121 §2)."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.namespaces import ROSTER
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.seen import Seen

_QUERY: Final = names.expanded(ROSTER, "query")
_ITEM: Final = names.expanded(ROSTER, "item")

ITEMS: Final = Rule(
    "roster-set-items", "roster", "error", "RFC 6121 §2.1.3",
    needs="a client's stream",
    what="A roster set or push without exactly one <item/>, or a roster get with items.",
    why="The server must refuse such a set with bad-request; a client must not guess which item of a push counts.",
    wrong=talk("C: <iq type='set' id='r1'><query xmlns='jabber:iq:roster'/></iq>"),
    right=talk(
        "C: <iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='romeo@montague.example'/></query></iq>"
    ),
)  # fmt: skip
ASK: Final = Rule(
    "roster-set-ask", "roster", "error", "RFC 6121 §2.1.2.2",
    needs="a client's stream",
    what="A client sets 'ask' or 'approved' on a roster item.",
    why="Both tell the state of a subscription, which the server alone keeps; it ignores what a client writes there.",
    wrong=talk(
        "C: <iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='romeo@montague.example' ask='subscribe'/>"
        "</query></iq>"
    ),
    right=talk(
        "S: <iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='romeo@montague.example' ask='subscribe' "
        "subscription='none'/></query></iq>",
        "C: <iq type='result' id='r1'/>",
    ),
)  # fmt: skip
FROM: Final = Rule(
    "roster-push-from", "roster", "warning", "RFC 6121 §2.1.6",
    needs="a client's stream on which the resource binding was seen",
    what="A roster push whose 'from' is neither absent nor the bare JID of the own account.",
    why="A client must ignore it: this is how others try to write into the roster. If it came from the own server, "
    "clients will miss a change.",
    wrong=talk(
        "S: <iq type='set' id='r1' from='mallory@montague.example/x' to='juliet@capulet.example/balcony'>"
        "<query xmlns='jabber:iq:roster'><item jid='mallory@montague.example' subscription='both'/></query></iq>"
    ),
    right=talk(
        "S: <iq type='set' id='r1' from='juliet@capulet.example' to='juliet@capulet.example/balcony'>"
        "<query xmlns='jabber:iq:roster'><item jid='romeo@montague.example' subscription='both'/></query></iq>",
        "C: <iq type='result' id='r1'/>",
    ),
)  # fmt: skip
VERSION: Final = Rule(
    "roster-ver-unadvertised", "roster", "error", "RFC 6121 §2.6.2",
    needs="a client's connection from its first byte on, without a hole, and the result of the resource binding",
    what="A client asks for its roster with 'ver', and no features have offered roster versioning.",
    why="A server that does not know the attribute may refuse the request.",
    wrong=talk("C: <iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>"),
    right=talk("C: <iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"),
)  # fmt: skip

_OFFER: Final = names.expanded("urn:xmpp:features:rosterver", "ver")


class RosterChecker(Checker):
    """Looks at roster requests."""

    RULES = (ITEMS, ASK, FROM, VERSION)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._offered = False

    def features(self, seen: Seen) -> None:
        """Take an offer."""
        if seen.element is not None and seen.element.child(_OFFER) is not None:
            self._offered = True

    def query(self, seen: Seen, query: Element) -> None:
        """Take a roster query."""
        entry, course = seen.entry, self.course
        if not course.is_client or entry.type not in ("get", "set"):
            return
        items = [child for child in query.children if child.name == _ITEM]
        if entry.type == "get":
            if items:
                self.report(ITEMS, f"a roster get with {len(items)} items")
            self._version(query, entry)
            return
        if len(items) != 1:
            self.report(ITEMS, f"a roster {_word(entry.sender)} with {len(items) or 'no'} items")
        if entry.sender == INITIATING and any("ask" in item.attrs or "approved" in item.attrs for item in items):
            self.report(ASK, "a client sets what the server alone keeps")
        if entry.sender == RECEIVING and entry.from_ and course.own and entry.from_.lower() != course.own:
            whose = "the own full JID" if bare(entry.from_).lower() == course.own else entry.from_[:80]
            self.report(FROM, f"a roster push from {whose}")

    def _version(self, query: Element, entry: Entry) -> None:
        """Judge a request by version: what was offered came before the result of the binding, so it was seen."""
        course = self.course
        known = course.own and course.from_start() and course.features(course.sides[RECEIVING].stream)
        if "ver" in query.attrs and entry.sender == INITIATING and known and not self._offered:
            self.report(VERSION, "the roster is asked for by version, which was not offered")

    ELEMENTS = table({names.FEATURES: features})
    PAYLOADS = table({_QUERY: query})


def _word(sender: str) -> str:
    return "set" if sender == INITIATING else "push"
