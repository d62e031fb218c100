"""Packets for a leg, made up: the proxy sees bytes, not segments, so a recording shows the TCP that might have been.

Spec: RFC 791, RFC 8200, RFC 9293. Sequence and acknowledgement numbers and checksums are right, so that no reader has
anything to complain about. Left out: retransmissions, delayed acknowledgements and every option but those of the SYN.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from typing import Final

from xmppscope.model.segment import ACK, FIN, RST, SYN
from xmppscope.model.wire import Side
from xmppscope.proxy.pcapng import PACKET, PADDING

MOST: Final = 65_495
"""Bytes that a segment carries at most: with its headers they must not exceed what IPv4's total length can say."""

_PSH: Final = 0x08
_PLAIN: Final = 5 << 12  # the data offset of a TCP header without options, as it stands before the flags
_WITH_OPTIONS: Final = 7 << 12
# Maximum segment size 65495; no operation, window scale 7: a window of 8 MiB, which nothing here ever fills.
_SYN_OPTIONS: Final = bytes.fromhex("0204ffd7 01 030307")
_WINDOW: Final = 0xFFFF
_UNACKNOWLEDGED: Final = 1 << 20

# Kind, total length, interface, time in microseconds, captured and original length of an Enhanced Packet Block; version
# and type of service, total length, identification and "don't fragment", time to live and protocol, checksum; addresses
# and ports; sequence and acknowledgement number, data offset and flags, window, checksum, urgent pointer.
_ipv4 = Struct(">IIIQIIHHIHH12sIIHHHH").pack
# The same with version, class and flow label; payload length, next header and hop limit.
_ipv6 = Struct(">IIIQIIIHH36sIIHHHH").pack
_DO_NOT_FRAGMENT: Final = 0x4000
_TTL_AND_TCP: Final = 64 << 8 | 6
_TCP_AND_HOPS: Final = 6 << 8 | 64


class _End:
    """One end of a leg: what its packets have in common, and where its stream stands.

    `key` is both addresses and both ports. `sums` are what IPv4 header and TCP checksum of every packet have in common;
    `unacknowledged` counts the bytes sent since the other end last sent a packet.
    """

    __slots__ = ("key", "seq", "sums", "unacknowledged", "window")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.seq = 0
        self.window = _WINDOW
        self.unacknowledged = 0
        addresses = int.from_bytes(key[:-4])
        ports = int.from_bytes(key[-4:])
        # Ones' complement sums are sums modulo 65535, in which any aligned words may be taken together.
        self.sums = 0x4500 + _DO_NOT_FRAGMENT + _TTL_AND_TCP + addresses, (addresses + ports + 6 + 20) % 0xFFFF


