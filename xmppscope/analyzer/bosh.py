"""BOSH (XEP-0124, XEP-0206): which session the bodies of an HTTP connection belong to.

A session is one connection of the timeline, whatever TCP connections it goes over; these are none. Its key is the sid.
A request without a sid creates a session, whose sid comes with the answer; some servers name it nowhere else, so that a
response is found by the request that it answers. Sessions are shared by all connections, bounded in number and
forgotten some time after their end.
"""

from collections import deque
from typing import Final, TypeVar

import msgspec

from xmppscope.analyzer.bosh_entries import Arrival, BoshEntries
from xmppscope.analyzer.bosh_session import BoshSession
from xmppscope.analyzer.bosh_words import short
from xmppscope.analyzer.http_entries import masked
from xmppscope.analyzer.ledger import Ledger
from xmppscope.analyzer.services import Services
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.http.events import BodyDone, RequestHead, ResponseHead
from xmppscope.framing.httpbind import BodyReader, HttpBody
from xmppscope.model.element import Element
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import INITIATING, RECEIVING, Annotation, Entry, Sender
from xmppscope.model.wire import Opened
from xmppscope.redact import SENSITIVE

SESSIONS: Final = 4096
"""Sessions followed at the same time."""

INACTIVITY: Final = 3_600_000_000_000
"""Nanoseconds after which a session is forgotten of which nothing more came."""

WAITING_BYTES: Final = 4 * 1024 * 1024
"""What bodies that wait for others may hold in all sessions together: the elements in them take far more."""

AFTERWARDS: Final = 120_000_000_000
"""Nanoseconds for which an ended session is remembered: its last requests may be sent again."""

_UNDER_WAY: Final = 64
_ORPHANS: Final = 8
_ROUTES: Final = 64
_NAMELESS: Final = 64
Key = TypeVar("Key")
Head = TypeVar("Head", RequestHead, ResponseHead)
_SHOWN: Final = {"host": "Host", "user-agent": "User-Agent", "origin": "Origin"}


class Asked(msgspec.Struct):
    """A request under way: its exchange, session and rid, and when it was sent."""

    exchange: int
    session: BoshSession
    rid: int | None
    time: int


class Carrier:
    """A TCP connection with HTTP on it, as the sessions that go over it see it; `carries` tells of any."""

    def __init__(self, ledger: Ledger, services: Services) -> None:
        self.ledger = ledger
        self.opened = ledger.opened
        self.session: BoshSession | None = None
        self.asked: deque[Asked] = deque(maxlen=_UNDER_WAY)
        self.orphans: list[Arrival] = []
        self._sessions = sessions_of(services)
        self._requests: dict[int, RequestHead] = {}
        self._responses: dict[int, ResponseHead] = {}
        self._client: int | None = None

    @property
    def carries(self) -> bool:
        """Whether a session goes over this connection, or may be named yet."""
        return self.session is not None or bool(self.orphans)

    def head(self, head: RequestHead | ResponseHead) -> None:
        """Take a head; its body follows."""
        if isinstance(head, RequestHead):
            self._client = head.side
            _keep(self._requests, head)
        else:
            self._client = 1 - head.side
            _keep(self._responses, head)

    def body(self, body: BodyDone, stamp: Stamp, protection: str) -> bool:
        """Take a body; return False if it is none of BOSH."""
        if body.side == self._client:
            request = self._requests.pop(body.exchange, None)
            return request is not None and self._sessions.request(self, request, body, stamp, protection)
        return self._sessions.response(self, self._responses.pop(body.exchange, None), body, stamp, protection)

    def lost(self, side: int, length: int | None, stamp: Stamp) -> bool:
        """Note that bytes are missing; return False if no session has to be told."""
        if self.session is None:
            return False
        self.session.entries.gap(INITIATING if side == self._client else RECEIVING, stamp, length)
        return True

    def fault(self, side: int, reason: str, stamp: Stamp) -> None:
        """Note that nothing more of one side can be read; it matters if a session goes over this connection."""
        if self.session is not None:
            sender: Sender = INITIATING if side == self._client else RECEIVING
            self.session.entries.unreadable(sender, f"the rest of a TCP connection cannot be read: {reason}", stamp)

    def close(self, side: int, stamp: Stamp) -> None:
        """Take the end of one side: where the server sends no more, nothing is answered any more."""
        if side != self._client:
            self._sessions.closed(self, stamp)

    def ends(self, client: int) -> tuple[str, str]:
        """Return both addresses, the client's first."""
        opened = self.opened
        return (opened.first, opened.second) if client == 0 else (opened.second, opened.first)

    def answered(self, exchange: int, time: int) -> Asked | None:
        """Return the request that a response answers: by its exchange, else the last one sent before it."""
        for asked in self.asked:
            if asked.exchange == exchange:
                self.asked.remove(asked)
                return asked
        if exchange in self._requests:
            return None  # it was answered before it was complete
        before = [asked for asked in self.asked if asked.time <= time]
        if before:
            self.asked.remove(before[-1])
            return before[-1]
        return None


