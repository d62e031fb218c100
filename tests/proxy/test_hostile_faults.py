"""A fault of our own is told and ends its connection: a client never waits for what is broken."""

import asyncio
import contextlib
from typing import Any

from tests.proxy.conftest import World
from tests.proxy.words import HEADER
from xmppscope.model.marks import TargetMark
from xmppscope.model.wire import Marked, ProxyEvent, Released
from xmppscope.proxy.page import Page
from xmppscope.proxy.resolve import Resolver, Route
from xmppscope.proxy.server import ProxyServer
from xmppscope.proxy.settings import Settings


class Broken(Resolver):
    async def find(self, *_: object, **__: object) -> Route:
        raise KeyError("a fault")


class Watcher:
    def __init__(self) -> None:
        self.events: list[ProxyEvent] = []

    def watch(self, events: list[ProxyEvent]) -> None:
        self.events += events

    def note(self, text: str) -> None:
        raise AssertionError(text)


def test_a_fault_while_dialling_ends_the_connection(world: World) -> None:
    watcher = Watcher()
    faults: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        server = ProxyServer(Settings(), world.tools, Page("", b"", b"", ""), Broken(), watcher)
        await server.start([("127.0.0.1", 0)])
        reader, writer = await asyncio.open_connection(*server.addresses[0])
        writer.write(HEADER)
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        writer.close()
        await server.stop()

    asyncio.run(asyncio.wait_for(run(), 10))
    assert [str(fault["exception"]) for fault in faults] == ["'a fault'"]
    assert any(isinstance(event, Released) for event in watcher.events)


def test_a_name_that_is_no_host_is_shown_without_its_controls(world: World) -> None:
    """What a client asks for becomes the address in the timeline where nothing can be reached."""
    watcher = Watcher()

    async def run() -> None:
        server = ProxyServer(Settings(), world.tools, Page("", b"", b"", ""), Resolver(), watcher)
        await server.start([("127.0.0.1", 0)])
        reader, writer = await asyncio.open_connection(*server.addresses[0])
        writer.write(HEADER.replace(b"a.example", "\u202e\x9b31m a".encode() * 100))
        await reader.read()
        writer.close()
        await server.stop()

    asyncio.run(asyncio.wait_for(run(), 10))
    marks = [event.mark for event in watcher.events if isinstance(event, Marked)]
    (target,) = (mark.address for mark in marks if isinstance(mark, TargetMark))
    assert target.isprintable()
    assert target.startswith(r"\u202e\x9b31m a")
