"""Fetches a host-meta: one GET over HTTP/1.1, with the server's certificate verified, all of it bounded.

A few redirects are followed, from https to nothing else (RFC 6415 §2). Whatever goes wrong is told in words.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urljoin

import h11

from xmppscope.model.plaintext import cut
from xmppscope.proxy.dial import Dialled, NotReached
from xmppscope.proxy.host import Target
from xmppscope.proxy.leg import words_of
from xmppscope.proxy.tls_choice import server_name
from xmppscope.proxy.web_security import web_certificate_fault
from xmppscope.proxy.web_url import NotAWebUrlError, WebUrl, read_web_url

SECONDS: Final = 10.0
_MOST: Final = 256 * 1024
_REDIRECTS: Final = 3
_READ: Final = 1 << 16
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_SHOWN: Final = 80

Connect = Callable[[Target], Awaitable[Dialled | NotReached]]


class Fetched(NamedTuple):
    """What came: an answer with its `body`, or the `trouble` that there was instead, with what to do."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    trouble: str = ""
    advice: str = ""

    def header(self, name: str) -> str:
        """Return the value of a header field, empty without it."""
        return next((value for field, value in self.headers if field == name), "")


class Fetcher:
    """Fetches by way of *connect*, in the TLS of *context*; *insecure* lets every certificate pass."""

    def __init__(
        self, connect: Connect, context: Callable[[], ssl.SSLContext], clock: Callable[[], int], *, insecure: bool
    ) -> None:
        self._connect = connect
        self._context = context
        self._clock = clock
        self._insecure = insecure

    async def get(self, url: WebUrl) -> Fetched:
        """Return what stands at *url*, a place of kind ``bosh``."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._follow(url)
        except TimeoutError:
            return Fetched(trouble=f"{url.authority} did not answer in {SECONDS:.0f} s")

    async def _follow(self, url: WebUrl) -> Fetched:
        for _ in range(_REDIRECTS + 1):
            fetched = await self._once(url)
            location = fetched.header("location")
            if fetched.status not in _MOVED or not location:
                return fetched
            try:
                there = read_web_url(urljoin(str(url), location))
            except (NotAWebUrlError, ValueError):
                return Fetched(
                    trouble=f"{url.authority} redirects to {cut(location, _SHOWN)}, which is no place for it"
                )
            if there.kind != "bosh" or there.tls < url.tls:
                return Fetched(trouble=f"{url.authority} redirects to {there}, without TLS")
            url = there
        return Fetched(trouble=f"{url.authority} redirects again and again")

    async def _once(self, url: WebUrl) -> Fetched:
        reached = await self._connect(Target(url.host, url.port))
        if isinstance(reached, NotReached):
            return Fetched(trouble=reached.text, advice=reached.advice)
        tls = self._context() if url.tls else None
        try:
            reader, writer = await asyncio.open_connection(
                sock=reached.socket, ssl=tls, server_hostname=(server_name(url.host) or "") if url.tls else None
            )
        except ssl.SSLError as error:
            return Fetched(trouble=f"TLS with {url.authority} failed: {words_of(error)}")
        except OSError as error:
            return Fetched(trouble=f"{url.authority}: {error.strerror or 'the connection broke off'}")
        try:
            return self._certificate_fault(url, writer) or await _ask(url, reader, writer)
        except h11.RemoteProtocolError:
            return Fetched(trouble=f"{url.authority} does not answer as HTTP/1.1 does")
        except OSError as error:
            return Fetched(trouble=f"{url.authority}: {error.strerror or 'the connection broke off'}")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _certificate_fault(self, url: WebUrl, writer: asyncio.StreamWriter) -> Fetched | None:
        tls = writer.get_extra_info("ssl_object")
        if tls is None or self._insecure:
            return None
        fault = web_certificate_fault(tls.getpeercert(binary_form=True), url.host, self._clock())
        return Fetched(trouble=f"the certificate of {url.authority} {fault}") if fault else None


async def _ask(url: WebUrl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Fetched:
    connection = h11.Connection(h11.CLIENT)
    headers = [("host", url.authority), ("accept", "*/*"), ("connection", "close"), ("user-agent", "xmppscope")]
    writer.write(connection.send(h11.Request(method="GET", target=url.path or "/", headers=headers)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    head: h11.Response | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST:
                return Fetched(trouble=f"{url.authority} answers with more than {_MOST // 1024} KiB")
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            fields = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
            return Fetched(head.status_code, fields, body)
        elif not isinstance(event, h11.InformationalResponse):
            return Fetched(trouble=f"{url.authority} closed the connection without an answer")
