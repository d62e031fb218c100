"""The blocks of a live capture: what is sniffed becomes pcapng, is read like any capture, and can be kept as one.

Spec: draft-ietf-opsawg-pcapng, in big-endian form. Times are nanoseconds.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final, NamedTuple

from xmppscope import __version__

SNAP_LENGTH: Final = 262_144
"""The most that is taken of one packet; none is larger, but for jumbograms of IPv6."""

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_STATISTICS: Final = 5
_PACKET: Final = 6
_BYTE_ORDER: Final = 0x1A2B3C4D
_UNKNOWN_LENGTH: Final = -1
_NAME: Final = 2
_APPLICATION: Final = 4
_RESOLUTION: Final = 9
_DROPPED_BY_SYSTEM: Final = 7
_NANOSECONDS: Final = b"\x09"
_END_OF_OPTIONS: Final = bytes(4)

_head = Struct(">II").pack
_tail = Struct(">I").pack
_option = Struct(">HH").pack
_packet = Struct(">5I").pack


class Packet(NamedTuple):
    """One packet of an interface: when it passed, how long it was, and what was captured of it."""

    time: int
    length: int
    data: bytes


def beginning(name: str, link: int) -> bytes:
    """Return the section header and the description of the interface called *name*, of link type *link*."""
    section = Struct(">IHHq").pack(_BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH)
    described = Struct(">HHI").pack(link, 0, SNAP_LENGTH)
    return _block(_SECTION, section + _options((_APPLICATION, f"xmppscope {__version__}".encode()))) + _block(
        _INTERFACE, described + _options((_NAME, name.encode()), (_RESOLUTION, _NANOSECONDS))
    )


def packets(taken: Iterable[Packet]) -> bytes:
    """Return the blocks of these packets."""
    return b"".join(
        _block(_PACKET, _packet(0, time >> 32, time & 0xFFFFFFFF, len(data), length) + data)
        for time, length, data in taken
    )


def statistics(time: int, dropped: int) -> bytes:
    """Return the block that says how many packets the system has dropped until *time*."""
    told = _options((_DROPPED_BY_SYSTEM, Struct(">Q").pack(dropped)))
    return _block(_STATISTICS, Struct(">3I").pack(0, time >> 32, time & 0xFFFFFFFF) + told)


def _options(*given: tuple[int, bytes]) -> bytes:
    parts = [_option(code, len(value)) + value + bytes(-len(value) % 4) for code, value in given]
    return b"".join(parts) + _END_OF_OPTIONS


def _block(kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    total = len(padded) + 12
    return _head(kind, total) + padded + _tail(total)
