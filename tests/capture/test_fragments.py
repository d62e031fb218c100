"""IP fragments: put together in any order, within bounds, and never guessed."""

import random
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.capture.events import Notice
from xmppscope.capture.fragments import MAX_BYTES, MAX_DATAGRAMS, Fragments
from xmppscope.capture.ip import Fragment
from xmppscope.capture.sink import Sink

PAYLOAD = bytes(range(200)) * 3


def fragment4(make, data, start, end, ident=7, protocol=6):
    more = 0x2000 if end < len(data) else 0
    return make.ipv4(data[start:end], fragment=more | start >> 3, ident=ident, protocol=protocol)


def fragment6(make, data, start, end, ident=7, protocol=6):
    more = end < len(data)
    return make.ipv6(struct.pack(">BBHI", protocol, 0, start | more, ident) + data[start:end], protocol=44)


BOTH = pytest.mark.parametrize("fragment", [fragment4, fragment6])


@BOTH
@given(cuts=st.sets(st.integers(1, 76), min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_any_cut_in_any_order(make, segments, fragment, cuts, order):
    data = make.tcp(PAYLOAD)
    bounds = [0, *sorted(cut * 8 for cut in cuts), len(data)]
    frames = [fragment(make, data, *pair) for pair in pairwise(bounds)]
    order.shuffle(frames)
    frames.insert(order.randrange(len(frames)), frames[order.randrange(len(frames))])
    (event,) = segments(make.pcap(frames, link=101))
    assert (event.data, event.missing) == (PAYLOAD, 0)


@BOTH
def test_the_segment_belongs_to_the_packet_that_completes_it(make, segments, fragment):
    data = make.tcp(PAYLOAD)
    frames = [fragment(make, data, 200, len(data)), make.ipv4(bytes(20), protocol=1), fragment(make, data, 0, 200)]
    (event,) = segments(make.pcap(frames, link=101))
    assert (event.packet, event.time) == (3, 3_000_005_000)


def test_datagrams_with_other_identification_or_protocol_do_not_mix(make, read):
    one, two = make.tcp(b"1" * 100), make.tcp(b"2" * 100)
    frames = [fragment4(make, one, 0, 64, 1), fragment4(make, two, 0, 64, 2), fragment4(make, bytes(120), 0, 64, 1, 47)]
    frames += [fragment4(make, two, 64, 120, 2), fragment4(make, one, 64, 120, 1)]
    second, first, notice = read(make.pcap(frames, link=101))
    assert (second.data[:1], first.data[:1]) == (b"2", b"1")
    assert notice.text == "x.pcap: IP fragments from packet 3 on are left out: some are missing"


@BOTH
def test_the_same_packets_captured_twice_make_one_segment(make, segments, fragment):
    data = make.tcp(PAYLOAD)
    parts = [fragment(make, data, 0, 304), fragment(make, data, 304, len(data))]
    assert len(segments(make.pcap([parts[0], parts[0], parts[1], parts[1]], link=101))) == 1
    assert len(segments(make.pcap(parts + parts, link=101))) == 1


@BOTH
def test_an_identification_may_be_used_again(make, segments, fragment):
    frames = []
    for payload in (b"1" * 100, b"2" * 100):
        data = make.tcp(payload)
        frames += [fragment(make, data, 0, 64), fragment(make, data, 64, 120)]
    assert [event.data[:1] for event in segments(make.pcap(frames, link=101))] == [b"1", b"2"]


@BOTH
def test_overlaps_are_given_up_and_told_once(make, read, fragment):
    data = make.tcp(PAYLOAD)
    frames = [fragment(make, data, 0, 304), fragment(make, data, 296, 400), fragment(make, data, 304, len(data))]
    frames.append(fragment(make, data, 400, len(data)))
    text = "x.pcap: IP fragments from packet 1 on are left out: they contradict each other"
    assert read(make.pcap(frames, link=101)) == [Notice(text, 1)]


@pytest.mark.parametrize(
    "bounds",
    [
        [(0, 64, True), (64, 120, False), (120, 136, True)],
        [(120, 136, True), (64, 120, False)],
        [(0, 120, True), (64, 120, False)],
        [(64, 120, False), (0, 128, True)],
    ],
)
def test_ends_that_contradict_each_other_are_given_up(make, read, bounds):
    data = make.tcp(bytes(200))
    frames = [
        make.ipv4(data[start:end], fragment=(0x2000 if more else 0) | start >> 3) for start, end, more in bounds[-2:]
    ]
    (notice,) = read(make.pcap(frames, link=101))
    assert "contradict" in notice.text or "missing" in notice.text


@BOTH
def test_what_is_missing_at_the_end_is_told(make, read, fragment):
    data = make.tcp(PAYLOAD)
    frames = [fragment(make, data, 0, 304, ident) for ident in (1, 2, 3)]
    assert read(make.pcap(frames, link=101)) == [
        Notice("x.pcap: IP fragments from packet 1 on are left out: some are missing", 1),
        Notice("x.pcap: 3 fragmented datagrams left out, the first of them packet 1", 1, "info"),
    ]


@BOTH
def test_after_sixty_seconds_a_datagram_is_given_up(make, read, fragment):
    data = make.tcp(PAYLOAD)
    head, tail = fragment(make, data, 0, 304), fragment(make, data, 304, len(data))
    idle = [make.ipv4(bytes(20), protocol=1)] * 60
    first, count = read(make.pcap([head, *idle, tail], link=101))
    assert "from packet 1 on" in first.text
    assert "2 fragmented datagrams" in count.text


@BOTH
def test_bytes_cut_by_the_snap_length_are_missing_from_there_on(make, segments, fragment):
    data = make.tcp(PAYLOAD)
    head, tail = fragment(make, data, 0, 304), fragment(make, data, 304, len(data))
    (event,) = segments(make.pcap([head[:-4], tail], link=101, wire=len(head)))
    assert (event.data, event.missing) == (PAYLOAD[:280], len(PAYLOAD) - 280)


def test_ordinary_fragmented_udp_is_no_loss(make, read):
    assert read(make.pcap([fragment4(make, bytes(100), 0, 64, protocol=17)], link=101)) == []


def test_a_fragmented_tunnel_is_put_together_first(make, read):
    inner = make.ethernet + make.ipv4(make.tcp(PAYLOAD))
    data = struct.pack(">HHHH", 9, 4789, 16 + len(inner), 0) + b"\x08\x00\x00\x00\x00\x00\x07\x00" + inner
    frames = [fragment4(make, data, 0, 304, protocol=17), fragment4(make, data, 304, len(data), protocol=17)]
    assert read(make.pcap(frames, link=101))[1].data == PAYLOAD


def test_destination_options_may_come_inside_the_fragments(make, segments):
    data = b"\x06\x00" + bytes(6) + make.tcp(PAYLOAD)
    frames = [fragment6(make, data, 0, 304, protocol=60), fragment6(make, data, 304, len(data), protocol=60)]
    assert segments(make.pcap(frames, link=101))[0].data == PAYLOAD


@pytest.mark.parametrize(
    "frame",
    [
        lambda make: make.ipv4(b"", fragment=0x2000),
        lambda make: make.ipv4(b"1234567", fragment=0x2000),
        lambda make: make.ipv4(bytes(80), fragment=0x1FFF),
    ],
)
def test_lengths_that_no_fragment_can_have(make, read, frame):
    (notice,) = read(make.pcap([frame(make)], link=101))
    assert notice.text == "x.pcap: packet 1 is left out: its length is none that a fragment can have"


def test_what_is_held_stays_bounded():
    fragments = Fragments(Sink("x"))
    chance = random.Random(7)
    for packet in range(20_000):
        part = Fragment(chance.randrange(1000), chance.randrange(8000) * 8, more=True)
        fragments.add(bytes(8), 6, part, 1000, bytes(1000), 0, packet)
        assert len(fragments._partial) <= MAX_DATAGRAMS
        assert fragments._held <= MAX_BYTES + 2000
    fragments.close()
    assert fragments._held == 0
