"""A connection to write tests with: offsets instead of sequence numbers, expected events by packet number."""

from collections.abc import Callable

import pytest

from xmppscope.model.segment import ACK, FIN, RST, SYN, Segment
from xmppscope.model.wire import Conflict, Data, Ended, Lost, Opened, Released, WireEvent
from xmppscope.transport.limits import DEFAULT_LIMITS, Limits
from xmppscope.transport.reassembly import Reassembler

MILLISECOND = 1_000_000
START = 1_700_000_000_000 * MILLISECOND
CLIENT, SERVER = "192.0.2.1:40000", "192.0.2.2:5222"


class Wire:
    """Sends segments of one port pair into a reassembler, a millisecond apart, side 0 the client.

    An offset counts payload bytes of a direction from 0; `isn` holds the initial sequence numbers.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, isn: tuple[int, int] = (1000, 5000)) -> None:
        self.reassembler = Reassembler(limits)
        self.isn = isn
        self.flow = 1
        self.now = START
        self.packet = 0
        self.times: dict[int, int] = {}
        self.ports = (40000, 5222)

    def key(self, side: int) -> bytes:
        hosts = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
        ports = tuple(port.to_bytes(2) for port in self.ports)
        return hosts[side] + hosts[1 - side] + ports[side] + ports[1 - side]

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * 1000) * MILLISECOND

    def send(
        self, side: int, offset: int, data: bytes = b"", *, acks: int = 0, flags: int = ACK, missing: int = 0
    ) -> list[WireEvent]:
        """Capture a segment with *data* at *offset* that acknowledges *acks* payload bytes."""
        self.now += MILLISECOND
        self.packet += 1
        self.times[self.packet] = self.now
        seq = (self.isn[side] + (0 if flags & SYN else 1) + offset) % 2**32
        ack = (self.isn[1 - side] + 1 + acks) % 2**32 if flags & ACK else 0
        segment = Segment(self.now, self.packet, self.key(side), seq, ack, flags, data, missing)
        return self.reassembler.feed(segment)

    def syn(self) -> list[WireEvent]:
        return self.send(0, 0, flags=SYN)

    def syn_ack(self) -> list[WireEvent]:
        return self.send(1, 0, flags=SYN | ACK)

    def connect(self) -> list[WireEvent]:
        """Capture the three packets of a handshake."""
        return self.syn() + self.syn_ack() + self.send(0, 0)

    def fin(self, side: int, offset: int, data: bytes = b"", *, acks: int = 0) -> list[WireEvent]:
        return self.send(side, offset, data, acks=acks, flags=FIN | ACK)

    def rst(self, side: int, offset: int) -> list[WireEvent]:
        return self.send(side, offset, flags=RST)

    def close(self) -> list[WireEvent]:
        return self.reassembler.close()

    # Expected events

    def opened(self, packet: int, *, handshake: bool = True) -> Opened:
        return Opened(self.flow, self.times[packet], packet, CLIENT, SERVER, handshake)

    def data(self, side: int, packet: int, data: bytes) -> Data:
        return Data(self.flow, side, self.times[packet], packet, data)

    def lost(self, side: int, packet: int, length: int) -> Lost:
        return Lost(self.flow, side, self.times[packet], packet, length)

    def conflict(self, side: int, packet: int, back: int, data: bytes, earlier: int) -> Conflict:
        return Conflict(self.flow, side, self.times[packet], packet, back, data, earlier)

    def ended(self, side: int, packet: int, *, reset: bool = False) -> Ended:
        return Ended(self.flow, side, self.times[packet], packet, reset)

    def released(self, packet: int, reason: str, flow: int | None = None) -> Released:
        return Released(self.flow if flow is None else flow, self.times[packet], reason)


@pytest.fixture
def make_wire() -> Callable[..., Wire]:
    """Makes a port pair whose handshake has not been captured."""
    return Wire


@pytest.fixture
def wire() -> Wire:
    """A connection whose handshake was captured as packets 1 to 3."""
    connection = Wire()
    connection.connect()
    return connection


@pytest.fixture
def midstream() -> Wire:
    """A port pair whose handshake has not been captured."""
    return Wire()
