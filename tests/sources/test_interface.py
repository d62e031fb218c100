"""An interface as a source: packets become a capture that is read as it comes, whatever brings them."""

import errno
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xmppscope.capture.reader import CaptureReader
from xmppscope.model.errors import CaptureError, XmppscopeError
from xmppscope.model.segment import Segment
from xmppscope.model.timeline import Connection, Entry, Record, Summary
from xmppscope.sources import interface, packet_socket
from xmppscope.sources.interface import Sniffing, open_interface
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.keylogs import KeyLogs
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.sniffed import Packet, beginning, packets, statistics
from xmppscope.tls.keylog import KeyStore

HEADER = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"to='a.example' version='1.0'>"
)
TIME = 1_800_000_000_123_456_789


def frame(data: bytes, seq: int, flags: int = 0x18) -> bytes:
    """An Ethernet frame with a TCP segment of a client."""
    tcp = (40000).to_bytes(2, "big") + (5222).to_bytes(2, "big") + seq.to_bytes(4, "big") + bytes(4)
    tcp += bytes([0x50, flags]) + bytes(6)
    size = (40 + len(data)).to_bytes(2, "big")
    ip = b"\x45\0" + size + bytes(4) + b"\x40\x06\0\0" + bytes([127, 0, 0, 1]) * 2
    return bytes(12) + b"\x08\0" + ip + tcp + data


def conversation() -> list[Packet]:
    frames = [frame(b"", 99, 0x02), frame(HEADER, 100), frame(b"<presence/>", 100 + len(HEADER))]
    return [Packet(TIME + number, len(data), data) for number, data in enumerate(frames)]


class Wire:
    """A listener that brings what it was given, and then interrupts, or has an error."""

    link = 1

    def __init__(self, *batches: list[Packet], end: Callable[[], None], dropped: int = 0) -> None:
        self.dropped = dropped
        self.closed = False
        self._batches = list(batches)
        self._end = end

    def wait(self, seconds: float) -> None:
        assert seconds < 1

    def read(self) -> list[Packet]:
        if not self._batches:
            self._end()
            return []
        return self._batches.pop(0)

    def close(self) -> None:
        self.closed = True


class Run:
    def __init__(self, *batches: list[Packet], dropped: int = 0, error: OSError | None = None) -> None:
        self.interruption = Interruption()
        self.pipeline = Pipeline(KeyStore())
        self.kept = bytearray()
        self.said: list[XmppscopeError] = []
        self._error = error
        self.wire = Wire(*batches, end=self._end, dropped=dropped)
        keylogs = KeyLogs([], KeyStore(), growing=True)
        self.sniffing = Sniffing(
            "lo", self.wire, self.pipeline, keylogs, self.interruption, self.said.append, self.kept.extend
        )
        self.records: list[Record] = [record for batch in self.sniffing.records() for record in batch]

    def _end(self) -> None:
        if self._error is not None:
            raise self._error
        self.interruption.stopped = True


def test_packets_become_a_timeline() -> None:
    run = Run(conversation()[:2], [], conversation()[2:])
    entries = [record for record in run.records if isinstance(record, Entry)]
    assert [entry.name for entry in entries if entry.name] == ["stream", "presence"]
    assert entries[0].time == "2027-01-15T08:00:00.123456790Z"
    assert entries[0].packets == (2, 2)
    assert isinstance(run.records[-1], Summary)
    assert run.records[-1].packets == 3
    assert run.pipeline.notices == []
    assert run.wire.closed
    assert not run.sniffing.failed


def test_what_is_kept_reads_the_same() -> None:
    run = Run(conversation())
    again = Pipeline(KeyStore())
    again.open("kept")
    assert [*again.feed(bytes(run.kept)), *again.end(), *again.close()] == run.records


def test_what_was_dropped_is_told_at_once_and_counted_in_the_end() -> None:
    run = Run(conversation(), dropped=12)
    first, last = run.pipeline.notices
    assert first == "lo: packets come faster than they can be read, and some are lost; narrow it down with --port"
    assert last == "lo: packets dropped while capturing on interface lo: 12; they are missing here"


def test_an_interface_that_goes_away_ends_the_timeline() -> None:
    run = Run(conversation(), error=OSError(errno.ENETDOWN, "Network is down"))
    assert [str(error) for error in run.said] == ["lo: the interface is down; bring it up, or choose another"]
    assert run.sniffing.failed
    assert run.wire.closed
    assert [type(record) for record in run.records if isinstance(record, Connection | Summary)] == [Connection, Summary]


