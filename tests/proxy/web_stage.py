"""A stage for a relay of the web: as that for streams, with places instead of domains."""

from typing import Any

from tests.proxy.peers import Peer, Play, Script
from tests.proxy.relay_harness import CLIENT, OWN, PROXY, SERVER, Stage, Tools
from xmppscope.proxy.http import Answer
from xmppscope.proxy.page import Page
from xmppscope.proxy.settings import Settings
from xmppscope.proxy.web_commands import Fetch, Hold, WebDial
from xmppscope.proxy.web_relay import WebRelay
from xmppscope.proxy.web_url import WebUrl, parse_upstream_urls

PAGE = Page("AA:BB", b"der", b"pem", "2028-11-19")
HOST = b"Host: web.test:5322\r\n"
ASKS = (
    b"GET /ws HTTP/1.1\r\n"
    + HOST
    + (
        b"Origin: https://app.test\r\nCookie: a=b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: xmpp\r\n\r\n"
    )
)
GRANTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
)


def post(body: bytes, more: bytes = b"", path: bytes = b"/http-bind") -> bytes:
    """Return a request of BOSH's."""
    return b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s" % (path, HOST, more, len(body), body)


def answer(body: bytes = b"", status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    """Return an answer with a length."""
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


def at(url: str) -> tuple[WebUrl, ...]:
    """Return the places of ``--upstream-url``."""
    return parse_upstream_urls((url,)) if url else ()


def says(*words: bytes | list[bytes], end: str = "close") -> Play:
    """Return a script: words are said, those in lists are waited for; then it ends so."""

    def play(peer: Peer) -> Script:
        for word in words:
            if isinstance(word, list):
                yield from peer.hear(*word)
            else:
                peer.say(word)
                yield True
        if end == "rest":
            yield from peer.rest()
        if end:
            {"rest": peer.close, "close": peer.close, "end": peer.end, "reset": peer.reset}[end]()

    return play


def in_tls(context: Any, play: Play, name: str | None = "web.test") -> Play:
    """Return a script that makes TLS first."""

    def secured(peer: Peer) -> Script:
        yield from peer.secure(context, name)
        yield from play(peer)

    return secured


class WebStage(Stage):
    """Plays one connection of the web.

    *urls* is what ``--upstream-url`` names, *found* where a look-up leads, or why it leads nowhere; *meta* the answer
    to a request for host-meta.
    """

    def __init__(
        self,
        tools: Tools,
        client: Play,
        server: Play,
        *,
        url: str = "ws://web.test:5280",
        found: WebUrl | str = "no host-meta",
        meta: Answer | None = None,
        direct_tls: bool = False,
        start: int,
        destination: tuple[str, int] | None = None,
        insecure: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(tools, client, server, start=start, **more)
        self.asked: list[WebDial] = []
        self.fetches: list[Fetch] = []
        self.holds: list[bool] = []
        self._found, self._meta = found, meta
        self.relay = WebRelay(  # type: ignore[assignment]
            Settings(web=at(url), records=True, insecure=insecure),
            tools,
            PAGE,
            pair=1,
            flows=(1, 2),
            client=CLIENT,
            dialled=PROXY,
            time=start,
            destination=destination,
            direct_tls=direct_tls,
        )

    @property
    def web(self) -> WebRelay:
        assert isinstance(self.relay, WebRelay)
        return self.relay

    def _end(self, end: Any) -> None:
        if isinstance(end, Hold):
            self.holds.append(end.on)
        elif isinstance(end, Fetch):
            self.fetches.append(end)
            if self._meta is not None:
                self.web.fetched(self._meta, "", self._tick())
        elif isinstance(end, WebDial):
            self.asked.append(end)
            self._lead(end)
        else:
            super()._end(end)

    def _lead(self, wanted: WebDial) -> None:
        url = wanted.url or self._found
        if self._reach == "never":
            return
        if isinstance(url, str):
            self.web.server_failed(url, "name it", self._tick())
            return
        self.web.routed(url, "" if wanted.url else "host-meta of it", SERVER, self._tick())
        if self._reach == "connect":
            self._connected = True
            self.web.server_connected(OWN, SERVER, self._tick())
        else:
            self.web.server_failed(self._reach, "start it", self._tick())
