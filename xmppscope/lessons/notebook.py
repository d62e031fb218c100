"""An observer behind the trackers: notes after each entry what the state machines know, of stanzas and of contacts.

What it has written down is what the questions of a lesson are made of, and their answers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from xmppscope.session.seen import About, Note, Seen
from xmppscope.xeps.trackers import Trackers


class Counters(NamedTuple):
    """Stream management of one direction: how many stanzas were sent, were acknowledged, and are on their way."""

    sent: int
    acknowledged: int
    unacknowledged: int


class Knowledge(NamedTuple):
    """What is known after an entry; `counters` are those of the initiating and the receiving entity, where they run."""

    counters: tuple[Counters | None, Counters | None]
    subscriptions: dict[str, str]
    bound: str
    domain: str


class Notebook:
    """What was known after each entry, by its number."""

    def __init__(self, trackers: Trackers) -> None:
        self.known: dict[int, Knowledge] = {}
        self._trackers = trackers

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry, which the trackers have seen already."""
        tracked = self._trackers.of(seen.about)
        management = tracked.management
        halves = [
            Counters(half.sent, half.sent - half.unacknowledged, half.unacknowledged) if half.counting else None
            for half in (management.initiating, management.receiving)
        ]
        states = {contact: state.value for contact, state in tracked.account.subscriptions.items()}
        self.known[seen.entry.entry] = Knowledge(
            (halves[0], halves[1]), states, tracked.jid, seen.about.negotiation.domain
        )
        return ()

    def ended(self, _about: About) -> Sequence[Note]:
        """Take the end of a connection."""
        return ()
