"""A session: what a resource lives through on the server, from binding to its end, over one connection or several.

A session whose connection is lost is kept for a while if stream management allows its resumption. Then it counts as
available, and what is sent to it waits in its queue.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from xmppscope.demo.accounts import Account
from xmppscope.demo.errors import StreamError
from xmppscope.demo.jid import Jid
from xmppscope.demo.management import Management, request
from xmppscope.demo.names import CLIENT, DELAY, MANAGEMENT, MESSAGE, tag
from xmppscope.demo.xml import Element, copied, element

_ASK_AFTER: Final = 5
"""So many unacknowledged stanzas make the server ask for an acknowledgement."""


class Wire(Protocol):
    """The connection that a session has at the moment."""

    def send(self, element: Element) -> None:
        """Send an element."""

    def fail(self, error: StreamError) -> None:
        """End the stream with an error."""

    def detach(self) -> None:
        """Let go of the session, which goes on elsewhere."""


class Session:
    """One resource of an account; `presence` is the one last broadcast, None while the resource is not available."""

    def __init__(self, account: Account, resource: str, wire: Wire) -> None:
        self.account = account
        self.jid = Jid(account.jid.localpart, account.jid.domainpart, resource)
        self.wire: Wire | None = wire
        self.presence: Element | None = None
        self.interested = False
        self.directed: set[str] = set()
        self.management: Management | None = None
        self._asked = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def priority(self) -> int:
        """The priority of the resource's presence (RFC 6121 §4.7.2.3)."""
        text = "" if self.presence is None else (self.presence.findtext(tag(CLIENT, "priority")) or "")
        return int(text) if text.strip().removeprefix("-").isdecimal() else 0

    @property
    def resumable(self) -> bool:
        """Whether the session can go on over another connection."""
        return self.management is not None and self.management.identifier != ""

    def deliver(self, stanza: Element) -> bool:
        """Send a stanza to the resource, or keep it until it returns; False if there is no room to keep it."""
        management = self.management
        if management is not None:
            if management.full:
                if self.wire is not None:
                    self.wire.fail(StreamError("policy-violation", "too much is not acknowledged"))
                return False
            management.count_sent(stanza, datetime.now(UTC))
        if self.wire is None:
            return management is not None
        self.wire.send(stanza)
        if management is not None and len(management.unacknowledged) >= _ASK_AFTER:
            self._ask()
        return True

    def acknowledged(self, handled: str | None) -> None:
        """Take the client's acknowledgement."""
        if self.management is not None:
            self._asked = False
            self.management.acknowledge(handled)

    def suspend(self, seconds: float, end: Callable[[], None]) -> None:
        """Note that the connection is lost; call *end* unless the session is resumed within so many seconds."""
        self.wire = None
        self._timer = asyncio.get_running_loop().call_later(seconds, end)

    def resume(self, wire: Wire, handled: str | None) -> None:
        """Go on over another connection, and send again what the client has not received."""
        management = self.management
        if management is None:
            raise StreamError("internal-server-error")
        management.acknowledge(handled)
        self._stop_waiting()
        self._asked = False
        self.wire = wire
        attributes = {"previd": management.identifier, "h": str(management.received)}
        wire.send(element(MANAGEMENT, "resumed", attributes))
        for stanza, when in management.unacknowledged:
            wire.send(self._delayed(stanza, when))
        if management.unacknowledged:
            self._ask()

    def ended(self) -> list[Element]:
        """Note the end; return what the client has not acknowledged."""
        self._stop_waiting()
        self.wire = None
        management, self.management = self.management, None
        return [] if management is None else [stanza for stanza, _ in management.unacknowledged]

    def _delayed(self, stanza: Element, when: datetime) -> Element:
        """XEP-0203 §2: a message that was held back says since when; anything else goes out as it was."""
        if stanza.tag != MESSAGE or stanza.find(tag(DELAY, "delay")) is not None:
            return stanza
        delayed = copied(stanza, {})
        stamp = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        delayed.append(element(DELAY, "delay", {"from": self.jid.domainpart, "stamp": stamp}))
        return delayed

    def _ask(self) -> None:
        if not self._asked and self.wire is not None:
            self._asked = True
            self.wire.send(request())

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
