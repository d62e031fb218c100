"""A scripted client of the demo: it logs in, talks, loses its connection and resumes, step by step as it is told.

STARTTLS or direct TLS with the certificate verified against the XMPP domain, SCRAM-SHA-256 with the server's signature
checked, resource binding and stream management (RFC 6120, XEP-0198). It can do no more than the demo needs.
"""

import itertools
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from xmppscope.demo import names
from xmppscope.demo.client_stream import ClientStream, DemoError, Test, condition
from xmppscope.demo.jid import Jid
from xmppscope.demo.log import Log
from xmppscope.demo.management import Management, request
from xmppscope.demo.names import tag
from xmppscope.demo.sasl import decoded, encoded
from xmppscope.demo.scram import HASHES, ClientExchange, ScramError
from xmppscope.demo.xml import Element, element, local_name, stanza, text_of

Beat = Callable[[], Awaitable[None]]

_MECHANISM: Final = "SCRAM-SHA-256"
_RESUMED: Final = tag(names.MANAGEMENT, "resumed")
_FAILED: Final = tag(names.MANAGEMENT, "failed")


async def at_once() -> None:
    """Take no time: the beat between steps where nobody reads along."""


class DemoClient:
    """A client for *jid*, a bare JID, that connects to *host* and *port*.

    *authority* is what the server's certificate must be signed by, in PEM, or an `ssl.SSLContext` to use as it is.
    *patience* is how many seconds it waits for anything before it gives up with a `DemoError`. A *beat* is waited for
    after each step, so that one can read along.
    """

    def __init__(
        self,
        jid: str,
        password: str,
        host: str,
        port: int,
        authority: ssl.SSLContext | str | bytes,
        *,
        resource: str = "demo",
        direct_tls: bool = False,
        patience: float = 10.0,
    ) -> None:
        self.jid = Jid.parse(jid)
        self._password = password
        self._address = (host, port)
        self._resource = resource
        self._direct_tls = direct_tls
        self._ids = itertools.count(1)
        context = authority if isinstance(authority, ssl.SSLContext) else _context(authority)
        self._stream = ClientStream(self.jid, context, patience)

    @property
    def log(self) -> Log:
        """What the client has sent and received so far."""
        return self._stream.log

    @property
    def management(self) -> Management | None:
        """The accounting of stream management, once it is on."""
        return self._stream.management

    async def connect(self) -> None:
        """Open a connection, and a stream on it."""
        host, port = self._address
        await self._stream.connect(host, port, direct_tls=self._direct_tls)

    async def start_tls(self) -> None:
        """Ask for TLS (RFC 6120 §5) and open a stream inside; nothing is to be done where TLS is there already."""
        if not self._stream.secure:
            features = self._stream.features
            if features is None or features.find(tag(names.TLS, "starttls")) is None:
                raise DemoError(f"{self.jid.bare}: the server offers no STARTTLS, or somebody has taken the offer out")
            self.send(element(names.TLS, "starttls"))
            await self._stream.secured_by_tls()
            await self._stream.open()

    async def authenticate(self, beat: Beat = at_once) -> None:
        """Log in with SCRAM-SHA-256 (RFC 6120 §6), and open the stream that follows."""
        offered = [] if self._stream.features is None else self._stream.features.iter(tag(names.SASL, "mechanism"))
        if _MECHANISM not in [text_of(mechanism) for mechanism in offered]:
            raise DemoError(f"{self.jid.bare}: the server does not offer {_MECHANISM}")
        exchange = ClientExchange(self.jid.localpart, self._password, HASHES[_MECHANISM])
        first = encoded(exchange.first().encode())
        self.send(element(names.SASL, "auth", {"mechanism": _MECHANISM}, first))
        try:
            challenge = await self._sasl("challenge")
            await beat()
            final = exchange.final(challenge)
            self.send(element(names.SASL, "response", None, encoded(final.encode())))
            exchange.verify(await self._sasl("success"))
        except ScramError as error:
            raise DemoError(f"{self.jid.bare}: {error.text}; it is not the demo's server that answers") from error
        await beat()
        await self._stream.open()

    async def bind(self) -> None:
        """Bind the resource (RFC 6120 §7)."""
        resource = element(names.BIND, "resource", None, self._resource)
        result = await self.ask("set", element(names.BIND, "bind", None, resource))
        self.jid = Jid.parse(result.findtext(f"{tag(names.BIND, 'bind')}/{tag(names.BIND, 'jid')}") or "")

    async def enable(self) -> None:
        """Begin stream management, with resumption (XEP-0198 §3)."""
        self.send(element(names.MANAGEMENT, "enable", {"resume": "true"}))
        management = self._stream.management = Management()
        enabled = await self.expect(named(names.MANAGEMENT, "enabled"), "stream management")
        management.identifier = enabled.get("id") or ""

    async def login(self, beat: Beat = at_once) -> None:
        """Take all steps up to stream management."""
        for step in (self.connect, self.start_tls, lambda: self.authenticate(beat), self.bind, self.enable):
            await step()
            await beat()

    def send(self, sent: Element) -> None:
        """Send an element; under stream management a stanza is counted, and kept while there is no connection."""
        self._stream.send(sent)

    def new_id(self) -> str:
        """Return an id that no stanza of this client has had."""
        return f"{self.jid.localpart}-{next(self._ids)}"

    async def ask(self, kind: str, payload: Element, to: str | None = None) -> Element:
        """Send an iq and return its result; an error is a `DemoError`."""
        number, words = self.new_id(), f"the answer to {local_name(payload)}"
        self.send(stanza("iq", {"type": kind, "id": number, "to": to}, payload))
        answer = await self.expect(lambda got: got.tag == names.IQ and got.get("id") == number, words)
        if answer.get("type") == "error":
            raise DemoError(f"{self.jid.bare}: waited for {words}; it was refused: {condition(answer)}")
        return answer

    async def expect(self, test: Test, words: str) -> Element:
        """Return the first element that passes the *test* and was not returned before; *words* name what it is."""
        return await self._stream.expect(test, words)

    async def acknowledge(self) -> None:
        """Ask the server what it has received (XEP-0198 §4)."""
        self.send(request())
        answer = await self.expect(named(names.MANAGEMENT, "a"), "an acknowledgement")
        if self.management is not None:
            self.management.acknowledge(answer.get("h"))

    def fall_silent(self) -> None:
        """Acknowledge nothing any more, as a client does whose programmer forgot it."""
        self._stream.answers = False

    async def cut(self) -> None:
        """Reset the connection, as if the network had failed; the session can be resumed."""
        await self._stream.cut()

    async def resume(self, beat: Beat = at_once) -> bool:
        """Connect anew and resume the session (XEP-0198 §5); False if the server does not know it any more.

        Then what was not acknowledged is lost, and the client may `bind` again.
        """
        management, self._stream.management = self._stream.management, None
        if management is None:
            raise DemoError(f"{self.jid.bare}: there is no session to resume")
        for step in (self.connect, self.start_tls, lambda: self.authenticate(beat)):
            await step()
            await beat()
        attributes = {"previd": management.identifier, "h": str(management.received)}
        self.send(element(names.MANAGEMENT, "resume", attributes))
        # What follows <resumed/> at once must be counted already.
        self._stream.management = management
        answer = await self.expect(lambda got: got.tag in (_RESUMED, _FAILED), "the session")
        if answer.tag == _FAILED:
            self._stream.management = None
            return False
        management.acknowledge(answer.get("h"))
        for unacknowledged, _ in management.unacknowledged:
            self._stream.transmit(unacknowledged)
        return True

    async def close(self) -> None:
        """Close the stream in an orderly way, if there is one."""
        if not self._stream.over:
            await self._stream.close()

    async def _sasl(self, local: str) -> str:
        wanted, failure = tag(names.SASL, local), tag(names.SASL, "failure")
        got = await self.expect(lambda got: got.tag in (wanted, failure), f"the {local}")
        if got.tag == failure:
            raise DemoError(f"{self.jid.bare}: the login was refused: {condition(got)}")
        return decoded(text_of(got)).decode()


def named(namespace: str, local: str) -> Test:
    """Return the test for elements of that name."""
    wanted = tag(namespace, local)
    return lambda got: got.tag == wanted


def _context(authority: str | bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority if isinstance(authority, str) else authority.decode("ascii"))
    return context
