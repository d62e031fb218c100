"""The client's end of a connection: elements out, and an inbox of what came in, that one can wait for.

What asks for an answer is answered at once: `<r/>`, roster pushes, pings. What changes the meaning of the bytes that
follow, `<proceed/>` and `<success/>`, does so at once. Then everything waits in the inbox until `expect` takes it.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from xmppscope.demo import names
from xmppscope.demo.errors import StanzaError, StreamError
from xmppscope.demo.jid import Jid
from xmppscope.demo.line import Line
from xmppscope.demo.log import Log
from xmppscope.demo.management import Management
from xmppscope.demo.names import tag
from xmppscope.demo.reader import Closed, Header, StreamReader
from xmppscope.demo.xml import Element, answer_to, element, escaped, local_name, text_of, written
from xmppscope.model.errors import XmppscopeError

INBOX_BOUND: Final = 1000

Test = Callable[[Element], bool]


class DemoError(XmppscopeError):
    """A client of the demo did not get what it needs."""


class ClientStream:
    """The connections of one client, one after the other; it is the `Owner` of its line.

    `management` is None while stanzas are not counted; requests for an acknowledgement get none unless it `answers`.
    A wait longer than *patience* seconds is a `DemoError`.
    """

    def __init__(self, jid: Jid, context: ssl.SSLContext, patience: float) -> None:
        self.log = Log(jid.bare)
        self.management: Management | None = None
        self.answers = True
        self.features: Element | None = None
        self._jid = jid
        self._context = context
        self._patience = patience
        self._line: Line | None = None
        self._reader = StreamReader()
        self._inbox: deque[Element] = deque()
        self._closing = self._closed = False
        self._news = asyncio.Event()
        self._trouble = ""
        self._over = True

    @property
    def secure(self) -> bool:
        """Whether TLS protects the connection."""
        return self._line is not None and self._line.secure

    @property
    def over(self) -> bool:
        """Whether there is no connection."""
        return self._over

    async def connect(self, host: str, port: int, *, direct_tls: bool) -> None:
        """Open a connection, and a stream on it."""
        self._reader, self._trouble = StreamReader(), ""
        self._closing = self._closed = False
        self._inbox.clear()
        self.log.connection += 1
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                await loop.create_connection(lambda: Line(self), host, port)
        except OSError as error:  # a timeout is one
            raise DemoError(f"{self._jid.bare}: {host}:{port} cannot be reached; {error}") from error
        if direct_tls:
            self._start_tls()
            await self.secured_by_tls()
        await self.open()

    async def secured_by_tls(self) -> None:
        """Wait until the TLS handshake is done."""
        await self._wait(lambda: self.secure, "TLS")

    async def open(self) -> None:
        """Send a stream header, and wait for the features that answer it."""
        # RFC 6120 §4.7.1: a client says who it is only where nobody else can read it.
        sender = f' from="{escaped(self._jid.bare)}"' if self.secure else ""
        self._write(
            f'<?xml version="1.0"?><stream:stream{sender} to="{escaped(self._jid.domainpart)}" version="1.0" '
            f'xml:lang="en" xmlns="{names.CLIENT}" xmlns:stream="{names.STREAMS}">'
        )
        self.log.note("stream-open", sent=True, element=element(names.STREAMS, "stream"))
        self.features = await self.expect(lambda got: got.tag == names.FEATURES, "the features")

    def send(self, sent: Element) -> None:
        """Send an element; under stream management a stanza is counted, and kept while there is no connection."""
        if self.management is not None and sent.tag in names.STANZAS:
            self.management.count_sent(sent, datetime.now(UTC))
            if self._over:
                return
        self.transmit(sent)

    def transmit(self, sent: Element) -> None:
        """Send an element and count nothing; behind the closing tag nothing is sent any more."""
        if self._closing:
            return
        self._write(written(sent))
        self.log.note("element", sent=True, element=sent)

    async def expect(self, test: Test, words: str) -> Element:
        """Take the first element that passes the *test* out of the inbox, or wait for it; *words* name it."""
        await self._wait(lambda: any(test(waiting) for waiting in self._inbox), words)
        found = next(waiting for waiting in self._inbox if test(waiting))
        self._inbox.remove(found)
        return found

    async def cut(self) -> None:
        """Reset the connection, as if the network had failed."""
        self.log.note("cut", sent=True)
        if self._line is not None:
            self._line.cut()
        await self._ended()

    async def close(self) -> None:
        """Close the stream and the connection (RFC 6120 §4.4)."""
        if self.management is not None and self.answers:
            # XEP-0198 §4: what is acknowledged before the end need not be sent to anybody else.
            self.transmit(self.management.answer())
        self._write("</stream:stream>")
        self.log.note("stream-close", sent=True)
        self._closing = True
        await self._wait(lambda: self._closed, "the end of the stream")
        if self._line is not None:
            self._line.close()
        await self._ended()

    def connected(self, line: Line) -> None:
        """Take note that the connection is there."""
        self._line, self._over = line, False

    def secured(self) -> None:
        """Take note that the TLS handshake is done: a new stream begins, and nothing said before counts."""
        self._reader = StreamReader()
        self._news.set()

    def received(self, data: bytes) -> None:
        """Take bytes from the server."""
        self._reader.feed(data)
        try:
            while (read := self._reader.next()) is not None:
                self._take(read)
        except StreamError as error:
            self._give_up(f"what the server sent is wrong: {error}")

    def ended(self, reason: str) -> None:
        """Take note that the connection is over."""
        self._over = True
        self._trouble = self._trouble or reason or "the connection was closed"
        self._news.set()

    def _start_tls(self) -> None:
        if self._line is not None:
            first = self._reader.rest()
            self._line.start_tls(self._context, server_side=False, hostname=self._jid.domainpart, first=first)

    def _take(self, read: Header | Closed | Element) -> None:
        if isinstance(read, Header):
            self.log.note("stream-open", sent=False, element=read.root)
        elif isinstance(read, Closed):
            self.log.note("stream-close", sent=False)
            self._closed = True
        else:
            self.log.note("element", sent=False, element=read)
            self._count(read)
            self._react(read)
            if len(self._inbox) >= INBOX_BOUND:
                self._give_up("the server sends more than the demo can expect")
            else:
                self._inbox.append(read)
        self._news.set()

    def _count(self, got: Element) -> None:
        """XEP-0198 §4: a client's count of what it has received begins with `<enabled/>`."""
        if self.management is not None and got.tag in names.STANZAS:
            self.management.count_received()
        elif self.management is not None and got.tag == tag(names.MANAGEMENT, "enabled"):
            self.management.received = 0

    def _react(self, got: Element) -> None:
        """Do what must be done at once."""
        if got.tag == tag(names.TLS, "proceed"):
            self._start_tls()
        elif got.tag == tag(names.SASL, "success"):
            self._reader = StreamReader(self._reader.rest())
        elif got.tag == names.STREAM_ERROR:
            self._give_up(f"the server ended the stream: {condition(got)}")
        elif got.tag == tag(names.MANAGEMENT, "r") and self.management is not None:
            if self.answers:
                self.transmit(self.management.answer())
        elif got.tag == names.IQ and got.get("type") in ("get", "set"):
            self._answer(got)

    def _answer(self, iq: Element) -> None:
        """Confirm roster pushes and pings; RFC 6120 §8.4: anything else is not available here."""
        known = {("set", tag(names.ROSTER, "query")), ("get", tag(names.PING, "ping"))}
        asked = (iq.get("type") or "", str(iq[0].tag) if len(iq) else "")
        self.send(answer_to(iq) if asked in known else StanzaError("service-unavailable").answer(iq))

    def _give_up(self, reason: str) -> None:
        self._trouble = self._trouble or reason
        if self._line is not None:
            self._line.close()

    def _write(self, text: str) -> None:
        if self._line is not None:
            self._line.write(text.encode())

    async def _wait(self, arrived: Callable[[], bool], words: str) -> None:
        """Wait until it has come; the connection's end, or the end of patience, is a `DemoError`."""
        try:
            async with asyncio.timeout(self._patience):
                while not arrived():
                    if self._trouble:
                        raise DemoError(f"{self._jid.bare}: waited for {words}; {self._trouble}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise DemoError(f"{self._jid.bare}: {words} did not come in {self._patience:g} s") from error

    async def _ended(self) -> None:
        """Wait until the connection is over, as it was to be."""
        self._trouble = ""
        await self._wait(lambda: self._over, "the end of the connection")
        self._trouble = "the connection was closed"


def condition(of: Element) -> str:
    """Return the condition of an error or a failure, and the text that goes with it."""
    holder = next(iter(of.iterchildren(tag(names.CLIENT, "error"))), of)
    conditions = [local_name(child) for child in holder if local_name(child) != "text"]
    texts = [text_of(child) for child in holder if local_name(child) == "text"]
    return ": ".join([*conditions[:1], *texts[:1]])
