"""The sockets of one proxied connection: what they bring goes to its relay, what the relay says is done.

The client's socket is met by the front door first, and where TLS comes, its ClientHello tells what is inside. Bytes
that are to be sent while a peer does not read wait in the transport, and when that is more than a little, the other
socket is not read any more.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final, TypedDict

from xmppscope.model.plaintext import cut
from xmppscope.proxy.dial import Dialled, NotReached, dial
from xmppscope.proxy.front import Arrived, Front, FrontStep
from xmppscope.proxy.host import Target, shown
from xmppscope.proxy.relay import Relay
from xmppscope.proxy.settings import Destination, Dial, End
from xmppscope.proxy.sockets import ServerEnd, reset, set_up
from xmppscope.proxy.srv import service_of
from xmppscope.proxy.transparent import original_destination
from xmppscope.proxy.web_arrival import TlsArrival
from xmppscope.proxy.web_commands import Fetch, Hold, WebDial
from xmppscope.proxy.web_relay import WebRelay

if TYPE_CHECKING:
    from xmppscope.proxy.server import ProxyServer

_CAUGHT: Final = "the redirection catches the proxy's own connections; leave those of its user or group out"
_FRONT_PATIENCE: Final = 60.0
_HELLO_PATIENCE: Final = 20.0
_SHOWN: Final = 80
_NANOSECONDS: Final = 1_000_000_000


class _More(TypedDict):
    """What every relay is told of its connection."""

    pair: int
    flows: tuple[int, int]
    client: str
    dialled: str
    time: int
    destination: Destination | None
    direct_tls: bool


class ProxiedStream(asyncio.Protocol):
    """The client's end, and what holds a proxied connection together."""

    def __init__(self, server: "ProxyServer") -> None:
        self._server = server
        self._clock = server.clock
        self._front: Front | None = Front(server.page)
        self._relay: Relay | WebRelay | None = None
        self._arrival: tuple[TlsArrival, Arrived] | None = None
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_for: int | None = None
        self._peer = self._dialled = ""
        self._own_end = "", ""
        self._accepted = 0

    # The client's socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Meet a client at the front door."""
        assert isinstance(transport, asyncio.Transport)
        self._client = transport
        self._accepted = self._clock()
        set_up(transport)
        self._server.open.add(self)
        name = transport.get_extra_info("peername")
        own = transport.get_extra_info("sockname")
        self._peer, self._dialled = (shown(*end[:2]) if end else "unknown" for end in (name, own))
        self._timer = asyncio.get_running_loop().call_later(_FRONT_PATIENCE, self._front_waited)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        relay = self._relay
        if relay is not None:
            relay.client_data(data, self._clock())
            self._carry_out(relay)
        elif self._front is not None:
            self._step(self._front.feed(data))
        elif self._arrival is not None:
            self._greet(data)

    def eof_received(self) -> bool:
        """Take FIN from the client; the way back stays open."""
        self._greeted()
        if self._relay is not None:
            self._relay.client_ended(self._clock())
            self._carry_out(self._relay)
            return True
        if self._front is not None:
            self._step(self._front.eof())
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Take RST from the client, or the end of what we have closed ourselves."""
        self._greeted()
        if self._relay is not None and not self._relay.done:
            self._relay.client_ended(self._clock(), reset=error is not None)
            self._carry_out(self._relay)
        self._client = None
        if self._front is not None:
            self._front = None
            self._forget()
        elif self._upstream is None:
            self._forget()

    def pause_writing(self) -> None:
        """Let the server wait: the client does not read."""
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        """Read from the server again."""
        if self._upstream is not None:
            self._upstream.resume_reading()

    # The server's socket

    def server_made(self, transport: asyncio.Transport) -> None:
        """Take the socket that leads to the server."""
        self._upstream = transport
        set_up(transport)

    def server_data(self, data: bytes) -> None:
        """Take bytes from the server."""
        relay = self._relay
        if relay is not None:
            relay.server_data(data, self._clock())
            self._carry_out(relay)

    def server_ended(self, *, reset: bool = False) -> None:
        """Take FIN or RST from the server."""
        relay = self._relay
        if relay is not None:
            relay.server_ended(self._clock(), reset=reset)
            self._carry_out(relay)

    def server_lost(self) -> None:
        """Note that the server's socket is gone."""
        self._upstream = None
        self._server.own_ends.discard(self._own_end)
        if self._client is None:
            self._forget()

    def server_pauses(self, pause: bool) -> None:
        """Let the client wait while the server does not read."""
        if self._client is not None:
            if pause:
                self._client.pause_reading()
            else:
                self._client.resume_reading()

    # From outside

    def stop(self) -> None:
        """Close the stream: the proxy is to end."""
        if self._relay is not None:
            self._relay.stop(self._clock())
            self._carry_out(self._relay)
        elif self._client is not None:
            self._client.close()

    def abandon(self) -> None:
        """Let go at once."""
        for transport in (self._client, self._upstream):
            if transport is not None:
                transport.abort()

    # The front door

    def _front_waited(self) -> None:
        self._greeted()
        if self._front is not None and self._relay is None:
            self._step(self._front.eof())

    def _step(self, step: FrontStep) -> None:
        if self._client is None:
            return
        if step.send:
            self._client.write(step.send)
        if step.verdict is not None:
            self._arrived(step.verdict)
        elif step.destination is not None and self._front is not None:
            self._step(self._front.accept())

    def _arrived(self, arrived: Arrived) -> None:
        self._front = None
        if self._timer is not None:
            self._timer.cancel()
        client = self._client
        if client is None:
            return
        if arrived.kind not in ("clear", "tls", "web"):
            if arrived.kind in ("garbage", "refused"):
                self._server.note(f"{self._peer}: {arrived.reason}")
            client.close()
            return
        meant = original_destination(client.get_extra_info("socket"))
        # A client may have the port of an own end too, for it leads elsewhere: only both ends tell that it is ours.
        if meant is not None and (self._peer, shown(*meant)) in self._server.own_ends:
            self._server.note(f"{self._peer}: {_CAUGHT}")
            client.abort()
            return
        arrived = arrived._replace(destination=arrived.destination or (meant if self._server.transparent else None))
        if arrived.kind != "tls":
            self._begin(arrived)
            return
        settings = self._server.settings
        self._arrival = TlsArrival(web_only=bool(settings.web) and settings.upstream is None), arrived
        self._timer = asyncio.get_running_loop().call_later(_HELLO_PATIENCE, self._front_waited)
        self._greet(arrived.data)

    def _greet(self, data: bytes) -> None:
        """Take bytes of a ClientHello; go on once it tells what is to come."""
        if self._arrival is not None and self._arrival[0].feed(data) is not None:
            self._greeted()

    def _greeted(self) -> None:
        """Go on with what came of a ClientHello."""
        if self._arrival is None:
            return
        (arrival, arrived), self._arrival = self._arrival, None
        if self._timer is not None:
            self._timer.cancel()
        self._begin(arrived._replace(data=arrival.data), web=bool(arrival.is_web))

    def _begin(self, arrived: Arrived, *, web: bool = False) -> None:
        """Give the connection to a relay."""
        server = self._server
        pair, flows = server.next_numbers()
        more: _More = {
            "pair": pair,
            "flows": flows,
            "client": self._peer,
            "dialled": self._dialled,
            "time": self._accepted,
            "destination": arrived.destination,
            "direct_tls": arrived.kind == "tls",
        }
        if web or arrived.kind == "web":
            self._relay = WebRelay(server.settings, server.tools, server.page, **more)
        else:
            self._relay = Relay(server.settings, server.tools, **more)
        self._relay.client_data(arrived.data, self._clock())
        self._carry_out(self._relay)

    # What the relay says

    def _carry_out(self, relay: Relay | WebRelay) -> None:
        """Send and do what the relay wants, then hand on what it tells."""
        out = relay.server.out
        if out:
            if self._upstream is not None:
                self._upstream.write(out[0] if len(out) == 1 else b"".join(out))
            out.clear()
        out = relay.client.out
        if out:
            if self._client is not None:
                self._client.write(out[0] if len(out) == 1 else b"".join(out))
            out.clear()
        if relay.commands:
            self._do(relay)
        if relay.deadline != self._timer_for:
            self._set_timer(relay.deadline)
        if relay.events:
            events, relay.events = relay.events, []
            self._server.gather(events)

    def _do(self, relay: Relay | WebRelay) -> None:
        commands = [*relay.commands]
        relay.commands.clear()
        for command in commands:
            if isinstance(command, End):
                self._end(command)
            elif isinstance(command, Hold):
                self.server_pauses(command.on)
            elif isinstance(relay, Relay):
                if isinstance(command, Dial):
                    self._run(self._dial(relay, command))
            elif isinstance(command, WebDial):
                self._run(self._server.errands.lead(relay, command, self._carry_out, self._connected))
            elif isinstance(command, Fetch):
                self._run(self._server.errands.fetch(relay, command, self._carry_out))
        if relay.done and self._dialling is not None:
            self._dialling.cancel()
        if relay.done and self._upstream is None and self._client is None:
            self._forget()

    def _run(self, errand: Coroutine[None, None, None]) -> None:
        self._dialling = asyncio.get_running_loop().create_task(errand)
        self._dialling.add_done_callback(self._dialled_or_broken)

    def _end(self, end: End) -> None:
        transport = self._client if end.leg == "client" else self._upstream
        if transport is None:
            return
        if end.abort:
            reset(transport)
        elif end.close:
            transport.close()
        elif not transport.is_closing() and transport.can_write_eof():
            with contextlib.suppress(OSError):  # the peer has reset the connection meanwhile, which is told next
                transport.write_eof()

    async def _dial(self, relay: Relay, wanted: Dial) -> None:
        server = self._server
        upstream = server.settings.upstream
        if wanted.destination is not None:
            targets, how = [Target(*wanted.destination)], ""
        elif upstream is not None:
            targets, how = [upstream.target(wanted.kind, direct_tls=wanted.direct_tls)], ""
        else:
            route = await server.resolver.find(wanted.domain, service_of(wanted.kind, direct_tls=wanted.direct_tls))
            targets, how = route.targets, route.how
            if not targets:
                relay.routed("", cut(wanted.domain, _SHOWN) or "nowhere", self._clock())
                relay.server_failed(route.refused, route.advice, self._clock())
                self._carry_out(relay)
                return
        relay.routed(how, shown(targets[0].host, targets[0].port), self._clock())
        self._carry_out(relay)
        reached = await dial(targets, server.resolver, avoid=server.avoid)
        if isinstance(reached, NotReached):
            relay.server_failed(reached.text, reached.advice, self._clock())
        elif relay.done:
            reached.socket.close()
        else:
            await self._connected(reached)
            relay.server_connected(reached.local, reached.address, self._clock())
        self._carry_out(relay)

    async def _connected(self, reached: Dialled) -> None:
        """Take the socket that leads to the server."""
        self._own_end = reached.local, reached.address
        self._server.own_ends.add(self._own_end)
        await asyncio.get_running_loop().create_connection(lambda: ServerEnd(self), sock=reached.socket)

    def _dialled_or_broken(self, task: asyncio.Task[None]) -> None:
        """Let go if dialling has met a fault of our own, of which nobody else would hear while the client waits."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            task.get_loop().call_exception_handler({"message": "a fault while dialling", "exception": error})
            self.stop()
            self.abandon()

    def _set_timer(self, deadline: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_for = deadline
        if deadline is not None:
            seconds = max(deadline - self._clock(), 0) / _NANOSECONDS
            self._timer = asyncio.get_running_loop().call_later(seconds, self._expired)

    def _expired(self) -> None:
        relay = self._relay
        self._timer_for = None
        if relay is not None and relay.deadline is not None:
            relay.expired(self._clock())
            self._carry_out(relay)

    def _forget(self) -> None:
        """Nothing is left of this connection."""
        if self._timer is not None:
            self._timer.cancel()
        if self._dialling is not None:
            self._dialling.cancel()
        self._server.open.discard(self)
