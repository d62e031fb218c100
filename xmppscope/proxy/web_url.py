"""Addresses of the web that lead to XMPP: what ``--upstream-url`` names, and what a host-meta lists (XEP-0156).

Only the four schemes of WebSocket and BOSH count, a host, a port and a path; names and passwords, queries and fragments
do not belong there. Nothing is looked up here.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.plaintext import cut
from xmppscope.proxy.host import NotAHostError, dns_name, literal, shown

WebKind = Literal["websocket", "bosh"]

KINDS: Final[dict[WebKind, str]] = {"websocket": "WebSocket", "bosh": "BOSH"}
"""How they are called."""

_SCHEMES: Final[dict[str, tuple[WebKind, bool]]] = {
    "ws": ("websocket", False),
    "wss": ("websocket", True),
    "http": ("bosh", False),
    "https": ("bosh", True),
}
_PORTS: Final = {False: 80, True: 443}
_TARGET: Final = re.compile(r"/[!-~]*")  # RFC 9112 §3.2.1: what can stand in a request line
_FORM: Final = "write wss://HOST:PORT/PATH, or ws://, https://, http://"
_SHOWN: Final = 80


class NotAWebUrlError(ValueError):
    """The text is no address of WebSocket or BOSH; the message tells why."""


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A place of WebSocket or BOSH; `path`, with its query, is empty where the URL has none."""

    kind: WebKind
    tls: bool
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        """The value of ``Host`` (RFC 9110 §7.2): the port stands in it if it is not the usual one."""
        if self.port != _PORTS[self.tls]:
            return shown(self.host, self.port)
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def place(self) -> tuple[bool, str, int]:
        """What one connection leads to."""
        return self.tls, self.host, self.port

    def __str__(self) -> str:
        path = self.path.partition("?")[0]  # a query may hold a secret
        return f"{scheme_of(self.kind, tls=self.tls)}://{self.authority}{path}"


def scheme_of(kind: WebKind, *, tls: bool) -> str:
    """Return the scheme of such a place."""
    return next(scheme for scheme, meant in _SCHEMES.items() if meant == (kind, tls))


def read_web_url(text: str) -> WebUrl:
    """Return the place that a URL names; raises `NotAWebUrlError`."""
    if not text.isprintable() or any(character.isspace() for character in text):
        raise NotAWebUrlError("white space or an invisible character in it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise NotAWebUrlError(f"not a URL ({error})") from error
    if parts.scheme not in _SCHEMES or not parts.netloc:
        raise NotAWebUrlError("not a URL of WebSocket or BOSH")
    if "@" in parts.netloc or parts.fragment:
        raise NotAWebUrlError("more than host, port and path in it")
    kind, tls = _SCHEMES[parts.scheme]
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if path and not _TARGET.fullmatch(path):
        raise NotAWebUrlError("a path that has to be percent-encoded")
    if port == 0:
        raise NotAWebUrlError("0 is not a port")
    return WebUrl(kind, tls, _host(parts.hostname or ""), port or _PORTS[tls], "" if path == "/" else path)


def parse_upstream_url(text: str) -> WebUrl:
    """Return what ``--upstream-url`` names."""
    try:
        return read_web_url(text)
    except NotAWebUrlError as error:
        raise XmppscopeError(f"--upstream-url {cut(text, _SHOWN) or chr(34) * 2}: {error}; {_FORM}") from error


def parse_upstream_urls(texts: tuple[str, ...]) -> tuple[WebUrl, ...]:
    """Return what several ``--upstream-url`` name: at most one place for each kind."""
    urls = tuple(map(parse_upstream_url, texts))
    if len({url.kind for url in urls}) < len(urls):
        kind = KINDS[urls[0].kind if len(urls) == 2 else urls[-1].kind]
        raise XmppscopeError(f"--upstream-url: two URLs for {kind}; give one for each kind at the most")
    return urls


def _host(text: str) -> str:
    address = literal(text)
    if address is not None:
        return str(address)
    try:
        return dns_name(text)
    except NotAHostError as error:
        raise NotAWebUrlError(f"the host {error}") from error
