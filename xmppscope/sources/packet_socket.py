"""Packets of a network interface by a packet socket of Linux (packet(7)), each with the time the kernel gave it.

Ethernet and loopback give whole frames. On `any`, and on interfaces of other kinds, the kernel takes the link layer off
and tells what it was; then the frame gets the header that tcpdump gives such a packet (LINKTYPE_LINUX_SLL). VLAN tags
that the hardware has taken off are left out: they are no matter for what is inside.
"""

import ctypes
import select
import socket
import time
from contextlib import suppress
from struct import Struct, pack
from sys import byteorder
from typing import Final

from xmppscope.capture.link import ETHERNET, SLL
from xmppscope.sources.port_filter import program
from xmppscope.sources.sniffed import SNAP_LENGTH, Packet

ANY: Final = "any"

_EVERY_PROTOCOL: Final = 3
_WITH_ETHERNET: Final = frozenset({1, 772})  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_LOOPBACK: Final = 772
_OUTGOING: Final = 4
_PACKET_OPTIONS: Final = 263  # SOL_PACKET
_STATISTICS: Final = 6
_ATTACH_FILTER: Final = 26
_TIMESTAMPS: Final = 35  # SO_TIMESTAMPNS, and the type of what it adds
_FORCED_BUFFER: Final = 33  # SO_RCVBUFFORCE: root may have more than the system allows others
_BUFFER: Final = 1 << 24
_BATCH: Final = 256
_SLL: Final = Struct(">3H8sH").pack
_SLL_SIZE: Final = 16
_INSTRUCTION: Final = 8


class PacketSocket:
    """What passes on the interface *name*, from and to *ports* only, if any are named. Raises `OSError`."""

    def __init__(self, name: str, ports: tuple[int, ...] = ()) -> None:
        self.link = SLL
        self.dropped = 0
        self._socket = _opened(socket.SOCK_DGRAM if name == ANY else socket.SOCK_RAW, name, ports)
        if name != ANY and self._socket.getsockname()[3] in _WITH_ETHERNET:
            self.link = ETHERNET
        elif name != ANY:
            self._socket.close()
            self._socket = _opened(socket.SOCK_DGRAM, name, ports)
        self._buffer = bytearray(SNAP_LENGTH)

    def wait(self, seconds: float) -> None:
        """Wait until packets come, at most *seconds*."""
        select.select([self._socket], [], [], seconds)

    def read(self) -> list[Packet]:
        """Return the packets that have come, oldest first, at most a batch of them."""
        taken: list[Packet] = []
        for _ in range(_BATCH):
            try:
                length, told, _, address = self._socket.recvmsg_into([self._buffer], 64, socket.MSG_TRUNC)
            except BlockingIOError:
                break
            # What is sent on the loopback is seen twice: going out, and coming in.
            if address[2] == _OUTGOING and address[3] == _LOOPBACK:
                continue
            data = bytes(memoryview(self._buffer)[:length])
            if self.link == SLL:
                data = _header(address) + data
                length += _SLL_SIZE
            taken.append(Packet(_time(told), length, data))
        self._count()
        return taken

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _count(self) -> None:
        """Add what the kernel has dropped since it was last asked."""
        counts = self._socket.getsockopt(_PACKET_OPTIONS, _STATISTICS, 8)
        self.dropped += int.from_bytes(counts[4:8], byteorder)


def _opened(kind: int, name: str, ports: tuple[int, ...]) -> socket.socket:
    """Return a socket that gives only what passes the filter."""
    # Python can't bind to all interfaces: such a socket listens from the start, any other one once it is bound.
    made = socket.socket(socket.AF_PACKET, kind, socket.htons(_EVERY_PROTOCOL) if name == ANY else 0)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        _enlarge(made)
        if ports:
            _attach(made, program(ports))
        if name == ANY:
            _drain(made)
        else:
            made.bind((name, _EVERY_PROTOCOL))
    except OSError:
        made.close()
        raise
    return made


def _drain(made: socket.socket) -> None:
    """Forget what came before the filter was there; what is more than that does no harm."""
    with suppress(BlockingIOError):
        for _ in range(_BATCH):
            made.recv(0)


def _enlarge(made: socket.socket) -> None:
    """Ask for room for bursts; as much as is allowed, where not all is."""
    try:
        made.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, _BUFFER)
    except PermissionError:
        with suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)


def _attach(made: socket.socket, code: bytes) -> None:
    kept = ctypes.create_string_buffer(code, len(code))
    made.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, pack("HP", len(code) // _INSTRUCTION, ctypes.addressof(kept)))


def _header(address: tuple[str, int, int, int, bytes]) -> bytes:
    """Return the header of a cooked packet: how it came, kind of link, the sender's address there, ethertype."""
    _, protocol, way, kind, sender = address
    return _SLL(way, kind, len(sender), sender[:8], protocol)


def _time(told: list[tuple[int, int, bytes]]) -> int:
    """Return the kernel's time of a packet, in nanoseconds since the epoch."""
    for level, kind, data in told:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMPS:
            size = len(data) // 2
            return int.from_bytes(data[:size], byteorder) * 1_000_000_000 + int.from_bytes(data[size:], byteorder)
    return time.time_ns()
