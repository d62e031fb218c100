"""Jingle (XEP-0166) and server dialback (XEP-0220), by the form of their elements."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import PREAMBLES
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_JINGLE: Final = names.expanded("urn:xmpp:jingle:1", "jingle")
_ACTIONS: Final = frozenset({
    "content-accept", "content-add", "content-modify", "content-reject", "content-remove", "description-info",
    "security-info", "session-accept", "session-info", "session-initiate", "session-terminate", "transport-accept",
    "transport-info", "transport-reject", "transport-replace",
})  # fmt: skip


def _jingle(identity: str, action: str) -> str:
    return (
        f"C: <iq type='set' id='{identity}' to='romeo@montague.example/garden'><jingle xmlns='urn:xmpp:jingle:1' "
        f"action='{action}' sid='a73'/></iq>"
    )


_SERVERS: Final = PREAMBLES["servers"][:-1]  # all but the verdict
_CALL: Final = (_jingle("j1", "session-initiate"), _jingle("j2", "session-terminate"))
_MOST: Final = 256

JINGLE: Final = Rule(
    "jingle-shape", "jingle", "error", "XEP-0166 §7.1",
    what="A Jingle request without 'sid' or 'action'.",
    why="The sid names the session, the action what is to happen to it; the peer can only answer with bad-request.",
    lesser="information, if the action is none that XEP-0166 defines",
    wrong=talk(
        "C: <iq type='set' id='j1' to='romeo@montague.example/garden'><jingle xmlns='urn:xmpp:jingle:1' "
        "action='session-info'/></iq>"
    ),
    right=talk(
        "C: <iq type='set' id='j1' to='romeo@montague.example/garden'><jingle xmlns='urn:xmpp:jingle:1' "
        "action='session-info' sid='a73'/></iq>"
    ),
)  # fmt: skip
ORDER: Final = Rule(
    "jingle-out-of-order", "jingle", "warning", "XEP-0166 §5.1",
    needs="a client's stream, the direction from its header on, without a hole, no resumption",
    what="A side that has ended a Jingle session goes on with it, or accepts the same session a second time.",
    why="The session is gone for the other side, which can only answer with unknown-session or out-of-order.",
    wrong=talk(*_CALL, _jingle("j3", "session-info")),
    right=talk(*_CALL),
)  # fmt: skip
DIALBACK: Final = Rule(
    "dialback-addressing", "dialback", "error", "XEP-0220 §2.1",
    what="A db:result or db:verify without 'from' or 'to', a db:verify without 'id', or one with neither a key nor a "
    "type.",
    why="A key is valid for a pair of domains and one stream: without them nobody can check it.",
    wrong=talk("C: <db:verify from='montague.example' to='capulet.example'>4b8a3d</db:verify>", after="servers"),
    right=talk(
        "C: <db:verify from='montague.example' to='capulet.example' id='s9'>4b8a3d</db:verify>", after="servers"
    ),
)  # fmt: skip


class JingleChecker(Checker):
    """Looks at Jingle requests."""

    RULES = (JINGLE, ORDER)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._done: dict[tuple[Sender, str, str, str], int] = {}

    def jingle(self, seen: Seen, jingle: Element) -> None:
        """Take what an iq asks for."""
        if seen.entry.type != "set":
            return
        missing = [name for name in ("sid", "action") if not jingle.attrs.get(name)]
        if missing:
            self.report(JINGLE, f"a Jingle request without {missing[0]}")
        elif jingle.attrs["action"] not in _ACTIONS:
            self.report(JINGLE, f"{jingle.attrs['action'][:40]} is no action of XEP-0166", None, "info")
        else:
            self._order(seen.entry, jingle.attrs["sid"], jingle.attrs["action"])

    def _order(self, entry: Entry, sid: str, action: str) -> None:
        """Compare an action with what the same side has said before; what the other side said may have crossed it."""
        sender, course = entry.sender, self.course
        peer = (entry.to if sender == INITIATING else entry.from_) or ""
        ended = self._done.get((sender, peer, sid, "session-terminate"))
        twice = self._done.get((sender, peer, sid, action)) if action == "session-accept" else None
        before = ended if ended is not None and action not in ("session-terminate", "session-initiate") else twice
        if before is not None and course.is_client and course.whole(sender) and not course.resumed:
            self.report(ORDER, f"{action} after {'the end' if before == ended else 'the same'}", [before, entry.entry])
        if action == "session-initiate":
            for late in ("session-terminate", "session-accept"):
                self._done.pop((sender, peer, sid, late), None)
        elif action in ("session-terminate", "session-accept"):
            self._done[sender, peer, sid, action] = entry.entry
            if len(self._done) > _MOST:
                del self._done[next(iter(self._done))]

    PAYLOADS = table({_JINGLE: jingle})


EARLY: Final = Rule(
    "dialback-stanza-early", "dialback", "error", "XEP-0220 §2.1.1",
    needs="a connection between servers from its first byte on, both directions without a hole, and dialback as the "
    "only proof",
    what="The initiating server sends a stanza although no key of it has been found valid by the end of the "
    "connection, or half a second later at the earliest.",
    why="Nobody has proved yet whose stanza it is: the receiving server drops it or closes the stream.",
    wrong=talk(*_SERVERS, "C: <message from='a@montague.example' to='b@capulet.example'/>", after="none"),
    right=talk("C: <message from='a@montague.example' to='b@capulet.example'/>", after="servers"),
)  # fmt: skip

_PATIENCE: Final = 500_000_000


class DialbackChecker(Checker):
    """Looks at dialback elements."""

    RULES = (DIALBACK, EARLY)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._proved = self._tried = False
        self._suspect: Entry | None = None

    def dialback(self, seen: Seen) -> None:
        """Take a key or a verdict."""
        element = seen.element
        if element is None:
            return
        if element.local == "result":
            self._result(seen.entry, element)
        wanted = ("from", "to", "id") if element.local == "verify" else ("from", "to")
        missing = [name for name in wanted if not element.attrs.get(name)]
        if missing:
            self.report(DIALBACK, f"<db:{element.local}/> without {missing[0]}")
        elif "type" not in element.attrs and not element.text.strip() and seen.entry.sender == RECEIVING:
            self.report(DIALBACK, f"<db:{element.local}/> with neither a key nor a type")

    def _result(self, entry: Entry, result: Element) -> None:
        if entry.sender == INITIATING:
            self._tried = True
        elif result.attrs.get("type") == "valid":
            early, self._suspect = self._suspect, None
            if early is not None and nanoseconds(entry.time) - nanoseconds(early.end_time) >= _PATIENCE:
                self._early(early)
            self._prove()

    def success(self, _seen: Seen) -> None:
        """Take a proof of another kind."""
        self._suspect = None
        self._prove()

    def _prove(self) -> None:
        self._proved = True
        self.rest()

    def stanza(self, seen: Seen) -> None:
        """Take a stanza, before which there must have been a proof."""
        if self._proved or seen.entry.sender != INITIATING or self._suspect is not None:
            return
        kind = self.course.about.negotiation.kind
        if kind == "s2s":
            self._suspect = seen.entry
        elif kind != "unknown":
            self.rest()

    def ended(self) -> None:
        """Judge a stanza for which no proof has come."""
        if self._suspect is not None:
            self._early(self._suspect)

    def _early(self, early: Entry) -> None:
        course = self.course
        if self._tried and course.from_start() and not course.about.lost and course.kind == "s2s":
            self.report(EARLY, "a stanza before a key was found valid", [early.entry])

    ELEMENTS = table(
        {
            names.DIALBACK_RESULT: dialback,
            names.DIALBACK_VERIFY: dialback,
            names.SUCCESS: success,
            names.SASL2_SUCCESS: success,
            **dict.fromkeys(names.STANZAS, stanza),
        }
    )
