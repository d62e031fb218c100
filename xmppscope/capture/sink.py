"""Where the parts of a capture reader put their events, and how they say the same thing only once.

A damaged or hostile capture can hold a million frames with the same fault. The first is told at once, the others are
counted and told at the end: nothing is dropped in silence, and the notices stay bounded.
"""

from xmppscope.capture.events import CaptureEvent, Notice
from xmppscope.model.timeline import Severity
from xmppscope.model.wire import NUMBER_MASK


def number(packet: int) -> int:
    """Return the frame number of a packet position, as Wireshark counts within one file."""
    return packet & NUMBER_MASK


class Sink:
    """Collects the events of one capture file; `name` is how notices call it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[CaptureEvent] = []
        self._first: dict[str, int] = {}
        self._count: dict[str, int] = {}

    def take(self) -> list[CaptureEvent]:
        """Return the events collected since the last call, and begin anew."""
        events, self.events = self.events, []
        return events

    def say(self, text: str, packet: int, severity: Severity = "warning") -> None:
        """Add a notice; *text* continues the name of the capture."""
        self.events.append(Notice(f"{self.name}{text}", packet, severity))

    def once(self, subject: str, text: str, packet: int, severity: Severity = "warning") -> None:
        """Add a notice unless there was one on this *subject*, a noun phrase in the plural; count it either way."""
        if subject not in self._first:
            self._first[subject] = packet
            self._count[subject] = 0
            self.say(text, packet, severity)
        self._count[subject] += 1

    def close(self) -> None:
        """Say of each subject that came up more than once how often it did."""
        for subject, count in self._count.items():
            if count > 1:
                first = self._first[subject]
                self.say(f": {count} {subject}, the first of them packet {number(first)}", first, "info")
