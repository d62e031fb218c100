"""What the relays of the web want done that takes its time: find a server by host-meta, connect, fetch a host-meta."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from xmppscope.proxy.dial import Dialled, NotReached, dial
from xmppscope.proxy.host import Target, shown
from xmppscope.proxy.http import Answer
from xmppscope.proxy.page import Resource
from xmppscope.proxy.web_arrival import HTTP_1_1
from xmppscope.proxy.web_commands import Fetch, WebDial
from xmppscope.proxy.web_fetch import Fetched, Fetcher
from xmppscope.proxy.web_hostmeta import JSON_PATH, XML_PATH, HostMetaFault, choose, links, made, rewritten
from xmppscope.proxy.web_relay import WebRelay
from xmppscope.proxy.web_security import ANY
from xmppscope.proxy.web_url import KINDS, WebUrl
from xmppscope.proxy.web_words import NAME_IT

if TYPE_CHECKING:
    from xmppscope.proxy.server import ProxyServer

_OK: Final = 200
_OPTION: Final = "--upstream-url URL"
_KEPT: Final = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers", "vary")
_TYPES: Final = {JSON_PATH: "application/json", XML_PATH: "application/xrd+xml"}

Connected = Callable[[Dialled], Awaitable[None]]


class WebErrands:
    """Runs the errands of one proxy; *server* has the resolver, the clock and the contexts."""

    def __init__(self, server: "ProxyServer") -> None:
        self._server = server
        settings, tools = server.settings, server.tools
        self._fetcher = Fetcher(
            self._connect, lambda: tools.server_context((HTTP_1_1,), ANY), server.clock, insecure=settings.insecure
        )

    async def lead(
        self, relay: WebRelay, wanted: WebDial, carry_out: Callable[[WebRelay], None], go: Connected
    ) -> None:
        """Connect a relay's server leg; *go* takes the socket."""
        clock = self._server.clock
        url, how = wanted.url, ""
        if url is None:
            url, how, trouble, advice = await self._look_up(wanted)
            if url is None:
                relay.server_failed(trouble, advice, clock())
                carry_out(relay)
                return
        relay.routed(url, how, shown(url.host, url.port), clock())
        carry_out(relay)
        reached = await self._connect(Target(url.host, url.port))
        if isinstance(reached, NotReached):
            relay.server_failed(reached.text, reached.advice.replace("--upstream HOST:PORT", _OPTION), clock())
        elif relay.done or relay.parting:
            reached.socket.close()
        else:
            await go(reached)
            relay.server_connected(reached.local, reached.address, clock())
        carry_out(relay)

    async def fetch(self, relay: WebRelay, wanted: Fetch, carry_out: Callable[[WebRelay], None]) -> None:
        """Answer a request for host-meta, with the server's own, rewritten."""
        answer, fault = await self._host_meta(wanted)
        relay.fetched(answer, fault, self._server.clock())
        carry_out(relay)

    async def _connect(self, target: Target) -> Dialled | NotReached:
        return await dial([target], self._server.resolver, avoid=self._server.avoid)

    async def _look_up(self, wanted: WebDial) -> tuple[WebUrl | None, str, str, str]:
        """Return the place that a domain names for a kind, and how it was found; or the trouble, and what to do."""
        troubles = []
        for path in (XML_PATH, JSON_PATH):
            fetched = await self._fetcher.get(_well_known(wanted.domain, path))
            trouble = _trouble(fetched, wanted.domain, path)
            if not trouble:
                try:
                    found = choose(links(fetched.body, path), wanted.kind, wanted.path)
                except HostMetaFault as fault:
                    trouble = f"its host-meta {fault}"
                else:
                    if found is not None:
                        return found, f"host-meta of {wanted.domain}", "", ""
                    trouble = f"its host-meta names no {KINDS[wanted.kind]}"
            troubles.append(trouble)
            if fetched.trouble:
                break  # what cannot be reached for the one cannot be reached for the other
        return None, "", f"no {KINDS[wanted.kind]} found for {wanted.domain}: {troubles[0]}", NAME_IT

    async def _host_meta(self, wanted: Fetch) -> tuple[Answer, str]:
        url, path = wanted.url, wanted.path
        if url is None and not wanted.domain:
            return Answer(404, f"No server is known whose host-meta this would be; {NAME_IT}."), ""
        place = _well_known(wanted.domain, path) if url is None else WebUrl("bosh", url.tls, url.host, url.port, path)
        fetched = await self._fetcher.get(place)
        trouble = _trouble(fetched, place.host, path)
        body = b""
        if not trouble:
            try:
                body = rewritten(fetched.body, path, tls=wanted.tls, host=wanted.host)
            except HostMetaFault as fault:
                trouble = f"the host-meta of {place.host} {fault}"
        named = self._server.settings.web
        if trouble and any(url.path for url in named):
            body, trouble = made(named, path, tls=wanted.tls, host=wanted.host), ""
        if trouble:
            return Answer(404 if fetched.status == 404 else 502, f"xmppscope: {trouble}."), f"host-meta: {trouble}"
        kept = tuple((name, value) for name in _KEPT if (value := fetched.header(name)))
        if not fetched.status or fetched.status != _OK:
            kept = (("access-control-allow-origin", "*"),)  # XEP-0156 §3: without it no web page could read it
        return Answer(_OK, resource=Resource(body, (("content-type", _type(fetched, path)), *kept))), ""


def _well_known(domain: str, path: str) -> WebUrl:
    return WebUrl("bosh", True, domain, 443, path)


def _type(fetched: Fetched, path: str) -> str:
    return (fetched.header("content-type") if fetched.status == _OK else "") or _TYPES[path]


def _trouble(fetched: Fetched, host: str, path: str) -> str:
    """Return why there is no document; empty if there is one."""
    if fetched.trouble:
        return fetched.trouble
    return "" if fetched.status == _OK else f"{host} answers {fetched.status} to GET {path}"
