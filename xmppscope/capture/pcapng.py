"""The blocks of a pcapng file: sections of either byte order, interfaces, packets, statistics and decryption secrets.

Spec: draft-ietf-opsawg-pcapng, "PCAP Now Generic (pcapng) Capture File Format", the obsolete Packet Block included.
Left out: every option but those that time and dropped packets need and the comments of packets that hold a mark of the
proxy, name resolution, and the section length (blocks are read in order anyway).
"""

from struct import Struct
from typing import Final

from xmppscope.capture.comments import BEGINNING, mark_in
from xmppscope.capture.dissector import Dissector
from xmppscope.capture.events import MarkedSegment, Secrets
from xmppscope.capture.interface import SECOND, Interface, dropped
from xmppscope.capture.sink import Sink, number
from xmppscope.model.marks import Mark
from xmppscope.model.segment import Segment

SECTION_HEADER: Final = b"\x0a\x0d\x0d\x0a"
BYTE_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
"""By the byte-order magic of a section header: the prefix for struct formats."""

MAX_BLOCK: Final = 16 * 1024 * 1024
LATEST: Final = 253_402_300_799 * SECOND
"""The end of the year 9999: no later time can be written as ISO 8601."""

_SECTION: Final = int.from_bytes(SECTION_HEADER, "big")  # reads the same in both byte orders
_INTERFACE: Final = 1
_OBSOLETE_PACKET: Final = 2
_SIMPLE_PACKET: Final = 3
_STATISTICS: Final = 5
_PACKET: Final = 6
_SECRETS: Final = 10
# Blocks without a packet that Wireshark numbers as frames all the same: systemd journal entries, custom blocks,
# events of Sysdig.
_NUMBERED: Final = frozenset({9, 0xBAD, 0x40000BAD, 0x204, 0x216, 0x221})
_SMALLEST: Final = 12


class _DamagedError(ValueError):
    """A block that contradicts itself; the message is the reason."""