def test_an_interface_that_brings_nothing_but_an_error_has_no_timeline() -> None:
    run = Run(error=OSError(errno.ENETDOWN, "Network is down"))
    assert run.sniffing.failed
    assert run.records == []


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_blocks_may_come_in_any_pieces(cut: int) -> None:
    data = beginning("lo", 1) + packets(conversation()) + statistics(TIME, 0)
    reader = CaptureReader(name="lo")
    events = [*reader.feed(data[:cut]), *reader.feed(data[cut:]), *reader.close()]
    assert [event.time for event in events if isinstance(event, Segment)] == [TIME, TIME + 1, TIME + 2]
    assert reader.digits == 9


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eht0", "eht0: no such interface; did you mean eth0? (there are lo, eth0, any)"),
        ("zzz", "zzz: no such interface; choose one of lo, eth0, any"),
        ("", "(nothing): no such interface; choose one of lo, eth0, any"),
    ],
)
def test_no_such_interface(monkeypatch: pytest.MonkeyPatch, name: str, expected: str) -> None:
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    monkeypatch.setattr(interface, "_has_packet_sockets", lambda: True)
    with pytest.raises(CaptureError) as raised:
        open_interface(name)
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(), "lo: not permitted; run with sudo, or give tcpdump's output to xmppscope read -"),
        (OSError(errno.ENETDOWN, ""), "lo: the interface is down; bring it up, or choose another"),
        (OSError(errno.ENOBUFS, ""), "lo: no buffer space available"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are of Linux")
def test_what_keeps_from_listening(monkeypatch: pytest.MonkeyPatch, error: OSError, expected: str) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(packet_socket, "_opened", refuse)
    with pytest.raises(CaptureError) as raised:
        open_interface("lo")
    assert str(raised.value) == expected


def test_windows_is_told_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(CaptureError, match=r"^eth0: sniff can't listen on Windows; give dumpcap's output to "):
        open_interface("eth0")


def test_any_is_an_interface_only_where_there_are_packet_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo0")])
    monkeypatch.setattr(interface, "_has_packet_sockets", lambda: False)
    with pytest.raises(CaptureError, match=r"^any: no such interface; choose one of lo0$"):
        open_interface("any")


def hears(link: str, name: str, ports: bool, host: str, family: socket.AddressFamily) -> list[Packet]:
    """Return what a listener hears of two connections on the loopback."""
    import importlib

    module, _, kind = link.rpartition(".")
    with socket.create_server((host, 0), family=family) as one, socket.create_server((host, 0), family=family) as other:
        wanted = (one.getsockname()[1],) if ports else ()
        listener = getattr(importlib.import_module(f"xmppscope.sources.{module}"), kind)(name, wanted)
        try:
            for server in (one, other):
                with socket.create_connection(server.getsockname()[:2]) as client, server.accept()[0] as served:
                    client.sendall(b"hello from " + str(server.getsockname()[1]).encode())
                    assert served.recv(100)
            heard: list[Packet] = []
            for _ in range(20):
                listener.wait(0.1)
                heard += listener.read()
                if len(heard) >= (1 if ports else 2) * 7:
                    break
            assert listener.dropped == 0
            own = [packet for packet in heard if b"hello from" in packet.data]
            if ports:
                assert all(str(wanted[0]).encode() in packet.data for packet in own)
        finally:
            listener.close()
    return own


@pytest.fixture
def privileged() -> None:
    if sys.platform != "linux":
        pytest.skip("packet sockets are of Linux")
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        pytest.skip("listening to an interface takes root")


@pytest.mark.real
@pytest.mark.usefixtures("privileged")
@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
@pytest.mark.parametrize("name", ["lo", "any"])
def test_packet_sockets_hear_each_packet_of_the_ports_once(name: str, host: str, family: socket.AddressFamily) -> None:
    (own,) = hears("packet_socket.PacketSocket", name, True, host, family)
    assert own.length == len(own.data)
    assert len({packet.time for packet in hears("packet_socket.PacketSocket", name, False, host, family)}) >= 2


@pytest.mark.real
@pytest.mark.usefixtures("privileged")
def test_scapy_hears_them_too() -> None:
    """In a process of its own, since scapy keeps what it has learnt of the system."""
    program = f"""
import socket, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_interface import hears
assert hears("scapy_socket.ScapySocket", "lo", False, "127.0.0.1", socket.AF_INET)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
