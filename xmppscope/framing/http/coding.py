"""Content codings of HTTP bodies (RFC 9110 §8.4): gzip and deflate within bounds, for a few bytes can unfold to many.

Brotli and zstd are named and left alone: no XMPP server has been seen to use them for BOSH.
"""

import zlib
from typing import Final

from xmppscope.framing.http import bounds
from xmppscope.framing.inflate import ALLOWANCE, RATIO

_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15
_MOST_CODINGS: Final = 3


def decode(data: bytes, encoding: str) -> tuple[bytes, str]:
    """Return *data* free of its content codings, and why that failed if it did."""
    codings = [coding.strip().lower() for coding in encoding.split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if len(codings) > _MOST_CODINGS:
        return b"", f"{len(codings)} content codings, one inside the other"
    limit = min(bounds.BODY, ALLOWANCE + RATIO * len(data))
    fault = ""
    # RFC 9110 §8.4: they are listed "in the order in which they were applied".
    for coding in reversed(codings):
        if not data or fault:
            break
        if coding in ("gzip", "x-gzip"):
            data, fault = _members(data, limit)
        elif coding == "deflate":
            data, fault = _deflate(data, limit)
        else:
            data, fault = b"", f"content coding {coding[:40]!r} is not read"
    return data, fault


def _members(data: bytes, limit: int) -> tuple[bytes, str]:
    """Unpack gzip, which may consist of several members (RFC 1952 §2.2)."""
    parts: list[bytes] = []
    while data and limit >= 0:
        part, fault, data = _inflate(data, _GZIP, limit)
        parts.append(part)
        limit -= max(len(part), 1)
        if fault:
            return b"".join(parts), fault
    return b"".join(parts), ("" if limit >= 0 or not data else "unfolds to too many gzip members")


def _deflate(data: bytes, limit: int) -> tuple[bytes, str]:
    """Unpack deflate: the zlib format, or without its frame, as "some non-conformant implementations" send it."""
    clear, fault, _ = _inflate(data, _ZLIB, limit)
    if fault.startswith("not"):
        clear, fault, _ = _inflate(data, _RAW, limit)
    return clear, fault


def _inflate(data: bytes, bits: int, limit: int) -> tuple[bytes, str, bytes]:
    inflater = zlib.decompressobj(bits)
    try:
        clear = inflater.decompress(data, limit + 1)
    except zlib.error as error:
        return b"", f"not the content coding that it is said to have: {error}", b""
    if len(clear) > limit:
        return b"", f"compressed body unfolds to more than {limit} bytes", b""
    fault = "" if inflater.eof else "compressed body ends too soon"
    return clear, fault, inflater.unused_data