class PcapngBlocks:
    """Reads blocks from buffers that begin with one; the first must be a section header.

    `needed` is how many bytes the next buffer must hold to be worth scanning; `damaged` ends all reading.
    """

    def __init__(self, base: int, sink: Sink, dissector: Dissector) -> None:
        self._sink = sink
        self._dissector = dissector
        self._interfaces: list[Interface] = []
        self._time = 0
        self._set_order("<")
        self._handlers = {
            _SECTION: self._section,
            _INTERFACE: self._describe,
            _OBSOLETE_PACKET: self._obsolete_packet,
            _SIMPLE_PACKET: self._simple_packet,
            _STATISTICS: self._statistics,
            _PACKET: self._enhanced_packet,
            _SECRETS: self._secrets,
        }
        self.packet = base
        self.digits = 6
        self.needed = _SMALLEST
        self.damaged = False

    def scan(self, buffer: bytes) -> int:
        """Take every whole block of *buffer*; returns how many bytes that were."""
        position = 0
        try:
            while True:
                position = self._packets(buffer, position)
                after = self._block(buffer, position)
                if after == position:
                    return position
                position = after
        except _DamagedError as reason:
            self.damaged = True
            text = f": the block after packet {number(self.packet)} is damaged ({reason}); shown as far as it goes"
            self._sink.say(text, self.packet)
            return position

    def close(self, left: int) -> None:
        """Report a file that ends inside a block; *left* is the number of bytes after the last whole one."""
        if left and self._left_is_packet:
            packet = self.packet + 1
            self._sink.say(f" ends inside packet {number(packet)}; shown as far as it goes", packet)
        elif left:
            text = f" ends inside the block after packet {number(self.packet)}; shown as far as it goes"
            self._sink.say(text, self.packet)

    def _set_order(self, order: str) -> None:
        self._order = order
        self._enhanced = Struct(order + "7I").unpack_from
        self._word = Struct(order + "I").unpack_from
        self._left_is_packet = False

    def _packets(self, buffer: bytes, position: int) -> int:
        """Take Enhanced Packet Blocks up to the first block that is another, not whole, not sound, or seems marked."""
        # Hot, and written like PcapRecords.scan; what it leaves is looked at again, at leisure, by _block.
        enhanced, word, interfaces = self._enhanced, self._word, self._interfaces
        frame, append = self._dissector.frame, self._sink.events.append
        packet, end, time, current = self.packet, len(buffer), self._time, -1
        while end - position >= 32:
            kind, total, interface, high, low, captured, length = enhanced(buffer, position)
            start = position + 28
            after = position + total
            beside = total - captured  # the block's own 32 bytes, padding of at most 3, options
            if (
                kind != _PACKET
                or after > end
                or beside < 32
                or total & 3
                or total > MAX_BLOCK
                or word(buffer, after - 4)[0] != total
                or (beside > 35 and buffer.find(BEGINNING, start + captured, after) >= 0)
            ):
                break
            if interface != current:
                if interface >= len(interfaces):
                    break
                current = interface
                link, (headers, wanted, size, shortest), scale, units, epoch = interfaces[interface].reading
            packet += 1
            position = after
            before = time
            time = (high << 32 | low) * scale // units + epoch
            if not 0 <= time <= LATEST:
                time = self._implausible(packet, before)
            if captured >= shortest:
                found, version, whole, fragment, protocol, key, seq, ack, offset, flags = headers(buffer, start)
                payload = start + size + 20 + (offset >> 4 << 2)
                finish = start + size + whole
                if (
                    protocol == 6
                    and found == wanted
                    and version == 0x45
                    and payload <= finish <= start + captured
                    and not fragment & 0x3FFF
                    and offset >= 0x50
                ):
                    append(Segment(time, packet, key, seq, ack, flags, buffer[payload:finish]))
                    continue
            frame(link, time, packet, buffer[start : start + captured], length)
        self.packet, self._time = packet, time
        return position

    def _block(self, buffer: bytes, position: int) -> int:
        """Take one block of any type; returns where it ends, *position* itself if it is not whole yet."""
        left = len(buffer) - position
        self.needed = _SMALLEST
        self._left_is_packet = False
        if left < _SMALLEST:
            return position
        if buffer.startswith(SECTION_HEADER, position):
            order = BYTE_ORDERS.get(buffer[position + 8 : position + 12])
            if order is None:
                raise _DamagedError("a section header without a byte order")
            self._set_order(order)
        (kind,), (total,) = self._word(buffer, position), self._word(buffer, position + 4)
        # Some writers left the padding out of the length.
        total += -total & 3
        if not _SMALLEST <= total <= MAX_BLOCK:
            raise _DamagedError(f"it claims {total} bytes")
        if left < total:
            self.needed = total
            self._left_is_packet = kind in (_PACKET, _SIMPLE_PACKET, _OBSOLETE_PACKET)
            return position
        after: int = position + total
        if -(-self._word(buffer, after - 4)[0] // 4) * 4 != total:
            raise _DamagedError("its two lengths differ")
        self._content(kind, buffer[position + 8 : after - 4])
        return after

    def _content(self, kind: int, body: bytes) -> None:
        """Dispatch a whole block; *body* is what stands between its lengths."""
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(body)
        elif kind in _NUMBERED:
            self.packet += 1

    def _fields(self, fields: str, body: bytes) -> tuple[int, ...]:
        """Read the fixed fields at the beginning of a block."""
        form = Struct(self._order + fields)
        if len(body) < form.size:
            raise _DamagedError("it is shorter than its fields")
        return form.unpack_from(body)

    def _section(self, _: bytes) -> None:
        self._interfaces = []

    def _describe(self, body: bytes) -> None:
        link, _, snap_length = self._fields("2HI", body)
        interface = Interface(link, snap_length, body[8:], self._order)
        self._interfaces.append(interface)
        if interface.finer_than_microseconds:
            self.digits = 9

    def _enhanced_packet(self, body: bytes) -> None:
        interface, high, low, captured, length = self._fields("5I", body)
        self._packet(interface, high << 32 | low, body[20:], captured, length)
        mark = mark_in(body[20 + captured + (-captured & 3) :], self._order)
        if mark is not None:
            self._bear(mark)

    def _bear(self, mark: Mark) -> None:
        """Let the segment of the packet that was just taken bear *mark*, if there is one."""
        events = self._sink.events
        last = events[-1] if events else None
        if isinstance(last, Segment) and last.packet == self.packet:
            events[-1] = MarkedSegment(last, mark)

    def _obsolete_packet(self, body: bytes) -> None:
        interface, _, high, low, captured, length = self._fields("2H4I", body)
        self._packet(interface, high << 32 | low, body[20:], captured, length)

    def _secrets(self, body: bytes) -> None:
        kind, length = self._fields("2I", body)
        if length > len(body) - 8:
            raise _DamagedError("its secrets are longer than itself")
        self._sink.events.append(Secrets(body[8 : 8 + length], kind))

    def _interface(self, index: int) -> Interface:
        if index >= len(self._interfaces):
            raise _DamagedError(f"interface {index} was not described")
        return self._interfaces[index]

    def _packet(self, index: int, ticks: int, rest: bytes, captured: int, length: int) -> None:
        """Take a packet with a time stamp; *rest* is its bytes, padding and options."""
        interface = self._interface(index)
        if captured > len(rest):
            raise _DamagedError("its packet is longer than itself")
        self.packet += 1
        time = interface.time(ticks)
        self._time = time if 0 <= time <= LATEST else self._implausible(self.packet, self._time)
        self._dissector.frame(interface.reading.link, self._time, self.packet, rest[:captured], length)

    def _simple_packet(self, body: bytes) -> None:
        """Take a Simple Packet Block, which has no time stamp and belongs to the first interface."""
        (length,), rest = self._fields("I", body), body[4:]
        interface = self._interface(0)
        # "the SnapLen value MUST be used to determine the size of the Packet Data field length"
        captured = min(length, interface.snap_length or length)
        if captured > len(rest):
            raise _DamagedError("its packet is longer than itself")
        self.packet += 1
        text = f": packet {number(self.packet)} has no time stamp and is shown with the time of the packet before it"
        self._sink.once("packets without a time stamp", text, self.packet)
        self._dissector.frame(interface.reading.link, self._time, self.packet, rest[:captured], length)

    def _statistics(self, body: bytes) -> None:
        """Tell of packets that were dropped while capturing; the counts of an interface only grow."""
        index = self._fields("3I", body)[0]
        interface = self._interface(index)
        count = dropped(body[12:], self._order)
        if count > interface.dropped:
            name = interface.name if interface.name and interface.name.isprintable() else str(index)
            text = f": packets dropped while capturing on interface {name}: {count}; they are missing here"
            self._sink.say(text, self.packet)
            interface.dropped = count

    def _implausible(self, packet: int, before: int) -> int:
        """Tell of a time that no calendar has; returns the time *before*, which stands in for it."""
        text = (
            f": packet {number(packet)} has an impossible time stamp and is shown with the time of the packet before it"
        )
        self._sink.once("packets with an impossible time stamp", text, packet)
        return before
