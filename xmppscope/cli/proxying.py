"""Runs `xmppscope proxy`: joins the proxy with its authority and with everything that looks on."""

import asyncio
import errno
import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from xmppscope.cli.plan import plan, warnings
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.terminal import wants_colour
from xmppscope.cli.unhurried import Unhurried
from xmppscope.cli.watching import Watcher
from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.contexts import ClientLegs, ServerLegs
from xmppscope.proxy.host import shown
from xmppscope.proxy.keeping import default_directory
from xmppscope.proxy.leaf import LeafNames, upstream_names
from xmppscope.proxy.page import Page
from xmppscope.proxy.resolve import Resolver
from xmppscope.proxy.secrets import TlsSecrets
from xmppscope.proxy.server import ProxyServer
from xmppscope.proxy.settings import Settings
from xmppscope.proxy.strangers import Strangers
from xmppscope.proxy.tls_choice import Versions
from xmppscope.proxy.upstream import parse_listen, parse_upstream
from xmppscope.proxy.web_url import parse_upstream_urls
from xmppscope.render.terminal.numbers import plural
from xmppscope.session.seen import Observer

_NO_MORE: Final = frozenset({errno.EMFILE, errno.ENFILE})


class LegContexts:
    """The SSL contexts of both legs, as the relays ask for them."""

    def __init__(self, options: ProxyOptions, authority: Authority) -> None:
        self._secrets = TlsSecrets()
        self.secrets: Callable[[], bytes] = self._secrets.take
        own = shows = None
        if options.server_cert is not None and options.server_key is not None:
            own = options.server_cert, options.server_key
        if options.client_cert is not None:
            shows = options.client_cert, options.client_key or options.client_cert
        self.strangers = Strangers()
        self._clients = ClientLegs(authority, self._secrets, own, options.upstream_ca if options.s2s else None)
        self._servers = ServerLegs(
            self._secrets, options.upstream_ca, insecure=options.insecure_upstream, client_certificate=shows
        )

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
        """Return the context in which to be the server of *domain*; *upstream* is that server's own certificate.

        With *asks* the peer is asked for a certificate too.
        """
        address = dialled.rpartition(":")[0].strip("[]")
        names = LeafNames(domain, address, () if upstream is None else upstream_names(upstream))
        return self._clients.context(names, alpn, *versions, asks=asks)

    def server_context(self, alpn: tuple[str, ...], versions: Versions) -> ssl.SSLContext:
        """Return the context in which to be a client of the server."""
        return self._servers.context(alpn, *versions)

    def close(self) -> None:
        """Forget the secrets."""
        self._secrets.close()


