"""What diagnoses of several connections share: who has bound which JID, and where resumable sessions were cut."""

from typing import Final

import msgspec

from xmppscope.diagnosis.case import Case
from xmppscope.model.timeline import Entry

MOST: Final = 4096
"""How many JIDs and how many sessions are remembered; the oldest are forgotten first."""


class Holder(msgspec.Struct):
    """The connection that last bound a JID, and by which entry."""

    connection: int
    entry: int


class Held(msgspec.Struct):
    """A resumable session: whose, on which connection, for how long (`limit`, as the server says), where it was cut."""

    jid: str
    connection: int
    limit: str = ""
    cut: Entry | None = None


class Sessions:
    """The sessions of a run."""

    def __init__(self) -> None:
        self._holders: dict[str, Holder] = {}
        self._held: dict[tuple[str, str], Held] = {}
        self._of: dict[int, Held] = {}

    def bound(self, case: Case, entry: Entry) -> None:
        """Note that what is bound to a connection is bound to it by *entry*."""
        jid = case.about.negotiation.bound
        if jid:
            self._holders.pop(jid, None)
            if len(self._holders) >= MOST:
                del self._holders[next(iter(self._holders))]
            self._holders[jid] = Holder(case.about.number, entry.entry)

    def holder(self, jid: str) -> Holder | None:
        """Return who has bound *jid* last."""
        return self._holders.get(jid)

    def hold(self, domain: str, identity: str, held: Held) -> None:
        """Note that a session can be resumed, and on which connection it is now."""
        key = domain, identity
        self._held.pop(key, None)
        if len(self._held) >= MOST:
            del self._held[next(iter(self._held))]
        self._held[key] = self._of[held.connection] = held

    def held(self, domain: str, identity: str) -> Held | None:
        """Return a session by the id that the server gave it."""
        return self._held.get((domain, identity))

    def cut(self, case: Case, entry: Entry) -> None:
        """Note that the transport of a connection ended with *entry*."""
        held = self._of.pop(case.about.number, None)
        if held is not None:
            held.cut = entry
