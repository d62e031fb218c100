"""The part of the TLS 1.3 key schedule that an observer needs: from traffic secrets on (RFC 8446 §7.1 to §7.3).

A key log gives the traffic secrets themselves, so what comes before them, the extractions, is left out.
"""

import hmac
from typing import Final

from xmppscope.tls.suites import Hash, Suite

IV_SIZE: Final = 12
HASH_SIZES: Final[dict[Hash, int]] = {"sha256": 32, "sha384": 48}


def expand_label(name: Hash, secret: bytes, label: bytes, size: int) -> bytes:
    """Return HKDF-Expand-Label with an empty context (RFC 8446 §7.1); *size* is at most the hash's.

    No observer asks for more than one hash of output, so HKDF-Expand (RFC 5869 §2.3) stops after its first round.
    """
    full = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes((len(full),)) + full + b"\0"
    return hmac.digest(secret, info + b"\x01", name)[:size]


def record_keys(suite: Suite, secret: bytes) -> tuple[bytes, bytes]:
    """Return the write key and the write IV that belong to a traffic secret (RFC 8446 §7.3)."""
    key = expand_label(suite.prf, secret, b"key", suite.key_size)
    return key, expand_label(suite.prf, secret, b"iv", IV_SIZE)


def next_secret(suite: Suite, secret: bytes) -> bytes:
    """Return the traffic secret that follows *secret* after a KeyUpdate (RFC 8446 §7.2)."""
    return expand_label(suite.prf, secret, b"traffic upd", HASH_SIZES[suite.prf])
