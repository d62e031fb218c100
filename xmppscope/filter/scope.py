"""What an entry is tested against beside itself: what was found at it, its connection, time zero, its XML.

There is one scope for each expression. The closures that an expression was compiled to hold it, and whoever tests an
entry sets it before.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Kind, Sender, State

if TYPE_CHECKING:
    from lxml import etree

NOTHING: Final = ""


class Scope:
    """The surroundings of the entry that is being tested; `origin` is time zero in nanoseconds since the epoch."""

    __slots__ = ("_seen", "_tree", "connection", "diagnosis", "findings", "origin")

    def __init__(self) -> None:
        self.origin: int | None = None
        self.findings: Sequence[Finding] = ()
        self.diagnosis: Diagnosis | None = None
        self.connection: Connection | None = None
        self._seen: Entry | None = None
        self._tree: etree._Element | None = None

    def begin(self, time: str) -> None:
        """Count times from *time*, unless somebody has said what they count from."""
        if self.origin is None and time:
            self.origin = nanoseconds(time)

    def tree(self, entry: Entry) -> "etree._Element | None":
        """Return the element of *entry*, parsed once however many parts of an expression ask for it."""
        from xmppscope.filter.tree import parse_element

        if self._seen is not entry:
            self._tree = parse_element(entry)
            self._seen = entry
        return self._tree


def stand_in(note: Finding | Diagnosis) -> Entry:
    """Return an entry that has of a finding or diagnosis what both have: so one can be tested without its entries."""
    return Entry(
        entry=max(note.entries, default=0),
        connection=note.connection,
        stream=0,
        sender=cast(Sender, NOTHING),
        kind=cast(Kind, NOTHING),
        time=note.time if isinstance(note, Finding) else NOTHING,
        end_time=note.time if isinstance(note, Finding) else NOTHING,
        summary=note.text,
        state=cast(State, NOTHING),
        protection=NOTHING,
    )
