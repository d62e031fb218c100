"""Follows one connection's SASL attempts: which message of which mechanism an element carries, and who logs in.

For RFC 6120 §6 and XEP-0388. What a mechanism's data means is decided by the mechanism that `<auth/>` or
`<authenticate/>` named and by how many messages came before; where that was missed the message stays unnamed.
"""

from enum import Enum
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import SASL2
from xmppscope.session import sasl_messages

_INITIAL_RESPONSE: Final = f"{SASL2}{SEPARATOR}initial-response"
_ADDITIONAL_DATA: Final = f"{SASL2}{SEPARATOR}additional-data"
_AUTHORIZATION_IDENTIFIER: Final = f"{SASL2}{SEPARATOR}authorization-identifier"


class Message(Enum):
    """What a piece of SASL data is."""

    NONE = "none"
    PLAIN = "plain"
    CLIENT_FIRST = "client-first"
    SERVER_FIRST = "server-first"
    CLIENT_FINAL = "client-final"
    SERVER_FINAL = "server-final"
    EXTERNAL = "external"
    ANONYMOUS = "anonymous"
    TOKEN = "token"
    OTHER = "other"


class SaslExchange:
    """The current attempt: its mechanism (empty if unknown) and the user it names (empty until one is named)."""

    def __init__(self) -> None:
        self.mechanism = ""
        self.username = ""
        self.data = ""
        """The base64 text of the last message."""

    @property
    def family(self) -> str:
        """The mechanism without its hash and channel binding: `SCRAM`, `HT`, else its whole name."""
        for family in ("SCRAM", "HT"):
            if self.mechanism.startswith(family + "-"):
                return family
        return self.mechanism

    def begin(self, element: Element) -> Message:
        """Take `<auth/>` or `<authenticate/>`: a new attempt."""
        self.mechanism = element.attrs.get("mechanism", "")
        self.username = ""
        if element.ns == SASL2:
            return self.client(element.child_text(_INITIAL_RESPONSE) or "")
        return self.client(element.text)

    def client(self, data: str) -> Message:
        """Take what the initiating entity sends: an initial response or `<response/>`."""
        self.data = data
        if not data.strip():
            return Message.NONE
        return _CLIENT.get(self.family, _other)(self, data)

    def server(self, data: str) -> Message:
        """Take what the receiving entity sends: `<challenge/>` or the additional data of `<success/>`."""
        self.data = data
        if not data.strip():
            return Message.NONE
        if self.family in {"SCRAM", ""}:
            if sasl_messages.server_first(data):
                return Message.SERVER_FIRST
            if self.family and sasl_messages.server_final(data):
                return Message.SERVER_FINAL
        return Message.OTHER

    def succeed(self, element: Element) -> Message:
        """Take `<success/>` of either profile."""
        if element.ns != SASL2:
            return self.server(element.text)
        identity = element.child_text(_AUTHORIZATION_IDENTIFIER)
        if identity:
            self.username = identity
        return self.server(element.child_text(_ADDITIONAL_DATA) or "")


def _scram(exchange: SaslExchange, data: str) -> Message:
    first = sasl_messages.client_first(data)
    if first:
        exchange.username = first.username
        return Message.CLIENT_FIRST
    return Message.CLIENT_FINAL if sasl_messages.is_client_final(data) else Message.OTHER


def _plain(exchange: SaslExchange, data: str) -> Message:
    plain = sasl_messages.plain(data)
    if plain is None:
        return Message.OTHER
    exchange.username = plain.authcid
    return Message.PLAIN


def _token(exchange: SaslExchange, data: str) -> Message:
    exchange.username = sasl_messages.token_user(data) or ""
    return Message.TOKEN


def _oauth(exchange: SaslExchange, data: str) -> Message:
    exchange.username = sasl_messages.token_user(data, skip=b"\0") or ""
    return Message.TOKEN


def _bearer(exchange: SaslExchange, data: str) -> Message:
    exchange.username = sasl_messages.gs2_authzid(data) or exchange.username
    return Message.TOKEN


def _digest(exchange: SaslExchange, data: str) -> Message:
    exchange.username = sasl_messages.digest_username(data) or exchange.username
    return Message.OTHER


def _external(exchange: SaslExchange, data: str) -> Message:
    exchange.username = sasl_messages.text(data) or ""
    return Message.EXTERNAL


def _anonymous(_exchange: SaslExchange, _data: str) -> Message:
    return Message.ANONYMOUS


def _other(_exchange: SaslExchange, data: str) -> Message:
    return Message.CLIENT_FINAL if sasl_messages.is_client_final(data) else Message.OTHER


_CLIENT: Final = {
    "SCRAM": _scram,
    "PLAIN": _plain,
    "HT": _token,
    "X-OAUTH2": _oauth,
    "OAUTHBEARER": _bearer,
    "OAUTH10A": _bearer,
    "XOAUTH2": _bearer,
    "DIGEST-MD5": _digest,
    "EXTERNAL": _external,
    "ANONYMOUS": _anonymous,
}
