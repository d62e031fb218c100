"""HTTP/1 on one connection: which response answers which request (RFC 9112 §9.3), and what an upgrade hands over.

Responses come in the order of the requests. Captures shuffle the two directions a little, so a response that was
captured before its request waits for it. Where requests or responses may be missing (a hole, a start in the middle)
nothing waits any more: a response without a request stands alone, and of several requests the newest is answered, for
hardly any client sends a second request before the answer to the first; where one did, nothing is paired.
"""

from collections import deque
from typing import Final

from xmppscope.framing.http import bounds
from xmppscope.framing.http.events import HttpEvent, HttpFault, RequestHead, Reset, ResponseHead, Upgraded
from xmppscope.framing.http.heads import Head
from xmppscope.framing.http.messages import Messages

_SWITCHING: Final = 101


class Exchanges:
    """Both sides of a connection that speaks HTTP/1."""

    def __init__(self, *, midstream: bool) -> None:
        self._out: list[HttpEvent] = []
        self._sides = tuple(Messages(side, self, self._out, midstream=midstream) for side in (0, 1))
        self._loose = midstream
        self._pipelines = False
        self._client: int | None = None
        self._pending: deque[tuple[int, Head]] = deque()
        self._exchange = 0
        self._bodiless = -1
        self._asks: dict[int, int] = {}

    def feed(self, side: int, data: bytes) -> list[HttpEvent]:
        """Take the next bytes of one side."""
        messages = self._sides[side]
        if messages.held and len(messages.rest) + len(data) > bounds.HELD:
            self._loosen(side)
        messages.feed(data)
        other = self._sides[1 - side]
        if messages.over:
            self._loose = True
            self._release(1 - side)
        elif other.rest and not other.held:
            # It waited for the answer that has come.
            other.pump()
        return self._take()

    def lost(self, side: int, length: int | None) -> list[HttpEvent]:
        """Note that bytes of one side are missing."""
        messages = self._sides[side]
        if not messages.lost(length):
            if side != self._client:
                self._forget(side, messages.at)
            self._loose = True
            self._release(1 - side)
        return self._take()

    def close(self, side: int) -> list[HttpEvent]:
        """Take the end of one side."""
        messages = self._sides[side]
        self._loosen(side)
        messages.pump()
        messages.close()
        if side != self._client:
            self._forget(side, messages.at)
        return self._take()

    def begun(self, side: int, head: Head, start: int, end: int) -> int | None:
        """Take a head; see `messages.Link`."""
        client = side if not head.status else 1 - side
        if self._client is None:
            self._client = client
        elif self._client != client:
            self._out.append(HttpFault(side, start, end, "a request and a response from the same side"))
            self._sides[side].over = True
            return -1
        return self._response(side, head, start, end) if head.status else self._request(side, head, start, end)

    def ends_without_body(self, exchange: int) -> bool:
        """Tell whether the response of *exchange* has no body; see `messages.Link`."""
        return exchange == self._bodiless

    def done(self, side: int, exchange: int) -> None:
        """Note that a message is complete: behind one that asks for another protocol, its sender waits."""
        if side == self._client:
            if exchange in self._asks:
                self._sides[side].held = True
            self._release(1 - side)

    def _request(self, side: int, head: Head, start: int, end: int) -> int:
        self._exchange += 1
        exchange = self._exchange
        self._pending.append((exchange, head))
        if len(self._pending) > bounds.PENDING:
            old, _ = self._pending.popleft()
            self._out.append(Reset(old, side, end, end))
        self._out.append(RequestHead(exchange, side, start, end, head.method, head.target, head.headers, head.version))
        if head.upgrade or head.method == "CONNECT":
            self._asks = {exchange: side}
        return exchange

    def _response(self, side: int, head: Head, start: int, end: int) -> int | None:
        if 100 <= head.status < 200 and head.status != _SWITCHING:
            return -1
        self._loose = self._loose or len(self._sides[side].rest) > bounds.HELD
        if not self._pending and not self._loose:
            return None
        exchange, request = self._answered(side, end)
        self._out.append(ResponseHead(exchange, side, start, end, head.status, head.reason, head.headers))
        connected = request is not None and request.method == "CONNECT" and 200 <= head.status < 300
        self._bodiless = exchange if request is not None and request.method == "HEAD" else -1
        asker = self._asks.pop(exchange, None)
        if connected or head.status == _SWITCHING:
            self._upgrade(exchange, "connect" if connected else head.upgrade.lower(), side, end)
        elif asker is not None:
            self._sides[asker].held = False
        return exchange

    def _answered(self, side: int, end: int) -> tuple[int, Head | None]:
        """Return the exchange that a response belongs to, with its request if that is known."""
        pending = self._pending
        self._pipelines = self._pipelines or (len(pending) > 1 and not self._loose)
        if self._loose and self._pipelines:
            self._forget(side, end)
        while self._loose and len(pending) > 1:
            old, _ = pending.popleft()
            self._out.append(Reset(old, side, end, end))
        if pending:
            return pending.popleft()
        self._exchange += 1
        return self._exchange, None

    def _upgrade(self, exchange: int, protocol: str, side: int, end: int) -> None:
        """Hand over both sides: the response's ends at *end*, the other one's where its reader stands."""
        own, other = self._sides[side], self._sides[1 - side]
        rests = {side: own.rest[end - own.at :], 1 - side: other.rest}
        starts = {side: end, 1 - side: other.at}
        self._out.append(Upgraded(exchange, protocol, (starts[0], starts[1]), (rests[0], rests[1])))
        own.over = other.over = True

    def _release(self, side: int) -> None:
        """Let a response go on that waited for its request, or waits in vain."""
        messages = self._sides[side]
        if messages.held:
            messages.held = False
            messages.pump()

    def _loosen(self, side: int) -> None:
        """Let what waits on one side wait no longer: what it waits for will not come."""
        if self._sides[side].held:
            self._loose = self._loose or side != self._client
            self._sides[side].held = False

    def _forget(self, side: int, at: int) -> None:
        for exchange, _ in self._pending:
            self._out.append(Reset(exchange, side, at, at))
        self._pending.clear()

    def _take(self) -> list[HttpEvent]:
        out = self._out[:]
        self._out.clear()
        return out
