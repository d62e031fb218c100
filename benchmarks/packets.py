"""Writes to a socket as packets: Ethernet, IPv4 and TCP with time stamps and acknowledgements, in a pcap file, quickly.

IP checksums are right. TCP checksums are zero: where the network card makes them, captures hold none either.
"""

import struct
from typing import BinaryIO, Final

SEGMENT: Final = 1448
SYN: Final = 0x02
ACK: Final = 0x10
PUSH: Final = 0x18
FIN: Final = 0x11
TICK: Final = 7_000
"""Nanoseconds between two packets that follow each other at once."""
DELAYED: Final = 40_000_000
"""Nanoseconds after which a lone segment is acknowledged by itself (RFC 1122 §4.2.3.2 allows 0.5 s)."""

_FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
_RECORD: Final = struct.Struct("<IIII")
_HEADERS: Final = struct.Struct(">14sHHHHHH8s4sIIHHHHHHII")
_ETHERNET: Final = (
    bytes.fromhex("02000000000a0200000000010800"),
    bytes.fromhex("02000000000102000000000a0800"),
)
_FIRST_WORDS: Final = (0x4500, 0x4000, 0x4006)
_FLUSH: Final = 2048


class PacketFile:
    """A pcap file that is being written; `clock` is the time of the next packet in nanoseconds."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.clock = start
        self.packets = 0
        self.size = len(_FILE_HEADER)
        self._file = file
        self._waiting = [_FILE_HEADER]

    def write(self, headers: bytes, payload: bytes) -> None:
        """Write one packet and let the clock go on a little."""
        second, rest = divmod(self.clock, 1_000_000_000)
        length = len(headers) + len(payload)
        self._waiting += (_RECORD.pack(second, rest // 1000, length, length), headers, payload)
        self.clock += TICK
        self.packets += 1
        self.size += 16 + length
        if len(self._waiting) > _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Hand everything over to the file."""
        self._file.write(b"".join(self._waiting))
        self._waiting = []


class Flow:
    """One TCP connection; side 0 dials, side 1 listens. Addresses are 4 bytes each."""

    def __init__(self, packets: PacketFile, addresses: tuple[bytes, bytes], ports: tuple[int, int], isn: int) -> None:
        self._packets = packets
        both = addresses[0] + addresses[1]
        self._addresses = (both, both[4:] + both[:4])
        self._ports = (struct.pack(">HH", *ports), struct.pack(">HH", *ports[::-1]))
        self._base = sum(_FIRST_WORDS) + sum(struct.unpack(">4H", both))
        self._next = [isn, isn ^ 0x5A5A5A5A]
        self._unacknowledged = [0, 0]
        self._last = 0
        self._number = isn & 0xFFFF

    def open(self) -> None:
        """Write the three packets of the handshake."""
        self._packet(0, SYN)
        self._packet(1, SYN | ACK)
        self._packet(0, ACK)

    def data(self, side: int, data: bytes) -> None:
        """Write what one side sends at once, and the acknowledgements that fall due."""
        if self._unacknowledged[side] and self._packets.clock - self._last > DELAYED:
            self._packet(side ^ 1, ACK)
        for start in range(0, len(data), SEGMENT):
            last = start + SEGMENT >= len(data)
            self._packet(side, PUSH if last else ACK, data[start : start + SEGMENT])
            self._unacknowledged[side] += 1
            if self._unacknowledged[side] == 2:
                self._packet(side ^ 1, ACK)
        self._last = self._packets.clock

    def close(self) -> None:
        """End both directions, in order."""
        self._packet(0, FIN)
        self._packet(1, FIN)
        self._packet(0, ACK)

    def _packet(self, side: int, flags: int, payload: bytes = b"") -> None:
        self._number = (self._number + 1) & 0xFFFF
        length = 52 + len(payload)
        checksum = self._base + length + self._number
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
        checksum = ~((checksum & 0xFFFF) + (checksum >> 16)) & 0xFFFF
        other = side ^ 1
        self._unacknowledged[other] = 0
        ticks = self._packets.clock // 1_000_000 & 0xFFFFFFFF
        headers = _HEADERS.pack(
            _ETHERNET[side], 0x4500, length, self._number, 0x4000, 0x4006, checksum, self._addresses[side],
            self._ports[side], self._next[side], self._next[other] if flags & ACK else 0, 0x8000 | flags, 502, 0, 0,
            0x0101, 0x080A, ticks, ticks,
        )  # fmt: skip
        self._next[side] = (self._next[side] + len(payload) + (flags & 3 != 0)) & 0xFFFFFFFF
        self._packets.write(headers, payload)
