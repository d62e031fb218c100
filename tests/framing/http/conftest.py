"""Feeds bytes to the observer and tells what came out, independent of how they were cut."""

from collections.abc import Callable, Iterable

import pytest

from xmppscope.framing.http.connection import HttpConnection
from xmppscope.framing.http.events import HttpEvent, TunnelData

Step = tuple[int, bytes]
Play = Callable[..., list[HttpEvent]]


@pytest.fixture
def play() -> Play:
    """Feed (side, bytes) in order, and close both sides at the end."""

    def run(steps: Iterable[Step], *, size: int = 0, midstream: bool = False, close: bool = True) -> list[HttpEvent]:
        connection = HttpConnection(midstream=midstream)
        out: list[HttpEvent] = []
        for side, data in steps:
            for start in range(0, len(data), size or len(data) or 1):
                out += connection.feed(side, data[start : start + (size or len(data))])
        for side in (0, 1) if close else ():
            out += connection.close(side)
        return joined(out)

    return run


def joined(events: list[HttpEvent]) -> list[HttpEvent]:
    """Put runs of tunnel bytes together: only they come as they were cut."""
    out: list[HttpEvent] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, TunnelData) and isinstance(last, TunnelData) and last.side == event.side:
            out[-1] = TunnelData(event.exchange, event.side, last.start, event.end, last.data + event.data, event.last)
        else:
            out.append(event)
    return out
