"""SCRAM (RFC 5802, with SHA-256 by RFC 7677): the keys, and the two sides of an exchange, message text in and out.

The client of this demo does no channel binding and says so (`n`). The server does: where a mechanism ends in `-PLUS`
the client's binding must be the one given, and a client that says the server had none to offer (`y`) is refused, since
then somebody has taken it out of the offer. Base64 around the messages is the business of whoever carries them.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from xmppscope.demo.saslprep import saslprep

ITERATIONS: Final = 10_000
HASHES: Final = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1"}

_FEWEST_ITERATIONS: Final = 4096  # RFC 7677 §4: "the minimum iteration-count SHOULD be 4096"
_MOST_ITERATIONS: Final = 1_000_000
_CLIENT_FIRST: Final = re.compile(
    r"((n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]*))?,)(n=([^,]+),r=([!-+\--~]+)(?:,.*)?)", re.DOTALL
)
_SERVER_FIRST: Final = re.compile(r"r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]*)(?:,.*)?", re.DOTALL)
_CLIENT_FINAL: Final = re.compile(r"(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)", re.DOTALL)


class ScramError(Exception):
    """The exchange has failed; `value` is the server-error-value of RFC 5802 §7, `text` says it in words."""

    def __init__(self, value: str, text: str) -> None:
        super().__init__(f"{value}: {text}")
        self.value = value
        self.text = text


@dataclass(frozen=True, slots=True)
class Keys:
    """What a server keeps of a password (RFC 5802 §3): enough to check a proof, not enough to make one."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


def derive(password: str, salt: bytes, iterations: int, hash_name: str) -> Keys:
    """Return the keys of a password."""
    salted = hashlib.pbkdf2_hmac(hash_name, saslprep(password).encode(), salt, iterations)
    stored_key = hashlib.new(hash_name, _client_key(salted, hash_name)).digest()
    return Keys(salt, iterations, stored_key, hmac.digest(salted, b"Server Key", hash_name))


class ClientExchange:
    """The client's side: `first`, `final`, `verify`, in this order."""

    def __init__(self, username: str, password: str, hash_name: str, nonce: str = "") -> None:
        self._password = saslprep(password)
        self._hash = hash_name
        self._nonce = nonce or secrets.token_urlsafe(18)
        name = saslprep(username).replace("=", "=3D").replace(",", "=2C")
        self._first_bare = f"n={name},r={self._nonce}"
        self._server_signature = b""

    def first(self) -> str:
        """Return the client-first-message; `n` says that the client does no channel binding."""
        return f"n,,{self._first_bare}"

    def final(self, server_first: str) -> str:
        """Return the client-final-message that answers the server-first-message."""
        found = _SERVER_FIRST.fullmatch(server_first)
        if found is None:
            raise ScramError("other-error", "the server's first message cannot be read")
        nonce, salt, iterations = found[1], _decoded(found[2]), int(found[3])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ScramError("other-error", "the server's nonce does not continue the client's")
        if not _FEWEST_ITERATIONS <= iterations <= _MOST_ITERATIONS:
            raise ScramError("other-error", f"{iterations} iterations are not reasonable")
        salted = hashlib.pbkdf2_hmac(self._hash, self._password.encode(), salt, iterations)
        client_key = _client_key(salted, self._hash)
        without_proof = f"c={_encoded(b'n,,')},r={nonce}"
        message = f"{self._first_bare},{server_first},{without_proof}".encode()
        signature = hmac.digest(hashlib.new(self._hash, client_key).digest(), message, self._hash)
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", self._hash), message, self._hash)
        return f"{without_proof},p={_encoded(_xor(client_key, signature))}"

    def verify(self, server_final: str) -> None:
        """Check the server-final-message: only a server that knows the password can have signed."""
        if not hmac.compare_digest(server_final.encode(), f"v={_encoded(self._server_signature)}".encode()):
            raise ScramError("other-error", "the server's signature is wrong: it does not know the password")


