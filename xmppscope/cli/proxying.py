"""Runs `xmppscope proxy`: joins the proxy, the analyzer, renderer, recording and messages."""

import asyncio
import contextlib
import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from xmppscope import __version__
from xmppscope.analyzer import Analyzer
from xmppscope.cli.main import complain
from xmppscope.cli.observers import observers
from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.plan import plan
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.terminal import columns, wants_ascii, wants_colour
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Header, Record, Summary
from xmppscope.model.wire import Keys, Opened, ProxyEvent
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.contexts import ClientLegs, ServerLegs
from xmppscope.proxy.host import shown
from xmppscope.proxy.keeping import default_directory
from xmppscope.proxy.keylog import KeyLogFile
from xmppscope.proxy.leaf import LeafNames, upstream_names
from xmppscope.proxy.page import Page
from xmppscope.proxy.record import Recording
from xmppscope.proxy.resolve import Resolver
from xmppscope.proxy.secrets import TlsSecrets
from xmppscope.proxy.server import ProxyServer
from xmppscope.proxy.settings import Settings
from xmppscope.proxy.upstream import parse_listen, parse_upstream
from xmppscope.render.jsonl import JsonLines
from xmppscope.render.terminal.numbers import plural
from xmppscope.render.terminal.timeline import Style, TextTimeline
from xmppscope.tls.keylog import KeyStore

_FLUSH: Final = 0.25
_SECRETS: Final = "secrets are shown as they were sent (--show-secrets); mind who sees this"


