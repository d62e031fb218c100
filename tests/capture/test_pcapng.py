"""pcapng files, block by block, in both byte orders."""

import struct

import pytest

from xmppscope.capture.events import TLS_KEY_LOG, Notice, Secrets
from xmppscope.capture.reader import CaptureReader

BOTH = pytest.mark.parametrize("order", ["<", ">"])
TICKS = 1_700_000_000_123_456
TIME = TICKS * 1000


@BOTH
def test_an_enhanced_packet(make, segments, order):
    data = make.section(order) + make.interface(1, order) + make.enhanced(make.frame(b"<a/>x"), TICKS, order)
    assert segments(data) == [make.segment(1, b"<a/>x", time=TIME)]


@BOTH
def test_options_and_padding_of_an_enhanced_packet_are_no_data(make, segments, order):
    comment = make.option(1, b"comment", order) + make.option(0, b"", order)
    block = make.enhanced(make.frame(b"<a/>x"), TICKS, order, rest=comment)
    assert segments(make.section(order) + make.interface(1, order) + block)[0].data == b"<a/>x"


@BOTH
def test_an_enhanced_packet_cut_by_the_snap_length(make, segments, order):
    frame = make.frame(b"<message/>")
    block = make.enhanced(frame[:-6], TICKS, order, wire=len(frame))
    (event,) = segments(make.section(order) + make.interface(1, order) + block)
    assert (event.data, event.missing) == (b"<mes", 6)


