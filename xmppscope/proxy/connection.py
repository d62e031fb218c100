"""The sockets of one proxied connection: what they bring goes to its relay, what the relay says is done.

The client's socket is met by the front door first. Bytes that are to be sent while a peer does not read wait in the
transport, and when that is more than a little, the other socket is not read any more.
"""

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Final

from xmppscope.model.plaintext import cut
from xmppscope.proxy.dial import NotReached, dial
from xmppscope.proxy.front import Arrived, Front, FrontStep
from xmppscope.proxy.host import Target, shown
from xmppscope.proxy.relay import Relay
from xmppscope.proxy.settings import Dial, End
from xmppscope.proxy.srv import service_of
from xmppscope.proxy.transparent import original_destination

if TYPE_CHECKING:
    from xmppscope.proxy.server import ProxyServer

_CAUGHT: Final = "the redirection catches the proxy's own connections; leave those of its user or group out"
_HIGH_WATER: Final = 256 * 1024
_FRONT_PATIENCE: Final = 60.0
_NO_LINGER: Final = struct.pack("ii", 1, 0)
_SHOWN: Final = 80
_NANOSECONDS: Final = 1_000_000_000


class ProxiedStream(asyncio.Protocol):
    """The client's end, and what holds a proxied connection together."""

    def __init__(self, server: "ProxyServer") -> None:
        self._server = server
        self._clock = server.clock
        self._front: Front | None = Front(server.page)
        self._relay: Relay | None = None
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
        _set_up(transport)
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

    def eof_received(self) -> bool:
        """Take FIN from the client; the way back stays open."""
        if self._relay is not None:
            self._relay.client_ended(self._clock())
            self._carry_out(self._relay)
            return True
        if self._front is not None:
            self._step(self._front.eof())
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Take RST from the client, or the end of what we have closed ourselves."""
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
        _set_up(transport)

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
        if arrived.kind not in ("clear", "tls"):
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
        destination = arrived.destination or (meant if self._server.transparent else None)
        pair, flows = self._server.next_numbers()
        relay = self._relay = Relay(
            self._server.settings,
            self._server.tools,
            pair=pair,
            flows=flows,
            client=self._peer,
            dialled=self._dialled,
            time=self._accepted,
            destination=destination,
            direct_tls=arrived.kind == "tls",
        )
        relay.client_data(arrived.data, self._clock())
        self._carry_out(relay)

    # What the relay says

    def _carry_out(self, relay: Relay) -> None:
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

    def _do(self, relay: Relay) -> None:
        commands = relay.commands[:]
        relay.commands.clear()
        for command in commands:
            if isinstance(command, Dial):
                self._dialling = asyncio.get_running_loop().create_task(self._dial(relay, command))
                self._dialling.add_done_callback(self._dialled_or_broken)
            else:
                self._end(command)
        if relay.done and self._dialling is not None:
            self._dialling.cancel()
        if relay.done and self._upstream is None and self._client is None:
            self._forget()

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
            loop = asyncio.get_running_loop()
            self._own_end = reached.local, reached.address
            server.own_ends.add(self._own_end)
            await loop.create_connection(lambda: ServerEnd(self), sock=reached.socket)
            relay.server_connected(reached.local, reached.address, self._clock())
        self._carry_out(relay)

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


class ServerEnd(asyncio.Protocol):
    """The server's end of a proxied connection."""

    def __init__(self, stream: ProxiedStream) -> None:
        self._stream = stream
        self.data_received = stream.server_data  # type: ignore[method-assign]  # one call less for every segment

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, now that it is connected."""
        assert isinstance(transport, asyncio.Transport)
        self._stream.server_made(transport)

    def eof_received(self) -> bool:
        """Take FIN from the server; the way to it stays open."""
        self._stream.server_ended()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Take RST from the server, or the end of what we have closed ourselves."""
        if error is not None:
            self._stream.server_ended(reset=True)
        self._stream.server_lost()

    def pause_writing(self) -> None:
        """Let the client wait: the server does not read."""
        self._stream.server_pauses(pause=True)

    def resume_writing(self) -> None:
        """Read from the client again."""
        self._stream.server_pauses(pause=False)


def _set_up(transport: asyncio.Transport) -> None:
    """Bound what waits to be sent, and let nothing wait for an acknowledgement: stanzas are small and come alone."""
    transport.set_write_buffer_limits(high=_HIGH_WATER)
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN."""
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
