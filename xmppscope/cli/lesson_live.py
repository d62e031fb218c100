"""Plays a lesson through the real proxy, with the embedded server, on this machine: bytes move, and are explained."""

import asyncio
import contextlib
import difflib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from xmppscope.cli.lesson import LessonOptions
from xmppscope.cli.lesson_page import LessonPage
from xmppscope.cli.lesson_scenes import BREAKS, SCENES
from xmppscope.cli.output import Output
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.proxying import Proxying
from xmppscope.cli.terminal import chosen_language
from xmppscope.demo import ACCOUNTS, DOMAIN, DemoClient, DemoError, DemoServer
from xmppscope.lessons.library import Lesson
from xmppscope.model.errors import XmppscopeError

_MOMENT: Final = 0.1
_OFFER: Final = re.compile(rb"<starttls\b[^>]*/>|<starttls\b.*?</starttls>", re.DOTALL)
_PIECE: Final = 65_536


class Left(Exception):  # noqa: N818 (it is no error: the audience has seen enough)
    """The audience leaves."""


class LiveStage:
    """Announces the steps of a lesson and makes its clients; waits for a key where somebody is there to press one."""

    def __init__(self, chosen: Lesson, page: LessonPage, proxying: Proxying, spoiled: str) -> None:
        self.spoiled = spoiled
        self._steps = {step.id: step for step in chosen.steps}
        self._page = page
        self._proxying = proxying
        self._clients: list[DemoClient] = []
        self._attended = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()

    def client(self, name: str, resource: str, *, password: str | None = None) -> DemoClient:
        """Return a client of one of the accounts, which goes through the proxy and trusts it."""
        host, port = self._proxying.server.addresses[0]
        authority = self._proxying.authority.pem
        client = DemoClient(f"{name}@{DOMAIN}", password or ACCOUNTS[name], host, port, authority, resource=resource)
        self._clients.append(client)
        return client

    async def step(self, step: str, *, why: bool = True) -> None:
        """Announce a step of the lesson, and wait until the audience is ready."""
        await self.settle()
        one, page = self._steps[step], self._page
        lines = ["", page.rule(one.title), *(page.prose(one.why) if why else ())]
        click.echo("\n".join(lines), err=True)
        if self._attended and await asyncio.to_thread(click.getchar) in {"q", "\x1b", "\x04"}:
            raise Left

    async def clear(self) -> None:
        """Let every client that is still there say goodbye."""
        for client in self._clients:
            with contextlib.suppress(DemoError):
                await client.close()

    async def settle(self, seconds: float = 0) -> None:
        """Wait a moment, or so many *seconds*, so that what was caused is seen before the next step is announced."""
        await asyncio.sleep(seconds or _MOMENT)


def run_live(options: LessonOptions) -> int:
    """Play the lesson that *options* name, spoiled if they say so; return the exit status."""
    from xmppscope.cli.lessoning import found, page_for

    spoiled = options.broken or ""
    name = options.name or BREAKS.get(spoiled, ("first", ""))[0]
    _check(name, spoiled)
    output = Output(options.output)
    language = chosen_language(options.lang, os.environ, output.encoding)
    chosen = found(name, language)
    with tempfile.TemporaryDirectory(prefix="xmppscope-lesson-") as folder:
        asyncio.run(_run(options, chosen, page_for(options, output, language), spoiled, Path(folder)))
    return 0


def _check(name: str, spoiled: str) -> None:
    """Refuse what can't be played, or can't be spoiled in this lesson."""
    if spoiled and spoiled not in BREAKS:
        close = difflib.get_close_matches(spoiled, BREAKS, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(BREAKS)}"
        raise XmppscopeError(f"--break {spoiled}: nothing breaks so; {hint}")
    if name not in SCENES:
        raise XmppscopeError(f"--live: {name} can't be played; there are {', '.join(SCENES)}")
    if spoiled and BREAKS[spoiled][0] != name:
        raise XmppscopeError(f"--break {spoiled}: belongs to another lesson; xmppscope lesson {BREAKS[spoiled][0]}")


async def _run(options: LessonOptions, chosen: Lesson, page: LessonPage, spoiled: str, folder: Path) -> None:
    async with DemoServer(DOMAIN, ACCOUNTS) as server:
        await server.start()
        (folder / "server.pem").write_bytes(server.authority_pem)
        port = server.port
        thief = None
        if spoiled == "starttls":
            thief = await asyncio.start_server(lambda reader, writer: _steal(reader, writer, server.port), "127.0.0.1")
            port = thief.sockets[0].getsockname()[1]
        proxying = Proxying(_proxy_options(options, port, folder))
        try:
            await proxying.start()
            await _play(chosen, page, proxying, spoiled)
            await proxying.stop()
            watcher = proxying.watcher
            watcher.say_goodbye(watcher.conclude(proxying.server.connections))
        finally:
            proxying.close()
            if thief is not None:
                thief.close()


async def _play(chosen: Lesson, page: LessonPage, proxying: Proxying, spoiled: str) -> None:
    """Play the scene; that it breaks off is no surprise where it was spoiled."""
    if spoiled:
        click.echo(f"{page.words['spoiled']} {BREAKS[spoiled][1]}", err=True)
    stage = LiveStage(chosen, page, proxying, spoiled)
    try:
        await SCENES[chosen.name](stage)
    except Left:
        pass  # who presses q has seen enough: what is under way ends below, as it does after the last step
    except DemoError as error:
        if not spoiled:
            raise XmppscopeError(f"the lesson broke off: {error}; try it again") from error
        await stage.settle()
        click.echo(f"\n{page.words['broke']} {error}", err=True)
    await stage.clear()
    await stage.settle()


def _proxy_options(options: LessonOptions, port: int, folder: Path) -> ProxyOptions:
    return ProxyOptions(
        listen=("127.0.0.1:0",),
        upstream=f"starttls:127.0.0.1:{port}",
        upstream_ca=str(folder / "server.pem"),
        ca_dir=str(folder / "authority"),
        output=options.output,
        color=options.color,
        ascii=options.ascii,
        width=options.width,
        explain=True,
    )


async def _steal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Stand between proxy and server, and take the offer of STARTTLS out of what the server says."""
    from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_pass(reader, to_server, b""), _pass(from_server, writer, b"</stream:features>"))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: bytes) -> None:
    """Pass bytes on; up to *until*, which comes at once on loopback, without the offer."""
    while data := await reader.read(_PIECE):
        if until and until in data:
            data, until = _OFFER.sub(b"", data), b""
        writer.write(data)
        await writer.drain()
    writer.close()
