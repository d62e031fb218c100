"""Recordings: scapy agrees with every header, and what is read back is what happened, however it was interleaved."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope import __version__
from xmppscope.capture.events import TLS_KEY_LOG, MarkedSegment, Secrets
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.marks import DoneMark, LegMark, TargetMark, TlsMark, ToldMark
from xmppscope.model.segment import Segment
from xmppscope.model.wire import Ciphertext, Clear, Data, Ended, Keys, Marked, Opened, Released, Sealed
from xmppscope.proxy.packets import MOST
from xmppscope.proxy.pcapng import whole
from xmppscope.proxy.record import PcapngLegs
from xmppscope.sources.marks import Marks
from xmppscope.transport.reassembly import Reassembler

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scapy.packet import Packet

    from xmppscope.model.wire import ProxyEvent, WireEvent

SECOND = 1_000_000_000
START = 1_763_990_000 * SECOND
CLIENT, PROXY = "127.0.0.1:40000", "127.0.0.1:5322"
OWN, SERVER = "[::1]:40001", "[::1]:5222"
CLIENT_LEG, SERVER_LEG = LegMark("client", 1, PROXY), LegMark("server", 1, PROXY)
ISN_FACTOR = 0x9E3779B1


def recorded(events: Iterable[ProxyEvent]) -> bytes:
    legs = PcapngLegs()
    return legs.beginning + b"".join(map(legs.feed, events))


def read(data: bytes) -> list[WireEvent]:
    """Read a recording back, as far as wire events; there must be nothing to complain about."""
    reader, reassembler = CaptureReader(), Reassembler()
    marks = Marks(reassembler)
    events: list[WireEvent] = []
    for event in [*reader.feed(data), *reader.close()]:
        if isinstance(event, Segment):
            events += reassembler.feed(event)
        elif isinstance(event, MarkedSegment):
            events += marks.feed(event)
        else:
            assert isinstance(event, Secrets)
    return events + reassembler.close()


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(data):
        kind, total = struct.unpack_from(">II", data, at)
        found.append((kind, data[at : at + total]))
        at += total
    return found


def packets(data: bytes) -> list[Packet]:
    """Return what scapy sees."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    raws = [block[28 : 28 + int.from_bytes(block[20:24])] for kind, block in blocks(data) if kind == 6]
    return [(IP if raw[0] >> 4 == 4 else IPv6)(raw) for raw in raws]


def shown(packet: Packet) -> tuple[str, str, int, int, bytes]:
    """Flags, sender, sequence and acknowledgement number, payload."""
    tcp = packet["TCP"]
    return str(tcp.flags), f"{packet.src}:{tcp.sport}", tcp.seq, tcp.ack, bytes(tcp.payload)


def opened(flow: int = 1, first: str = CLIENT, second: str = PROXY, time: int = START) -> Opened:
    return Opened(flow, time, 0, first, second, True)


def flow_with_isn(isn: int) -> int:
    """The number of a flow whose first end begins with this sequence number."""
    return isn * pow(ISN_FACTOR, -1, 1 << 32) % (1 << 32)


def conversation(first: str, second: str, flow: int) -> list[ProxyEvent]:
    return [
        opened(flow, first, second),
        Marked(flow, 0, START, 0, CLIENT_LEG),
        Data(flow, 0, START + 1, 0, b"odd"),
        Data(flow, 1, START + 2, 0, b"even"),
        Ciphertext(flow, 1, START + 3, bytes(range(256)) * 600),
        Marked(flow, 1, START + 4, 0, TlsMark()),
        Data(flow, 0, START + 5, 0, b"\xff" * 1001),
        Ended(flow, 0, START + 6, 0, False),
        Ciphertext(flow, 1, START + 7, b"last"),
        Ended(flow, 1, START + 8, 0, False),
        Marked(flow, 0, START + 9, 0, DoneMark()),
        Released(flow, START + 10, "closed"),
    ]


@pytest.mark.parametrize(("first", "second"), [(CLIENT, PROXY), (OWN, SERVER), ("[fe80::1%eth0]:1", "[fe80::2%3]:2")])
@pytest.mark.parametrize("isn", [0, 1, 2**31 - 2, 2**32 - 3, 2**32 - 500])
def test_scapy_computes_the_same_headers(first: str, second: str, isn: int) -> None:
    found = packets(recorded(conversation(first, second, flow_with_isn(isn))))
    for packet in found:
        again = packet.copy()
        del again["TCP"].chksum, again["TCP"].dataofs
        if packet.version == 4:
            del again.chksum, again.len, again.ihl
        else:
            del again.plen
        assert bytes(again) == bytes(packet)
        assert packet.version == 6 or packet.flags == "DF"


