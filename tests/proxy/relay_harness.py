"""A stage for one relay: scripted peers on both sides, a clock of its own, and what the relay tells, read twice.

What the relay tells goes to an analyzer, as it does live, and through a recording that is read again.
"""

import ssl
from collections.abc import Callable
from typing import Any

from tests.proxy.outcome import Outcome, Run, assert_logged_in, assert_refused
from tests.proxy.peers import Peer, Play
from xmppscope.analyzer import Analyzer
from xmppscope.model.timeline import Header, Record, Summary
from xmppscope.model.wire import Keys, ProxyEvent
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.contexts import ClientLegs, ServerLegs
from xmppscope.proxy.leaf import LeafNames, upstream_names
from xmppscope.proxy.record import PcapngLegs
from xmppscope.proxy.relay import Relay
from xmppscope.proxy.secrets import TlsSecrets
from xmppscope.proxy.settings import Dial, End, Settings
from xmppscope.proxy.strangers import Strangers
from xmppscope.proxy.upstream import parse_upstream
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

__all__ = ["SECOND", "Outcome", "Pieces", "Run", "Stage", "Tools", "assert_logged_in", "assert_refused"]

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
CLIENT, PROXY = "127.0.0.1:40000", "127.0.0.1:5322"
OWN, SERVER = "[::1]:40001", "[::1]:5222"
MOST_STEPS = 200_000

Versions = tuple[ssl.TLSVersion, ssl.TLSVersion]


class Tools:
    """The contexts of both legs, and a note of what was asked for."""

    def __init__(self, authority: Authority, upstream_ca: str | None = None, *, insecure: bool = False) -> None:
        self._secrets = TlsSecrets()
        self.secrets: Callable[[], bytes] = self._secrets.take
        self._clients = ClientLegs(authority, self._secrets, None, upstream_ca)
        self._servers = ServerLegs(self._secrets, upstream_ca, insecure=insecure)
        self.strangers = Strangers()
        self.asked: list[tuple[Any, ...]] = []
        self.curve = ""

    def client_context(
        self,
        domain: str,
        dialled: str,
        upstream: bytes | None,
        alpn: str | None,
        versions: Versions,
        *,
        asks: bool = False,
    ) -> ssl.SSLContext:
        self.asked.append(("client", domain, alpn, versions))
        names = LeafNames(domain, dialled.rpartition(":")[0], () if upstream is None else upstream_names(upstream))
        context = self._clients.context(names, alpn, *versions, asks=asks)
        if self.curve:
            context.set_ecdh_curve(self.curve)
        return context

    def server_context(self, alpn: tuple[str, ...], versions: Versions) -> ssl.SSLContext:
        self.asked.append(("server", alpn, versions))
        return self._servers.context(alpn, *versions)

    def close(self) -> None:
        self._secrets.close()


class Pieces:
    """How bytes come: in pieces of these sizes in turn, 0 for all that there is; *turns* says who is served first."""

    def __init__(self, sizes: tuple[int, ...] = (0,), turns: tuple[bool, ...] = (True,)) -> None:
        self._sizes = sizes
        self._turns = turns
        self._taken = 0

    def take(self, outbox: bytearray) -> bytes:
        size = self._sizes[self._taken % len(self._sizes)] or len(outbox)
        self._taken += 1
        data = bytes(outbox[:size])
        del outbox[:size]
        return data

    def client_first(self) -> bool:
        return self._turns[self._taken % len(self._turns)]