class Proxying:
    """A proxy as *options* say, with all that looks on; `close` completes its files."""

    def __init__(self, options: ProxyOptions, also: Sequence[Observer] = ()) -> None:
        _check(options)
        settings = Settings(
            upstream=None if options.upstream is None else parse_upstream(options.upstream),
            web=parse_upstream_urls(options.upstream_urls),
            keep_channel_binding=options.keep_channel_binding,
            real_certificate=options.server_cert is not None,
            insecure=options.insecure_upstream,
            shows_certificate=options.client_cert is not None,
            records=options.record is not None,
            kind="s2s" if options.s2s else "component" if options.component else "unknown",
        )
        self.options = options
        self._listen = [parse_listen(text) for text in options.listen]
        resolver = Resolver(options.resolver)
        self.authority = Authority.open(default_directory() if options.ca_dir is None else Path(options.ca_dir))
        self._contexts = LegContexts(options, self.authority)
        self.watcher = Watcher(options, Unhurried(options.output), also)
        until = self.authority.not_after.date().isoformat()
        page = Page(self.authority.fingerprint, self.authority.der, self.authority.pem, until)
        self.server = ProxyServer(
            settings, self._contexts, page, resolver, self.watcher, transparent=options.mode == "transparent"
        )
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; raises `XmppscopeError` where that cannot be."""
        _raise_limit()
        asyncio.get_running_loop().set_exception_handler(self._fault)
        heed_signals(self.watcher.stopped)
        await self.server.start(self._listen)
        upstream = self.server.settings.upstream
        if upstream is not None and upstream.port is not None and self.server.avoid(upstream.host, upstream.port):
            await self.server.stop()
            raise XmppscopeError(f"--upstream {self.options.upstream}: that is this proxy itself; name the server")
        for text, url in zip(self.options.upstream_urls, self.server.settings.web, strict=True):
            if self.server.avoid(url.host, url.port):
                await self.server.stop()
                raise XmppscopeError(f"--upstream-url {text}: that is this proxy itself; name the server")
        try:
            self.watcher.begin()
        except XmppscopeError:
            await self.server.stop()
            raise
        # What is there now stays for good: the collector need not look through it again and again.
        gc.freeze()
        self._beat = asyncio.create_task(self.watcher.beat())

    def _fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell what went wrong in the loop; that no more clients can be accepted is said once, not by the thousand."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NO_MORE and "socket" in context:
            self.watcher.warn("too many open files: more clients have to wait; allow more with ulimit -n")
        else:
            loop.default_exception_handler(context)

    async def stop(self) -> None:
        """Close all streams."""
        await self.server.stop()
        if self._beat is not None:
            self._beat.cancel()

    def close(self) -> None:
        """Complete the files."""
        self.watcher.close()
        self._contexts.close()


def run(options: ProxyOptions) -> int:
    """Proxy as *options* say until a signal comes; return the exit status."""
    proxying = Proxying(options)
    try:
        asyncio.run(_serve(proxying))
    finally:
        proxying.close()
    return 0


async def _serve(proxying: Proxying) -> None:
    options, server, watcher = proxying.options, proxying.server, proxying.watcher
    await proxying.start()
    colour = wants_colour(options.color, os.environ, terminal=sys.stderr.isatty())
    said = warnings if options.quiet else plan
    click.echo(said(options, proxying.authority, server.addresses, colour=colour), err=True, nl=False)
    say_listening(server)
    await watcher.stopped.wait()
    if server.open and not options.quiet:
        completing = f", completing {options.record}" if options.record else ""
        click.echo(f"closing {plural(len(server.open), 'stream')}{completing} (again: stop now)", err=True)
    await proxying.stop()
    watcher.say_goodbye(watcher.conclude(server.connections))


def say_listening(server: ProxyServer) -> None:
    """Say where the proxy listens, in the words that scripts wait for."""
    for host, port in server.addresses:
        click.echo(f"listening on {shown(host, port)}", err=True)


def _check(options: ProxyOptions) -> None:
    """Refuse options that contradict each other."""
    if (options.server_cert is None) != (options.server_key is None):
        raise XmppscopeError("--server-cert and --server-key go together; give both")
    if options.client_key is not None and options.client_cert is None:
        raise XmppscopeError("--client-key goes with --client-cert; give both")
    if options.s2s and options.component:
        raise XmppscopeError("--s2s and --component contradict each other; start one proxy for each")
    if options.component and options.upstream is None and options.mode != "transparent":
        raise XmppscopeError("--component: no server named, and no SRV names one; add --upstream HOST:PORT")
    if options.mode == "transparent" and sys.platform != "linux":
        raise XmppscopeError("--mode transparent needs Linux; let the client use SOCKS5 or HTTP CONNECT")
    _check_files(options)


def _check_files(options: ProxyOptions) -> None:
    """Refuse files that cannot be, or that name the same."""
    named = [
        (option, os.path.realpath(name))
        for option, name in (
            ("--record", options.record),
            ("--write-keylog", options.write_keylog),
            ("--output", options.output),
        )
        if name is not None
    ]
    for option, name in (("--record", options.record), ("--write-keylog", options.write_keylog)):
        if name in ("", "-"):
            raise XmppscopeError(f"{option} {name or chr(34) * 2}: it needs a file of its own; give a name")
    for number, (option, name) in enumerate(named):
        for other, same in named[:number]:
            if name == same:
                raise XmppscopeError(f"{other} and {option} name the same file; give two names")


def heed_signals(stopped: asyncio.Event) -> None:
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


def _raise_limit() -> None:
    """Let this process open as many files as it may: each connection takes two."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
