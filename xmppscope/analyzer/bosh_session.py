"""One BOSH session: what came over several TCP connections, put in the order of the rids (XEP-0124 §14).

Requests are told in the order of their rids, responses in that of the requests that they answer, and no response before
its request. What is missing is waited for within bounds; then it is shown as missing and never guessed. A body that was
sent again (§14.3: a client repeats what it has no answer to) is told once.
"""

from typing import Final

from xmppscope.analyzer.bosh_entries import Arrival, BoshEntries
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.httpbind import BAD_RID, FAR_RID, OTHER_CONTENT
from xmppscope.model.timeline import INITIATING, RECEIVING, Annotation

MOST_RID: Final = 2**53 - 1
"""XEP-0124 §14.1: a rid can be this large at the most."""

PATIENCE: Final = 2_000_000_000
"""Nanoseconds of capture time that a body waits for the ones before it."""

WAITING: Final = 32
"""Bodies of one direction that wait for the ones before them."""

WAITING_BYTES: Final = 4 * 1024 * 1024
"""What these may hold together."""

FAR: Final = 1000
"""How far ahead a rid may be before it counts as out of the window; servers accept a handful."""

_REMEMBERED: Final = 64


class Queue:
    """The bodies of one direction: `next` is the rid whose turn it is, None before the first one."""

    def __init__(self) -> None:
        self.next: int | None = None
        self.waiting: dict[int, Arrival] = {}
        self.told: dict[int, int] = {}

    def take(self) -> Arrival | None:
        """Return the body whose turn it is, if it is here."""
        if self.next is None or self.next not in self.waiting:
            return None
        arrival = self.waiting.pop(self.next)
        self.note(self.next, arrival.mark)
        self.next += 1
        return arrival

    def note(self, rid: int, mark: int) -> None:
        """Remember what was told for *rid*."""
        self.told[rid] = mark
        if len(self.told) > _REMEMBERED:
            del self.told[next(iter(self.told))]

    def impatient(self, time: int) -> bool:
        """Tell whether what waits has waited long enough."""
        if not self.waiting:
            return False
        oldest = next(iter(self.waiting.values()))
        size = sum(arrival.body.size for arrival in self.waiting.values())
        return len(self.waiting) > WAITING or size > WAITING_BYTES or time - oldest.stamp.end_time > PATIENCE


