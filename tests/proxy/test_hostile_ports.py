"""A client whose port is also that of one of the proxy's own connections to a server is a client like any other."""

import asyncio

import pytest

from tests.proxy.conftest import World
from tests.proxy.words import HEADER, RESPONSE
from xmppscope.model.wire import ProxyEvent
from xmppscope.proxy import connection
from xmppscope.proxy.page import Page
from xmppscope.proxy.resolve import Resolver
from xmppscope.proxy.server import ProxyServer
from xmppscope.proxy.settings import Settings
from xmppscope.proxy.upstream import parse_upstream


class Watcher:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def watch(self, events: list[ProxyEvent]) -> None:
        """Nobody looks."""

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("caught", [False, True])
def test_only_both_ends_tell_a_connection_of_our_own(
    world: World, monkeypatch: pytest.MonkeyPatch, caught: bool
) -> None:
    watcher = Watcher()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b">")
        writer.write(RESPONSE)
        await reader.read()
        writer.close()

    async def run() -> bytes:
        upstream = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = upstream.sockets[0].getsockname()
        settings = Settings(upstream=parse_upstream(f"{host}:{port}"))
        server = ProxyServer(settings, world.tools, Page("", b"", b"", ""), Resolver(), watcher)
        await server.start([("127.0.0.1", 0)])
        one = await asyncio.open_connection(*server.addresses[0])
        one[1].write(HEADER)
        await one[0].readuntil(b"version='1.0'>")
        (own,) = server.own_ends
        # Linux gives the same port to both, since they lead to different places; not to be had at will.
        monkeypatch.setattr(connection, "shown", lambda *end: own[0] if end != (host, port) else own[1])
        monkeypatch.setattr(connection, "original_destination", lambda _: (host, port) if caught else None)
        two = await asyncio.open_connection(*server.addresses[0])
        two[1].write(HEADER)
        try:
            answer = await two[0].readuntil(b"version='1.0'>")
        except (ConnectionResetError, asyncio.IncompleteReadError):
            answer = b""
        for _, writer in (one, two):
            writer.close()
        await server.stop()
        upstream.close()
        return answer

    answer = asyncio.run(asyncio.wait_for(run(), 10))
    assert bool(answer) != caught
    assert len(watcher.notes) == caught
