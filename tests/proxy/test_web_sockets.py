"""The proxy's sockets and a server of the web: look-up by host-meta, host-meta rewritten, bodies beyond buffers."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.proxy.conftest import World
from tests.proxy.web_stage import ASKS, GRANTED, HOST, at
from xmppscope.model.marks import ToldMark
from xmppscope.model.wire import Marked, ProxyEvent
from xmppscope.proxy.host import Target
from xmppscope.proxy.lookup import Address
from xmppscope.proxy.page import Page
from xmppscope.proxy.resolve import Addresses, Resolver
from xmppscope.proxy.server import ProxyServer
from xmppscope.proxy.settings import Settings

META = b"GET /.well-known/host-meta HTTP/1.1\r\n" + HOST + b"\r\n"
LINKS = (
    b"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
    b"<Link rel='urn:xmpp:alt-connections:websocket' href='wss://web.test/found'/></XRD>"
)
MOVED = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
OURS = LINKS.replace(b"'wss://web.test/found'", b'"ws://web.test:5322/found"')


class Watcher:
    def __init__(self) -> None:
        self.told: list[ToldMark] = []

    def watch(self, events: list[ProxyEvent]) -> None:
        marks = [event.mark for event in events if isinstance(event, Marked)]
        self.told += [mark for mark in marks if isinstance(mark, ToldMark)]

    def note(self, text: str) -> None:
        raise AssertionError(text)


class Everywhere(Resolver):
    """Knows one address for every host and every port."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    async def addresses(self, target: Target) -> Addresses:
        return Addresses([Address(socket.AF_INET, "127.0.0.1", self._port)])


Answers = dict[bytes, bytes]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


