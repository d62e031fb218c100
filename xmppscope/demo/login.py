"""The attempts of one connection to authenticate: SASL elements in, SASL elements out (RFC 6120 §6.4)."""

from typing import Final

from xmppscope.demo.accounts import Accounts
from xmppscope.demo.errors import StreamError
from xmppscope.demo.names import SASL, tag
from xmppscope.demo.sasl import Exchange, SaslError, decoded
from xmppscope.demo.xml import Element, text_of

ATTEMPTS: Final = 3  # RFC 6120 §6.4.5: at least two and at most five retries

AUTH: Final = tag(SASL, "auth")
RESPONSE: Final = tag(SASL, "response")
ABORT: Final = tag(SASL, "abort")


class Login:
    """Where a client stands with its login; `username` is who it is, once it has succeeded."""

    def __init__(self, accounts: Accounts, bindings: dict[str, bytes]) -> None:
        self.username = ""
        self._accounts = accounts
        self._bindings = bindings
        self._exchange: Exchange | None = None
        self._failures = 0

    @property
    def exhausted(self) -> bool:
        """Whether there have been as many attempts as there may be."""
        return self._failures >= ATTEMPTS

    def take(self, received: Element) -> Element:
        """Return what answers an `<auth/>`, `<response/>` or `<abort/>`."""
        try:
            return self._answer(received)
        except SaslError as error:
            self._exchange = None
            self._failures += 1
            return error.element()

    def _answer(self, received: Element) -> Element:
        if received.tag == ABORT:
            raise SaslError("aborted")
        if received.tag == AUTH:
            self._exchange = Exchange(received.get("mechanism") or "", self._accounts, self._bindings)
        if self._exchange is None:
            raise StreamError("not-authorized")
        text = text_of(received)
        # RFC 6120 §6.4.2: without an initial response the server asks for it with an empty challenge.
        reply = self._exchange.take(None if received.tag == AUTH and not text else decoded(text))
        if reply.done:
            self.username = self._exchange.username
        return reply.element()
