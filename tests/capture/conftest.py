"""Captures made by hand: every header is packed here, so that a test shows what it means by the bytes themselves."""

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from xmppscope.capture.events import CaptureEvent
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.segment import Segment

CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
MAGICS = {"micro": 0xA1B2C3D4, "nano": 0xA1B23C4D, "modified": 0xA1B2CD34}


class Make:
    """Builds headers, frames, records and blocks; `order` is "<" or ">"."""

    key = CLIENT + SERVER + struct.pack(">HH", 40000, 5222)
    ethernet = bytes(12) + b"\x08\x00"

    def tcp(
        self, payload: bytes, *, seq: int = 1000, ack: int = 2000, flags: int = 0x18, options: bytes = b""
    ) -> bytes:
        offset = (20 + len(options)) // 4 << 4
        return struct.pack(">HHIIBBHHH", 40000, 5222, seq, ack, offset, flags, 512, 0, 0) + options + payload

    def ipv4(self, payload: bytes, *, total: int | None = None, protocol: int = 6, **more: Any) -> bytes:
        options, fragment = more.get("options", b""), more.get("fragment", 0x4000)
        size = 20 + len(options)
        total = size + len(payload) if total is None else total
        head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, total, more.get("ident", 7), fragment, 64, protocol, 0)
        return head + CLIENT + SERVER + options + payload

    def ipv6(self, payload: bytes, *, protocol: int = 6, length: int | None = None) -> bytes:
        length = len(payload) if length is None else length
        return struct.pack(">IHBB", 6 << 28, length, protocol, 64) + bytes(15) + b"\x01" + bytes(15) + b"\x02" + payload

    def frame(self, payload: bytes, **more: Any) -> bytes:
        return self.ethernet + self.ipv4(self.tcp(payload, **more))

    def segment(self, packet: int, data: bytes, *, time: int, **more: Any) -> Segment:
        given = {"key": self.key, "seq": 1000, "ack": 2000, "flags": 0x18, "missing": 0} | more
        return Segment(time=time, packet=packet, data=data, **given)

    def pcap(
        self, frames: Sequence[bytes], *, link: int = 1, order: str = "<", kind: str = "micro", wire: int | None = None
    ) -> bytes:
        """A file whose packet N has the time N seconds and 5 units."""
        parts = [struct.pack(order + "IHHIIII", MAGICS[kind], 2, 4, 0, 0, 262144, link)]
        for number, data in enumerate(frames, 1):
            parts.append(struct.pack(order + "IIII", number, 5, len(data), len(data) if wire is None else wire))
            parts.append((bytes(8) if kind == "modified" else b"") + data)
        return b"".join(parts)

    def block(self, kind: int, body: bytes, order: str = "<") -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)

    def option(self, code: int, value: bytes, order: str = "<") -> bytes:
        return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def section(self, order: str = "<", length: int = -1) -> bytes:
        return self.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length), order)

    def interface(self, link: int = 1, order: str = "<", *, snap: int = 0, options: bytes = b"") -> bytes:
        return self.block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)

    def enhanced(
        self,
        data: bytes,
        ticks: int = 0,
        order: str = "<",
        *,
        interface: int = 0,
        wire: int | None = None,
        rest: bytes = b"",
    ) -> bytes:
        wire = len(data) if wire is None else wire
        head = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire)
        return self.block(6, head + data + bytes(-len(data) % 4) + rest, order)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture(scope="session")
def read() -> Callable[..., list[CaptureEvent]]:
    """Read a whole capture, in pieces that end at the given positions."""

    def whole(data: bytes, cuts: Sequence[int] = (), file: int = 0) -> list[CaptureEvent]:
        reader = CaptureReader(file, "x.pcap")
        events: list[CaptureEvent] = []
        bounds = [0, *sorted(cuts), len(data)]
        for start, end in pairwise(bounds):
            events += reader.feed(data[start:end])
        return events + reader.close()

    return whole


@pytest.fixture(scope="session")
def segments(read: Callable[..., list[CaptureEvent]]) -> Callable[..., list[Segment]]:
    """Read a whole capture that must yield nothing but segments."""

    def only(data: bytes) -> list[Segment]:
        events = read(data)
        assert all(isinstance(event, Segment) for event in events), events
        return [event for event in events if isinstance(event, Segment)]

    return only
