"""SCRAM step by step with the password that a lesson knows: every value of RFC 5802 §3, computed from what was sent.

`diagnosis.scram` tells which input of an exchange differs; this shows what each input is, for an exchange that fits.
"""

import base64
import hashlib
import hmac
from typing import Final

from xmppscope.diagnosis.scram import HASHES, prepared
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson
from xmppscope.model.timeline import Entry
from xmppscope.session.sasl_messages import text

_ELEMENTS: Final = ("auth", "challenge", "response", "success")


class Exchange:
    """The four messages of one exchange, decoded, and what follows from them and the password."""

    def __init__(self, entries: list[Entry], password: str) -> None:
        mechanism = (entries[0].xml or "").partition('mechanism="')[2].partition('"')[0]
        self.hash = HASHES[mechanism]
        self.first, self.challenge, self.final, self.last = (_decoded(entry) for entry in entries)
        self.bare = self.first.split(",", 2)[2]
        fields = _fields(self.challenge)
        salt = base64.b64decode(fields["s"])
        self.salted = hashlib.pbkdf2_hmac(self.hash, prepared(password).encode(), salt, int(fields["i"]))
        self.without_proof = self.final.rpartition(",p=")[0]
        self.message = f"{self.bare},{self.challenge},{self.without_proof}"
        self.client_key = self._hmac(self.salted, b"Client Key")
        self.stored_key = hashlib.new(self.hash, self.client_key).digest()
        self.signature = self._hmac(self.stored_key, self.message.encode())
        self.proof = bytes(one ^ two for one, two in zip(self.client_key, self.signature, strict=True))
        self.server_key = self._hmac(self.salted, b"Server Key")
        self.server_signature = self._hmac(self.server_key, self.message.encode())

    def _hmac(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, self.hash)


def computed(lesson: Lesson, shown: Shown, which: str) -> list[tuple[str, str]]:
    """Return the values of one message: `first`, `challenge`, `proof` or `signature`."""
    connection = shown.entries[0].connection
    by_name = {
        entry.name: entry
        for entry in reversed(shown.recorded.entries.values())
        if entry.connection == connection and entry.name in _ELEMENTS
    }
    account, password = next(iter(lesson.passwords.items()))
    exchange = Exchange([by_name[name] for name in _ELEMENTS], password)
    if which == "first":
        return _first(exchange)
    if which == "challenge":
        return _challenge(exchange)
    return _proof(exchange, account, password) if which == "proof" else _signature(exchange)


def _first(exchange: Exchange) -> list[tuple[str, str]]:
    fields = _fields(exchange.bare)
    return [
        ("decoded", exchange.first),
        ("gs2-header", exchange.first.removesuffix(exchange.bare)),
        ("username n=", fields["n"]),
        ("nonce r=", fields["r"]),
        ("client-first-bare", exchange.bare),
    ]


def _challenge(exchange: Exchange) -> list[tuple[str, str]]:
    fields, own = _fields(exchange.challenge), _fields(exchange.bare)["r"]
    return [
        ("decoded", exchange.challenge),
        ("nonce r=", f"{own} + {fields['r'].removeprefix(own)}"),
        ("salt s=", base64.b64decode(fields["s"]).hex()),
        ("iterations i=", fields["i"]),
    ]


def _proof(exchange: Exchange, account: str, password: str) -> list[tuple[str, str]]:
    sent = _fields(exchange.final)["p"]
    hashed, made = exchange.hash.upper(), base64.b64encode(exchange.proof).decode()
    return [
        ("password", f"{password} ({account})"),
        ("SaltedPassword", f"Hi(password, salt, i) = {exchange.salted.hex()}"),
        ("ClientKey", f'HMAC(SaltedPassword, "Client Key") = {exchange.client_key.hex()}'),
        ("StoredKey", f"{hashed}(ClientKey) = {exchange.stored_key.hex()}"),
        ("AuthMessage", exchange.message),
        ("ClientSignature", f"HMAC(StoredKey, AuthMessage) = {exchange.signature.hex()}"),
        ("ClientProof", f"ClientKey XOR ClientSignature = {exchange.proof.hex()}"),
        ("in base64", made),
        ("sent p=", f"{sent} {'=' if sent == made else '!='} ClientProof"),
    ]


def _signature(exchange: Exchange) -> list[tuple[str, str]]:
    sent = _fields(exchange.last)["v"]
    made = base64.b64encode(exchange.server_signature).decode()
    return [
        ("decoded", exchange.last),
        ("ServerKey", f'HMAC(SaltedPassword, "Server Key") = {exchange.server_key.hex()}'),
        ("ServerSignature", f"HMAC(ServerKey, AuthMessage) = {exchange.server_signature.hex()}"),
        ("in base64", made),
        ("sent v=", f"{sent} {'=' if sent == made else '!='} ServerSignature"),
    ]


def _decoded(entry: Entry) -> str:
    content = (entry.xml or "").partition(">")[2].rpartition("<")[0]
    return text(content) or ""


def _fields(message: str) -> dict[str, str]:
    return {one[0]: one[2:] for one in message.split(",") if one[1:2] == "="}
