"""A pcapng interface: its link type, how its time stamps read, and what its statistics say was dropped.

Spec: draft-ietf-opsawg-pcapng, Interface Description Block, Interface Statistics Block and Options.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from xmppscope.capture.link import Layout, layout

SECOND: Final = 1_000_000_000

_END_OF_OPTIONS: Final = 0
_NAME: Final = 2
_RESOLUTION: Final = 9
_OFFSET: Final = 14
_DROPPED_BY_INTERFACE: Final = 5
_DROPPED_BY_SYSTEM: Final = 7


class Reading(NamedTuple):
    """What the hot loop needs: nanoseconds since the epoch are ``ticks * scale // units + epoch``."""

    link: int
    layout: Layout
    scale: int
    units: int
    epoch: int


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield the code and the value of each option, as far as they are whole."""
    head = Struct(order + "HH")
    at = 0
    while at + head.size <= len(data):
        code, length = head.unpack_from(data, at)
        at += head.size
        if code == _END_OF_OPTIONS or at + length > len(data):
            return
        yield code, data[at : at + length]
        at += length + (-length & 3)


class Interface:
    """One Interface Description Block; *described* are its options."""

    def __init__(self, link: int, snap_length: int, described: bytes, order: str) -> None:
        resolution, epoch, self.name = 6, 0, ""
        for code, value in options(described, order):
            if code == _RESOLUTION and len(value) == 1:
                resolution = value[0]
            elif code == _OFFSET and len(value) == 8:
                epoch = Struct(order + "q").unpack(value)[0] * SECOND
            elif code == _NAME:
                self.name = value.decode("utf-8", "replace")
        self.snap_length = snap_length
        self.dropped = 0
        scale, units = _scale(resolution)
        self.reading = Reading(link, layout(link), scale, units, epoch)
        self.finer_than_microseconds = scale < 1000 * units

    def time(self, ticks: int) -> int:
        """Return what a time stamp means, in nanoseconds since the epoch."""
        return ticks * self.reading.scale // self.reading.units + self.reading.epoch


def _scale(resolution: int) -> tuple[int, int]:
    """Read if_tsresol: the seven lower bits are a negative power, of 2 if the highest bit is set, else of 10."""
    power = resolution & 0x7F
    if resolution & 0x80:
        return SECOND, 1 << power
    return (10 ** (9 - power), 1) if power <= 9 else (1, 10 ** (power - 9))


def dropped(described: bytes, order: str) -> int:
    """Return how many packets the options of an Interface Statistics Block say were lost, at either place."""
    lost = (_DROPPED_BY_INTERFACE, _DROPPED_BY_SYSTEM)
    number = Struct(order + "Q")
    return sum(number.unpack(value)[0] for code, value in options(described, order) if code in lost and len(value) == 8)
