"""Openers: each decrypts and verifies the records of one side under one set of keys (RFC 8446 §5.2, RFC 5246 §6.2.3).

An opener keeps no count: it is told the number of the record, so that after lost bytes several numbers can be tried.
What does not authenticate gives None, never plaintext. CBC is in `cbc`. Left out: stream ciphers.
"""

from hmac import compare_digest, digest
from struct import Struct
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from xmppscope.tls.schedule12 import SideKeys
from xmppscope.tls.suites import Hash, Suite

Opened = tuple[int, bytes]
"""A content type and the content."""

_TAG: Final = 16
_SHORT_TAG: Final = 8

MAC_SIZES: Final[dict[Hash, int]] = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}

# The additional data of TLS 1.2 and older: sequence number, type, version, length (RFC 5246 §6.2.3.3).
_additional: Final = Struct(">Q3sH").pack


def authentic(key: bytes, name: Hash, header: bytes, content: bytes, mac: bytes, number: int) -> bool:
    """Tell whether *mac* is that of a record's content (RFC 5246 §6.2.3.1)."""
    return compare_digest(digest(key, _additional(number, header[:3], len(content)) + content, name), mac)


class Opener(Protocol):
    """Decrypts records of one side.

    `least` is the length of the shortest fragment; `overhead` how many bytes a fragment is longer than its content, or
    None where padding makes that vary.
    """

    least: int
    overhead: int | None

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Return type and content of a record, or None if it does not authenticate as the record with this number."""

    def number_of(self, fragment: bytes) -> int | None:
        """Return the number that this record probably has, judged by what it shows, or None."""


class _Aead(Protocol):
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


def _aead(suite: Suite, key: bytes) -> tuple[_Aead, int]:
    """Return the cipher of *suite* and the length of its tag."""
    if suite.cipher == "AES-GCM":
        return AESGCM(key), _TAG
    if suite.cipher == "CHACHA20-POLY1305":
        return ChaCha20Poly1305(key), _TAG
    size = _SHORT_TAG if suite.cipher == "AES-CCM-8" else _TAG
    return AESCCM(key, size), size


class Tls13Opener:
    """AEAD of TLS 1.3, whose real content type is the last byte that is not zero (RFC 8446 §5.2)."""

    __slots__ = ("_decrypt", "_iv", "least", "overhead")

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        cipher, tag = _aead(suite, key)
        self._decrypt = cipher.decrypt
        self._iv = int.from_bytes(iv, "big")
        self.least = tag + 1
        self.overhead: int | None = None

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        # RFC 8446 §5.3: "The padded sequence number is XORed with either the static client_write_iv or server_write_iv
        # (depending on the role)."
        try:
            inner = self._decrypt((self._iv ^ number).to_bytes(12, "big"), fragment, header)
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            return None
        if inner and inner[-1]:
            return inner[-1], inner[:-1]
        inner = inner.rstrip(b"\0")
        return (inner[-1], inner[:-1]) if inner else (0, b"")

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""


class Tls12AeadOpener:
    """AES-GCM and AES-CCM of TLS 1.2, which send 8 bytes of the nonce along (RFC 5288 §3, RFC 6655 §3)."""

    __slots__ = ("_decrypt", "_iv", "_last", "_tag", "least", "overhead")

    def __init__(self, suite: Suite, keys: SideKeys) -> None:
        cipher, self._tag = _aead(suite, keys.key)
        self._decrypt = cipher.decrypt
        self._iv = keys.iv
        self._last: tuple[int, int] | None = None
        self.least = 8 + self._tag
        self.overhead: int | None = self.least

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        if len(fragment) < self.least:
            return None
        explicit = fragment[:8]
        additional = _additional(number, header[:3], len(fragment) - self.least)
        try:
            content = self._decrypt(self._iv + explicit, fragment[8:], additional)
        except InvalidTag:
            return None
        self._last = int.from_bytes(explicit, "big"), number
        return header[0], content

    def number_of(self, fragment: bytes) -> int | None:
        """Most implementations count the explicit nonce up by one a record, from zero or from a random start."""
        explicit = int.from_bytes(fragment[:8], "big")
        if self._last is None:
            return explicit
        return self._last[1] + explicit - self._last[0]


class Tls12ChachaOpener:
    """ChaCha20-Poly1305 of TLS 1.2, whose nonce is that of TLS 1.3 (RFC 7905 §2)."""

    __slots__ = ("_decrypt", "_iv", "least", "overhead")

    def __init__(self, keys: SideKeys) -> None:
        self._decrypt = ChaCha20Poly1305(keys.key).decrypt
        self._iv = int.from_bytes(keys.iv, "big")
        self.least = _TAG
        self.overhead: int | None = _TAG

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        if len(fragment) < _TAG:
            return None
        additional = _additional(number, header[:3], len(fragment) - _TAG)
        try:
            return header[0], self._decrypt((self._iv ^ number).to_bytes(12, "big"), fragment, additional)
        except InvalidTag:
            return None

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""


class NullOpener:
    """Suites that only authenticate (RFC 5246 §6.2.3.1); without keys the MAC is cut off unseen, nothing was hidden."""

    __slots__ = ("_hash", "_mac", "least", "overhead")

    def __init__(self, suite: Suite, keys: SideKeys | None) -> None:
        self._hash: Hash = suite.mac or "sha1"
        self._mac = None if keys is None else keys.mac
        self.least = MAC_SIZES[self._hash]
        self.overhead: int | None = self.least

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        if len(fragment) < self.least:
            return None
        content, mac = fragment[: -self.least], fragment[-self.least :]
        if self._mac is not None and not authentic(self._mac, self._hash, header, content, mac, number):
            return None
        return header[0], content

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""
