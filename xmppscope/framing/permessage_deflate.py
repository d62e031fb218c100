"""permessage-deflate (RFC 7692): what the two ends agreed on, and one direction's messages inflated within bounds."""

import zlib
from collections import deque
from typing import Final

import msgspec

from xmppscope.framing import bounds
from xmppscope.framing.inflate import ALLOWANCE, RATIO

NAME: Final = "permessage-deflate"
MISSED: Final = "compressed, and what it refers to was not read"
_TAIL: Final = b"\x00\x00\xff\xff"
_NOTHING: Final = (b"", _TAIL, b"\x00" + _TAIL)
_MOST_LAST: Final = 16
_WINDOW: Final = 32 * 1024
_WIDEST: Final = 15


class Deflate(msgspec.Struct, frozen=True):
    """How one direction compresses: the window, and whether one message may refer to those before it."""

    bits: int = _WIDEST
    takeover: bool = True


def agreed(extensions: str) -> tuple[Deflate, Deflate] | None:
    """Return how the client and the server compress by the answer's list of *extensions*, None if they do not."""
    for extension in extensions.split(","):
        name, *parameters = (part.strip() for part in extension.split(";"))
        if name.lower() == NAME:
            return _deflate("client", parameters), _deflate("server", parameters)
    return None


def _deflate(who: str, parameters: list[str]) -> Deflate:
    values = {name.strip().lower(): value.strip(' "') for name, _, value in (one.partition("=") for one in parameters)}
    bits = values.get(f"{who}_max_window_bits", "")
    # zlib cannot inflate with a window of 256 bytes, but may use any larger one than was agreed on.
    width = max(int(bits), 9) if bits.isascii() and bits.isdecimal() and len(bits) < 3 else _WIDEST
    return Deflate(min(width, _WIDEST), f"{who}_no_context_takeover" not in values)


class MessageInflater:
    """Inflates one direction's messages in their order.

    `fault` says why the last one could not be. `incomplete` is set once something before it was not read: then nobody
    is to blame, and a message is inflated all the same if it refers to nothing older. zlib refuses one that does, so
    that what comes out is always what was sent.
    """

    def __init__(self, deflate: Deflate) -> None:
        self.fault = ""
        self.incomplete = False
        self._deflate = deflate
        self._recent: deque[bytes] = deque()
        self._size = 0
        self._behind = b""
        self._zlib = self._fresh()

    def miss(self) -> None:
        """Note that a message was not, or not wholly, captured or read."""
        if self._deflate.takeover:
            self.incomplete = True
            self._forget()

    def inflate(self, data: bytes) -> bytes | None:
        """Return the cleartext of one message, None if there is a `fault`."""
        self.fault = ""
        if not self._deflate.takeover:
            self._forget()
        limit = min(ALLOWANCE + RATIO * len(data), bounds.STANZA)
        try:
            clear = self._inflated(data + _TAIL, limit)
            for _ in range(_MOST_LAST):
                if not self._behind or len(clear) > limit:
                    break
                clear += self._inflated(self._behind, limit - len(clear))
            else:
                raise zlib.error(f"more than {_MOST_LAST} blocks that say they are the last one")
        except zlib.error as error:
            self.fault = MISSED if self.incomplete else f"not compressed as agreed: {error}"
            self.miss()
            return None
        if len(clear) > limit:
            self.fault = f"a compressed message unfolds to more than {limit} bytes"
            self.miss()
            return None
        return clear

    def _inflated(self, data: bytes, limit: int) -> bytes:
        clear = self._zlib.decompress(data, limit + 1)
        self._remember(clear)
        self._behind = b""
        if self._zlib.eof:
            # RFC 7692 §7.2.3.4: a block may say that it is the last one; others may follow, and the window is kept.
            rest = self._zlib.unused_data
            self._behind = b"" if rest in _NOTHING else rest
            self._zlib = self._fresh(b"".join(self._recent)[-_WINDOW:])
        return clear

    def _remember(self, clear: bytes) -> None:
        if not clear:
            return
        self._recent.append(clear)
        self._size += len(clear)
        while self._size - len(self._recent[0]) >= _WINDOW:
            self._size -= len(self._recent.popleft())

    def _fresh(self, window: bytes = b"") -> "zlib._Decompress":
        return zlib.decompressobj(-self._deflate.bits, zdict=window)

    def _forget(self) -> None:
        self._zlib = self._fresh()
        self._recent.clear()
        self._size = 0