class Stage:
    """Plays one connection; see `play`.

    *reach* says what becomes of the wish for a server: ``connect``, ``late`` (once nothing else moves), ``never``, or
    why it cannot be reached.
    """

    def __init__(
        self,
        tools: Tools,
        client: Play,
        server: Play,
        *,
        upstream: str | None = "localhost",
        pieces: Pieces | None = None,
        direct_tls: bool = False,
        reach: str = "connect",
        start: int,
        stubborn: bool = False,
        batches: bool = True,
        destination: tuple[str, int] | None = None,
        **settings: Any,
    ) -> None:
        self.client = Peer(client, stubborn=stubborn)
        self.server = Peer(server, stubborn=stubborn)
        self._reach = reach
        self._pieces = pieces or Pieces()
        self.now = self._start = start
        self._events: list[ProxyEvent] = []
        self._dials: list[Dial] = []
        self._ends: list[End] = []
        self._connected = False
        self._closed: set[str] = set()
        self._told: set[str] = set()
        self._calls = 0
        self._analyzer = Analyzer(KeyStore())
        self.live: list[Record] = []
        named = None if upstream is None else parse_upstream(upstream)
        self.relay = Relay(
            Settings(upstream=named, **{"records": True, **settings}),
            tools,
            pair=1,
            flows=(1, 2),
            client=CLIENT,
            dialled=PROXY,
            time=start,
            destination=destination,
            direct_tls=direct_tls,
        )

    def play(self, *, seconds: int = 3600) -> Outcome:
        """Go on, and tell what came of it."""
        self.go_on(seconds=seconds)
        return self._outcome()

    def go_on(self, *, seconds: int) -> None:
        """Go on until nothing moves any more and no deadline is left, or so much time has passed."""
        self._settle()
        steps = 0
        while True:
            steps += 1
            assert steps < MOST_STEPS, "it does not end"
            moved = self.client.step() | (self.server.step() if self._connected else False)
            if self._move() or moved:
                continue
            if self._reach == "late" and self._dials and not self._connected and not self.relay.done:
                self._connect()
                continue
            deadline = self.relay.deadline
            if self.relay.done or deadline is None or deadline > self._start + seconds * SECOND:
                break
            assert deadline >= self.now
            self.now = deadline
            self.relay.expired(self.now)
            self._settle()

    def stop(self) -> Outcome:
        """Stop the proxy, and play what is left."""
        self.relay.stop(self._tick())
        self._settle()
        return self.play()

    def _tick(self) -> int:
        self.now += MILLISECOND
        return self.now

    def _move(self) -> bool:
        """Hand the next bytes, or an end, to the relay."""
        peers = [("client", self.client), ("server", self.server)]
        for name, peer in peers if self._pieces.client_first() else reversed(peers):
            if name == "server" and not self._connected:
                continue
            if name in self._closed:
                peer.outbox.clear()
                if name not in self._told and not self.relay.done:
                    # A socket that was closed on this side is lost, which its owner is told.
                    self._told.add(name)
                    if name == "client":
                        self.relay.client_ended(self._tick())
                        self._settle()
                        return True
                continue
            if peer.outbox:
                data = self._pieces.take(peer.outbox)
                call = self.relay.client_data if name == "client" else self.relay.server_data
                call(data, self._tick())
                self._settle()
                return True
            if peer.ends and name not in self._told:
                self._told.add(name)
                end = self.relay.client_ended if name == "client" else self.relay.server_ended
                end(self._tick(), reset=peer.ends == "reset")
                self._settle()
                return True
        return False

    def _settle(self) -> None:
        """Send and do what the relay wants, as the sockets' owner does after each call."""
        relay = self.relay
        while True:
            for leg, peer in ((relay.server, self.server), (relay.client, self.client)):
                if leg.out and leg.name not in self._closed and not peer.eof:
                    peer.receive(b"".join(leg.out))
                leg.out.clear()
            commands = relay.commands[:]
            relay.commands.clear()
            self._hand_on()
            if not commands:
                break
            for command in commands:
                if isinstance(command, Dial):
                    self._dials.append(command)
                    self._dial()
                else:
                    self._end(command)

    def _hand_on(self) -> None:
        events, self.relay.events = self.relay.events, []
        self._events += events
        self.live += self._analyzer.feed_all([event for event in events if not isinstance(event, Keys) or event.data])

    def _dial(self) -> None:
        if self._reach in ("never", "late"):
            return
        if self._reach == "connect":
            self._connect()
        else:
            self.relay.routed("", SERVER, self._tick())
            self.relay.server_failed(self._reach, "start it", self._tick())

    def _connect(self) -> None:
        self.relay.routed("", SERVER, self._tick())
        self._connected = True
        self.relay.server_connected(OWN, SERVER, self._tick())
        self._settle()

    def _end(self, end: End) -> None:
        self._ends.append(end)
        peer = self.client if end.leg == "client" else self.server
        peer.see_end("reset" if end.abort else "fin")
        if end.abort or end.close:
            self._closed.add(end.leg)

    def _outcome(self) -> Outcome:
        self._hand_on()
        self.live += self._analyzer.close()
        self.live.append(self._analyzer.summary(0, 1))
        recorded, notices = read(self._events)
        return Outcome(
            self.client,
            self.server,
            self.relay,
            self._events,
            self.live,
            recorded,
            self._dials,
            self._ends,
            self.now - self._start,
            notices,
        )


def read(events: list[ProxyEvent]) -> tuple[list[Record], list[str]]:
    """Record events and read the recording: the timeline, and what the reader has to complain about."""
    legs = PcapngLegs()
    data = legs.beginning + b"".join(map(legs.feed, events))
    pipeline = Pipeline(KeyStore())
    pipeline.open("recording")
    records = [*pipeline.feed(data), *pipeline.end(), *pipeline.close()]
    found = [record for record in records if not isinstance(record, Header)]
    if found and isinstance(found[-1], Summary):
        found[-1].packets = 0
    return found, pipeline.notices
