"""Requests and their answers over all connections, by the namespace of what is asked for.

Which answer belongs to which request is told by the entries themselves (`session.iq` found it out).
"""

from typing import Final

from xmppscope.stats.report import Latency
from xmppscope.stats.samples import Samples

MOST_NAMESPACES: Final = 1024
MOST_OPEN: Final = 65_536
"""How many requests wait for their answer; the oldest ones count as unanswered."""


class _Kind:
    def __init__(self) -> None:
        self.requests = 0
        self.answered = 0
        self.samples = Samples()


class Exchanges:
    """All requests; `forgotten` counts those whose namespace was one too many."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._kinds: dict[str, _Kind] = {}
        self._open: dict[int, _Kind] = {}

    def request(self, entry: int, namespace: str) -> None:
        """Take a request."""
        kind = self._kinds.get(namespace)
        if kind is None:
            if len(self._kinds) >= MOST_NAMESPACES:
                self.forgotten += 1
                return
            kind = self._kinds[namespace] = _Kind()
        kind.requests += 1
        self._open[entry] = kind
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    def answer(self, request: int, latency: float | None, entry: int) -> None:
        """Take the answer to a request; *latency* is None where the times of the capture step back."""
        kind = self._open.pop(request, None)
        if kind is None:
            return
        kind.answered += 1
        if latency is not None:
            kind.samples.add(latency, entry)

    def table(self) -> list[Latency]:
        """Return the figures of each namespace, the most asked first."""
        ordered = sorted(self._kinds.items(), key=lambda item: (-item[1].requests, item[0]))
        return [_figures(namespace, kind) for namespace, kind in ordered]


def _figures(namespace: str, kind: _Kind) -> Latency:
    samples = kind.samples
    known = samples.slowest >= 0
    return Latency(
        namespace,
        kind.requests,
        kind.answered,
        kind.requests - kind.answered,
        samples.quantile(0.5),
        samples.quantile(0.95),
        samples.slowest if known else None,
        samples.slowest_entry if known else None,
    )
