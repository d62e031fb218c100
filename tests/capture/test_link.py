"""Link types and the tags between them and IP; scapy for those that are unusual."""

import struct

import pytest

from xmppscope.capture.events import Notice
from xmppscope.model.segment import Segment

V4, V6 = b"\x08\x00", b"\x86\xdd"
MACS = bytes(12)
SNAP = b"\xaa\xaa\x03\x00\x00\x00"

IPV4 = [
    (1, MACS + V4),
    (1, MACS + b"\x81\x00\x00\x2a" + V4),
    (1, MACS + b"\x88\xa8\x00\x01\x81\x00\x00\x2a" + V4),
    (1, MACS + b"\x91\x00\x00\x01\x81\x00\x00\x02\x81\x00\x00\x03" + V4),
    (1, MACS + b"\x00\x50" + SNAP + V4),
    (1, MACS + b"\x81\x00\x00\x2a\x00\x50" + SNAP + V4),
    (113, bytes(14) + V4),
    (113, bytes(14) + b"\x81\x00\x00\x2a" + V4),
    (276, V4 + bytes(18)),
    (276, b"\x81\x00" + bytes(18) + b"\x00\x2a" + V4),
    (12, b""),
    (14, b""),
    (101, b""),
    (228, b""),
    (0, b"\x02\x00\x00\x00"),
    (0, b"\x00\x00\x00\x02"),
    (108, b"\x00\x00\x00\x02"),
]
IPV6 = [
    (1, MACS + V6),
    (1, MACS + b"\x81\x00\x00\x2a" + V6),
    (113, bytes(14) + V6),
    (276, V6 + bytes(18)),
    (12, b""),
    (101, b""),
    (229, b""),
    *((0, family.to_bytes(4, order)) for family in (10, 24, 28, 30) for order in ("little", "big")),
    (108, b"\x00\x00\x00\x18"),
]


@pytest.mark.parametrize(("link", "head"), IPV4)
def test_ipv4_is_found(make, segments, link, head):
    assert [event.data for event in segments(make.pcap([head + make.ipv4(make.tcp(b"<a/>"))], link=link))] == [b"<a/>"]


@pytest.mark.parametrize(("link", "head"), IPV6)
def test_ipv6_is_found(make, segments, link, head):
    (event,) = segments(make.pcap([head + make.ipv6(make.tcp(b"<a/>"))], link=link))
    assert (event.data, len(event.key)) == (b"<a/>", 36)


@pytest.mark.parametrize(
    ("link", "head"),
    [
        (1, MACS + b"\x08\x06"),
        (1, MACS + b"\x00\x50\x42\x42\x03"),
        (0, b"\x07\x00\x00\x00"),
        (108, b"\x02\x00\x00\x00"),
        (113, bytes(14) + b"\x00\x04"),
        (101, b"\x00"),
    ],
)
def test_what_is_no_ip_is_passed_over(make, read, link, head):
    assert read(make.pcap([head + make.ipv4(make.tcp(b"<a/>"))], link=link)) == []


@pytest.mark.parametrize("link", [0, 1, 12, 101, 108, 113, 228, 229, 276])
def test_a_frame_too_short_for_its_headers_is_told(make, read, link):
    notices = read(make.pcap([b"", make.frame(b"")[:13]], link=link))
    assert [notice.text.partition(" is left out")[0] for notice in notices[:1]] == ["x.pcap: packet 1"]
    assert all(isinstance(notice, Notice) for notice in notices)


def test_an_unknown_link_type_is_told_once_and_counted(make, read):
    assert read(make.pcap([make.frame(b"<a/>")] * 3, link=147)) == [
        Notice("x.pcap: link type 147 is not known; its packets are left out, the first is packet 1", 1),
        Notice("x.pcap: 3 packets of the unknown link type 147, the first of them packet 1", 1, "info"),
    ]


def unusual(make):
    """PPP, and 802.11 with LLC and SNAP, each with TCP in IPv4."""
    ip = make.ipv4(make.tcp(b"<a/>"))
    return {9: b"\xff\x03\x00\x21" + ip, 105: b"\x08\x00" + bytes(22) + SNAP + V4 + ip}