class ServerExchange:
    """The server's side: `first`, `final`, in this order; then `username` is who the client has proved to be.

    *keys_of* returns the keys of a user name. *binding* is the channel binding data that the server can compare, by
    type; it is empty where no `-PLUS` mechanism is offered. *plus* tells that the client has chosen one.
    """

    def __init__(
        self,
        hash_name: str,
        keys_of: Callable[[str], Keys],
        binding: dict[str, bytes] | None = None,
        *,
        plus: bool = False,
        nonce: str = "",
    ) -> None:
        self.username = ""
        self.authzid = ""
        self._hash = hash_name
        self._keys_of = keys_of
        self._binding = binding or {}
        self._plus = plus
        self._own_nonce = nonce or secrets.token_urlsafe(18)
        self._bound = b""
        self._messages = ""
        self._nonce = ""
        self._keys: Keys | None = None

    def first(self, client_first: str) -> str:
        """Return the server-first-message that answers the client-first-message."""
        found = _CLIENT_FIRST.fullmatch(client_first)
        if found is None:
            # RFC 5802 §5.1: a mandatory extension, `m=`, that is not understood must fail; here it cannot be read.
            raise ScramError("invalid-encoding", "the client's first message cannot be read")
        header, flag, binding_type, authzid, bare, username, nonce = found.groups()
        self._bound = header.encode() + self._binding_data(flag, binding_type)
        self.authzid = _name(authzid or "")
        try:
            self.username = saslprep(_name(username))
        except ValueError as error:
            raise ScramError("invalid-username-encoding", "the user name cannot be read") from error
        self._keys = self._keys_of(self.username)
        self._nonce = nonce + self._own_nonce
        answer = f"r={self._nonce},s={_encoded(self._keys.salt)},i={self._keys.iterations}"
        self._messages = f"{bare},{answer}"
        return answer

    def final(self, client_final: str) -> str:
        """Return the server-final-message that answers the client-final-message, if the proof is right."""
        found = _CLIENT_FINAL.fullmatch(client_final)
        if found is None or self._keys is None:
            raise ScramError("invalid-encoding", "the client's final message cannot be read")
        without_proof, bound, nonce, proof = found.groups()
        if not hmac.compare_digest(_decoded(bound), self._bound):
            raise ScramError("channel-bindings-dont-match", "the channel binding is not that of this connection")
        if nonce != self._nonce:
            raise ScramError("other-error", "the nonce is not that of this exchange")
        message = f"{self._messages},{without_proof}".encode()
        signature = hmac.digest(self._keys.stored_key, message, self._hash)
        proved = _decoded(proof)
        right = len(proved) == len(signature) and hmac.compare_digest(
            hashlib.new(self._hash, _xor(proved, signature)).digest(), self._keys.stored_key
        )
        if not right:
            raise ScramError("invalid-proof", "the password is wrong, or there is no such account")
        return f"v={_encoded(hmac.digest(self._keys.server_key, message, self._hash))}"

    def _binding_data(self, flag: str, binding_type: str | None) -> bytes:
        """RFC 5802 §6: what the client says about channel binding must go together with what was offered and chosen."""
        if self._plus != (binding_type is not None):
            raise ScramError("other-error", "the mechanism and the channel binding flag contradict each other")
        if flag == "y" and self._binding:
            # "If the flag is set to "y" and the server supports channel binding, the server MUST fail authentication."
            text = "the client saw no channel binding offered, but it was: somebody in between took it out"
            raise ScramError("server-does-support-channel-binding", text)
        if binding_type is None:
            return b""
        if binding_type not in self._binding:
            raise ScramError("unsupported-channel-binding-type", f"{binding_type} is not offered")
        return self._binding[binding_type]


def _client_key(salted_password: bytes, hash_name: str) -> bytes:
    return hmac.digest(salted_password, b"Client Key", hash_name)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ScramError("invalid-encoding", "not base64") from error


def _name(escaped: str) -> str:
    """RFC 5802 §5.1: "=" and "," in names are sent as "=3D" and "=2C"; any other "=" is an error."""
    if re.search("=(?!2C|3D)", escaped):
        raise ScramError("invalid-username-encoding", "a name has a '=' that stands for nothing")
    return escaped.replace("=2C", ",").replace("=3D", "=")
