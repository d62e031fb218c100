"""The course of a stream: features, restarts, what comes before binding, and how it ends (RFC 6120 §4.3, §4.4, §6.3).

Each rule compares what one direction sent in its own order; the other direction only says what had been granted. So an
element that was still under way when the other side spoke is never held against anybody.
"""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.stream_rules import (
    AFTER_CLOSE,
    BEFORE_BIND,
    CLOSE_TAG,
    FEATURES_MISSING,
    RESTART_MISSING,
    UNFINISHED,
)
from xmppscope.model.element import Element
from xmppscope.model.jid import domain
from xmppscope.model.namespaces import AUTH, BIND, BIND2
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_SASL: Final = frozenset({names.AUTH, names.ABORT, names.RESPONSE})
_ASKS: Final = frozenset({names.expanded(BIND, "bind"), names.expanded(AUTH, "query")})
_ASKS_INLINE: Final = frozenset({names.expanded(BIND2, "bind"), *names.managed("resume")})
_RESUMES: Final = frozenset(names.managed("resume"))
_TRUE: Final = frozenset({"true", "1"})


class StreamChecker(Checker):
    """Follows both directions of one connection."""

    RULES = (FEATURES_MISSING, RESTART_MISSING, CLOSE_TAG, BEFORE_BIND, AFTER_CLOSE, UNFINISHED)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._fresh = False
        self._since_auth = ""
        self._early = 0
        self._restart_due = 0
        self._tls_due = 0
        self._success_sent = False
        self._asked = False
        self._told_after_close: set[Sender] = set()
        self._resumable = False
        self._unfinished = 0

    def header(self, seen: Seen) -> None:
        """Take a stream header, which may be a restart."""
        entry = seen.entry
        side = self.course.sides[entry.sender]
        restart = self._restart_due if entry.sender == INITIATING else self._success_sent
        if side.closed and restart and self.course.whole(entry.sender) and self.course.tcp:
            self.report(CLOSE_TAG, "</stream:stream> before the header of a restart", [side.closed, entry.entry])
        if entry.sender == RECEIVING:
            self._fresh, self._success_sent = True, False
            self.rest(now=False)
            return
        self._restart_due = 0
        self._since_auth = "header" if self._since_auth else ""
        if entry.protection != "none":
            self._tls_due = 0

    def nonza(self, seen: Seen) -> None:
        """Take any first-level element that is no stanza."""
        element, entry = seen.element, seen.entry
        if element is None:
            return
        if entry.sender == RECEIVING:
            self._receiving(element, entry)
        elif element.name == names.AUTH:
            self._since_auth, self._early = "auth", 0
        elif element.name not in _SASL:
            self._initiating(element, entry)
        self._after_close(entry)
        self._stir()

    def stanza(self, seen: Seen) -> None:
        """Take a stanza; once a client is bound there is little to see."""
        entry, element = seen.entry, seen.element
        if self._fresh and entry.sender == RECEIVING:
            self._first(entry, "")
        if element is not None and entry.sender == INITIATING and (not self._asked or self._since_auth):
            self._initiating(element, entry)
        if self.course.sides[entry.sender].closed:
            self._after_close(entry)
        self._stir()

    def close(self, _seen: Seen) -> None:
        """Take a closing tag, behind which nothing may come."""
        self.rest(now=False)

    def _stir(self) -> None:
        """Rest while no stanza can break a rule: a resource was asked for, and nothing is negotiated."""
        closed = any(side.closed for side in self.course.sides.values())
        waits = self._fresh or self._restart_due or self._tls_due or self._since_auth == "auth"
        self.rest(now=self._asked and not closed and not waits)

    def error(self, seen: Seen) -> None:
        """Take a stream error."""
        if seen.entry.sender == RECEIVING:
            self._fresh = False
        self._after_close(seen.entry)

    def malformed(self, seen: Seen) -> None:
        """Take bytes that are no XMPP."""
        if seen.entry.sender not in self.course.about.lost:
            self._after_close(seen.entry)

    def closed(self, seen: Seen) -> None:
        """Take FIN or RST of one side; what the other side said meanwhile may have been captured later."""
        course, sender = self.course, seen.entry.sender
        one, other = course.sides[sender], course.sides[RECEIVING if sender == INITIATING else INITIATING]
        open_ = one.stream == other.stream and not one.closed and not self._tls_due and not self._resumable
        if course.ended_first is None and open_ and course.modern and course.whole():
            self._unfinished = seen.entry.entry

    def ended(self) -> None:
        """Judge how the connection ended."""
        course, sides = self.course, self.course.sides.values()
        if (
            not self._unfinished
            or self._tls_due
            or course.about.lost
            or course.kind not in ("c2s", "s2s")
            or not course.tcp
        ):
            return
        if course.whole() and not any(side.closed or side.error for side in sides):
            self.report(UNFINISHED, "the transport ended without </stream:stream>", [self._unfinished])

    def _receiving(self, element: Element, entry: Entry) -> None:
        if self._fresh:
            self._first(entry, element.name)
        if element.name == names.SUCCESS:
            self._success_sent = True
            if self._since_auth == "auth":
                self._restart_due = entry.entry
            elif self._since_auth == "other":
                self._missing(self._early)
        elif element.name == names.PROCEED:
            self._tls_due = entry.entry
        elif element.local in ("enabled", "resumed") and element.name in _KEEPS_SESSION:
            self._resumable = element.local == "resumed" or element.attrs.get("resume") in _TRUE

    def _first(self, entry: Entry, name: str) -> None:
        """Take the first element behind a response header."""
        self._fresh = False
        course = self.course
        if name != names.FEATURES and course.is_client and course.modern and course.whole():
            self.report(FEATURES_MISSING, f"the stream begins with <{entry.name}/> instead of features")

    def _initiating(self, element: Element, entry: Entry) -> None:
        if self._restart_due:
            self._missing(entry.entry)
        elif self._since_auth == "auth":
            self._since_auth, self._early = "other", entry.entry
        if self._tls_due and entry.protection != "none":
            self._tls_due = 0
            self._missing(entry.entry)
        if not self._asked:
            self._asked = self._asks(element)
            if not self._asked and entry.kind == "stanza":
                self._before_bind(element)

    def _missing(self, number: int) -> None:
        self._restart_due, self._since_auth = 0, ""
        if self.course.modern and self.course.whole() and self.course.kind in ("c2s", "s2s"):
            self.report(RESTART_MISSING, "an element where the header of a new stream must come", [number])

    def _asks(self, element: Element) -> bool:
        """Tell whether an element asks for a resource, in whatever way."""
        if element.name in names.IQS:
            return element.attrs.get("type") == "set" and any(child.name in _ASKS for child in element.children)
        if element.name == names.AUTHENTICATE:
            return any(child.name in _ASKS_INLINE for child in element.children)
        return element.name in _RESUMES

    def _before_bind(self, stanza: Element) -> None:
        """Judge by the domain alone: who the own account is, is not known before it is bound."""
        course = self.course
        to, own = domain(stanza.attrs.get("to", "")).lower(), course.about.negotiation.domain.lower()
        if to and own and to != own and course.is_client and course.modern and course.from_start():
            self.report(BEFORE_BIND, f"a stanza to {to[:80]} before a resource was asked for")

    def _after_close(self, entry: Entry) -> None:
        course, sender = self.course, entry.sender
        if course.sides[sender].closed and sender not in self._told_after_close and course.whole(sender) and course.tcp:
            self._told_after_close.add(sender)
            self.report(AFTER_CLOSE, "more behind </stream:stream>", [course.sides[sender].closed, entry.entry])

    KINDS = table(
        {
            "stream-open": header,
            "nonza": nonza,
            "stream-error": error,
            "malformed": malformed,
            "closed": closed,
            "stream-close": close,
        }
    )
    ELEMENTS = table(dict.fromkeys(names.STANZAS, stanza))


_KEEPS_SESSION: Final = frozenset((*names.managed("enabled"), *names.managed("resumed")))
