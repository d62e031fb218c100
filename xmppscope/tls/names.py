"""Names for the numbers of TLS: versions, groups, signature schemes and alerts, as IANA registers them.

A number without a name shows as hexadecimal; GREASE values (RFC 8701) say so. Cipher suites have a table of their own,
here is only the short form of a suite's name. What an alert means to the reader is told elsewhere.
"""

from collections.abc import Mapping
from typing import Final

VERSIONS: Final[Mapping[int, str]] = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}

# IANA, "TLS Supported Groups".
GROUPS: Final[Mapping[int, str]] = {
    1: "sect163k1",
    2: "sect163r1",
    3: "sect163r2",
    4: "sect193r1",
    5: "sect193r2",
    6: "sect233k1",
    7: "sect233r1",
    8: "sect239k1",
    9: "sect283k1",
    10: "sect283r1",
    11: "sect409k1",
    12: "sect409r1",
    13: "sect571k1",
    14: "sect571r1",
    15: "secp160k1",
    16: "secp160r1",
    17: "secp160r2",
    18: "secp192k1",
    19: "secp192r1",
    20: "secp224k1",
    21: "secp224r1",
    22: "secp256k1",
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "x25519",
    30: "x448",
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    34: "GC256A",
    35: "GC256B",
    36: "GC256C",
    37: "GC256D",
    38: "GC512A",
    39: "GC512B",
    40: "GC512C",
    41: "curveSM2",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    512: "MLKEM512",
    513: "MLKEM768",
    514: "MLKEM1024",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
    4590: "curveSM2MLKEM768",
    25497: "X25519Kyber768Draft00",
    25498: "SecP256r1Kyber768Draft00",
    65281: "arbitrary_explicit_prime_curves",
    65282: "arbitrary_explicit_char2_curves",
}

# IANA, "TLS Alerts", and those that RFC 8446 §6 and RFC 5246 §7.2 keep as reserved.
ALERTS: Final[Mapping[int, str]] = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    52: "too_many_cids_requested",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    117: "general_error",
    120: "no_application_protocol",
    121: "ech_required",
}

_CAPITALS: Final = {"ca": "CA", "mac": "MAC", "psk": "PSK", "ech": "ECH", "cids": "CIDs"}

_HASHES: Final = frozenset(("MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512", "SM3"))
_CIPHERS: Final = {
    "CHACHA20-POLY1305": "ChaCha20-Poly1305",
    "3DES-EDE-CBC": "3DES-CBC",
    "NULL": "no encryption",
    "NULL-NULL": "no encryption",
    "": "no encryption",
}


def is_grease(number: int) -> bool:
    """Tell whether *number* is one of the values reserved to keep peers tolerant (RFC 8701 §2)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def version_name(version: int) -> str:
    """Return the name of a protocol version: ``TLSv1.3``; drafts of it as ``TLSv1.3-draft28``."""
    if version >> 8 == 0x7F:  # RFC 8446 was tried out under these numbers.
        return f"TLSv1.3-draft{version & 0xFF}"
    return _name(VERSIONS, version)


def version_words(name: str) -> str:
    """Return the name of a protocol version as it is spoken: ``TLS 1.3``."""
    for family in ("TLSv", "SSLv"):
        if name.startswith(family):
            number = name.removeprefix(family).replace("-", " ")
            return f"{family[:3]} {number if '.' in number else number + '.0'}"
    return name


def group_name(group: int) -> str:
    """Return the name of a key exchange group."""
    return _name(GROUPS, group)


def alert_name(description: int) -> str:
    """Return the registered name of an alert description, or ``alert 123`` where there is none."""
    return ALERTS.get(description) or f"alert {description}"


def alert_words(description: int) -> str:
    """Return the name of an alert in words: ``unknown CA``."""
    words = alert_name(description).split("_")
    return " ".join(_CAPITALS.get(word, word) for word in words)


def cipher_words(suite: str) -> str:
    """Return what encrypts the records under the suite of this IANA name: ``AES-256-GCM``.

    The rest of the name (key exchange, hash) is left out; a name of another form comes back as it is.
    """
    if not suite.startswith("TLS_") or suite.endswith("_SCSV"):
        return suite
    words = suite.partition("_WITH_")[2] or suite.removeprefix("TLS_")
    parts = words.split("_")
    if parts[-1] in _HASHES:
        del parts[-1]
    if parts and parts[-1] in _HASHES:  # TLS_SHA256_SHA256: integrity alone (RFC 9150)
        del parts[-1]
    cipher = "-".join(parts)
    return _CIPHERS.get(cipher, cipher.replace("CAMELLIA", "Camellia"))


def _name(names: Mapping[int, str], number: int) -> str:
    name = names.get(number)
    if name is not None:
        return name
    return f"GREASE (0x{number:04X})" if is_grease(number) else f"0x{number:04X}"
