"""The server's end of one connection: stream headers, features, STARTTLS, authentication, and then stanzas (RFC 6120).

What may come next is a table of phases and elements. The order is the one the RFC recommends: TLS, SASL, then a
resource is bound or a session resumed. What breaks the order, or XML, ends the stream with the error the RFC names.
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from xmppscope.demo import binding, names, routing, sasl
from xmppscope.demo.accounts import Account, Accounts
from xmppscope.demo.errors import StreamError
from xmppscope.demo.jid import Jid, JidError
from xmppscope.demo.line import Line
from xmppscope.demo.login import ABORT, AUTH, RESPONSE, Login
from xmppscope.demo.names import tag
from xmppscope.demo.reader import Closed, Header, StreamReader
from xmppscope.demo.sessions import Session
from xmppscope.demo.xml import Element, element, escaped, written

STREAMS_BOUND: Final = 200

_PATIENCE: Final = 30.0
"""Seconds in which a client must have logged in."""

_VERSION: Final = re.compile(r"0*[1-9][0-9]*\.[0-9]+")  # RFC 6120 §4.7.5: 1.0 or newer


@dataclass(slots=True)
class Host:
    """What all streams of a server share."""

    accounts: Accounts
    context: ssl.SSLContext
    direct_context: ssl.SSLContext
    end_point: bytes
    hold: float
    channel_binding: bool = True
    streams: set["ServerStream"] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)


class Phase(Enum):
    """How far a connection has come."""

    CLEAR = "before TLS"
    SECURE = "under TLS"
    AUTHENTICATED = "authenticated"
    BOUND = "bound"


class ServerStream:
    """One connection from a client; it is the `Owner` of its line and the `Wire` of its session."""

    def __init__(self, host: Host, *, direct_tls: bool) -> None:
        self.host = host
        self.phase = Phase.CLEAR
        self.account: Account | None = None
        self.session: Session | None = None
        self._direct_tls = direct_tls
        self._line: Line | None = None
        self._reader = StreamReader()
        self._lang: str | None = None
        self._login: Login | None = None
        self._opened = False
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    def connected(self, line: Line) -> None:
        """Take note that the connection is there."""
        self._line = line
        self.host.streams.add(self)
        self.host.empty.clear()
        timeout = StreamError("connection-timeout")
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self.fail, timeout)
        if self._direct_tls:
            line.start_tls(self.host.direct_context, server_side=True)

    def secured(self) -> None:
        """RFC 6120 §5.4.3.3: after TLS a new stream begins, and nothing that was said before counts."""
        self.phase = Phase.SECURE
        self._reader = StreamReader()

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""
        self._reader.feed(data)
        try:
            while not self._over and (read := self._reader.next()) is not None:
                if isinstance(read, Header):
                    self._open(read.root)
                elif isinstance(read, Closed):
                    self.close()
                else:
                    self._take(read)
        except StreamError as error:
            self.fail(error)

    def ended(self, _reason: str) -> None:
        """Take note that the connection is over: a session that can be resumed waits, any other ends."""
        self._stop()
        self.host.streams.discard(self)
        if not self.host.streams:
            self.host.empty.set()
        session, self.session = self.session, None
        if session is None:
            return
        if session.resumable:
            session.suspend(self.host.hold, lambda: routing.end(self.host.accounts, session))
        else:
            routing.end(self.host.accounts, session)

    def send(self, element: Element) -> None:
        """Send an element."""
        self._write(written(element))

    def fail(self, error: StreamError) -> None:
        """End the stream, and the session with it, with an error."""
        if self._over:
            return
        if not self._opened:
            # RFC 6120 §4.9.1.2: an error in the header is sent after a response header.
            self._write_header(None)
        self.send(error.element())
        self.close(lost=True)

    def close(self, *, lost: bool = False) -> None:
        """Close the stream (RFC 6120 §4.4); the session ends with it. *lost* is what the client has not acknowledged.

        A client that closes in good order has read what it wanted to read, whether it acknowledged it or not.
        """
        if self._over:
            return
        self._write("</stream:stream>")
        self._stop()
        if self._line is not None:
            self._line.close()
        session, self.session = self.session, None
        if session is not None:
            routing.end(self.host.accounts, session, lost=lost)

    def bound(self, session: Session) -> None:
        """Take note that a resource is bound, or a session resumed: now stanzas pass."""
        self.session = session
        self.phase = Phase.BOUND
        if self._timer is not None:
            self._timer.cancel()

    def detach(self) -> None:
        """Let go of the session, which goes on over another connection."""
        self.session = None

    def _restart(self) -> None:
        """RFC 6120 §4.3.3: expect a new header on the same connection."""
        self._reader = StreamReader(self._reader.rest())
        self._opened = False

    def _stop(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _write(self, text: str) -> None:
        if self._line is not None and not self._over:
            self._line.write(text.encode())

    def _open(self, root: Element) -> None:
        """Answer the client's header, and say what it can do next."""
        self._lang = root.get(names.LANG)
        self._write_header(root.get("from"))
        if root.tag != names.STREAM:
            right = root.tag == "stream" or names.split(str(root.tag))[1] == "stream"
            raise StreamError("invalid-namespace" if right else "bad-format")
        if root.nsmap.get(None) != names.CLIENT:
            raise StreamError("invalid-namespace")
        if (root.get("to") or "").lower() != self.host.accounts.domain:
            raise StreamError("host-unknown")
        if not _VERSION.fullmatch(root.get("version") or ""):
            raise StreamError("unsupported-version", "version 1.0 is needed")
        if len(self.host.streams) > STREAMS_BOUND:
            raise StreamError("resource-constraint")
        self.send(element(names.STREAMS, "features", None, *_FEATURES[self.phase](self)))

    def _write_header(self, sender: str | None) -> None:
        # RFC 6120 §4.7.2: `to` is the bare JID of the `from`, if there was one.
        to = f' to="{escaped(bare)}"' if (bare := _bare(sender)) else ""
        # §4.7.4: the response header names a language as well.
        self._write(
            f'<?xml version="1.0"?><stream:stream from="{self.host.accounts.domain}"{to} id="{secrets.token_hex(8)}" '
            f'version="1.0" xml:lang="en" xmlns="{names.CLIENT}" xmlns:stream="{names.STREAMS}">'
        )
        self._opened = True

    def _take(self, received: Element) -> None:
        step = _STEPS.get((self.phase, str(received.tag)))
        if step is not None:
            step(self, received)
        elif received.tag == names.STREAM_ERROR:
            self.close()
        else:
            raise StreamError("unsupported-stanza-type" if self.phase is Phase.BOUND else "not-authorized")

    def _start_tls(self, _starttls: Element) -> None:
        if self._line is None:
            return
        self.send(element(names.TLS, "proceed"))
        self._opened = False
        # What came along behind <starttls/> belongs to TLS, or is nothing that can be trusted.
        self._line.start_tls(self.host.context, server_side=True, first=self._reader.rest())

    def _too_early(self, _auth: Element) -> None:
        self.send(sasl.SaslError("encryption-required").element())

    def _authenticate(self, received: Element) -> None:
        login = self._login = self._login or Login(self.host.accounts, self._bindings())
        self.send(login.take(received))
        if login.username:
            self.account = self.host.accounts.named(login.username)
            self.phase = Phase.AUTHENTICATED
            self._restart()
        elif login.exhausted:
            raise StreamError("policy-violation", "too many attempts to log in")

    def _bindings(self) -> dict[str, bytes]:
        """Return the channel bindings that this connection has."""
        if not self.host.channel_binding:
            return {}
        unique = None if self._line is None else self._line.unique
        return {sasl.END_POINT: self.host.end_point} | ({} if unique is None else {sasl.UNIQUE: unique})

    def _features_before_tls(self) -> tuple[Element, ...]:
        return (element(names.TLS, "starttls", None, element(names.TLS, "required")),)

    def _features_for_sasl(self) -> tuple[Element, ...]:
        return sasl.features(self._bindings())

    def _features_for_binding(self) -> tuple[Element, ...]:
        # RFC 6121 §1.4: sessions of their own are a thing of the past, and say so.
        session = element(names.SESSION, "session", None, element(names.SESSION, "optional"))
        return element(names.BIND, "bind"), element(names.MANAGEMENT, "sm"), session

    def _stanza(self, stanza: Element) -> None:
        if self.session is None:
            return
        if self.session.management is not None:
            self.session.management.count_received()
        routing.route(self.host.accounts, self.session, stanza, self._lang)

    def _acknowledgement(self, received: Element) -> None:
        if self.session is None or self.session.management is None:
            raise StreamError("unsupported-stanza-type")
        if received.tag == tag(names.MANAGEMENT, "r"):
            self.send(self.session.management.answer())
        else:
            self.session.acknowledged(received.get("h"))


