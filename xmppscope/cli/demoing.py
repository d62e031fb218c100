"""Runs `xmppscope demo`: the embedded server, the scripted clients, and the real proxy between them."""

import asyncio
import socket
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

import click

from xmppscope.cli.demo import DemoOptions
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.proxying import Proxying, say_listening
from xmppscope.demo import ACCOUNTS, DOMAIN, PACE, DemoError, DemoServer, Outcome, cast, play
from xmppscope.model.errors import XmppscopeError
from xmppscope.render.terminal.numbers import duration, plural
from xmppscope.session.seen import About, Note, Seen

_INTRODUCTION: Final = (
    "A small server, two clients, the real proxy between them; this machine only.\n"
    "Romeo and Juliet log in, befriend each other and talk; then a line is cut."
)
_COLUMN: Final = 18
_HOST: Final = "127.0.0.1"
_PORT: Final = 5322


class Highlights:
    """Notes the entries that are worth a look: the cut, the resumption, and what was sent again."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._resumed = 0

    def see(self, seen: Seen) -> Sequence[Note]:
        """Take the next entry."""
        entry = seen.entry
        if entry.kind == "closed" and entry.state == "broken" and not self.found:
            self.found.append(f"#{entry.entry} the cut")
        elif entry.name == "resumed":
            self.found.append(f"#{entry.entry} the resumption")
            self._resumed = entry.connection
        elif entry.name == "message" and entry.connection == self._resumed:
            self.found.append(f"#{entry.entry} sent again")
            self._resumed = 0
        return ()

    def ended(self, _about: About) -> Sequence[Note]:
        """Take the end of a connection."""
        return ()


def run(options: DemoOptions) -> int:
    """Play the demo, or serve it, as *options* say; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="xmppscope-demo-") as folder:
        try:
            asyncio.run(_run(options, Path(folder)))
        except DemoError as error:
            raise XmppscopeError(f"the demo broke off: {error}; try it again") from error
    return 0


async def _run(options: DemoOptions, folder: Path) -> None:
    async with DemoServer(DOMAIN, ACCOUNTS, channel_binding=not options.serve) as server:
        await server.start()
        trusted = folder / "server.pem"
        trusted.write_bytes(server.authority_pem)
        highlights = Highlights()
        proxying = Proxying(_proxy_options(options, server, folder), [highlights])
        try:
            await proxying.start()
            if options.serve:
                await _serve(proxying)
            else:
                await _play(options, proxying, highlights)
        finally:
            proxying.close()


def _proxy_options(options: DemoOptions, server: DemoServer, folder: Path) -> ProxyOptions:
    record = options.record
    if record is None and not options.serve:
        record = _free_name()
    return ProxyOptions(
        listen=(f"{_HOST}:{_usual_port() if options.serve else 0}",),
        # This port of the small server knows STARTTLS alone; clients of others' may begin with TLS.
        upstream=f"starttls:127.0.0.1:{server.port}",
        upstream_ca=str(folder / "server.pem"),
        # Nobody need trust what only the two clients here have to.
        ca_dir=options.ca_dir if options.serve else str(folder / "authority"),
        record=record,
        force=options.force,
        form=options.form,
        output=options.output,
        color=options.color,
        ascii=options.ascii,
        verbose=options.verbose,
    )


def _usual_port(port: int = _PORT) -> int:
    """Return the port that the documentation names, or 0, which takes any, where another program has it."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, port))
        except OSError:
            return 0
    return port


def _free_name() -> str:
    """Return a name for the recording that no file has yet."""
    names = ("demo.pcapng" if number == 1 else f"demo-{number}.pcapng" for number in count(1))
    return next(name for name in names if not Path(name).exists())


async def _play(options: DemoOptions, proxying: Proxying, highlights: Highlights) -> None:
    click.echo(_INTRODUCTION, err=True)
    watcher = proxying.watcher
    host, port = proxying.server.addresses[0]
    romeo, juliet = cast(host, port, proxying.authority.pem)
    playing = asyncio.create_task(play(romeo, juliet, 0 if options.fast else PACE))
    stopping = asyncio.create_task(watcher.stopped.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not playing.done():
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await proxying.stop()
        watcher.say_goodbye(watcher.conclude(proxying.server.connections))
        return
    outcome = playing.result()
    await proxying.stop()
    watcher.conclude(proxying.server.connections)
    _say_goodbye(proxying, outcome, highlights)


def _say_goodbye(proxying: Proxying, outcome: Outcome, highlights: Highlights) -> None:
    blocks = proxying.watcher.blocks
    parts = [
        plural(len({seen.who for seen in outcome.seen}), "person", "people"),
        plural(proxying.server.connections, "connection"),
        plural(outcome.stanzas, "stanza"),
        f"{plural(outcome.cuts, 'cut')}, {plural(int(outcome.resumed), 'resumption')}",
        duration(proxying.watcher.seconds),
    ]
    lines = [blocks.summed_up(parts)]
    lines += blocks.labelled("look at", " · ".join(highlights.found), _COLUMN)
    name, decode = proxying.options.record, proxying.watcher.decode_as
    lines += blocks.command("again", f"xmppscope read {name}", _COLUMN)
    lines += blocks.command("in Wireshark", f"wireshark {decode}{name}", _COLUMN)
    lines += blocks.labelled("with your client", "xmppscope demo --serve", _COLUMN)
    for line in lines:
        click.echo(line, err=True)


async def _serve(proxying: Proxying) -> None:
    host, port = proxying.server.addresses[0]
    folder = proxying.options.ca_dir
    trust = "xmppscope ca trust" if folder is None else f"xmppscope ca trust --ca-dir {folder}"
    click.echo("A small server and the real proxy before it; this machine only, until Ctrl-C.", err=True)
    for name, password in ACCOUNTS.items():
        click.echo(f"  account  {name}@{DOMAIN}  password {password}", err=True)
    click.echo(f"  1  In the client set host {host} and port {port}.", err=True)
    click.echo(f"  2  Let it trust the authority: {trust}, or http://{host}:{port}/", err=True)
    say_listening(proxying.server)
    await proxying.watcher.stopped.wait()
    await proxying.stop()
    watcher = proxying.watcher
    watcher.say_goodbye(watcher.conclude(proxying.server.connections))
