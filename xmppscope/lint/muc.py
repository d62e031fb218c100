"""Joining a room (XEP-0045 §7.2), as seen on a client's stream."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.jid import bare
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.seen import Seen

_MUC: Final = names.expanded("http://jabber.org/protocol/muc", "x")
_USER: Final = names.expanded("http://jabber.org/protocol/muc#user", "x")
_STATUS: Final = names.expanded("http://jabber.org/protocol/muc#user", "status")
_DELAY: Final = names.expanded("urn:xmpp:delay", "delay")
_SELF: Final = "110"
_MOST_ROOMS: Final = 256

_JOIN: Final = "C: <presence to='cave@chat.capulet.example/j'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
_JOINED: Final = (
    "S: <presence from='cave@chat.capulet.example/j' to='juliet@capulet.example/balcony'>"
    "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/>"
    "</x></presence>"
)
_SUBJECT: Final = (
    "S: <message type='groupchat' from='cave@chat.capulet.example' to='juliet@capulet.example/balcony'>"
    "<subject>Hush</subject></message>"
)

_END: Final = ("C: </stream:stream>", "S: </stream:stream>", "C fin", "S fin")

EARLY: Final = Rule(
    "muc-traffic-before-self-presence", "muc", "error", "XEP-0045 §7.2.2",
    needs="a client's stream, both directions from their headers on, no resumption, a join of a room that the client "
    "was not in, and the presence that confirms it",
    what="After a join, the room sends history or the subject before the presence with status 110 that tells the "
    "client it is in.",
    why="Clients wait for that presence: what comes before it may be dropped, or shown in no room.",
    wrong=talk(_JOIN, _SUBJECT, _JOINED),
    right=talk(_JOIN, _JOINED, _SUBJECT),
)  # fmt: skip
MISSING: Final = Rule(
    "muc-self-presence-missing", "muc", "warning", "XEP-0045 §7.2.2",
    needs="a client's stream to its end in order, both directions from their headers on, no resumption, a join of a "
    "room that the client was not in",
    what="After a join, the room sends history or the subject, and never the presence with status 110 that tells the "
    "client it is in.",
    why="Clients wait for that presence, and show the room as being entered for ever.",
    wrong=talk(_JOIN, _SUBJECT, *_END),
    right=talk(_JOIN, _JOINED, _SUBJECT, *_END),
)  # fmt: skip


class MucChecker(Checker):
    """Follows joins until they are confirmed."""

    RULES = (EARLY, MISSING)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._joining: dict[str, list[int]] = {}
        self._known: set[str] = set()
        self.rest()

    def join(self, seen: Seen, _x: Element) -> None:
        """Take the presence that asks to enter a room."""
        entry = seen.entry
        if (
            entry.sender != INITIATING
            or entry.name != "presence"
            or entry.type is not None
            or not self.course.is_client
        ):
            return
        room = bare(entry.to or "").lower()
        if room not in self._known and not self.course.resumed and len(self._known) < _MOST_ROOMS:
            self._known.add(room)
            self._joining[room] = []
            self.rest(now=False)

    def message(self, seen: Seen) -> None:
        """Take a message: history and subject of a room that is not entered yet are early."""
        entry, element = seen.entry, seen.element
        if not self._joining or element is None or entry.sender != RECEIVING or entry.type != "groupchat":
            return
        early = self._joining.get(bare(entry.from_ or "").lower())
        if early is not None and len(early) < _MOST_ROOMS and _is_of_the_join(element, entry):
            early.append(entry.entry)

    def presence(self, seen: Seen, x: Element) -> None:
        """Take the presence of an occupant; status 110 says that it is one's own."""
        entry = seen.entry
        if entry.sender != RECEIVING or entry.name != "presence" or not self._joining:
            return
        if any(child.name == _STATUS and child.attrs.get("code") == _SELF for child in x.children):
            early = self._joining.pop(bare(entry.from_ or "").lower(), [])
            self.rest(now=not self._joining)
            if early and self.course.whole() and not self.course.resumed and entry.type is None:
                text = f"{len(early)} of history and subject before the presence that confirms the join"
                self.report(EARLY, text, [*early[:20], entry.entry])

    def failed(self, seen: Seen) -> None:
        """Take any presence: an error ends the attempt, and presence of the room without 110 leaves it in doubt."""
        if self._joining and seen.entry.sender == RECEIVING and seen.entry.type == "error":
            self._joining.pop(bare(seen.entry.from_ or "").lower(), None)

    def ended(self) -> None:
        """Judge the joins that were never confirmed, in a session that both sides have closed."""
        course, sides = self.course, self.course.sides.values()
        if course.resumed or course.about.lost or not course.whole():
            return
        if all(side.closed and not side.error for side in sides):
            for room, early in self._joining.items():
                if early:
                    text = f"{room[:80]} sends what belongs to a join, and never confirms it"
                    self.report(MISSING, text, early[:20])

    ELEMENTS = table(
        {
            **dict.fromkeys(names.MESSAGES, message),
            **dict.fromkeys(names.PRESENCES, failed),
        }
    )
    PAYLOADS = table({_MUC: join, _USER: presence})


def _is_of_the_join(message: Element, entry: Entry) -> bool:
    """Tell history (it is stamped by the room) and a bare subject from live traffic, which a ghost may still get."""
    room = bare(entry.from_ or "").lower()
    children = message.children
    if any(child.name == _DELAY and bare(child.attrs.get("from", "")).lower() == room for child in children):
        return True
    locals_ = {child.local for child in children if child.ns == message.ns}
    return "subject" in locals_ and "body" not in locals_