@pytest.mark.parametrize("link", [9, 105])
def test_scapy_takes_unusual_link_types_apart(make, read, link):
    frame = unusual(make)[link]
    notice, first, second, count = read(make.pcap([frame, frame[:-2]], link=link, wire=len(frame)))
    assert "scapy takes link type" in notice.text
    assert notice.severity == "info"
    assert first == make.segment(1, b"<a/>", time=1_000_005_000)
    assert second == make.segment(2, b"<a", time=2_000_005_000, missing=2)
    assert count.text.startswith("x.pcap: 2 packets of link type")


def tunnels(make):
    """Tunnel headers, each to be followed by an Ethernet frame or an IPv4 packet with TCP."""
    ip = make.ipv4(make.tcp(b"<a/>"))
    ethernet = make.ethernet + ip
    udp = lambda port, data: make.ipv4(struct.pack(">HHHH", 9, port, 8 + len(data), 0) + data, protocol=17)  # noqa: E731
    return {
        "GRE": (V4, make.ipv4(b"\x00\x00" + V4 + ip, protocol=47)),
        "GRE with a key": (V4, make.ipv4(b"\x20\x00" + V4 + b"\x00\x00\x00\x07" + ip, protocol=47)),
        "GRE with Ethernet": (V4, make.ipv4(b"\x00\x00\x65\x58" + ethernet, protocol=47)),
        "VXLAN": (V4, udp(4789, b"\x08\x00\x00\x00\x00\x00\x07\x00" + ethernet)),
        "VXLAN on the old port of Linux": (V4, udp(8472, b"\x08\x00\x00\x00\x00\x00\x07\x00" + ethernet)),
        "GENEVE": (V4, udp(6081, b"\x00\x00\x65\x58\x00\x00\x07\x00" + ethernet)),
        "GTP": (V4, udp(2152, b"\x30\xff" + struct.pack(">HI", len(ip), 7) + ip)),
        "MPLS": (b"\x88\x47", b"\x00\x01\x01\x40" + ip),
        "MPLS, two labels": (b"\x88\x47", b"\x00\x01\x00\x40\x00\x02\x01\x40" + ip),
        "PPPoE": (b"\x88\x64", b"\x11\x00\x00\x01" + struct.pack(">H", len(ip) + 2) + b"\x00\x21" + ip),
        "EtherIP": (V4, make.ipv4(b"\x30\x00" + ethernet, protocol=97)),
    }


TUNNELS = (
    *("GRE", "GRE with a key", "GRE with Ethernet", "VXLAN", "VXLAN on the old port of Linux", "GENEVE", "GTP"),
    *("MPLS", "MPLS, two labels", "PPPoE", "EtherIP"),
)


@pytest.mark.parametrize("name", TUNNELS)
def test_scapy_takes_tunnels_apart(make, read, name):
    ethertype, packet = tunnels(make)[name]
    notice, segment = read(make.pcap([MACS + ethertype + packet]))
    assert "scapy takes" in notice.text
    assert notice.severity == "info"
    assert segment == make.segment(1, b"<a/>", time=1_000_005_000)


def test_ip_in_ip_needs_no_scapy(make, segments):
    ip4, ip6 = make.ipv4(make.tcp(b"<a/>")), make.ipv6(make.tcp(b"<b/>"))
    frames = [make.ipv4(ip4, protocol=4), make.ipv4(ip6, protocol=41), make.ipv6(ip4, protocol=4)]
    found = segments(make.pcap(frames, link=101))
    assert [(event.data, len(event.key)) for event in found] == [(b"<a/>", 12), (b"<b/>", 36), (b"<a/>", 12)]


def test_ip_headers_inside_one_another_without_end_are_refused(make, read):
    frame = make.tcp(b"<a/>")
    for _ in range(2000):
        frame = make.ipv4(frame, protocol=4, total=0)
    (notice,) = read(make.pcap([frame], link=101))
    assert notice.text == "x.pcap: packet 1 is left out: it has more than 8 IP headers inside one another"


def test_tunnels_inside_one_another_without_end_are_refused(make, read):
    frame = b"\x00\x00" + V4
    for _ in range(3000):
        frame = b"\x00\x00\x65\x58" + MACS + b"\x65\x58" + frame
    events = read(make.pcap([make.ipv4(frame, protocol=47)], link=101))
    assert not any(isinstance(event, Segment) for event in events)
