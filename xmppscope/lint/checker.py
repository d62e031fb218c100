"""What follows one connection to decide rules: handlers by element, by payload of a stanza and by kind of entry."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeVar

from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule
from xmppscope.model.timeline import Kind, Severity

Handler = Callable[..., None]
Key = TypeVar("Key", bound=str)


def table(handlers: dict[Key, Handler]) -> Mapping[Key, Handler]:
    """Return *handlers* as a table that nobody changes, fit for a class."""
    return MappingProxyType(handlers)


class Report(Protocol):
    """Takes a finding; without *entries* it is about the entry that is being looked at."""

    def __call__(
        self, rule: Rule, text: str, entries: Sequence[int] | None = None, severity: Severity | None = None
    ) -> None:
        """Note that *rule* is broken, and say in *text* by what."""


class Checker:
    """Decides `RULES` on one connection.

    `ELEMENTS` gives the method that sees first-level elements of an expanded name, `PAYLOADS` the one that sees a
    stanza's child of such a name, and the stanza with it; `KINDS` the one that sees entries of a kind. Stanzas are
    many, so a handler for them does little.
    """

    RULES: ClassVar[tuple[Rule, ...]] = ()
    ELEMENTS: ClassVar[Mapping[str, Handler]] = {}
    PAYLOADS: ClassVar[Mapping[str, Handler]] = {}
    KINDS: ClassVar[Mapping[Kind, Handler]] = {}

    def __init__(self, course: Course, report: Report) -> None:
        self.course = course
        self.report = report
        self.resting = False

    def rest(self, *, now: bool = True) -> None:
        """Go without stanzas until further notice, or with *now* false, have them again: they are many."""
        if self.resting != now:
            self.resting = now
            self.course.stale = True

    def ended(self) -> None:
        """Take the end of the connection."""
