"""The flows that are kept: found by key, let go by age, looked at again when their time comes.

The key table has both directions' keys, each with its flow, the sender's direction and the other one, so that the hot
path does one look-up. Nothing refers back, so a released flow is freed without the cycle collector.
"""

from heapq import heapify, heappop, heappush, heapreplace
from typing import Final

from xmppscope.transport.direction import Direction
from xmppscope.transport.flow import Flow, reverse

_SPARE: Final = 64
"""How many entries of flows that are gone a heap may hold beyond one for every flow that is kept."""

Place = tuple[Flow, Direction, Direction]


class FlowTable:
    """Flows by key and by number, and their timers."""

    def __init__(self) -> None:
        self.places: dict[bytes, Place] = {}
        self.flows: dict[int, Flow] = {}
        self._ages: list[tuple[int, int]] = []
        self._timers: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self.flows)

    def add(self, flow: Flow) -> Place:
        """Enter a flow under both its keys; return the place of the sender of its first packet."""
        this, peer = flow.directions
        self.places[reverse(flow.key)] = flow, peer, this
        place = self.places[flow.key] = flow, this, peer
        self.flows[flow.number] = flow
        heappush(self._ages, (flow.last, flow.number))
        if len(self._ages) > 2 * len(self.flows) + _SPARE:
            self._ages = [(each.last, each.number) for each in self.flows.values()]
            heapify(self._ages)
        return place

    def remove(self, flow: Flow) -> None:
        """Forget a flow."""
        del self.flows[flow.number]
        self.places.pop(flow.key, None)
        self.places.pop(reverse(flow.key), None)

    def oldest(self) -> Flow:
        """Return the flow that was used least recently; there must be one.

        The heap knows last uses only as far as anyone asked: a flow that was used meanwhile is moved here, not with
        every packet. So what it costs is bounded by the packets, and the hot path stays short.
        """
        while True:
            last, number = self._ages[0]
            flow = self.flows.get(number)
            if flow is None:
                heappop(self._ages)
            elif flow.last != last:
                heapreplace(self._ages, (flow.last, number))
            else:
                return flow

    def schedule(self, flow: Flow, due: int | None) -> None:
        """Set a flow's timer, unless one goes off before that anyway."""
        if due is not None and (flow.due is None or due < flow.due):
            flow.due = due
            heappush(self._timers, (due, flow.number))
            if len(self._timers) > 2 * len(self.flows) + _SPARE:
                self._timers = [(each.due, each.number) for each in self.flows.values() if each.due is not None]
                heapify(self._timers)

    def next_timer(self) -> int | None:
        """Return when the first timer goes off."""
        return self._timers[0][0] if self._timers else None

    def expired(self, now: int) -> Flow | None:
        """Return a flow whose timer has gone off by *now*, or None when there is none left."""
        while self._timers and self._timers[0][0] <= now:
            due, number = heappop(self._timers)
            flow = self.flows.get(number)
            if flow is not None and flow.due == due:
                flow.due = None
                return flow
        return None
