"""The records of a pcap file: microseconds, nanoseconds and the "modified" kind, in both byte orders.

Spec: draft-ietf-opsawg-pcap, "PCAP Capture File Format". The modified kind has longer record headers (interface, packet
type); what they add is left out.
"""

from struct import Struct
from typing import Final, NamedTuple

from xmppscope.capture.dissector import Dissector
from xmppscope.capture.link import layout
from xmppscope.capture.sink import Sink, number
from xmppscope.model.segment import Segment

HEADER_SIZE: Final = 24
MAX_CAPTURED: Final = 262_144
"""The largest packet that libpcap and Wireshark take from a file of an ordinary link type."""

_SECOND: Final = 1_000_000_000


class _Kind(NamedTuple):
    order: str
    scale: int
    record_size: int


MAGICS: Final = {
    magic.to_bytes(4, order): _Kind(">" if order == "big" else "<", scale, record_size)
    for magic, scale, record_size in ((0xA1B2C3D4, 1000, 16), (0xA1B23C4D, 1, 16), (0xA1B2CD34, 1000, 24))
    for order in ("big", "little")
}
"""By the first four bytes of the file: byte order, nanoseconds per unit of time, size of a record header."""


class PcapRecords:
    """Reads records from buffers that begin with one; *header* is the file header.

    `needed` is how many bytes the next buffer must hold to be worth scanning; `damaged` ends all reading.
    """

    def __init__(self, header: bytes, base: int, sink: Sink, dissector: Dissector) -> None:
        self._kind = MAGICS[header[:4]]
        # The upper bits tell of frame check sequences.
        self._link: int = Struct(self._kind.order + "I").unpack_from(header, 20)[0] & 0xFFFF
        self._record = Struct(self._kind.order + "IIII").unpack_from
        self._sink = sink
        self._dissector = dissector
        self.packet = base
        self.digits = 6 if self._kind.scale == 1000 else 9
        self.needed = self._kind.record_size
        self.damaged = False

    def scan(self, buffer: bytes) -> int:
        """Take every whole record of *buffer*; returns how many bytes that were."""
        # A hot loop, hence its length: everything in local names, the headers of a plain TCP packet in one unpack, no
        # call but for what is unusual. PcapngBlocks has the same middle part; to share it would cost a call a packet.
        record, record_size, scale = self._record, self._kind.record_size, self._kind.scale
        headers, wanted, size, shortest = layout(self._link)
        frame, append = self._dissector.frame, self._sink.events.append
        packet, position, end = self.packet, 0, len(buffer)
        self.needed = record_size
        while end - position >= record_size:
            second, fraction, captured, length = record(buffer, position)
            start = position + record_size
            stop = start + captured
            if stop > end or captured > MAX_CAPTURED:
                self._incomplete(packet + 1, captured)
                break
            packet += 1
            position = stop
            time = second * _SECOND + fraction * scale
            if captured >= shortest:
                found, version, total, fragment, protocol, key, seq, ack, offset, flags = headers(buffer, start)
                payload = start + size + 20 + (offset >> 4 << 2)
                finish = start + size + total
                if (
                    protocol == 6
                    and found == wanted
                    and version == 0x45
                    and payload <= finish <= stop
                    and not fragment & 0x3FFF
                    and offset >= 0x50
                ):
                    append(Segment(time, packet, key, seq, ack, flags, buffer[payload:finish]))
                    continue
            frame(self._link, time, packet, buffer[start:stop], length)
        self.packet = packet
        return position

    def close(self, left: int) -> None:
        """Report a file that ends inside a packet; *left* is the number of bytes after the last whole record."""
        if left:
            packet = self.packet + 1
            self._sink.say(f" ends inside packet {number(packet)}; shown as far as it goes", packet)

    def _incomplete(self, packet: int, captured: int) -> None:
        self.needed = self._kind.record_size + captured
        if captured > MAX_CAPTURED:
            self.damaged = True
            text = f": packet {number(packet)} claims {captured} captured bytes: the file is damaged there"
            self._sink.say(f"{text}; shown as far as it goes", packet)