def test_the_numbers_of_a_whole_connection() -> None:
    flow = flow_with_isn(2**32 - 2)
    there, back, other = CLIENT, PROXY, 2**31 - 2
    got = [shown(packet) for packet in packets(recorded(conversation(CLIENT, PROXY, flow)))]
    long = bytes(range(256)) * 600
    assert got == [
        ("S", there, 2**32 - 2, 0, b""),
        ("SA", back, other, 2**32 - 1, b""),
        ("A", there, 2**32 - 1, other + 1, b""),
        ("PA", there, 2**32 - 1, other + 1, b"odd"),
        ("PA", back, other + 1, 2, b"even"),
        ("PA", back, other + 5, 2, long[:MOST]),
        ("PA", back, other + 5 + MOST, 2, long[MOST : 2 * MOST]),
        ("PA", back, other + 5 + 2 * MOST, 2, long[2 * MOST :]),
        ("A", back, other + 153605, 2, b""),
        ("PA", there, 2, other + 153605, b"\xff" * 1001),
        ("FA", there, 1003, other + 153605, b""),
        ("A", back, other + 153605, 1004, b""),
        ("PA", back, other + 153605, 1004, b"last"),
        ("FA", back, other + 153609, 1004, b""),
        ("A", there, 1004, other + 153610, b""),
        ("A", there, 1004, other + 153610, b""),
    ]


def test_what_comes_back_is_what_happened() -> None:
    events = read(recorded(conversation(CLIENT, PROXY, 9)))
    long = bytes(range(256)) * 600
    assert events == [
        Opened(1, START, 1, CLIENT, PROXY, True),
        Marked(1, 0, START, 3, CLIENT_LEG),
        Data(1, 0, START, 4, b"odd"),
        Data(1, 1, START, 5, b"even"),
        *(Data(1, 1, START, 6 + part, long[MOST * part : MOST * (part + 1)]) for part in range(3)),
        Marked(1, 1, START, 9, TlsMark()),
        Data(1, 0, START, 10, b"\xff" * 1001),
        Ended(1, 0, START, 11, False),
        Data(1, 1, START, 13, b"last"),
        Ended(1, 1, START, 14, False),
        Marked(1, 0, START, 16, DoneMark()),
        Released(1, START, "end"),
    ]


def test_the_scope_of_an_address_is_dropped_and_mixed_families_are_mapped() -> None:
    pairs = [("[fe80::1%eth0]:1", "[fe80::2%3]:2"), ("192.0.2.1:3", "[::1]:4")]
    events = read(recorded([each for number, pair in enumerate(pairs) for each in conversation(*pair, number)]))
    assert [(each.first, each.second) for each in events if isinstance(each, Opened)] == [
        ("[fe80::1]:1", "[fe80::2]:2"),
        (f"[{IPv6Address('::ffff:192.0.2.1')}]:3", "[::1]:4"),
    ]


def test_times_are_cut_to_microseconds() -> None:
    events = read(recorded([opened(time=START + 1999), Data(1, 0, START + 2000, 0, b"x")]))
    assert [event.time - START for event in events] == [1000, 2000, 2000]


@pytest.mark.parametrize("mark", [CLIENT_LEG, SERVER_LEG])
@pytest.mark.parametrize("side", [0, 1])
def test_a_leg_is_on_the_interface_of_its_name(mark: LegMark, side: Any) -> None:
    data = recorded([opened(), Marked(1, side, START, 0, mark), Data(1, 0, START, 0, b"x")])
    interfaces = {struct.unpack_from(">I", block, 8)[0] for kind, block in blocks(data) if kind == 6}
    assert interfaces == {["client", "server"].index(mark.leg)}
    assert Marked(1, side, START, 3 + side, mark) in read(data)


def test_the_ports_of_which_wireshark_has_to_be_told() -> None:
    legs = PcapngLegs()
    hello, header = b"\x16\x03\x01", b"<stream:stream>"
    first_bytes = {5322: header, 5323: hello, 5222: header, 5269: header, 5324: header, 15222: header}
    for flow, (port, data) in enumerate(first_bytes.items(), 1):
        legs.feed(opened(flow, second=f"127.0.0.1:{port}"))
        for said in (b"", data, hello, header):
            legs.feed(Data(flow, 0, START, 0, said))
    assert legs.ports == {5322, 5324, 15222}