@BOTH
@pytest.mark.parametrize("order_of_resolution", [6, 9, 3, 0, 12, 0x80 | 10, 0x80 | 20, 0x80 | 32])
def test_every_time_resolution(make, order, order_of_resolution):
    power = order_of_resolution & 0x7F
    units = 2**power if order_of_resolution & 0x80 else 10**power
    ticks = 1_000_000 * units + units // 2
    options = make.option(9, bytes([order_of_resolution]), order)
    data = make.section(order) + make.interface(1, order, options=options)
    data += make.enhanced(make.frame(b"<a/>"), ticks, order)
    reader = CaptureReader()
    (event,) = reader.feed(data)
    assert event.time == 1_000_000 * 10**9 + 10**9 * (units // 2) // units
    assert reader.digits == (9 if units > 1_000_000 else 6)


@BOTH
def test_a_time_offset_in_seconds(make, segments, order):
    options = make.option(14, struct.pack(order + "q", -1000), order)
    data = make.section(order) + make.interface(1, order, options=options)
    assert segments(data + make.enhanced(make.frame(b"<a/>"), TICKS, order))[0].time == TIME - 1000 * 10**9


@pytest.mark.parametrize("ticks", [2**64 - 1, 0])
def test_an_impossible_time_is_told_and_replaced(make, read, ticks):
    options = make.option(14, struct.pack("<q", -1))
    data = make.section() + make.interface() + make.interface(options=options)
    data += make.enhanced(make.frame(b"<a/>"), TICKS) + make.enhanced(make.frame(b"<b/>"), ticks, interface=1)
    text = "x.pcap: packet 2 has an impossible time stamp and is shown with the time of the packet before it"
    assert read(data) == [
        make.segment(1, b"<a/>", time=TIME),
        Notice(text, 2),
        make.segment(2, b"<b/>", time=TIME),
    ]


@BOTH
def test_a_simple_packet_takes_the_time_before_it_and_the_first_interface(make, read, order):
    frame = make.frame(b"<a/>")
    data = make.section(order) + make.interface(1, order, snap=len(frame) - 1) + make.interface(101, order)
    data += make.enhanced(frame, TICKS, order) + make.block(3, struct.pack(order + "I", len(frame)) + frame[:-1], order)
    text = "x.pcap: packet 2 has no time stamp and is shown with the time of the packet before it"
    assert read(data) == [
        make.segment(1, b"<a/>", time=TIME),
        Notice(text, 2),
        make.segment(2, b"<a/", time=TIME, missing=1),
    ]


@BOTH
def test_an_obsolete_packet(make, segments, order):
    frame = make.frame(b"<a/>")
    head = struct.pack(order + "HHIIII", 0, 9, TICKS >> 32, TICKS & 0xFFFFFFFF, len(frame), len(frame))
    data = make.section(order) + make.interface(1, order) + make.block(2, head + frame, order)
    assert segments(data) == [make.segment(1, b"<a/>", time=TIME)]


def test_interfaces_differ_in_link_type_and_time(make, segments):
    raw = make.ipv4(make.tcp(b"<raw/>"))
    data = make.section() + make.interface(1) + make.interface(101, options=make.option(9, b"\x09"))
    for _ in range(2):
        data += make.enhanced(make.frame(b"<a/>"), 7) + make.enhanced(raw, 7, interface=1)
    assert [(event.packet, event.time, event.data) for event in segments(data)] == [
        (1, 7000, b"<a/>"),
        (2, 7, b"<raw/>"),
        (3, 7000, b"<a/>"),
        (4, 7, b"<raw/>"),
    ]


def test_a_section_of_the_other_byte_order_begins_with_no_interface(make, segments):
    data = b""
    for order, link, frame in (("<", 1, make.frame(b"<a/>")), (">", 101, make.ipv4(make.tcp(b"<b/>")))):
        data += make.section(order) + make.interface(link, order) + make.enhanced(frame, 7, order)
    assert [(event.packet, event.data) for event in segments(data)] == [(1, b"<a/>"), (2, b"<b/>")]


@BOTH
def test_the_section_length_does_not_matter(make, segments, order):
    data = make.section(order, length=12) + make.interface(1, order) + make.enhanced(make.frame(b"<a/>"), 7, order)
    assert len(segments(data)) == 1


@BOTH
def test_secrets_come_out_where_they_stand(make, read, order):
    lines = b"CLIENT_RANDOM 00 11\n"
    secrets = make.block(10, struct.pack(order + "II", TLS_KEY_LOG, len(lines)) + lines, order)
    data = make.section(order) + make.interface(1, order) + make.enhanced(make.frame(b"<a/>"), 0, order) + secrets
    assert read(data) == [make.segment(1, b"<a/>", time=0), Secrets(lines, TLS_KEY_LOG)]


@BOTH
def test_dropped_packets_are_told_when_the_count_grows(make, read, order):
    def statistics(interface, system):
        counts = make.option(5, struct.pack(order + "Q", interface), order)
        counts += make.option(7, struct.pack(order + "Q", system), order)
        return make.block(5, struct.pack(order + "III", 0, 0, 0) + counts, order)

    data = make.section(order) + make.interface(1, order, options=make.option(2, b"eth0", order))
    data += statistics(0, 0) + statistics(2, 3) + statistics(2, 3) + statistics(2, 4)
    text = "x.pcap: packets dropped while capturing on interface eth0: {}; they are missing here"
    assert read(data) == [Notice(text.format(5), 0), Notice(text.format(6), 0)]


def test_control_characters_in_an_interface_name_are_not_passed_on(make, read):
    data = make.section() + make.interface(options=make.option(2, b"\x1b[31m"))
    data += make.block(5, bytes(12) + make.option(5, struct.pack("<Q", 1)))
    assert [event.text for event in read(data)] == [
        "x.pcap: packets dropped while capturing on interface 0: 1; they are missing here"
    ]


def test_unknown_blocks_are_skipped_and_some_of_them_count(make, segments):
    data = make.section() + make.interface()
    for kind in (4, 0x77, 0x80000001, 9, 0xBAD, 0x40000BAD, 0x204):
        data += make.block(kind, b"something")
    assert segments(data + make.enhanced(make.frame(b"<a/>")))[0].packet == 5


def test_a_length_without_its_padding_is_rounded_up(make, segments):
    frame = make.frame(b"<a/>x")
    block = struct.pack("<II5I", 6, 32 + len(frame), 0, 0, 7, len(frame), len(frame))
    block += frame + bytes(-len(frame) % 4) + struct.pack("<I", 32 + len(frame))
    data = make.section() + make.interface() + block + make.enhanced(frame, 8)
    assert [(event.packet, event.data) for event in segments(data)] == [(1, b"<a/>x"), (2, b"<a/>x")]


def patched(block, at, more):
    changed = bytearray(block)
    changed[at] += more
    return bytes(changed)


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("its two lengths differ", lambda make: patched(make.enhanced(make.frame(b"<b/>")), -4, 4)),
        ("its packet is longer than itself", lambda make: patched(make.enhanced(make.frame(b"<b/>")), 20, 100)),
        ("interface 7 was not described", lambda make: make.enhanced(make.frame(b"<b/>"), interface=7)),
        ("it claims 8 bytes", lambda make: struct.pack("<III", 6, 8, 8)),
        ("it claims 16777220 bytes", lambda make: struct.pack("<III", 6, 16 * 1024 * 1024 + 4, 0)),
        ("it is shorter than its fields", lambda make: make.block(6, bytes(16))),
        ("its secrets are longer than itself", lambda make: make.block(10, struct.pack("<II", 1, 5))),
        ("a section header without a byte order", lambda make: make.block(0x0A0D0D0A, bytes(16))),
    ],
)
def test_a_damaged_block_ends_the_reading(make, read, reason, build):
    data = make.section() + make.interface() + make.enhanced(make.frame(b"<a/>"), 7) + build(make)
    text = f"x.pcap: the block after packet 1 is damaged ({reason}); shown as far as it goes"
    expected = [make.segment(1, b"<a/>", time=7000), Notice(text, 1)]
    assert read(data + make.enhanced(make.frame(b"<c/>"))) == expected
    assert read(data + bytes(50), range(len(data))) == expected


def test_a_file_that_ends_inside_a_packet_or_another_block(make, read):
    begin = make.section() + make.interface() + make.enhanced(make.frame(b"<a/>"))
    packet = make.enhanced(make.frame(b"<b/>"))
    for cut in (12, len(packet) - 1):
        assert read(begin + packet[:cut])[1:] == [Notice("x.pcap ends inside packet 2; shown as far as it goes", 2)]
    text = "x.pcap ends inside the block after packet 1; shown as far as it goes"
    for rest in (packet[:11], make.section()[:20], make.block(4, bytes(8))[:13]):
        assert read(begin + rest)[1:] == [Notice(text, 1)]