class LegPackets:
    """A leg as TCP packets: every method returns the blocks of one or a few.

    `keys` are those that its packets have, `interface` is where they are seen; `quiet` tells that there was no packet
    since it was last set, `unspoken` that there was no payload yet, `over` that the connection is closed.
    """

    __slots__ = ("_ends", "_finished", "_numbers", "_version", "interface", "keys", "over", "quiet", "unspoken")

    def __init__(self, first: bytes, second: bytes, number: int) -> None:
        """Make the leg between two ends, each an address and a port; *number* tells it from others between them."""
        there = first[:-2] + second[:-2] + first[-2:] + second[-2:]
        back = second[:-2] + first[:-2] + second[-2:] + first[-2:]
        self.keys = there, back
        self.interface = 0
        self.quiet = False
        self.unspoken = True
        self.over = False
        self._finished = 0
        self._ends = _End(there), _End(back)
        self._version = 4 if len(there) == 12 else 6
        # An odd factor gives every number of 32 bits a sequence number of its own, so that none repeats between the
        # same ports and a reader sees a new connection.
        own = number * 0x9E3779B1 & 0xFFFFFFFF
        self._numbers = own, own ^ 0x80000000

    def open(self, time: int) -> bytes:
        """Return SYN and SYN-ACK; the third packet of the handshake is an acknowledgement."""
        first, second = self._ends
        first.seq = self._numbers[0]
        syn = self._segment(first, second, time, _WITH_OPTIONS | SYN, _SYN_OPTIONS)
        first.seq = (first.seq + 1) & 0xFFFFFFFF
        second.seq = self._numbers[1]
        answer = self._segment(second, first, time, _WITH_OPTIONS | SYN | ACK, _SYN_OPTIONS)
        second.seq = (second.seq + 1) & 0xFFFFFFFF
        return syn + answer

    def acknowledge(self, side: Side, time: int, options: bytes = b"") -> bytes:
        """Return a packet without payload; *options* are those of its block."""
        this, other = self._ends[side], self._ends[1 - side]
        # The window differs from the last one, so that nobody takes it for a duplicate that asks for lost bytes.
        this.window ^= 1
        return self._segment(this, other, time, _PLAIN | ACK, b"", options)

    def data(self, side: Side, time: int, data: bytes) -> bytes:
        """Return the segments that carry *data*."""
        size = len(data)
        if size > MOST:
            return b"".join(self.data(side, time, data[at : at + MOST]) for at in range(0, size, MOST))
        if not size:
            return b""
        this, other = self._ends[side], self._ends[1 - side]
        block = self._segment(this, other, time, _PLAIN | ACK | _PSH, data)
        this.seq = (this.seq + size) & 0xFFFFFFFF
        this.unacknowledged += size
        if this.unacknowledged > _UNACKNOWLEDGED and not self.over:
            block += self._segment(other, this, time, _PLAIN | ACK, b"")
        return block

    def end(self, side: Side, time: int, reset: bool) -> bytes:
        """Return a RST, or a FIN and its acknowledgement."""
        this, other = self._ends[side], self._ends[1 - side]
        if reset:
            self.over = True
            return self._segment(this, other, time, _PLAIN | ACK | RST, b"")
        block = self._segment(this, other, time, _PLAIN | ACK | FIN, b"")
        this.seq = (this.seq + 1) & 0xFFFFFFFF
        if not self.over:
            block += self._segment(other, this, time, _PLAIN | ACK, b"")
        self._finished += 1
        self.over = self.over or self._finished == 2
        return block

    def _segment(self, this: _End, other: _End, time: int, flags: int, data: bytes, options: bytes = b"") -> bytes:
        """Return the block of one packet; *flags* have the data offset before them, *data* begins with TCP options."""
        other.unacknowledged = 0
        self.quiet = False
        size = len(data)
        pad = PADDING[size & 3]
        addressed, summed = this.sums
        words = int.from_bytes(data) % 0xFFFF
        if size & 1:
            words <<= 8
        check = -(summed + size + this.seq + other.seq + flags + this.window + words) % 0xFFFF
        time //= 1000
        if self._version == 4:
            length = 40 + size
            total = 32 + length + len(pad) + len(options)
            head = _ipv4(
                PACKET, total, self.interface, time, length, length,
                0x4500, length, _DO_NOT_FRAGMENT, _TTL_AND_TCP, -(addressed + length) % 0xFFFF,
                this.key, this.seq, other.seq, flags, this.window, check, 0,
            )  # fmt: skip
        else:
            length = 60 + size
            total = 32 + length + len(pad) + len(options)
            head = _ipv6(
                PACKET, total, self.interface, time, length, length,
                6 << 28, length - 40, _TCP_AND_HOPS,
                this.key, this.seq, other.seq, flags, this.window, check, 0,
            )  # fmt: skip
        return b"".join((head, data, pad, options, total.to_bytes(4)))


def ends(first: str, second: str) -> tuple[bytes, bytes]:
    """Read two times ``addr:port`` as address and port, both of the same length; the scope of an address is dropped."""
    one, two = _end(first), _end(second)
    if len(one) != len(two):
        one, two = _mapped(one), _mapped(two)
    return one, two


def _end(text: str) -> bytes:
    host, _, port = text.rpartition(":")
    address: IPv4Address | IPv6Address = ip_address(host.strip("[]").partition("%")[0])
    return address.packed + int(port).to_bytes(2)


def _mapped(end: bytes) -> bytes:
    """Write an IPv4 address as IPv6 does (RFC 4291 §2.5.5.2)."""
    return end if len(end) == 18 else bytes(10) + b"\xff\xff" + end
