"""Stream management (XEP-0198): enabling, counters, acknowledgements, resumption; also inside SASL2 and Bind 2.

An `h` above what was sent is suspicious at first: the capture may hold the stanza behind its acknowledgement, or have
lost it without knowing so yet. It is a finding once the other side went on without that stanza, or ended. Behind a
proxy the order is certain.
"""

import re
from collections import deque
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.sm_rules import (
    ACK_MISSING,
    ENABLE_ORDER,
    ENABLE_TWICE,
    ENABLED_ID,
    H_BACKWARDS,
    H_SYNTAX,
    H_TOO_HIGH,
    PREVID,
)
from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.namespaces import AUTH, BIND, BIND2
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31
_COUNT: Final = re.compile(r"\+?0*([0-9]{1,10})")
_TRUE: Final = frozenset({"true", "1"})
_BINDS: Final = frozenset({names.expanded(BIND, "bind"), names.expanded(AUTH, "query")})
_BOUND: Final = names.expanded(BIND2, "bound")
_INLINE_BIND: Final = names.expanded(BIND2, "bind")
_MANAGEMENT: Final = tuple(
    name for local in ("enable", "enabled", "failed", "resume", "resumed", "r", "a") for name in names.managed(local)
)
_PATIENCE: Final = 12
_RECENT: Final = 64
_MOST_SESSIONS: Final = 512
_SECOND: Final = 1.0


class _Counter:
    """What one side has sent, and what the other one has acknowledged of it; `sent` is None while nobody counts."""

    def __init__(self) -> None:
        self.sent: int | None = None
        self.acknowledged = 0
        self.suspect: tuple[int, int] | None = None
        self.moved = False
        self.asked: Entry | None = None
        self.requests = 0
        self.answers = 0
        self.recent: deque[str | None] = deque(maxlen=_RECENT)


