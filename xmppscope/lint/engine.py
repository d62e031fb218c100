"""The linter: an observer that lets rules see every entry, each only what it asks for.

Dispatch is by the expanded name of an element or of a stanza's payload, and by the kind of entry, from tables made
once. What the proxy itself made, dropped or changed is nobody's fault: it is noted for the course of the connection and
shown to no rule.
"""

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Final

from xmppscope.lint.checker import Checker, Handler
from xmppscope.lint.course import Course
from xmppscope.lint.names import STANZAS
from xmppscope.lint.registry import CHECKERS, chosen
from xmppscope.lint.rule import Rule
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Finding, Kind, Severity
from xmppscope.session.seen import About, Note, Seen

_NOTHING: Final[tuple[Note, ...]] = ()
_STANZAS: Final = frozenset(STANZAS)
_Handlers = tuple[tuple[int, Handler], ...]


class _Watched:
    """The rules' state of one connection, and by the name of an element the methods that see it."""

    def __init__(self, about: About, linter: "Linter", checkers: Sequence[type[Checker]]) -> None:
        self.course = Course(about, linter.memory)
        self.checkers = [checker(self.course, linter.report) for checker in checkers]
        self.handlers: dict[str, tuple[Callable[[Seen], None], ...]] = {}

    def bind(self, name: str, handlers: _Handlers) -> tuple[Callable[[Seen], None], ...]:
        """Return the methods that see elements called *name*; stanzas are not for who rests."""
        stanza, checkers = name in _STANZAS, self.checkers
        found = tuple(
            MethodType(handler, checkers[index])
            for index, handler in handlers
            if not (stanza and checkers[index].resting)
        )
        if stanza:
            self.handlers[name] = found
        return found


class Linter:
    """Reports findings of the rules named by *select*, without those named by *ignore*: names, families or nothing.

    A word that names no rule raises `XmppscopeError`.
    """

    def __init__(self, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        self._rules = frozenset(rule.id for rule in chosen(select, ignore))
        self._checkers = [one for one in CHECKERS if any(rule.id in self._rules for rule in one.RULES)]
        self._elements: dict[str, _Handlers] = {}
        self._payloads: dict[str, _Handlers] = {}
        self._kinds: dict[Kind, _Handlers] = {}
        self._tabulate()
        self.memory: dict[tuple[str, str], object] = {}
        self._connections: dict[int, _Watched] = {}
        self._course: Course
        self._found: list[Note] = []

    def see(self, seen: Seen) -> Sequence[Note]:
        """Let the rules see an entry; return what they found. Stanzas pass here by the million."""
        entry, element, about = seen.entry, seen.element, seen.about
        watched = self._connections.get(about.number)
        if watched is None:
            watched = self._connections[about.number] = _Watched(about, self, self._checkers)
        course = self._course = watched.course
        if entry.kind != "stanza" or element is None or entry.edit is not None:
            self._rare(watched, seen)
        else:
            course.last = entry
            name = element.name
            for handler in watched.handlers.get(name) or watched.bind(name, self._elements.get(name, ())):
                handler(seen)
            payloads = self._payloads
            for child in element.children:
                if child.name in payloads:
                    for index, method in payloads[child.name]:
                        method(watched.checkers[index], seen, child)
        if course.stale:
            course.stale = False
            watched.handlers.clear()
        if not self._found:
            return _NOTHING
        found, self._found = self._found, []
        return found

    def ended(self, about: About) -> Sequence[Note]:
        """Let the rules conclude what the end of a connection lets them."""
        watched = self._connections.pop(about.number, None)
        if watched is None:
            return _NOTHING
        self._course = watched.course
        for checker in watched.checkers:
            checker.ended()
        found, self._found = self._found, []
        return found

    def report(
        self, rule: Rule, text: str, entries: Sequence[int] | None = None, severity: Severity | None = None
    ) -> None:
        """Note a finding on the present connection, about its last entry if no *entries* are given."""
        last = self._course.last
        if rule.id not in self._rules or last is None:
            return
        self._found.append(
            Finding(
                rule=rule.id,
                severity=severity or rule.severity,
                time=last.end_time,
                connection=self._course.about.number,
                entries=[last.entry] if entries is None else list(entries),
                text=visible(text),
                spec=rule.spec,
            )
        )

    def _rare(self, watched: _Watched, seen: Seen) -> None:
        """Take an entry that is no stanza, or one of the proxy's doing."""
        entry, element, course = seen.entry, seen.element, watched.course
        course.see(seen)
        if entry.edit is None:
            for index, handler in self._kinds.get(entry.kind, ()):
                handler(watched.checkers[index], seen)
            if element is not None:
                for bound in watched.bind(element.name, self._elements.get(element.name, ())):
                    bound(seen)
        course.settle(entry)

    def _tabulate(self) -> None:
        for index, checker in enumerate(self._checkers):
            for name, handler in checker.ELEMENTS.items():
                self._elements[name] = (*self._elements.get(name, ()), (index, handler))
            for name, handler in checker.PAYLOADS.items():
                self._payloads[name] = (*self._payloads.get(name, ()), (index, handler))
            for kind, handler in checker.KINDS.items():
                self._kinds[kind] = (*self._kinds.get(kind, ()), (index, handler))
