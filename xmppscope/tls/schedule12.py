"""The key schedule of TLS 1.0, 1.1 and 1.2: pseudorandom function, master secret, key block (RFC 5246 §5, §6.3, §8.1).

For TLS 1.0 and 1.1 the function is that of RFC 2246 §5. Left out: SSL 3.0.
"""

import hmac
from hashlib import md5, new, sha1
from typing import Final, NamedTuple

from xmppscope.tls.suites import Hash, Suite

TLS12: Final = 0x0303
_MASTER_SIZE: Final = 48
_IV_SIZES: Final = {"AES-GCM": 4, "AES-CCM": 4, "AES-CCM-8": 4, "CHACHA20-POLY1305": 12, "AES-CBC": 16, "NULL": 0}
_MAC_SIZES: Final = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, None: 0}


class SideKeys(NamedTuple):
    """What protects the records of one side."""

    mac: bytes
    key: bytes
    iv: bytes


def prf(version: int, name: Hash, secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """Return *size* bytes of the pseudorandom function of *version*; *name* is its hash in TLS 1.2."""
    if version >= TLS12:
        # RFC 5246 §5: "PRF(secret, label, seed) = P_<hash>(secret, label + seed)"
        return _p_hash(name, secret, label + seed, size)
    # RFC 2246 §5: "S1 and S2 are the two halves of the secret and each is the same length. S1 is taken from the first
    # half of the secret, S2 from the second half. Their length is created by rounding up the length of the overall
    # secret divided by two".
    half = (len(secret) + 1) // 2
    first = _p_hash("md5", secret[:half], label + seed, size)
    second = _p_hash("sha1", secret[-half:] if half else b"", label + seed, size)
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def _p_hash(name: Hash, secret: bytes, seed: bytes, size: int) -> bytes:
    result = b""
    a = seed
    while len(result) < size:
        a = hmac.digest(secret, a, name)
        result += hmac.digest(secret, a + seed, name)
    return result[:size]


def master_secret(version: int, name: Hash, premaster: bytes, client_random: bytes, server_random: bytes) -> bytes:
    """Return the master secret (RFC 5246 §8.1)."""
    return prf(version, name, premaster, b"master secret", client_random + server_random, _MASTER_SIZE)


def extended_master_secret(version: int, name: Hash, premaster: bytes, transcript: bytes) -> bytes:
    """Return the extended master secret (RFC 7627 §4) over the messages from ClientHello to ClientKeyExchange."""
    # RFC 7627 §3: "session_hash = Hash(handshake_messages)", with MD5 and SHA-1 joined before TLS 1.2.
    if version >= TLS12:
        session_hash = new(name, transcript).digest()
    else:
        session_hash = md5(transcript, usedforsecurity=False).digest() + sha1(transcript).digest()
    return prf(version, name, premaster, b"extended master secret", session_hash, _MASTER_SIZE)


def key_block(
    version: int, suite: Suite, master: bytes, client_random: bytes, server_random: bytes
) -> tuple[SideKeys, SideKeys]:
    """Return the keys of the client's and of the server's records (RFC 5246 §6.3)."""
    mac, key, iv = _MAC_SIZES[suite.mac], suite.key_size, _IV_SIZES[suite.cipher]
    block = prf(version, suite.prf, master, b"key expansion", server_random + client_random, 2 * (mac + key + iv))
    parts = []
    at = 0
    for size in (mac, mac, key, key, iv, iv):
        parts.append(block[at : at + size])
        at += size
    return SideKeys(*parts[0::2]), SideKeys(*parts[1::2])