def test_a_leg_that_is_never_named_is_recorded_all_the_same() -> None:
    assert [type(each) for each in read(recorded([opened(), Data(1, 1, START, 0, b"x")]))] == [Opened, Data, Released]
    assert [type(each) for each in read(recorded([opened(), Released(1, START, "closed")]))] == [Opened, Released]
    marks = [TargetMark(SERVER), CLIENT_LEG]
    events = read(recorded([opened(), *(Marked(1, 0, START, 0, mark) for mark in marks)]))
    assert [each.mark for each in events if isinstance(each, Marked)] == marks


def test_what_a_recording_needs_not_leaves_nothing() -> None:
    unused = [Clear(1, 0, START, 0, START, 0, b"x"), Sealed(1, 0, START, 0, START, 0, b"x"), Data(1, 0, START, 0, b"")]
    unknown = [Data(7, 0, START, 0, b"x"), Marked(7, 0, START, 0, TlsMark()), Ended(7, 0, START, 0, True)]
    begun = [opened(), Marked(1, 0, START, 0, CLIENT_LEG)]
    assert recorded([*begun, *unused, *unknown, Released(7, START, "closed"), Keys(b"", "client")]) == recorded(begun)


def test_section_interfaces_and_keys() -> None:
    data = recorded([opened(), Data(1, 0, START, 0, b"x"), Keys(b"# one\nCLIENT_RANDOM 00 11\n", "server")])
    kinds = [kind for kind, _ in blocks(data)]
    assert kinds == [0x0A0D0D0A, 1, 1, 6, 6, 6, 6, 10]
    assert f"xmppscope {__version__}".encode() in data
    assert b"client leg: between the client and the proxy" in data
    reader = CaptureReader()
    assert reader.feed(data)[-1] == Secrets(b"# one\nCLIENT_RANDOM 00 11\n", TLS_KEY_LOG)
    assert reader.digits == 6


# Connections between the same ports


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("later", [0, SECOND, 100 * SECOND])
def test_ports_that_are_used_again_are_another_connection(closed: bool, later: int) -> None:
    one = conversation(CLIENT, PROXY, 1)
    events = one if closed else [*one[:6], Released(1, START, "closed")]
    again = [opened(2, time=START + later), Data(2, 0, START + later, 0, b"again")]
    found = read(recorded([*events, *again]))
    assert [each.flow for each in found if isinstance(each, Opened)] == [1, 2]
    assert Data(2, 0, START + later, found[-2].packet, b"again") == found[-2]
    assert sum(len(each.data) for each in found if isinstance(each, Data) and each.flow == 1) >= 153607


@pytest.mark.parametrize("swapped", [False, True])
def test_two_connections_between_the_same_ports_at_once_do_not_mix(swapped: bool) -> None:
    ends = (PROXY, CLIENT) if swapped else (CLIENT, PROXY)
    events: list[ProxyEvent] = [opened(1), opened(2, *ends), opened(3)]
    events += [Data(flow, 0, START, 0, b"%d" % flow) for flow in (1, 2, 3, 1, 2, 3)]
    found = read(recorded(events))
    assert [(each.flow, each.data) for each in found if isinstance(each, Data)] == [
        (flow, b"%d" % flow) for flow in (1, 2, 3, 1, 2, 3)
    ]


def test_after_a_reset_nobody_acknowledges() -> None:
    events = [opened(), Ended(1, 0, START, 0, True), Data(1, 1, START, 0, bytes(1 << 21)), Ended(1, 1, START, 0, False)]
    found = packets(recorded(events))
    assert [str(packet["TCP"].flags) for packet in found[3:]] == ["RA", *["PA"] * 33, "FA"]


def test_one_way_streams_are_acknowledged_now_and_then() -> None:
    data = recorded([opened(), *[Data(1, 0, START, 0, bytes(60_000)) for _ in range(40)]])
    acks = [packet for packet in packets(data)[3:] if packet["TCP"].sport == 5322]
    assert len(acks) == 2
    assert sum(len(each.data) for each in read(data) if isinstance(each, Data)) == 2_400_000


