"""Requests and their answers on one connection of a client or component (RFC 6120 §8.2.3).

Which answer belongs to which request the analyzer has found out already (`Entry.answers`). Between servers an answer
takes another connection than its request, and after a resumption both may be sent again: there nothing is judged. A
response is judged late, since the capture may hold it before the request that it belongs to.
"""

from typing import Final, TypeVar

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

DUPLICATE: Final = Rule(
    "iq-duplicate-response", "iq", "error", "RFC 6120 §8.2.3",
    needs="a connection of a client or component, both directions from their headers on, no resumption, an id that "
    "was used once",
    what="A second result or error for one request, from and to the same addresses.",
    why="The first response has settled the request; the second goes to nobody, or is taken for the answer to "
    "another request.",
    wrong=talk(
        "C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "S: <iq type='result' id='p1'/>",
        "S: <iq type='result' id='p1'/>",
    ),
    right=talk(
        "C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "S: <iq type='result' id='p1'/>",
        "C: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "S: <iq type='result' id='p1'/>",
    ),
)  # fmt: skip
UNANSWERED: Final = Rule(
    "iq-unanswered", "iq", "warning", "RFC 6120 §8.2.3",
    needs="a client's connection to its end, both directions from their headers on, no resumption, both streams closed "
    "in order, and a proof that the request had arrived: a later one was answered",
    what="A request (get or set) without result or error.",
    why="Whoever receives a request must answer it, if only with an error; the sender waits for nothing.",
    wrong=talk(
        "S: <iq type='set' id='x1'><blocklist xmlns='urn:example:push'/></iq>",
        "S: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "C: <iq type='result' id='p1'/>",
        "C: </stream:stream>",
        "S: </stream:stream>",
        "C fin",
        "S fin",
    ),
    right=talk(
        "S: <iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "C: <iq type='result' id='p1'/>",
        "S: <iq type='set' id='x1'><blocklist xmlns='urn:example:push'/></iq>",
        "C: </stream:stream>",
        "S: </stream:stream>",
        "C fin",
        "S fin",
    ),
)  # fmt: skip

ORPHAN: Final = Rule(
    "iq-orphan-response", "iq", "warning", "RFC 6120 §8.2.3",
    needs="a connection of a client or component to its end, both directions from their headers on, without a hole, no "
    "resumption",
    what="A result or error whose id no iq of the other side has had, neither before nor after it.",
    why="A response without a question goes to nobody; the question was answered under another id, or never asked.",
    wrong=talk("S: <iq type='result' id='nobody-asked' from='romeo@montague.example/garden'/>"),
    right=talk(
        "C: <iq type='get' id='p1' to='romeo@montague.example/garden'><ping xmlns='urn:xmpp:ping'/></iq>",
        "S: <iq type='result' id='p1' from='romeo@montague.example/garden'/>",
    ),
)  # fmt: skip

_MOST: Final = 1024
_SETTLED: Final = 64
_K = TypeVar("_K")
_V = TypeVar("_V")
_Key = tuple[Sender, str]
_Response = tuple[Sender, str, str | None, str | None]


class AnswerChecker(Checker):
    """Keeps what was asked, and what was answered lately."""

    RULES = (DUPLICATE, UNANSWERED, ORPHAN)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._pending: dict[int, Entry] = {}
        self._asked: dict[_Key, int] = {}
        self._answered: dict[_Response, int] = {}
        self._proof: dict[tuple[Sender, str], int] = {}
        self._suspects: dict[_Key, tuple[int, int]] = {}
        self._early: dict[_Key, int] = {}
        self._orphans: dict[_Key, int] = {}
        self._forgot = False

    def iq(self, seen: Seen) -> None:
        """Take an iq."""
        entry, course = seen.entry, self.course
        if course.about.negotiation.kind == "s2s" or entry.id is None or course.resumed:
            return
        if self._suspects:
            self._settle(entry.entry)
        if entry.type in ("get", "set"):
            self._request(entry, entry.id)
        elif entry.type in ("result", "error"):
            self._response(entry, entry.id)
        else:  # what has no proper type is answered with an error all the same
            self._asked.setdefault((entry.sender, entry.id), 0)
            self._orphans.pop((entry.sender, entry.id), None)

    def _request(self, entry: Entry, identity: str) -> None:
        key = entry.sender, identity
        self._asked[key] = self._asked.get(key, 0) + 1
        self._suspects.pop(key, None)
        self._orphans.pop(key, None)
        self._forgot = self._forgot or len(self._asked) > _MOST
        if key not in self._early:
            self._pending[entry.entry] = entry
        _trim(self._asked)
        _trim(self._pending)

    def _response(self, entry: Entry, identity: str) -> None:
        asker: Sender = RECEIVING if entry.sender == INITIATING else INITIATING
        response = entry.sender, identity, entry.from_, entry.to
        if entry.answers is not None:
            request = self._pending.pop(entry.answers, None)
            self._answered[response] = entry.entry
            _trim(self._answered)
            if request is not None:
                peer = asker, _peer(request)
                self._proof[peer] = max(self._proof.get(peer, 0), entry.answers)
                _trim(self._proof)
            return
        first = self._answered.get(response)
        if first is not None and self._asked.get((asker, identity)) == 1:
            self._suspects[asker, identity] = first, entry.entry
        else:
            known = self.course.whole() and not self._forgot and len(self._orphans) < _SETTLED
            if known and (asker, identity) not in self._asked:
                self._orphans[asker, identity] = entry.entry
            # An answer from another address, or one that was captured before its request: nobody waits.
            self._early[asker, identity] = entry.entry
            _trim(self._early)
            self._pending = {
                number: one for number, one in self._pending.items() if (one.sender, one.id) != (asker, identity)
            }

    def _settle(self, now: int) -> None:
        """Report duplicates long enough after them for a request that was captured late to have come."""
        for key, (first, second) in list(self._suspects.items()):
            if now - second > _SETTLED or self.course.about.proxied:
                del self._suspects[key]
                if self.course.whole():
                    self.report(DUPLICATE, f'a second response to "{key[1][:40]}"', [first, second])

    def ended(self) -> None:
        """Judge what is left."""
        course = self.course
        if course.resumed:
            return
        self._settle(1 << 62)
        if course.whole() and not course.about.lost and course.kind in ("c2s", "component"):
            for (_asker, identity), number in self._orphans.items():
                self.report(ORPHAN, f'a response to "{identity[:40]}", which nobody asked', [number])
        sides = course.sides.values()
        if not course.is_client or not course.whole() or not all(side.closed for side in sides):
            return
        if any(side.error for side in sides) or course.about.lost:
            return
        for number, request in self._pending.items():
            if number < self._proof.get((request.sender, _peer(request)), 0):
                text = f'no answer to "{(request.id or "")[:40]}", while a later request has one'
                self.report(UNANSWERED, text, [number])

    ELEMENTS = table(dict.fromkeys(names.IQS, iq))


def _peer(request: Entry) -> str:
    """Return who has to answer: the client everything that it gets, otherwise who was asked."""
    return "" if request.sender == RECEIVING else (request.to or "")


def _trim(kept: dict[_K, _V]) -> None:
    """Forget the oldest of what is kept beyond the bound."""
    if len(kept) > _MOST:
        del kept[next(iter(kept))]
