"""The reader as a whole: pieces of any size, what is no capture, and hostile bytes."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.capture.events import TLS_KEY_LOG, Notice
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.errors import CaptureError
from xmppscope.model.segment import Segment


def sample(make, kind):
    """A small capture with most of what a file may hold."""
    fragments = [make.ipv4(make.tcp(bytes(60))[:40], fragment=0x2000), make.ipv4(make.tcp(bytes(60))[40:], fragment=5)]
    vlan = bytes(12) + b"\x81\x00\x00\x05\x08\x00" + make.ipv4(make.tcp(b"<b/>"))
    frames = [
        make.frame(b"<a/>"),
        vlan,
        *(make.ethernet + part for part in fragments),
        make.frame(b"", options=bytes(12)),
    ]
    if kind != "pcapng":
        return make.pcap(frames, kind=kind)
    data = b""
    for order in "<>":
        data += make.section(order) + make.interface(1, order, options=make.option(9, b"\x09", order))
        data += make.block(10, TLS_KEY_LOG.to_bytes(4, "little") + bytes(4) + b"", order) if order == "<" else b""
        data += b"".join(make.enhanced(frame, 7, order) for frame in frames)
        data += make.block(3, len(frames[0]).to_bytes(4, "little" if order == "<" else "big") + frames[0], order)
        data += make.block(5, bytes(12) + make.option(5, bytes(7) + b"\x01", order), order) + make.block(
            4, b"name", order
        )
    return data


KINDS = pytest.mark.parametrize("kind", ["micro", "nano", "modified", "pcapng"])


@KINDS
def test_every_split_gives_the_same_events(make, read, kind):
    data = sample(make, kind)
    whole = read(data)
    # The second section repeats the fragments of the first, which are known by then.
    assert sum(isinstance(event, Segment) for event in whole) == (9 if kind == "pcapng" else 4)
    assert read(data, range(len(data))) == whole
    for cut in range(len(data)):
        assert read(data, [cut]) == whole


@KINDS
@given(seed=st.integers(0, 2**32))
def test_random_splits_give_the_same_events(make, read, kind, seed):
    data = sample(make, kind)
    chance = random.Random(seed)
    assert read(data, chance.sample(range(len(data)), 12)) == read(data)


@KINDS
def test_a_packet_comes_out_with_its_last_byte(make, kind):
    data = sample(make, kind)
    whole = CaptureReader().feed(data)
    reader, events, ends = CaptureReader(), [], []
    for position in range(len(data)):
        new = reader.feed(data[position : position + 1])
        events += new
        ends += [position + 1] * len(new)
    assert events == whole
    for end, count in ((end, ends.index(end)) for end in sorted(set(ends))):
        assert len(CaptureReader().feed(data[: end - 1])) == count


@KINDS
def test_truncation_at_every_byte_is_told(make, read, kind):
    data = sample(make, kind)
    whole = [event for event in read(data) if isinstance(event, Segment)]
    for cut in range(len(data)):
        try:
            events = read(data[:cut])
        except CaptureError:
            assert cut < 24
            continue
        found = [event for event in events if isinstance(event, Segment)]
        assert found == whole[: len(found)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file; if tcpdump still writes, start it with -U and add --follow"),
        (b"Dear all,\nhello", 'not a capture (it begins with "Dear al"); give a pcap or pcapng file'),
        (b"Dear", 'not a capture (it begins with "Dear"); give a pcap or pcapng file'),
        (
            b"\x1b[31mred and more",
            "not a capture (it begins with the bytes 1b 5b 33 31 6d 72 65); give a pcap or pcapng file",
        ),
        (
            b"\xd4\xc3\xb2\xa1\x02",
            "ends inside its file header, after 5 bytes; if tcpdump still writes, start it with -U and add --follow",
        ),
        (
            b"\x0a\x0d\x0d\x0a\x1c",
            "ends inside its file header, after 5 bytes; if tcpdump still writes, start it with -U and add --follow",
        ),
        (
            b"\x0a\x0d\x0d\x0a" + bytes(20),
            "not a capture (it begins with the bytes 0a 0d 0d 0a 00 00 00); give a pcap or pcapng file",
        ),
    ],
)
def test_what_is_no_capture_is_refused_with_a_line_that_says_what_to_do(read, data, message):
    for cuts in ([], range(len(data))):
        with pytest.raises(CaptureError) as raised:
            read(data, cuts)
        assert str(raised.value) == message


def test_a_capture_without_packets_says_nothing(make, read):
    assert read(make.pcap([])) == []
    assert read(make.section()) == []


@KINDS
def test_damaged_bytes_anywhere_never_raise(make, read, kind):
    data = sample(make, kind)
    chance = random.Random(kind)
    for _ in range(1500):
        broken = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 5, 30])):
            broken[chance.randrange(12, len(broken))] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        events = read(bytes(broken))
        assert all(isinstance(event.packet, int) for event in events if isinstance(event, Segment | Notice))
        assert events == read(bytes(broken), [chance.randrange(len(broken))])


@given(st.binary(max_size=300), st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276]))
def test_any_frame_on_any_known_link_never_raises(make, read, data, link):
    captured = [event.packet for event in read(make.pcap([data, data[1:]], link=link)) if isinstance(event, Segment)]
    assert set(captured) <= {1, 2}


@given(st.binary(max_size=120), st.sampled_from([9, 50, 51, 105, 119, 127, 192]))
def test_any_frame_that_goes_to_scapy_never_raises(make, read, data, link):
    assert {event.packet for event in read(make.pcap([data], link=link)) if isinstance(event, Segment)} <= {1}


@given(st.binary(max_size=300))
def test_any_bytes_after_a_header_never_raise(make, read, data):
    for head in (make.pcap([]), make.section() + make.interface()):
        assert read(head + data) == read(head + data, range(len(head), len(head) + len(data)))


def test_tiny_pieces_of_a_large_packet_are_not_quadratic(make):
    """A quarter of a megabyte, byte by byte: copying the rest every time would move 34 GB."""
    data = make.pcap([bytes(250_000)])
    reader = CaptureReader()
    begin = time.process_time()
    for position in range(len(data)):
        reader.feed(data[position : position + 1])
    assert reader.packets == 1
    assert time.process_time() - begin < 5


def test_nothing_is_kept_of_what_was_read_or_of_what_follows_damage(make):
    reader = CaptureReader()
    reader.feed(make.pcap([make.frame(b"<a/>")]))
    assert not reader._pending
    reader.feed(b"\xff" * 1000)
    for _ in range(10):
        assert reader.feed(bytes(1000)) == []
    assert not reader._pending
    assert reader.close() == []
