"""pcap files: byte orders, time units, snap length, and what a damaged one yields."""

import struct

import pytest

from xmppscope.capture.events import Notice
from xmppscope.capture.pcap import MAX_CAPTURED
from xmppscope.capture.reader import CaptureReader

SECOND = 1_000_000_000


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "unit", "digits"), [("micro", 1000, 6), ("nano", 1, 9), ("modified", 1000, 6)])
def test_every_kind_in_either_byte_order(make, order, kind, unit, digits):
    reader = CaptureReader()
    events = reader.feed(make.pcap([make.frame(b"<a/>"), make.frame(b"")], order=order, kind=kind))
    assert events == [
        make.segment(1, b"<a/>", time=SECOND + 5 * unit),
        make.segment(2, b"", time=2 * SECOND + 5 * unit),
    ]
    assert (reader.packets, reader.digits) == (2, digits)
    assert reader.close() == []


def test_the_file_index_goes_into_the_packet_position(make):
    reader = CaptureReader(file=3)
    (event,) = reader.feed(make.pcap([make.frame(b"<a/>")]))
    assert event.packet == 3 << 40 | 1
    assert reader.packets == 1


def test_upper_bits_of_the_link_type_are_about_check_sequences(make, segments):
    assert len(segments(make.pcap([make.frame(b"<a/>") + b"FCS!"], link=0x44000001))) == 1


def test_packets_that_are_no_tcp_count_but_say_nothing(make, read):
    arp = bytes(12) + b"\x08\x06" + bytes(46)
    dns = make.ethernet + make.ipv4(bytes(20), protocol=17)
    reader = CaptureReader()
    (event,) = reader.feed(make.pcap([arp, dns, make.frame(b"<a/>")]))
    assert event.packet == reader.packets == 3


def test_padding_is_cut_off_by_the_ip_length(make, segments):
    assert segments(make.pcap([make.frame(b"") + bytes(6)]))[0].data == b""


def test_a_snap_length_leaves_missing_bytes(make, segments):
    frame = make.frame(b"<message/>")
    (event,) = segments(make.pcap([frame[:-6]], wire=len(frame)))
    assert (event.data, event.missing) == (b"<mes", 6)


def test_a_snap_length_inside_the_options_leaves_all_of_the_payload_missing(make, segments):
    frame = make.frame(b"<message/>", options=bytes(12))
    (event,) = segments(make.pcap([frame[:60]], wire=len(frame)))
    assert (event.data, event.missing, event.seq) == (b"", 10, 1000)


def test_a_snap_length_inside_the_tcp_header_is_told_once_and_counted(make, read):
    frame = make.frame(b"<message/>")
    assert read(make.pcap([frame[:40]] * 3, wire=len(frame))) == [
        Notice("x.pcap: packet 1 is left out: the snap length cuts its headers; give a larger one", 1),
        Notice(
            "x.pcap: 3 packets left out, their headers cut by the snap length, the first of them packet 1", 1, "info"
        ),
    ]


def test_a_wire_length_that_cannot_be_true_makes_no_endless_hole(make, segments):
    frame = make.ethernet + make.ipv4(make.tcp(b"<a/>"), total=0)
    assert segments(make.pcap([frame], wire=0xFFFFFFFF))[0].missing < 1 << 19


def test_a_file_that_ends_inside_a_packet(make, read):
    data = make.pcap([make.frame(b"<a/>"), make.frame(b"<b/>")])
    notice = Notice("x.pcap ends inside packet 2; shown as far as it goes", 2)
    assert read(data[:-1]) == [make.segment(1, b"<a/>", time=SECOND + 5000), notice]


def test_a_record_that_claims_too_much_ends_the_reading(make, read):
    good = make.pcap([make.frame(b"<a/>")])
    bad = struct.pack("<IIII", 0, 0, MAX_CAPTURED + 1, 60) + bytes(100)
    for cuts in ([], [len(good)], [len(good) + 16, len(good) + 50]):
        assert read(good + bad + bytes(MAX_CAPTURED), cuts) == [
            make.segment(1, b"<a/>", time=SECOND + 5000),
            Notice(
                "x.pcap: packet 2 claims 262145 captured bytes: the file is damaged there; shown as far as it goes", 2
            ),
        ]
