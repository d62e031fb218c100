"""Cipher suites: what their names say about key exchange, record protection and hashes.

The parameters are read from the IANA name, which spells them out (RFC 5246 §A.5, RFC 8446 §B.4), so that the table of
names stays the only table. Left out: bulk ciphers that the program does not decrypt; their suites have a name and no
`cipher`.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from xmppscope.tls.suite_names import SUITE_NAMES

Cipher = Literal["AES-GCM", "AES-CCM", "AES-CCM-8", "CHACHA20-POLY1305", "AES-CBC", "NULL", ""]
Hash = Literal["md5", "sha1", "sha256", "sha384"]

_HASHES: Final[dict[str, Hash]] = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}
_PROTECTION: Final = re.compile(
    r"(?:AES_(?P<key>128|256)_(?P<mode>GCM|CCM_8|CCM|CBC)|(?P<chacha>CHACHA20_POLY1305)|(?P<null>NULL))"
    r"(?:_(?P<hash>MD5|SHA|SHA256|SHA384))?"
)
_MODES: Final[dict[str, Cipher]] = {"GCM": "AES-GCM", "CCM": "AES-CCM", "CCM_8": "AES-CCM-8", "CBC": "AES-CBC"}


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite; sizes in bytes.

    `exchange` is the key exchange as in the name (``RSA``, ``ECDHE_RSA``, ``DHE_PSK``), empty from TLS 1.3 on. `cipher`
    is empty where the program does not decrypt it; then the fields behind it mean nothing. `mac` is the hash of the
    record MAC of suites without AEAD, `prf` that of the key schedule: from TLS 1.2 on, before it is fixed.
    """

    code: int
    name: str
    exchange: str
    cipher: Cipher = ""
    key_size: int = 0
    mac: Hash | None = None
    prf: Hash = "sha256"

    @property
    def tls13(self) -> bool:
        """Whether the suite is one of TLS 1.3, which name no key exchange (RFC 8446 §B.4)."""
        return not self.exchange


def suite_name(code: int) -> str:
    """Return the IANA name of the cipher suite *code*, or its number as hexadecimal."""
    return SUITE_NAMES.get(code) or f"0x{code:04X}"


@cache
def suite(code: int) -> Suite:
    """Return what is known of the cipher suite *code* (16 bits)."""
    name = suite_name(code)
    exchange, separator, protection = name.removeprefix("TLS_").partition("_WITH_")
    if not separator:
        exchange, protection = "", exchange
    match = _PROTECTION.fullmatch(protection)
    if match is None:
        return Suite(code, name, exchange)
    return _parameters(code, name, exchange, match)


def _parameters(code: int, name: str, exchange: str, match: re.Match[str]) -> Suite:
    last = _HASHES.get(match["hash"] or "SHA256", "sha256")
    # RFC 5246 §5: "New cipher suites MUST explicitly specify a PRF and, in general, SHOULD use the TLS PRF with SHA-256
    # or a stronger standard hash function." Those with a SHA-384 name use SHA-384.
    prf: Hash = "sha384" if last == "sha384" else "sha256"
    if match["chacha"]:
        return Suite(code, name, exchange, "CHACHA20-POLY1305", 32, None, prf)
    if match["null"]:
        return Suite(code, name, exchange, "NULL", 0, last, prf)
    cipher = _MODES[match["mode"]]
    return Suite(code, name, exchange, cipher, int(match["key"]) // 8, last if cipher == "AES-CBC" else None, prf)