class BoshSession:
    """Orders what one session says; `last` is when it last said anything."""

    def __init__(self, entries: BoshEntries) -> None:
        self.entries = entries
        self.sid = ""
        self.last = 0
        self.creating = True
        self.routes: dict[int, None] = {}
        self._requests = Queue()
        self._responses = Queue()
        self._far: Arrival | None = None
        self._first = True
        self._terminating: int | None = None
        self._cut: dict[int, Stamp] = {}
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether the session has ended."""
        return self.entries.over

    @property
    def held(self) -> int:
        """Bytes of the bodies that wait."""
        if not (self._requests.waiting or self._responses.waiting or self._far):
            return 0
        waiting = [*self._requests.waiting.values(), *self._responses.waiting.values()]
        return sum(one.body.size for one in waiting) + (0 if self._far is None else self._far.body.size)

    def hurry(self) -> None:
        """Tell what waits without waiting any longer."""
        self._flush()
        if self._far is not None:
            far, self._far = self._far, None
            self._out_of_window(far)

    def request(self, arrival: Arrival) -> None:
        """Take a request."""
        self.last = max(self.last, arrival.stamp.end_time)
        rid, queue = arrival.rid, self._requests
        if self._cut:
            self._tell_cut()
        if rid is None and arrival.fault and arrival.body.header is None:
            # It was not captured, or cannot be read, as far as the rid.
            self._tell_request(arrival)
            return
        if rid is None or rid > MOST_RID:
            self._out_of_order(arrival, BAD_RID, "XEP-0124 §14.1")
            return
        if queue.next is None:
            queue.next = self._responses.next = rid
        if rid in queue.told or (rid in queue.waiting):
            self._again(arrival, queue)
        elif rid < queue.next:
            self._late(arrival)
        elif rid > queue.next + FAR:
            self._far_ahead(arrival)
        else:
            queue.waiting[rid] = arrival
        self._go_on(arrival.stamp)

    def response(self, arrival: Arrival) -> None:
        """Take a response; its rid is None where it is not known what it answers."""
        self.last = max(self.last, arrival.stamp.end_time)
        rid, queue = arrival.rid, self._responses
        if rid is None or queue.next is None:
            self._tell_response(arrival)
        elif rid in queue.told or rid in queue.waiting:
            self._answered_again(arrival, queue)
        elif rid < queue.next:
            self._tell_response(arrival)
            queue.note(rid, arrival.mark)
        elif rid > queue.next + FAR:
            self._tell_response(arrival)
        else:
            queue.waiting[rid] = arrival
        if arrival.body.attrs.get("type") == "terminate":
            # The receiving entity waits for nothing any more.
            self._flush()
        self._go_on(arrival.stamp)

    def unanswered(self, rid: int, stamp: Stamp) -> None:
        """Note that a TCP connection ended while a request was under way on it; it matters if the session goes on."""
        if rid not in self._responses.told and rid not in self._responses.waiting and len(self._cut) < _REMEMBERED:
            self._cut[rid] = stamp

    def end(self) -> None:
        """Tell what waits still: nothing more will come."""
        if self._ended:
            return
        self._ended = True
        self.hurry()
        self.entries.end()

    def _tell_cut(self) -> None:
        for rid, stamp in () if self.over else self._cut.items():
            self.entries.http(RECEIVING, stamp, f"the TCP connection ended before rid {rid} was answered")
        self._cut.clear()

    def _go_on(self, stamp: Stamp) -> None:
        self._drain()
        for queue in (self._requests, self._responses):
            while queue.impatient(stamp.end_time):
                self._skip(queue)
                self._drain()

    def _drain(self) -> None:
        """Tell all whose turn it is: requests first, and each response behind its request."""
        requests, responses = self._requests, self._responses
        while (arrival := requests.take()) is not None:
            self._tell_request(arrival)
        while responses.next is not None and requests.next is not None and responses.next < requests.next:
            answer = responses.take()
            if answer is None:
                break
            self._tell_response(answer)

    def _flush(self) -> None:
        """Tell all that waits."""
        self._drain()
        while self._requests.waiting or self._responses.waiting:
            self._skip(self._requests if self._requests.waiting else self._responses)
            self._drain()

    def _skip(self, queue: Queue) -> None:
        """Wait no longer for what is missing before the first body that is here."""
        rid = min(queue.waiting)
        first = queue.next
        stamp = queue.waiting[rid].stamp
        if queue is self._responses and self._requests.next is not None and rid >= self._requests.next:
            # The request of this response is missing too, or still waits itself.
            if self._requests.waiting:
                self._skip(self._requests)
                return
            self.entries.missing(INITIATING, stamp, self._requests.next, rid)
            self._requests.next = rid + 1
        if first is not None and first < rid:
            if queue is self._requests:
                self.entries.missing(INITIATING, stamp, first, rid - 1)
            else:
                which = f"rid {first}" if first == rid - 1 else f"rid {first} to {rid - 1}"
                self.entries.http(RECEIVING, stamp, f"no answer to {which} so far; rid {rid} is answered")
        queue.next = rid

    def _tell_request(self, arrival: Arrival) -> None:
        opens, self._first = self._first and self.creating, False
        if arrival.body.attrs.get("type") == "terminate":
            self._terminating = arrival.rid
        self.entries.tell(INITIATING, arrival, opens=opens)

    def _tell_response(self, arrival: Arrival) -> None:
        opens, self.creating = self.creating and arrival.status < 300, False
        ends = arrival.rid is not None and arrival.rid == self._terminating
        self.entries.tell(RECEIVING, arrival, opens=opens, ends=ends)

    def _again(self, arrival: Arrival, queue: Queue) -> None:
        """Tell of a request that was sent again (XEP-0124 §14.3); its content counts once."""
        rid = arrival.rid or 0
        first = queue.told[rid] if rid in queue.told else queue.waiting[rid].mark
        if arrival.route:
            self.entries.http(INITIATING, arrival.stamp, arrival.route, arrival.facts)
        if first == arrival.mark:
            self.entries.http(INITIATING, arrival.stamp, f"rid {rid} sent again", [_REPEATED])
        else:
            reason = f"rid {rid} {OTHER_CONTENT}, which is not told"
            self.entries.malformed(INITIATING, arrival.stamp, reason, "XEP-0124 §14.3")

    def _answered_again(self, arrival: Arrival, queue: Queue) -> None:
        rid = arrival.rid or 0
        first = queue.told[rid] if rid in queue.told else queue.waiting[rid].mark
        if first == arrival.mark:
            self.entries.http(RECEIVING, arrival.stamp, f"answer to rid {rid} sent again", [_REPEATED])
        else:
            self.entries.http(RECEIVING, arrival.stamp, f"another answer to rid {rid}", [_REPEATED])
            self._tell_response(arrival)

    def _late(self, arrival: Arrival) -> None:
        """Tell of a request that comes behind others that should have followed it."""
        rid = arrival.rid or 0
        self.entries.http(
            INITIATING, arrival.stamp, f"rid {rid} comes late, behind rid {(self._requests.next or 1) - 1}"
        )
        self._requests.note(rid, arrival.mark)
        self._tell_request(arrival)

    def _far_ahead(self, arrival: Arrival) -> None:
        """Hold one request that is far ahead: only if others follow it, the ones between are missing."""
        far, self._far = self._far, arrival
        if far is None:
            return
        if far.rid is not None and arrival.rid == far.rid + 1 and self._requests.next is not None:
            self._far = None
            self.entries.missing(INITIATING, far.stamp, self._requests.next, far.rid - 1)
            self._requests.waiting.clear()
            self._requests.next = self._responses.next = far.rid
            self._requests.waiting = {far.rid: far, far.rid + 1: arrival}
        else:
            self._out_of_window(far)

    def _out_of_window(self, arrival: Arrival) -> None:
        expected = self._requests.next
        reason = f"rid {arrival.rid} is {FAR_RID}, rid {expected} comes next: its content is not told"
        self.entries.malformed(INITIATING, arrival.stamp, reason, "XEP-0124 §14.2")

    def _out_of_order(self, arrival: Arrival, reason: str, spec: str) -> None:
        self.entries.malformed(INITIATING, arrival.stamp, reason, spec)
        self._tell_request(arrival)


_REPEATED: Final = Annotation("its content is told once", "XEP-0124 §14.3")