class ManagementChecker(Checker):
    """Keeps both counters of one connection."""

    RULES = (ENABLE_ORDER, ENABLE_TWICE, H_SYNTAX, H_TOO_HIGH, H_BACKWARDS, ACK_MISSING, ENABLED_ID, PREVID)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._of: dict[Sender, _Counter] = {INITIATING: _Counter(), RECEIVING: _Counter()}
        self._counting = False
        self.rest()
        self._since_resume = 0
        self._enabled_at = 0
        self._authenticates = ""
        self._binds = False
        self._resumes: list[tuple[str, int | None]] = []
        self._answered: dict[Sender, int] = {}
        self._closed: dict[Sender, Entry] = {}

    def stanza(self, seen: Seen) -> None:
        """Count a stanza."""
        entry = seen.entry
        if self._counting:
            counter = self._of[entry.sender]
            counter.moved = True
            counter.recent.append(entry.id)
            if counter.sent is not None:
                counter.sent = (counter.sent + 1) % _WRAP
            elif entry.sender == INITIATING:
                self._since_resume += 1
            if entry.answers is not None:
                self._answered[entry.sender] = entry.answers
            self._doubt(entry)

    def bind(self, seen: Seen, _payload: Element) -> None:
        """Take a request for a resource."""
        self._binds = self._binds or (seen.entry.sender == INITIATING and seen.entry.type == "set")

    def authenticate(self, seen: Seen) -> None:
        """Take a login, and what SASL2 has inside."""
        element, entry = seen.element, seen.entry
        if element is None or entry.sender != INITIATING:
            return
        self._authenticates = element.name
        for child in element.children:
            if child.local == "resume" and child.name in names.managed("resume"):
                self._resume(child)
            elif child.name == _INLINE_BIND and any(one.name in names.managed("enable") for one in child.children):
                self._start(INITIATING, 0)

    def success(self, seen: Seen) -> None:
        """Take the success of SASL2, and what it has inside."""
        element = seen.element
        if element is None or seen.entry.sender != RECEIVING:
            return
        for child in element.children:
            if child.name in names.managed("resumed"):
                self._resumed(child)
            elif child.name == _BOUND:
                for one in child.children:
                    if one.name in names.managed("enabled"):
                        self._enabled(one)

    def management(self, seen: Seen) -> None:
        """Take an element of stream management."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        local, initiating = element.local, entry.sender == INITIATING
        self._of[entry.sender].moved = True
        if local == "enable" and initiating:
            self._enable(entry)
        elif local == "enabled" and not initiating:
            self._enabled(element)
        elif local == "failed" and not initiating:
            self._enabled_at = 0
            self._of[INITIATING].sent = None
        elif local == "resume" and initiating:
            self._resume(element)
        elif local == "resumed" and not initiating:
            self._resumed(element)
        elif local == "r":
            self._of[entry.sender].asked = entry
            self._of[entry.sender].requests += 1
        elif local == "a":
            self._acknowledge(element, entry)

    def _enable(self, entry: Entry) -> None:
        course = self.course
        if self._enabled_at and course.whole():
            self.report(ENABLE_TWICE, "stream management is enabled a second time", [self._enabled_at, entry.entry])
        self._enabled_at = entry.entry
        ordered = self._binds or bool(self._resumes) or not course.is_client or not course.from_start()
        if not ordered and self._authenticates in ("", names.AUTH):
            missing = "a resource was asked for" if self._authenticates else "authentication"
            self.report(ENABLE_ORDER, f"stream management is enabled before {missing}")
        self._start(INITIATING, 0)

    def _enabled(self, element: Element) -> None:
        if element.attrs.get("resume") in _TRUE and not element.attrs.get("id"):
            self.report(ENABLED_ID, "the session can be resumed, yet it has no id")
        self._start(RECEIVING, 0)
        self._remember(element.attrs.get("id", ""))

    def _remember(self, identity: str) -> None:
        """Let later connections find the session; the oldest is forgotten first."""
        memory = self.course.memory
        memory[self.course.about.negotiation.domain.lower(), identity] = self
        if len(memory) > _MOST_SESSIONS:
            del memory[next(iter(memory))]

    def left(self, sender: Sender, h: int) -> list[str | None] | None:
        """Return the ids of what *sender* has sent beyond *h*; None if that is not known to the last stanza."""
        counter, course = self._of[sender], self.course
        if counter.sent is None or not course.whole() or course.about.lost:
            return None
        count = (counter.sent - h) % _WRAP
        return list(counter.recent)[-count:] if 0 < count <= len(counter.recent) else [] if not count else None

    def _resume(self, element: Element) -> None:
        h = self._h(element)
        self._of[INITIATING].sent = None
        self._since_resume = 0
        self._count()
        if len(self._resumes) < 2:
            self._resumes.append((element.attrs.get("previd", ""), h))

    def _resumed(self, element: Element) -> None:
        h = self._h(element)
        if len(self._resumes) != 1:
            return
        previd, asked = self._resumes[0]
        if element.attrs.get("previd", previd) != previd:
            self.report(PREVID, "another session is resumed than was asked for")
        if h is not None and asked is not None:
            self._start(INITIATING, h)
            self._of[INITIATING].sent = (h + self._since_resume) % _WRAP
            self._start(RECEIVING, asked)
            self._remember(previd)

    def _start(self, sender: Sender, count: int) -> None:
        counter = self._of[sender]
        counter.sent = counter.acknowledged = count
        counter.suspect = None
        self._count()

    def _count(self) -> None:
        self._counting = True
        self.rest(now=False)

    def _h(self, element: Element) -> int | None:
        """Return the count of an element, and say what is wrong with its form."""
        h, found = element.attrs.get("h"), None
        if h is not None:
            match = _COUNT.fullmatch(h.strip())
            found = int(match.group(1)) if match is not None else None
        if found is None or found >= _WRAP:
            self.report(H_SYNTAX, "no h" if h is None else f'h is "{h[:20]}"')
            return None
        if element.local != "a" and "previd" not in element.attrs:
            self.report(H_SYNTAX, "no previd")
        return found

    def _acknowledge(self, element: Element, entry: Entry) -> None:
        other: Sender = RECEIVING if entry.sender == INITIATING else INITIATING
        counter, h = self._of[other], self._h(element)
        counter.asked = None
        counter.answers += 1
        if h is None or counter.sent is None:
            return
        if (counter.acknowledged - h) % _WRAP in range(1, _HALF) and self.course.whole(entry.sender):
            self.report(H_BACKWARDS, f"h is {h} after {counter.acknowledged}")
            return
        counter.acknowledged = h
        if counter.suspect is None and (h - counter.sent) % _WRAP in range(1, _HALF):
            counter.suspect, counter.moved = (entry.entry, h), False
            if self.course.about.proxied:
                self._settle(counter)

    def _doubt(self, entry: Entry) -> None:
        for counter in self._of.values():
            suspect = counter.suspect
            if suspect is None or counter.sent is None:
                continue
            if (suspect[1] - counter.sent) % _WRAP not in range(1, _HALF):
                counter.suspect = None
            elif counter.moved and entry.entry - suspect[0] > _PATIENCE:
                self._settle(counter)

    def _settle(self, counter: _Counter) -> None:
        suspect, counter.suspect = counter.suspect, None
        if suspect is not None and counter.sent is not None and self.course.whole() and not self.course.about.lost:
            self.report(H_TOO_HIGH, f"{suspect[1]} acknowledged, at most {counter.sent} sent", [suspect[0]])

    def error(self, seen: Seen) -> None:
        """Take a stream error, behind which its sender has nothing more that could explain a count."""
        self._settle(self._of[seen.entry.sender])

    def ended(self) -> None:
        """Judge what is left."""
        for counter in self._of.values():
            self._settle(counter)
        course, sides = self.course, self.course.sides.values()
        if not course.whole() or course.about.lost or any(side.error or not side.closed for side in sides):
            return
        for asker, counter in self._of.items():
            other: Sender = RECEIVING if asker == INITIATING else INITIATING
            if counter.asked is None or counter.answers >= counter.requests or self._of[other].sent is None:
                continue
            if self._had(other, counter.asked):
                self.report(ACK_MISSING, "a request for an acknowledgement was never answered", [counter.asked.entry])

    def _had(self, sender: Sender, request: Entry) -> bool:
        """Tell whether *sender* must have had *request*: it answered something later, or closed long after."""
        if self._answered.get(sender, 0) > request.entry:
            return True
        closed = self._closed.get(sender)
        return closed is not None and _seconds(request.end_time, closed.time) >= _SECOND

    def close(self, seen: Seen) -> None:
        """Take a closing tag."""
        self._closed[seen.entry.sender] = seen.entry

    KINDS = table({"stream-error": error, "stream-close": close})
    ELEMENTS = table(
        {
            **dict.fromkeys(names.STANZAS, stanza),
            **dict.fromkeys((names.AUTH, names.AUTHENTICATE), authenticate),
            names.SASL2_SUCCESS: success,
            **dict.fromkeys(_MANAGEMENT, management),
        }
    )
    PAYLOADS = table(dict.fromkeys(_BINDS, bind))


def _seconds(one: str, other: str) -> float:
    """Return the seconds from one time of the timeline to another."""
    return (nanoseconds(other) - nanoseconds(one)) / 1e9
