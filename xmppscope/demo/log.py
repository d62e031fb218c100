"""What a scripted client saw on its connections, element by element, to be compared with what others saw."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from xmppscope.demo.names import split
from xmppscope.demo.xml import Element

SEEN_BOUND: Final = 10_000

Kind = Literal["stream-open", "element", "stream-close", "cut"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a client sent or received; `time` is in nanoseconds since the epoch.

    `connection` counts the connections of this client, from 1. A stream header is a `stream-open` named `stream`.
    """

    time: int
    who: str
    connection: int
    sent: bool
    kind: Kind
    name: str = ""
    namespace: str = ""
    id: str | None = None
    type: str | None = None

    @property
    def is_stanza(self) -> bool:
        """Whether it is a message, presence or iq."""
        return self.kind == "element" and self.name in ("message", "presence", "iq")


@dataclass(slots=True)
class Log:
    """The log of one client: the newest `SEEN_BOUND` things it saw."""

    who: str
    connection: int = 0
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=SEEN_BOUND))

    def note(self, kind: Kind, *, sent: bool, element: Element | None = None) -> None:
        """Note what was sent or received just now; the *element* of a header or of an element."""
        moment = time.time_ns()
        if element is None:
            name = "stream" if kind in ("stream-open", "stream-close") else ""
            self.seen.append(Seen(moment, self.who, self.connection, sent, kind, name))
            return
        namespace, name = split(str(element.tag))
        identity = element.get("id"), element.get("type")
        self.seen.append(Seen(moment, self.who, self.connection, sent, kind, name, namespace, *identity))