class BoshSessions:
    """All sessions of one timeline."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reader = BodyReader(SENSITIVE)
        self._sessions: dict[str, BoshSession] = {}
        self._creating: dict[tuple[str, int | None, int], BoshSession] = {}
        self._nameless: list[BoshSession] = []
        self._waiting: dict[BoshSession, int] = {}
        self._held = 0
        self._swept = 0

    def request(self, carrier: Carrier, head: RequestHead, done: BodyDone, stamp: Stamp, protection: str) -> bool:
        """Take a request with its body; return False if it is none of BOSH."""
        body = self._reader.read(done.data) if done.data else None
        if body is None or (body.header is None and carrier.session is None):
            return False
        self._sweep(stamp.time)
        attrs = body.attrs
        arrival = Arrival(body, stamp, protection, _rid(attrs.get("rid")), hash(done.data), done.fault)
        session = self._session(carrier, head, arrival)
        if carrier.opened.flow not in session.routes:
            _name_route(session, carrier, head, arrival, show_secrets=self._services.show_secrets)
        if carrier.session is None:
            _tell_gaps(carrier, session)
        carrier.session = session
        carrier.asked.append(Asked(done.exchange, session, arrival.rid, stamp.time))
        if carrier.orphans:
            self._adopt(carrier, session)
        session.request(arrival)
        self._balance(session)
        return True

    def response(
        self, carrier: Carrier, head: ResponseHead | None, done: BodyDone, stamp: Stamp, protection: str
    ) -> bool:
        """Take a response with its body; return False if it is none of BOSH."""
        body = self._reader.read(done.data) if done.data else None
        asked = carrier.answered(done.exchange, stamp.time)
        if asked is None and (body is None or body.header is None):
            return False
        status, reason = (200, "") if head is None else (head.status, head.reason)
        if body is None:
            body = HttpBody(None, [], len(done.data))
        rid = None if asked is None else asked.rid
        arrival = Arrival(body, stamp, protection, rid, hash(done.data), done.fault, status, reason)
        session = (
            asked.session if asked is not None else self._sessions.get(body.attrs.get("sid", "")) or carrier.session
        )
        if session is None:
            self._orphan(carrier, arrival)
            return True
        sid = body.attrs.get("sid")
        if session.creating and sid:
            self._name(session, sid)
        session.response(arrival)
        self._balance(session)
        return True

    def closed(self, carrier: Carrier, stamp: Stamp) -> None:
        """Note that a server has closed a TCP connection, or that nothing more comes of it."""
        asked, carrier.asked = carrier.asked, deque(maxlen=_UNDER_WAY)
        for one in asked:
            if one.rid is not None:
                one.session.unanswered(one.rid, stamp)
        if carrier.orphans:
            self._adopt(carrier, self._begun_before(carrier, carrier.orphans[0], 0))

    def end(self) -> None:
        """Tell what is left to tell: nothing more will come."""
        for session in [*self._sessions.values(), *self._creating.values(), *self._nameless]:
            session.end()
        self._sessions.clear()
        self._creating.clear()
        self._nameless.clear()

    def _session(self, carrier: Carrier, head: RequestHead, arrival: Arrival) -> BoshSession:
        """Return the session of a request: the one of its sid, or a new one."""
        body = arrival.body
        if body.header is None and carrier.session is not None:
            return carrier.session
        sid = body.attrs.get("sid")
        if sid is not None:
            known = self._sessions.pop(sid, None)
            if known is None:
                known = self._begun_before(carrier, arrival, head.side)
                self._name(known, sid)
            else:
                # The one that was silent for longest stands first.
                self._sessions[sid] = known
            return known
        key = (carrier.ends(head.side)[0].rpartition(":")[0], arrival.rid, arrival.mark)
        again = self._creating.get(key)
        if again is not None:
            return again
        session = self._begin(carrier, arrival, head.side, midstream=False)
        self._creating[key] = session
        if len(self._creating) > SESSIONS:
            self._keep_nameless(self._creating.pop(next(iter(self._creating))))
        return session

    def _begun_before(self, carrier: Carrier, arrival: Arrival, client: int) -> BoshSession:
        session = self._begin(carrier, arrival, client, midstream=True)
        session.creating = False
        sid = arrival.body.attrs.get("sid")
        name = f", sid {short(sid)}" if sid else ""
        text = f"a BOSH session that began before the capture{name}"
        session.entries.http(INITIATING, arrival.stamp, text)
        if not sid:
            self._keep_nameless(session)
        return session

    def _keep_nameless(self, session: BoshSession) -> None:
        """Remember a session, within bounds, that no sid leads to: it has to be ended."""
        self._nameless.append(session)
        if len(self._nameless) > _NAMELESS:
            self._nameless.pop(0).end()

    def _begin(self, carrier: Carrier, arrival: Arrival, client: int, *, midstream: bool) -> BoshSession:
        first, second = carrier.ends(client)
        seen = carrier.opened
        time = arrival.stamp.time if carrier.carries else seen.time
        opened = Opened(seen.flow, time, arrival.stamp.packet, first, second, not midstream)
        entries = BoshEntries(opened, carrier.ledger.recorder, self._services)
        held: list[tuple[Entry, Element | None]] = []
        if not carrier.carries:
            held = [one for one in carrier.ledger.backlog if one[0].kind in ("tls", "proxy", "gap")]
            carrier.ledger.backlog.clear()
        carrier.ledger.lead(entries.ledger, entries.directions)
        entries.begin(arrival, held, midstream=midstream)
        return BoshSession(entries)

    def _name(self, session: BoshSession, sid: str) -> None:
        """Note the sid of a session; the oldest one makes room where there are too many."""
        session.sid = sid
        for key in [key for key, one in self._creating.items() if one is session]:
            del self._creating[key]
        self._sessions[sid] = session
        if len(self._sessions) > SESSIONS:
            self._sessions.pop(next(iter(self._sessions))).end()

    def _balance(self, session: BoshSession) -> None:
        """Keep what waits in all sessions within bounds: the one that was silent for longest waits no more."""
        held = session.held
        self._held += held - self._waiting.pop(session, 0)
        if held:
            self._waiting[session] = held
        while self._held > WAITING_BYTES:
            oldest = next(iter(self._waiting))
            self._held -= self._waiting.pop(oldest)
            oldest.hurry()

    def _orphan(self, carrier: Carrier, arrival: Arrival) -> None:
        """Hold a response of a session that only the next request will name, or begin it by its own sid."""
        sid = arrival.body.attrs.get("sid")
        if sid:
            session = self._begun_before(carrier, arrival, 0)
            self._name(session, sid)
            carrier.session = session
            session.response(arrival)
        elif len(carrier.orphans) < _ORPHANS:
            carrier.orphans.append(arrival)

    def _adopt(self, carrier: Carrier, session: BoshSession) -> None:
        orphans, carrier.orphans = carrier.orphans, []
        for orphan in orphans:
            session.response(orphan)

    def _sweep(self, time: int) -> None:
        """Forget sessions that are over or silent, now and then."""
        if time - self._swept < AFTERWARDS:
            return
        self._swept = time
        _forget(self._sessions, time)
        _forget(self._creating, time)


def sessions_of(services: Services) -> BoshSessions:
    """Return the sessions that all connections share."""
    if services.bosh is None:
        services.bosh = BoshSessions(services)
    return services.bosh


def _tell_gaps(carrier: Carrier, session: BoshSession) -> None:
    """Tell of bytes that were missing on a TCP connection before it was known which session it carries."""
    for entry, _ in carrier.ledger.backlog:
        if entry.kind == "gap":
            entry.state = session.entries.ledger.negotiation.state
            session.entries.ledger.write(entry)
    carrier.ledger.backlog.clear()


def _forget(known: dict[Key, BoshSession], time: int) -> None:
    for key in list(known):
        session = known[key]
        if time - session.last > (AFTERWARDS if session.over else INACTIVITY):
            del known[key]
            session.end()


def _keep(heads: dict[int, Head], head: Head) -> None:
    heads[head.exchange] = head
    if len(heads) > _UNDER_WAY:
        del heads[next(iter(heads))]


def _rid(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 20 else None


def _name_route(
    session: BoshSession, carrier: Carrier, head: RequestHead, arrival: Arrival, *, show_secrets: bool
) -> None:
    """Tell of a TCP connection that is new to the session, with what its first request says."""
    address = carrier.ends(head.side)[0]
    another = bool(session.routes)
    session.routes[carrier.opened.flow] = None
    if len(session.routes) > _ROUTES:
        del session.routes[next(iter(session.routes))]
    path = visible(head.target) if show_secrets else masked(head.target)
    arrival.route = f"another TCP connection: {address}" if another else f"{head.method} {path} from {address}"
    facts = [
        Annotation(f"{_SHOWN[name]}: {short(value)}", "RFC 9110") for name, value in head.headers if name in _SHOWN
    ]
    arrival.facts = facts or None