def test_a_leg_that_says_nothing_for_hours_is_the_same_connection_afterwards() -> None:
    quiet = [opened(1), Marked(1, 0, START, 0, CLIENT_LEG)]
    closed = [opened(3, "127.0.0.1:7"), Ended(3, 0, START, 0, True)]
    busy = [opened(2, OWN, SERVER), *[Data(2, 0, START + minute * 60 * SECOND, 0, b" ") for minute in range(0, 600, 3)]]
    late = [Data(1, 1, START + 600 * 60 * SECOND, 0, b"good morning")]
    found = read(recorded([*quiet, *closed, *busy, *late]))
    assert sum(isinstance(each, Opened) for each in found) == 3
    assert [each.data for each in found if isinstance(each, Data) and each.flow == 1] == [b"good morning"]


# Anything


@st.composite
def histories(draw: st.DrawFn) -> list[ProxyEvent]:
    """Some flows, their events interleaved: bytes of either kind, marks, ends."""
    ends = {
        number: draw(st.sampled_from([(CLIENT, PROXY), (OWN, SERVER), (CLIENT, "127.0.0.1:5222")]))
        for number in draw(st.sets(st.integers(1, 2**32 - 1), min_size=1, max_size=4))
    }
    waiting = dict(ends)
    over: dict[int, set[int]] = {number: set() for number in ends}
    events: list[ProxyEvent] = []
    for time in range(START, START + draw(st.integers(1, 30)) * 1000, 1000):
        flow, side = draw(st.sampled_from(sorted(ends))), draw(st.sampled_from([0, 1]))
        if flow in waiting:
            events.append(Opened(flow, time, 0, *waiting.pop(flow), True))
            continue
        what = draw(st.sampled_from(["data", "data", "ciphertext", "mark", "leg", "end"]))
        if what == "mark":
            events.append(Marked(flow, side, time, 0, ToldMark(draw(st.text(st.characters(codec="utf-8"))))))
        elif what == "leg":
            events.append(Marked(flow, side, time, 0, draw(st.sampled_from([CLIENT_LEG, SERVER_LEG]))))
        elif side in over[flow]:
            continue
        elif what == "end":
            over[flow].add(side)
            events.append(Ended(flow, side, time, 0, draw(st.booleans()) and not over[flow] - {side}))
            if events[-1].reset:
                over[flow] = {0, 1}
        else:
            data = draw(st.binary(min_size=1, max_size=8)) * draw(st.sampled_from([1, 1, 30_000]))
            events.append(Data(flow, side, time, 0, data) if what == "data" else Ciphertext(flow, side, time, data))
    return events


def joined(events: Iterable[Any]) -> list[tuple[Any, ...]]:
    """What happened, without packet numbers; bytes that one side sends without anything between are one."""
    told: list[tuple[Any, ...]] = []
    for event in events:
        if isinstance(event, Data | Ciphertext):
            if told and told[-1][:3] == ("data", event.flow, event.side):
                told[-1] = (*told[-1][:3], told[-1][3] + event.data)
            else:
                told.append(("data", event.flow, event.side, event.data))
        elif isinstance(event, Marked):
            told.append(("mark", event.flow, event.side, event.mark))
        elif isinstance(event, Ended):
            told.append(("end", event.flow, event.side, event.reset))
    return told


@given(histories())
def test_any_interleaving_is_read_back_in_the_same_order(events: list[ProxyEvent]) -> None:
    found = read(recorded(events))
    touched: dict[int, None] = {each.flow: None for each in events if not isinstance(each, Opened)}
    numbers = {number: at for at, number in enumerate(touched, 1)}
    expected = [(kind, numbers[flow], *rest) for kind, flow, *rest in joined(events)]
    assert joined(found) == expected
    assert sum(isinstance(each, Opened) for each in found) == len(numbers)


def test_cut_anywhere_what_is_whole_is_read() -> None:
    events = [*conversation(CLIENT, PROXY, 1)[:4], Keys(b"CLIENT_RANDOM 00 11\n", "client")]
    events += [Marked(1, 0, START, 0, ToldMark("words")), Data(1, 0, START, 0, b"more")]
    data = recorded(events)
    ends = [0]
    for _, block in blocks(data):
        ends.append(ends[-1] + len(block))
    complete = CaptureReader().feed(data)
    before = next(at for at, (kind, _) in enumerate(blocks(data)) if kind == 6)
    for cut in range(ends[before], len(data) + 1):
        reader = CaptureReader()
        whole_blocks = sum(end <= cut for end in ends) - 1
        assert reader.feed(data[:cut]) == complete[: whole_blocks - before]
        assert whole(data, cut) == ends[whole_blocks]
        assert bool(reader.close()) == (cut not in ends)
