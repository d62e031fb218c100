"""Cuts the bytes of one direction into TLS records (RFC 8446 §5.1).

It stops at the exact byte where something begins that is no record. Where bytes are lost inside a record whose header
is known, the next boundary is known too. Left out: what is in a record, finding a boundary that was lost, SSL 2.0.
"""

from struct import Struct
from typing import Final

import msgspec

HEADER_SIZE: Final = 5

CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22
APPLICATION_DATA: Final = 23

# RFC 5246 §6.2.3: "The length MUST NOT exceed 2^14 + 2048."
MOST: Final = 16384 + 2048

_header = Struct(">BHH").unpack_from
_FIRST, _LAST = CHANGE_CIPHER_SPEC, 24  # the last is heartbeat, RFC 6520
_OLDEST, _NEWEST = 0x0300, 0x0304


class Record(msgspec.Struct, gc=False):
    """One record: its header, its fragment, and the packets with its first and its last byte.

    `missing` counts bytes of the fragment that were lost or, in a record over the limit, not kept; `fragment` then has
    what comes before them.
    """

    header: bytes
    fragment: bytes
    time: int
    packet: int
    end_time: int
    end_packet: int
    missing: int = 0


def plausible(data: bytes) -> bool:
    """Tell whether *data*, from no bytes on, can be the beginning of a record."""
    if len(data) >= 1 and not _FIRST <= data[0] <= _LAST:
        return False
    if len(data) >= 2 and data[1] != 3:
        return False
    return len(data) < 3 or data[2] <= _NEWEST & 0xFF


class RecordReader:
    """The bytes of one direction that are not yet a whole record.

    `stray` holds what stands where a record header is due, and is none.
    """

    __slots__ = ("_need", "_packet", "_rest", "_skip", "_time", "stray")

    def __init__(self) -> None:
        self.stray = b""
        self._rest = bytearray()
        self._need = 0
        self._skip = 0
        self._time = 0
        self._packet = 0

    def __len__(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes, time: int, packet: int) -> list[Record]:
        """Take the next bytes; return the records that they complete. Stops for good at a byte that begins none."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return []
            data = bytes(self._rest)
        else:
            self._time, self._packet = time, packet
        return self._cut(data, time, packet)

    def _cut(self, data: bytes, time: int, packet: int) -> list[Record]:
        records = []
        at, end = 0, len(data)
        self._need = HEADER_SIZE
        # This loop runs for every record of a capture, so it builds records in place and calls nothing it need not.
        while end - at >= HEADER_SIZE:
            kind, version, length = _header(data, at)
            if not (_FIRST <= kind <= _LAST and _OLDEST <= version <= _NEWEST):
                break
            start = at + HEADER_SIZE
            if length > MOST:
                records.append(Record(data[at:start], b"", self._time, self._packet, time, packet, length))
                self._skip = max(0, start + length - end)
            elif start + length > end:
                self._need = HEADER_SIZE + length
                break
            else:
                records.append(
                    Record(data[at:start], data[start : start + length], self._time, self._packet, time, packet)
                )
            at = min(start + length, end)
            self._time, self._packet = time, packet
        if not plausible(data[at : at + HEADER_SIZE]):
            self.stray, data = data[at:], b""
        self._rest = bytearray(data[at:]) if at < len(data) else bytearray()
        return records

    def lost(self, length: int, time: int, packet: int) -> Record | None:
        """Note that *length* bytes are missing; return the record that they were part of, if that is certain.

        None says that the next boundary is unknown. A record that was returned before, with bytes missing, comes again
        without a header.
        """
        if self._skip and length <= self._skip:
            self._skip -= length
            return Record(b"", b"", time, packet, time, packet)
        have = len(self._rest)
        left = self._need - have
        if not self._skip and have >= HEADER_SIZE and length <= left:
            header, fragment = bytes(self._rest[:HEADER_SIZE]), bytes(self._rest[HEADER_SIZE:])
            self._rest.clear()
            self._skip = left - length
            return Record(header, fragment, self._time, self._packet, time, packet, left)
        self.drop()
        return None

    def rest(self, time: int, packet: int) -> Record | None:
        """Take out the record that has begun and not ended, now that it never will."""
        if not self._rest:
            return None
        data = bytes(self._rest)
        self._rest.clear()
        return Record(data[:HEADER_SIZE], data[HEADER_SIZE:], self._time, self._packet, time, packet)

    def drop(self) -> None:
        """Forget what is held: the boundary is no longer known."""
        self.stray = b""
        self._rest.clear()
        self._skip = 0

    def resume(self, data: bytes, first: tuple[int, int], last: tuple[int, int]) -> list[Record]:
        """Go on at a boundary that was found again; *first* and *last* are time and packet of the ends of *data*."""
        self._time, self._packet = first
        return self._cut(data, *last)
