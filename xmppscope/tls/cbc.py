"""Openers for AES-CBC with HMAC (RFC 5246 §6.2.3.2), the MAC inside of the encryption or outside (RFC 7366).

A CBC decryptor that is fed the initialisation vector as its first block needs no other state: what comes out for that
block is thrown away. So one decryptor serves all records in any order.
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from xmppscope.tls.openers import MAC_SIZES, NullOpener, Opened, Opener, Tls12AeadOpener, Tls12ChachaOpener, authentic
from xmppscope.tls.schedule12 import SideKeys
from xmppscope.tls.suites import Hash, Suite

_BLOCK: Final = 16
_TLS11: Final = 0x0302


class MacInsideOpener:
    """MAC, then padding, then encryption."""

    __slots__ = ("_decrypt", "_explicit", "_hash", "_iv", "_mac", "_next_iv", "_tried", "least", "overhead")

    def __init__(self, suite: Suite, keys: SideKeys, version: int) -> None:
        self._decrypt = Cipher(AES(keys.key), CBC(bytes(_BLOCK))).decryptor().update
        self._hash: Hash = suite.mac or "sha1"
        self._mac = keys.mac
        self._explicit = version >= _TLS11
        self._iv = self._next_iv = keys.iv
        self._tried = b""
        self.least = (MAC_SIZES[self._hash] // _BLOCK + 1) * _BLOCK + (_BLOCK if self._explicit else 0)
        self.overhead: int | None = None

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        if len(fragment) < self.least or len(fragment) % _BLOCK:
            return None
        end = -MAC_SIZES[self._hash]
        # Padding that is wrong leaves something that has no right MAC either.
        plain = _unpadded(self._decrypt(fragment if self._explicit else self._chained(fragment))[_BLOCK:])
        if plain is None or not authentic(self._mac, self._hash, header, plain[:end], plain[end:], number):
            return None
        return header[0], plain[:end]

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""

    def _chained(self, fragment: bytes) -> bytes:
        """Put the initialisation vector of TLS 1.0 before *fragment*; trying one fragment twice uses the same."""
        # RFC 2246 §6.2.3.2: "The IV for subsequent records is the last ciphertext block from the previous record." A
        # wrong one does no harm here, since the MAC covers what it would spoil.
        if fragment is not self._tried:
            self._tried = fragment
            self._iv, self._next_iv = self._next_iv, fragment[-_BLOCK:]
        return self._iv + fragment


class MacOutsideOpener:
    """Padding, then encryption, then MAC."""

    __slots__ = ("_decrypt", "_explicit", "_hash", "_iv", "_iv_number", "_mac", "least", "overhead")

    def __init__(self, suite: Suite, keys: SideKeys, version: int) -> None:
        self._decrypt = Cipher(AES(keys.key), CBC(bytes(_BLOCK))).decryptor().update
        self._hash: Hash = suite.mac or "sha1"
        self._mac = keys.mac
        self._explicit = version >= _TLS11
        self._iv = keys.iv
        self._iv_number = 0
        self.least = MAC_SIZES[self._hash] + (2 * _BLOCK if self._explicit else _BLOCK)
        self.overhead: int | None = None

    def open(self, header: bytes, fragment: bytes, number: int) -> Opened | None:
        """Open a record; see `Opener`."""
        size = MAC_SIZES[self._hash]
        sealed = fragment[:-size]
        if len(fragment) < self.least or len(sealed) % _BLOCK:
            return None
        if not authentic(self._mac, self._hash, header, sealed, fragment[-size:], number):
            return None
        if not self._explicit:
            # In TLS 1.0 the initialisation vector is the last block of the record before, which this MAC does not
            # cover: where that record was not seen whole, the first block of this one cannot be known.
            known = number == self._iv_number
            iv, self._iv, self._iv_number = self._iv, sealed[-_BLOCK:], number + 1
            if not known:
                return None
            sealed = iv + sealed
        plain = _unpadded(self._decrypt(sealed)[_BLOCK:])
        return None if plain is None else (header[0], plain)

    def number_of(self, fragment: bytes) -> int | None:
        """Nothing in the record shows it."""


def _unpadded(plain: bytes) -> bytes | None:
    """Cut off the padding, each byte of which is its length without the last one; None if it is something else."""
    size = plain[-1] + 1
    end = len(plain) - size
    return None if end < 0 or plain[end:] != plain[-1:] * size else plain[:end]


def tls12_opener(suite: Suite, keys: SideKeys, version: int, encrypt_then_mac: bool) -> Opener:
    """Return the opener of one side's records in TLS 1.2 or older."""
    if suite.cipher == "CHACHA20-POLY1305":
        return Tls12ChachaOpener(keys)
    if suite.cipher == "AES-CBC":
        return (MacOutsideOpener if encrypt_then_mac else MacInsideOpener)(suite, keys, version)
    if suite.cipher == "NULL":
        return NullOpener(suite, keys)
    return Tls12AeadOpener(suite, keys)