class LegContexts:
    """The SSL contexts of both legs, as the relays ask for them."""

    def __init__(self, options: ProxyOptions, authority: Authority) -> None:
        self._secrets = TlsSecrets()
        self.secrets: Callable[[], bytes] = self._secrets.take
        own = _pair(options.server_cert, options.server_key, "--server-cert", "--server-key")
        shown = (
            None if options.client_cert is None else (options.client_cert, options.client_key or options.client_cert)
        )
        self._clients = ClientLegs(authority, self._secrets, own)
        self._servers = ServerLegs(
            self._secrets, options.upstream_ca, insecure=options.insecure_upstream, client_certificate=shown
        )

    def client_context(
        self,
        domain: str,
        dialled: str,
        upstream: bytes | None,
        alpn: str | None,
        versions: tuple[ssl.TLSVersion, ssl.TLSVersion],
    ) -> ssl.SSLContext:
        """Return the context in which the proxy is the server of *domain*."""
        address = dialled.rpartition(":")[0].strip("[]")
        names = LeafNames(domain, address, () if upstream is None else upstream_names(upstream))
        return self._clients.context(names, alpn, *versions)

    def server_context(self, alpn: tuple[str, ...], versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> ssl.SSLContext:
        """Return the context in which the proxy is a client of the server."""
        return self._servers.context(alpn, *versions)

    def close(self) -> None:
        """Forget the secrets."""
        self._secrets.close()


def run(options: ProxyOptions) -> int:
    """Proxy as *options* say until a signal comes; return the exit status."""
    listen = [parse_listen(text) for text in options.listen]
    settings = Settings(
        upstream=None if options.upstream is None else parse_upstream(options.upstream),
        keep_channel_binding=options.keep_channel_binding,
        real_certificate=options.server_cert is not None,
        insecure=options.insecure_upstream,
        records=options.record is not None,
    )
    resolver = Resolver(options.resolver)
    authority = Authority.open(Path(options.ca_dir) if options.ca_dir is not None else default_directory())
    contexts = LegContexts(options, authority)
    output = Output(options.output)
    watcher = Watcher(options, output)
    _raise_limit()
    try:
        return asyncio.run(_serve(options, settings, authority, contexts, resolver, listen, watcher))
    finally:
        watcher.close()
        contexts.close()


async def _serve(
    options: ProxyOptions,
    settings: Settings,
    authority: Authority,
    contexts: LegContexts,
    resolver: Resolver,
    listen: list[tuple[str, int]],
    watcher: "Watcher",
) -> int:
    page = Page(authority.fingerprint, authority.der, authority.pem, authority.not_after.date().isoformat())
    server = ProxyServer(
        settings,
        contexts,
        page,
        resolver,
        watcher.watch,
        watcher.note,
        transparent=options.mode == "transparent",
    )
    stopped = asyncio.Event()
    watcher.stopped = stopped
    _heed_signals(stopped)
    await server.start(listen)
    gc.freeze()
    if not options.quiet:
        click.echo(plan(options, authority, server.addresses, colour=watcher.colours_errors), err=True, nl=False)
    for host, port in server.addresses:
        click.echo(f"listening on {shown(host, port)}", err=True)
    beat = asyncio.create_task(watcher.beat())
    await stopped.wait()
    if server.open and not options.quiet:
        click.echo(f"closing {plural(len(server.open), 'stream')} (again: stop now)", err=True)
    await server.stop()
    beat.cancel()
    watcher.conclude(server.connections)
    return 0


class Watcher:
    """Everything that looks on: recording, key log, analyzer, renderer. None of it may hold the traffic up."""

    def __init__(self, options: ProxyOptions, output: Output) -> None:
        self.stopped: asyncio.Event | None = None
        self._options = options
        self._output = output
        self._recording = None if options.record is None else Recording(options.record, force=options.force)
        self._keylog = None if options.write_keylog is None else KeyLogFile(options.write_keylog, force=options.force)
        self._analyzer = (
            None if options.quiet else Analyzer(KeyStore(), show_secrets=options.show_secrets, observers=observers())
        )
        style = _style(options, output)
        self._text = TextTimeline(style) if options.form == "text" and not options.quiet else None
        self._renderer = self._text or JsonLines()
        self._first: int | None = None
        self._latest = 0
        self._told: set[str] = set()
        self.colours_errors = wants_colour(options.color, os.environ, terminal=sys.stderr.isatty())
        if self._analyzer is not None:
            self._print([Header(xmppscope=__version__)])

    def watch(self, events: list[ProxyEvent]) -> None:
        """Take what the relays tell."""
        if self._recording is not None:
            for event in events:
                self._recording.feed(event)
        if self._keylog is not None:
            for event in events:
                if type(event) is Keys:
                    self._keylog.feed(event)
        if self._analyzer is not None:
            if self._first is None:
                self._note_first(events)
            self._print(self._analyzer.feed_all(events))

    def note(self, text: str) -> None:
        """Say something about a client that is no entry of the timeline."""
        if not self._options.quiet:
            complain(text)

    async def beat(self) -> None:
        """Write to the recording what was gathered, several times a second, and say what is wrong with the files."""
        while True:
            await asyncio.sleep(_FLUSH)
            if self._recording is not None:
                self._recording.flush()
            for file in (self._recording, self._keylog):
                if file is not None and file.problem is not None and file.problem not in self._told:
                    self._told.add(file.problem)
                    complain(f"warning: {file.problem}")

    def conclude(self, connections: int) -> None:
        """End the timeline with its summary, and say how to look at it again."""
        if self._analyzer is None:
            return
        records = self._analyzer.close()
        summary = self._analyzer.summary(0, connections)
        self._print([*records, summary])
        with contextlib.suppress(ReaderGone):
            self._output.write(self._renderer.close())
        self._say_goodbye(summary)

    def close(self) -> None:
        """Complete the files."""
        for file in (self._recording, self._keylog):
            if file is not None:
                file.close()
        self._output.close()

    def _print(self, records: list[Record]) -> None:
        if not records or self._analyzer is None:
            return
        if self._text is not None and self._output.is_terminal and self._options.width is None:
            self._text.resize(columns(terminal=True))
        try:
            self._output.write(self._renderer.render(records))
        except ReaderGone:
            self._analyzer = None
            if self.stopped is not None:
                self.stopped.set()
        except XmppscopeError as error:
            # The traffic goes on, and so does the recording.
            self._analyzer = None
            complain(f"{error}; the timeline ends here, the traffic goes on")

    def _note_first(self, events: list[ProxyEvent]) -> None:
        self._first = next((event.time for event in events if isinstance(event, Opened)), None)
        if self._text is not None:
            self._text.clock.origin = self._first

    def _say_goodbye(self, summary: Summary) -> None:
        if self._text is None or not summary.xmpp_connections:
            return
        for line in (self._text.blocks.closing(summary, None), *self._again()):
            click.echo(line, err=True)

    def _again(self) -> list[str]:
        name = self._options.record
        if name is None or self._text is None:
            return []
        labelled = self._text.blocks.labelled
        return [*labelled("again", f"xmppscope read {name}"), *labelled("Wireshark", f"wireshark {name}")]


def _heed_signals(stopped: asyncio.Event) -> None:
    """Let the first SIGINT or SIGTERM set *stopped*, and the second end the process at once."""
    loop = asyncio.get_running_loop()

    def note() -> None:
        if stopped.is_set():
            os._exit(0)
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, note)
        except NotImplementedError:
            # Windows: the handler runs between two steps of the loop, which must be woken up.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(note))


def _style(options: ProxyOptions, output: Output) -> Style:
    terminal = output.is_terminal
    return Style(
        width=options.width or (80 if output.name else columns(terminal=terminal)),
        colour=wants_colour(options.color, os.environ, terminal=terminal),
        ascii=options.ascii or (output.name is None and wants_ascii(os.environ, output.encoding)),
        encoding=output.encoding,
        time=options.time,
        xml=options.xml or "",
        wrap_xml=terminal,
        details=options.verbose > 0,
    )


def _pair(first: str | None, second: str | None, one: str, other: str) -> tuple[str, str] | None:
    if first is None and second is None:
        return None
    if first is None or second is None:
        raise XmppscopeError(f"{one} and {other} go together; give both")
    return first, second


def _raise_limit() -> None:
    """Let this process open as many files as it may: each connection takes two."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