def _bare(address: str | None) -> str:
    try:
        return Jid.parse(address or "").bare
    except JidError:
        return ""


_FEATURES: Final[dict[Phase, Callable[[ServerStream], tuple[Element, ...]]]] = {
    Phase.CLEAR: ServerStream._features_before_tls,
    Phase.SECURE: ServerStream._features_for_sasl,
    Phase.AUTHENTICATED: ServerStream._features_for_binding,
}

_STEPS: Final[dict[tuple[Phase, str], Callable[[ServerStream, Element], None]]] = {
    # RFC 6120 §5
    (Phase.CLEAR, tag(names.TLS, "starttls")): ServerStream._start_tls,
    (Phase.CLEAR, AUTH): ServerStream._too_early,
    # RFC 6120 §6
    (Phase.SECURE, AUTH): ServerStream._authenticate,
    (Phase.SECURE, RESPONSE): ServerStream._authenticate,
    (Phase.SECURE, ABORT): ServerStream._authenticate,
    # RFC 6120 §7, XEP-0198 §5
    (Phase.AUTHENTICATED, names.IQ): binding.bind,
    (Phase.AUTHENTICATED, tag(names.MANAGEMENT, "resume")): binding.resume,
    (Phase.AUTHENTICATED, tag(names.MANAGEMENT, "enable")): binding.refuse,
    # RFC 6120 §8, XEP-0198 §3 and §4
    (Phase.BOUND, names.MESSAGE): ServerStream._stanza,
    (Phase.BOUND, names.PRESENCE): ServerStream._stanza,
    (Phase.BOUND, names.IQ): ServerStream._stanza,
    (Phase.BOUND, tag(names.MANAGEMENT, "enable")): binding.enable,
    (Phase.BOUND, tag(names.MANAGEMENT, "resume")): binding.refuse,
    (Phase.BOUND, tag(names.MANAGEMENT, "r")): ServerStream._acknowledgement,
    (Phase.BOUND, tag(names.MANAGEMENT, "a")): ServerStream._acknowledgement,
}
