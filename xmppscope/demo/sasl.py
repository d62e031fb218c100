"""The server's side of a SASL exchange (RFC 6120 §6): which mechanisms there are, and the messages of one attempt.

SCRAM with SHA-256 and SHA-1, each with and without channel binding, and PLAIN; all only under TLS, which the stream
sees to. The channel bindings are those of RFC 5929: `tls-server-end-point`, and `tls-unique` up to TLS 1.2; to that of
TLS 1.3 (RFC 9266) the `ssl` module gives no access.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from xmppscope.demo import scram
from xmppscope.demo.accounts import Accounts
from xmppscope.demo.names import CHANNEL_BINDING, SASL
from xmppscope.demo.saslprep import saslprep
from xmppscope.demo.xml import Element, element

END_POINT: Final = "tls-server-end-point"
UNIQUE: Final = "tls-unique"
PLAIN: Final = "PLAIN"

_PLUS: Final = "-PLUS"


class SaslError(Exception):
    """An attempt has failed, with one of the conditions of RFC 6120 §6.5."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(f"{condition}: {text}" if text else condition)
        self._condition = condition
        self._text = text

    def element(self) -> Element:
        """Return the `<failure/>`."""
        made = element(SASL, "failure", None, element(SASL, self._condition))
        if self._text:
            made.append(element(SASL, "text", None, self._text))
        return made


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers: a challenge, or the success with the data that goes with it."""

    done: bool
    data: bytes | None = None

    def element(self) -> Element:
        """Return the `<challenge/>` or `<success/>`."""
        content = () if self.data is None else (encoded(self.data),)
        return element(SASL, "success" if self.done else "challenge", None, *content)


def mechanisms(bindings: Collection[str]) -> tuple[str, ...]:
    """Return the mechanisms that the server offers, the best first; without *bindings* none ends in -PLUS."""
    bound = (name + _PLUS for name in scram.HASHES) if bindings else ()
    return (*bound, *scram.HASHES, PLAIN)


def features(bindings: Collection[str]) -> tuple[Element, ...]:
    """Return what the stream features say about authentication: the mechanisms, and the channel bindings (XEP-0440)."""
    offered = (element(SASL, "mechanism", None, name) for name in mechanisms(bindings))
    offer = element(SASL, "mechanisms", None, *offered)
    if not bindings:
        return (offer,)
    types = (element(CHANNEL_BINDING, "channel-binding", {"type": binding}) for binding in bindings)
    return offer, element(CHANNEL_BINDING, "sasl-channel-binding", None, *types)


def encoded(data: bytes) -> str:
    """Return SASL data as it stands in an element; RFC 6120 §6.4.2: data of no bytes is "a single equals sign"."""
    return base64.b64encode(data).decode("ascii") or "="


def decoded(text: str) -> bytes:
    """Return the SASL data of an element; raise `SaslError` where it is no base64."""
    try:
        return b"" if text == "=" else base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SaslError("incorrect-encoding") from error


class Exchange:
    """One attempt of a client to authenticate; when a reply is `done`, `username` is who the client is.

    *bindings* are the channel bindings of the connection, by type.
    """

    def __init__(self, mechanism: str, accounts: Accounts, bindings: dict[str, bytes]) -> None:
        if mechanism not in mechanisms(bindings):
            raise SaslError("invalid-mechanism")
        self.username = ""
        self._accounts = accounts
        self._scram: scram.ServerExchange | None = None
        self._begun = False
        name = mechanism.removesuffix(_PLUS)
        if name in scram.HASHES:
            hash_name = scram.HASHES[name]
            self._scram = scram.ServerExchange(
                hash_name,
                lambda username: accounts.keys(username, hash_name),
                bindings,
                plus=mechanism != name,
            )

    def take(self, data: bytes | None) -> Reply:
        """Answer the client's data; None where `<auth/>` brought none, which asks for an empty challenge."""
        if data is None:
            return Reply(done=False, data=b"")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise SaslError("malformed-request") from error
        if self._scram is None:
            return self._plain(text)
        try:
            return self._next_of_scram(self._scram, text)
        except scram.ScramError as error:
            condition = "malformed-request" if error.value == "invalid-encoding" else "not-authorized"
            raise SaslError(condition, error.text) from error

    def _next_of_scram(self, exchange: scram.ServerExchange, text: str) -> Reply:
        if not self._begun:
            self._begun = True
            return Reply(done=False, data=exchange.first(text).encode())
        last = exchange.final(text).encode()
        self._identify(exchange.username, exchange.authzid)
        return Reply(done=True, data=last)

    def _plain(self, text: str) -> Reply:
        """RFC 4616 §2: `message = [authzid] UTF8NUL authcid UTF8NUL passwd`."""
        parts = text.split("\0")
        if len(parts) != 3:
            raise SaslError("malformed-request")
        try:
            username, password = saslprep(parts[1]), saslprep(parts[2])
        except ValueError as error:
            raise SaslError("malformed-request", str(error)) from error
        if not self._accounts.check(username, password):
            raise SaslError("not-authorized", "the password is wrong, or there is no such account")
        self._identify(username, parts[0])
        return Reply(done=True)

    def _identify(self, username: str, authzid: str) -> None:
        if authzid and authzid != self._accounts.address(username):
            raise SaslError("invalid-authzid")
        self.username = username
