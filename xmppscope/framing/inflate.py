"""Stream compression (XEP-0138): zlib bytes in, cleartext out, within bounds.

The two directions are separate zlib streams that last as long as the XML stream. A hole cannot be passed: what follows
refers back to what is missing. Expansion is bounded, since a few kilobytes can unfold to gigabytes.
"""

import zlib
from typing import Final

ALLOWANCE: Final = 1024 * 1024
"""Bytes of cleartext that are always accepted: one packet may bring them all, as 200,000 tiny elements."""

RATIO: Final = 200
"""Cleartext bytes per compressed byte that are accepted beyond the allowance (real XMPP compresses 3 to 20 times)."""

ZLIB: Final = "zlib"
_UNREAD: Final = {"exi": "EXI: binary XML, which is not read here"}
_STEP: Final = 64 * 1024


class Inflater:
    """One direction's decompressor; `fault` says why it cannot go on, once it cannot.

    Of a *method* other than zlib nothing is read: EXI (XEP-0322) needs the schemas that both ends have.
    """

    def __init__(self, method: str = ZLIB) -> None:
        self.method = method
        self._zlib = zlib.decompressobj()
        self.compressed = 0
        """Bytes that went in."""
        self.cleartext = 0
        """Bytes that came out."""
        self.fault = "" if method == ZLIB else _UNREAD.get(method, f"compressed with {method}, which is not read here")

    def feed(self, data: bytes) -> list[bytes]:
        """Return the cleartext of *data*, in parts of at most 64 KiB; nothing any more after a fault."""
        out: list[bytes] = []
        if self.fault:
            self.compressed += 0 if self.method == ZLIB else len(data)
            return out
        self.compressed += len(data)
        more = bool(data)
        while more and not self.fault:
            if self._zlib.eof:
                self.fault = "bytes follow the end of the zlib stream"
                break
            try:
                clear = self._zlib.decompress(data, _STEP)
            except zlib.error as error:
                self.fault = f"not zlib data: {error}"
                break
            self.cleartext += len(clear)
            if clear:
                out.append(clear)
            if self.cleartext > ALLOWANCE + RATIO * self.compressed:
                self.fault = f"compressed data unfolds to more than {RATIO} times its size"
            data = self._zlib.unconsumed_tail or self._zlib.unused_data
            more = bool(data) or (len(clear) == _STEP and not self._zlib.eof)
        return out
