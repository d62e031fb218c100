"""Openers: each decrypts and verifies the records of one side under one set of keys (RFC 8446 §5.2, RFC 5246 §6.2.3).

An opener keeps no count: it is told the number of the record, so that after lost bytes several numbers can be tried.
What does not authenticate gives None, never plaintext. Left out: stream ciphers, SSL 3.0, compression.
"""

from hmac import compare_digest, digest
from struct import Struct
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from xmppscope.tls.schedule12 import SideKeys
from xmppscope.tls.suites import Hash, Suite

Opened = tuple[int, bytes]
"""A content type and the content."""

_BLOCK: Final = 16
_TAG: Final = 16
_SHORT_TAG: Final = 8
_TLS11: Final = 0x0302
_MAC_SIZES: Final[dict[Hash, int]] = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}

# The additional data of TLS 1.2 and older: sequence number, type, version, length (RFC 5246 §6.2.3.3).
_ADDITIONAL: Final = Struct(">Q3sH").pack
_NUMBER: Final = Struct(">Q").pack


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
        additional = _ADDITIONAL(number, header[:3], len(fragment) - self.least)
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
        additional = _ADDITIONAL(number, header[:3], len(fragment) - _TAG)
        try:
            return header[0], self._decrypt((self._iv ^ number).to_bytes(12, "big"), fragment, additional)
        except InvalidTag:
            return None

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""


class CbcOpener:
    """AES-CBC with HMAC, the MAC inside (RFC 5246 §6.2.3.2) or outside of the encryption (RFC 7366).

    A CBC decryptor that is fed the initialisation vector as its first block needs no other state: what comes out for
    that block is thrown away. So one decryptor serves all records in any order.
    """

    __slots__ = (
        "_decrypt", "_explicit", "_hash", "_iv", "_mac", "_mac_size", "_next_iv", "_outside", "_tried",
        "least", "overhead",
    )  # fmt: skip

    def __init__(self, suite: Suite, keys: SideKeys, version: int, encrypt_then_mac: bool) -> None:
        self._decrypt = Cipher(AES(keys.key), CBC(bytes(_BLOCK))).decryptor().update
        self._hash: Hash = suite.mac or "sha1"
        self._mac = keys.mac
        self._mac_size = _MAC_SIZES[self._hash]
        self._outside = encrypt_then_mac
        self._explicit = version >= _TLS11
        self._iv = self._next_iv = keys.iv
        self._tried = b""
        inside = _BLOCK + self._mac_size if encrypt_then_mac else (self._mac_size // _BLOCK + 1) * _BLOCK
        self.least = inside + (_BLOCK if self._explicit else 0)
        self.overhead: int | None = None

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        sealed = fragment[: -self._mac_size] if self._outside else fragment
        if len(fragment) < self.least or len(sealed) % _BLOCK:
            return None
        if not self._explicit:
            sealed = self._chained(fragment, sealed)
        if self._outside:
            covered = sealed if self._explicit else sealed[_BLOCK:]
            if not self._verify(header, covered, fragment[-self._mac_size :], number):
                return None
        return self._content(header, self._decrypt(sealed)[_BLOCK:], number)

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""

    def _chained(self, fragment: bytes, sealed: bytes) -> bytes:
        """Put the initialisation vector of TLS 1.0 before *sealed*; trying one fragment twice uses the same."""
        # RFC 2246 §6.2.3.2: "The IV for subsequent records is the last ciphertext block from the previous record."
        if fragment is not self._tried:
            self._tried = fragment
            self._iv, self._next_iv = self._next_iv, sealed[-_BLOCK:]
        return self._iv + sealed

    def _content(self, header: bytes, plain: bytes, number: int) -> Opened | None:
        """Check the padding and the MAC inside; return the content."""
        padding = plain[-1] + 1
        end = len(plain) - padding
        if end < 0 or plain[end:] != bytes((padding - 1,)) * padding:
            return None
        if self._outside:
            return header[0], plain[:end]
        end -= self._mac_size
        if end < 0 or not self._verify(header, plain[:end], plain[end : end + self._mac_size], number):
            return None
        return header[0], plain[:end]

    def _verify(self, header: bytes, content: bytes, mac: bytes, number: int) -> bool:
        message = _ADDITIONAL(number, header[:3], len(content)) + content
        return compare_digest(digest(self._mac, message, self._hash), mac)


class NullOpener:
    """Suites that only authenticate (RFC 5246 §6.2.3.1); without keys the MAC is cut off unseen, nothing was hidden."""

    __slots__ = ("_hash", "_mac", "least", "overhead")

    def __init__(self, suite: Suite, keys: SideKeys | None) -> None:
        self._hash: Hash = suite.mac or "sha1"
        self._mac = None if keys is None else keys.mac
        self.least = _MAC_SIZES[self._hash]
        self.overhead: int | None = self.least

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        if len(fragment) < self.least:
            return None
        content, mac = fragment[: -self.least], fragment[-self.least :]
        if self._mac is not None:
            message = _ADDITIONAL(number, header[:3], len(content)) + content
            if not compare_digest(digest(self._mac, message, self._hash), mac):
                return None
        return header[0], content

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""


def tls12_opener(suite: Suite, keys: SideKeys, version: int, encrypt_then_mac: bool) -> Opener:
    """Return the opener of one side's records in TLS 1.2 or older."""
    if suite.cipher == "CHACHA20-POLY1305":
        return Tls12ChachaOpener(keys)
    if suite.cipher == "AES-CBC":
        return CbcOpener(suite, keys, version, encrypt_then_mac)
    if suite.cipher == "NULL":
        return NullOpener(suite, keys)
    return Tls12AeadOpener(suite, keys)
