"""Master secrets by the session id and the ticket that resume them (RFC 5246 §7.3, RFC 5077).

With it a resumed session of TLS 1.2 or older decrypts even if only the first one's secret is known. TLS 1.3 has nothing
to keep here: its resumed sessions have secrets of their own, which no earlier traffic secret yields.
"""

from collections import OrderedDict
from typing import Final

_BOUND: Final = 8192


class ResumptionCache:
    """The master secrets of sessions that may be resumed, the most recent ones; shared by all connections."""

    def __init__(self) -> None:
        self._masters: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def remember(self, master: bytes, session_id: bytes, tickets: list[bytes]) -> None:
        """Note the master secret of a session by its id, if it has one, and by the tickets that the server sent."""
        if session_id:
            self._put(("id", session_id), master)
        for ticket in tickets:
            self._put(("ticket", ticket), master)

    def by_session_id(self, session_id: bytes) -> bytes | None:
        """Return the master secret of the session with this id."""
        return self._masters.get(("id", session_id))

    def by_ticket(self, ticket: bytes) -> bytes | None:
        """Return the master secret of the session that this ticket resumes."""
        return self._masters.get(("ticket", ticket))

    def _put(self, key: tuple[str, bytes], master: bytes) -> None:
        self._masters[key] = master
        self._masters.move_to_end(key)
        if len(self._masters) > _BOUND:
            self._masters.popitem(last=False)
