"""The blocks of a recording: section and interfaces, secrets, options.

Spec: draft-ietf-opsawg-pcapng, in big-endian form, so that one `struct` format holds a block's head and the headers of
IP and TCP behind it (`packets`). Left out: what tells of the machine (hardware, system), and statistics.
"""

from struct import Struct
from typing import Final

from xmppscope import __version__
from xmppscope.capture.comments import COMMENT, comments
from xmppscope.capture.events import TLS_KEY_LOG
from xmppscope.capture.link import RAW
from xmppscope.model.marks import Mark
from xmppscope.model.timeline import Leg

PACKET: Final = 6

INTERFACES: Final[dict[Leg, int]] = {"client": 0, "server": 1}
"""By leg: the number of the interface that its packets are on."""

PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")
"""By size modulo 4: what fills up to a multiple of 4."""

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_SECRETS: Final = 10
_BYTE_ORDER: Final = 0x1A2B3C4D
_UNKNOWN_LENGTH: Final = -1
_APPLICATION: Final = 4
_NAME: Final = 2
_DESCRIPTION: Final = 3
_RESOLUTION: Final = 9
_MICROSECONDS: Final = b"\x06"
_END_OF_OPTIONS: Final = bytes(4)
_DESCRIPTIONS: Final[dict[Leg, bytes]] = {
    "client": b"client leg: between the client and the proxy",
    "server": b"server leg: between the proxy and the server",
}

_option = Struct(">HH").pack
_two = Struct(">II").pack
_length = Struct(">I")


def beginning() -> bytes:
    """Return what a recording begins with: the section header and one interface for each leg."""
    section = Struct(">IHHq").pack(_BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH)
    blocks = [_block(_SECTION, section + _options((_APPLICATION, f"xmppscope {__version__}".encode())))]
    for leg in INTERFACES:
        head = Struct(">HHI").pack(RAW[-1], 0, 0)
        told = _options((_NAME, leg.encode()), (_DESCRIPTION, _DESCRIPTIONS[leg]), (_RESOLUTION, _MICROSECONDS))
        blocks.append(_block(_INTERFACE, head + told))
    return b"".join(blocks)


def secrets(lines: bytes) -> bytes:
    """Return a Decryption Secrets Block with lines of a TLS key log, for the packets that come after it."""
    return _block(_SECRETS, _two(TLS_KEY_LOG, len(lines)) + lines)


def mark_options(mark: Mark) -> bytes:
    """Return the options of a packet that bears *mark*."""
    return _options(*((COMMENT, text) for text in comments(mark)))


def whole(data: bytes | bytearray, end: int) -> int:
    """Return where the last block ends that lies before *end* in *data*, which begins with a block."""
    at = 0
    while at + 8 <= end:
        (total,) = _length.unpack_from(data, at + 4)
        if at + total > end:
            break
        at += total
    return at


def _options(*given: tuple[int, bytes]) -> bytes:
    parts = [_option(code, len(value)) + value + PADDING[len(value) & 3] for code, value in given]
    return b"".join(parts) + _END_OF_OPTIONS


def _block(kind: int, body: bytes) -> bytes:
    body += PADDING[len(body) & 3]
    return _two(kind, len(body) + 12) + body + _length.pack(len(body) + 12)
