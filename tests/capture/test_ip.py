"""IPv4, IPv6 and TCP headers; scapy builds and reads the packets, for any choice of headers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, IPOption_NOP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import inet_pton

from xmppscope.capture.events import Notice
from xmppscope.model.segment import Segment

NUMBER = st.integers(0, 2**32 - 1)
OPTION = st.sampled_from([("MSS", 1460), ("NOP", None), ("WScale", 7), ("Timestamp", (1, 2)), ("SAckOK", b"")])
EXTENSION = st.sampled_from([IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting])


@st.composite
def networks(draw):
    """The layers between Ethernet and TCP."""
    if draw(st.booleans()):
        options = [IPOption_NOP()] * draw(st.integers(0, 12))
        network = IP(src="192.0.2.1", dst="198.51.100.2", id=draw(st.integers(0, 65535)), flags=2, options=options)
    else:
        network = IPv6(src="2001:db8::1", dst="2001:db8::2")
        for extension in draw(st.lists(EXTENSION, max_size=3)):
            network /= extension()
    return network


@st.composite
def frames(draw):
    """A frame with TCP, its payload, and what may be stuck to its end."""
    # Both addresses are given, or scapy would ask the network for them.
    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    for tag in draw(st.lists(st.sampled_from([Dot1Q, Dot1AD]), max_size=2)):
        frame /= tag(vlan=7)
    port = st.integers(30000, 65535)
    tcp = TCP(sport=draw(port), dport=draw(port), seq=draw(NUMBER), ack=draw(NUMBER), flags=draw(st.integers(0, 511)))
    tcp.options = draw(st.lists(OPTION, max_size=4))
    payload = draw(st.binary(max_size=60))
    return bytes(frame / draw(networks()) / tcp / Raw(payload)), payload, draw(st.binary(max_size=20))


def expected(frame, payload):
    """What scapy reads in *frame*, as a segment."""
    packet = Ether(frame)
    ip = packet[IP] if IP in packet else packet[IPv6]
    family = 2 if ip.version == 4 else 10
    key = (
        inet_pton(family, ip.src) + inet_pton(family, ip.dst) + struct.pack(">HH", packet[TCP].sport, packet[TCP].dport)
    )
    tcp = packet[TCP]
    return Segment(1_000_005_000, 1, key, tcp.seq, tcp.ack, int(tcp.flags) & 0xFF, payload)


@given(frames())
def test_a_segment_is_what_scapy_reads(make, read, case):
    frame, payload, padding = case
    assert read(make.pcap([frame + padding])) == [expected(frame, payload)]


@given(frames(), st.data())
def test_a_segment_cut_anywhere_is_told_or_what_scapy_reads_less_the_missing_bytes(make, read, case, data):
    frame, payload, _ = case
    cut = data.draw(st.integers(0, len(frame)))
    for event in read(make.pcap([frame[:cut]], wire=len(frame))):
        if isinstance(event, Segment):
            kept = max(0, cut - (len(frame) - len(payload)))
            whole = expected(frame, payload)
            whole.data, whole.missing = payload[:kept], len(payload) - kept
            assert event == whole
        else:
            assert isinstance(event, Notice)
            assert cut < len(frame) - len(payload)


def test_total_length_zero_reaches_to_the_end_of_the_frame(make, segments):
    payload = bytes(range(256)) * 200
    frame = make.ethernet + make.ipv4(make.tcp(payload), total=0)
    assert segments(make.pcap([frame]))[0].data == payload


def test_ipv6_payload_length_zero_reaches_to_the_end_of_the_frame(make, segments):
    jumbo = b"\x06\x00\xc2\x04" + struct.pack(">I", 70_008 + 20)
    payload = bytes(70_000)
    frame = make.ipv6(jumbo + make.tcp(payload), protocol=0, length=0)
    assert len(segments(make.pcap([frame], link=101))[0].data) == 70_000


def test_an_atomic_fragment_is_a_whole_packet(make, segments):
    frame = make.ipv6(b"\x06\x00\x00\x00\x00\x00\x00\x07" + make.tcp(b"<a/>"), protocol=44)
    assert segments(make.pcap([frame], link=101))[0].data == b"<a/>"


def test_an_authentication_header_is_stepped_over_in_both_versions(make, segments):
    data = struct.pack(">BBHII", 6, 4, 0, 1, 1) + bytes(12) + make.tcp(b"<a/>")
    frames = [make.ipv4(data, protocol=51), make.ipv6(data, protocol=51)]
    assert [event.data for event in segments(make.pcap(frames, link=101))] == [b"<a/>", b"<a/>"]


def test_no_next_header_and_other_protocols_say_nothing(make, read):
    assert read(make.pcap([make.ipv6(b"", protocol=59), make.ipv6(bytes(20), protocol=58)], link=101)) == []


def test_control_bits_beyond_the_low_byte_are_no_flags(make, segments):
    frame = bytearray(make.frame(b"<a/>"))
    frame[14 + 20 + 12] |= 1
    assert segments(make.pcap([bytes(frame)]))[0].flags == 0x18


def tcp_with_offset(make, words):
    header = bytearray(make.tcp(b"<a/>"))
    header[12] = words << 4
    return bytes(header)


@pytest.mark.parametrize(
    ("reason", "link", "build"),
    [
        ("its IPv4 header has no valid version and length", 228, lambda make: b"\x65" + make.ipv4(b"")[1:]),
        ("its IPv4 header has no valid version and length", 228, lambda make: b"\x44" + make.ipv4(b"")[1:]),
        ("its IPv4 total length is less than its header", 228, lambda make: make.ipv4(make.tcp(b""), total=19)),
        ("its IPv6 header has another version", 229, lambda make: b"\x45" + make.ipv6(make.tcp(b""))[1:]),
        (
            "its IPv6 extension headers are longer than its payload",
            229,
            lambda make: make.ipv6(b"\x06\x01" + bytes(14) + make.tcp(b""), protocol=60, length=8),
        ),
        ("its TCP header has no valid length", 228, lambda make: make.ipv4(tcp_with_offset(make, 4))),
        ("its TCP header has no valid length", 228, lambda make: make.ipv4(tcp_with_offset(make, 7))),
        ("its headers are cut short", 228, lambda make: make.ipv4(make.tcp(b"")[:10])),
    ],
)
def test_headers_that_cannot_be_true_are_told_and_reading_goes_on(make, read, reason, link, build):
    good = make.ipv4(make.tcp(b"<a/>")) if link == 228 else make.ipv6(make.tcp(b"<a/>"))
    notice, segment = read(make.pcap([build(make), good], link=link))
    assert notice == Notice(f"x.pcap: packet 1 is left out: {reason}", 1)
    assert (segment.packet, segment.data) == (2, b"<a/>")