def ok(body: bytes, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (more, len(body), body)


async def through(
    world: World, answers: Answers, talk: Talk, url: str = "", certificate: str = "web.test"
) -> tuple[bytes, Watcher]:
    """Run a server that gives *answers* by path, the proxy and a client; return what the client heard."""

    served: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.get(head.split(b" ")[1], b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        if b"101" in answers.get(head.split(b" ")[1], b""):
            writer.write(await reader.read(100))
        writer.close()

    watcher = Watcher()
    context = world.server(world.issuer.issue(certificate), alpn=("http/1.1",))
    upstream = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    resolver = Everywhere(upstream.sockets[0].getsockname()[1])
    server = ProxyServer(Settings(web=at(url)), world.tools, Page("", b"", b"", ""), resolver, watcher)
    await server.start([("127.0.0.1", 0)])
    reader, writer = await asyncio.open_connection(*server.addresses[0])
    try:
        async with asyncio.timeout(10):
            heard = await talk(reader, writer)
    finally:
        await server.stop()
        upstream.close()
        for end in (writer, *served):
            end.transport.abort()
        await asyncio.sleep(0)  # what is aborted is closed in the next turn of the loop
    return heard, watcher


def asking(request: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(request)
        return await reader.read()

    return talk


async def frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(ASKS)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"a frame")
    return head + await reader.read()


@pytest.mark.parametrize(
    "answers",
    [
        {b"/.well-known/host-meta": ok(LINKS), b"/found": GRANTED},
        {
            b"/.well-known/host-meta.json": ok(
                b'{"links": [{"rel": "urn:xmpp:alt-connections:websocket", "href": "wss://web.test/found"}]}'
            ),
            b"/found": GRANTED,
        },
        {
            b"/.well-known/host-meta": MOVED % b"/there",
            b"/there": ok(LINKS),
            b"/found": GRANTED,
        },
    ],
    ids=["XML", "JSON", "redirected"],
)
def test_a_server_is_found_by_the_host_meta_of_the_domain(world: World, answers: Answers) -> None:
    heard, watcher = asyncio.run(through(world, answers, frames))
    assert heard == GRANTED + b"a frame"
    assert [mark.text for mark in watcher.told][:1] == [
        "host-meta of web.test; WebSocket to wss://web.test/found; path /ws becomes /found;"
        " Host web.test:5322 becomes web.test"
    ]


FAULTS: dict[str, tuple[Answers, str]] = {
    "none": ({}, "web.test answers 404 to GET /.well-known/host-meta"),
    "no link": ({b"/.well-known/host-meta": ok(b"<XRD/>")}, "its host-meta names no WebSocket"),
    "no XML": ({b"/.well-known/host-meta": ok(b"hello")}, "its host-meta is no XML"),
    "no HTTP": ({b"/.well-known/host-meta": b"hello\r\n\r\n"}, "web.test does not answer as HTTP/1.1 does"),
    "nothing": ({b"/.well-known/host-meta": b""}, "web.test does not answer as HTTP/1.1 does"),
    "too long": ({b"/.well-known/host-meta": ok(b"a" * 300_000)}, "web.test answers with more than 256 KiB"),
    "elsewhere": (
        {b"/.well-known/host-meta": MOVED % b"xmpp:a"},
        "web.test redirects to xmpp:a, which is no place for it",
    ),
    "again and again": (
        dict.fromkeys((b"/.well-known/host-meta", b"/there"), MOVED % b"/there"),
        "web.test redirects again and again",
    ),
    "out of TLS": (
        {b"/.well-known/host-meta": MOVED % b"http://a.test/"},
        "web.test redirects to http://a.test, without TLS",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_where_there_is_none_it_is_said_why(world: World, name: str) -> None:
    answers, trouble = FAULTS[name]
    heard, watcher = asyncio.run(through(world, answers, asking(ASKS)))
    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert watcher.told[-1].text.startswith(f"no WebSocket found for web.test: {trouble}")
    assert watcher.told[-1].advice == "name the server: --upstream-url wss://HOST:PORT/PATH"


def test_a_host_meta_under_the_certificate_of_another_is_not_believed(world: World) -> None:
    answers = {b"/.well-known/host-meta": ok(LINKS)}
    for request in (ASKS, META):
        heard, watcher = asyncio.run(through(world, answers, asking(request), certificate="other.test"))
        assert heard.startswith(b"HTTP/1.1 502 ")
        assert "the certificate of web.test names other.test, not web.test" in watcher.told[-1].text


def test_host_meta_is_served_with_links_to_the_proxy(world: World) -> None:
    cors = b"Access-Control-Allow-Origin: *\r\nContent-Type: application/xrd+xml\r\n"
    heard, watcher = asyncio.run(through(world, {b"/.well-known/host-meta": ok(LINKS, cors)}, asking(META)))
    head, _, body = heard.partition(b"\r\n\r\n")
    assert body == OURS
    assert b"access-control-allow-origin: *" in head
    assert b"content-type: application/xrd+xml" in head
    assert watcher.told == []


def test_where_the_server_has_none_one_is_made_of_the_url(world: World) -> None:
    heard, _ = asyncio.run(through(world, {}, asking(META), url="wss://web.test/found"))
    assert b'href="ws://web.test:5322/found"' in heard
    assert b"access-control-allow-origin: *" in heard
    heard, watcher = asyncio.run(through(world, {}, asking(META)))
    assert heard.startswith(b"HTTP/1.1 404 ")
    assert [mark.text for mark in watcher.told] == ["host-meta: web.test answers 404 to GET /.well-known/host-meta"]


def test_a_body_may_be_larger_than_what_waits_for_the_server(world: World) -> None:
    size = 4_000_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(size)
        writer.write(ok(b"%d" % len(body)))
        writer.close()

    async def run() -> bytes:
        upstream = await asyncio.start_server(serve, "127.0.0.1", 0)
        resolver = Everywhere(upstream.sockets[0].getsockname()[1])
        settings = Settings(web=at("http://web.test/"))
        server = ProxyServer(settings, world.tools, Page("", b"", b"", ""), resolver, Watcher())
        await server.start([("127.0.0.1", 0)])
        reader, writer = await asyncio.open_connection(*server.addresses[0])
        writer.write(b"POST /b HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (HOST, size) + b"a" * size)
        async with asyncio.timeout(10):
            heard = await reader.read()
        writer.close()
        await writer.wait_closed()
        await server.stop()
        upstream.close()
        return heard

    assert asyncio.run(run()) == ok(b"%d" % size)
