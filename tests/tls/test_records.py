"""Record boundaries: under every split, around lost bytes, and against scapy."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.tls.record import TLS

from xmppscope.tls.boundary import BoundarySearch
from xmppscope.tls.records import MOST, Record, RecordReader


def raw(kind, size):
    return bytes((kind, 3, 3)) + size.to_bytes(2, "big") + bytes((kind,)) * size


def shapes(records):
    return [(record.header[0], len(record.fragment), record.missing) for record in records]


def test_scapy_finds_the_same_boundaries(tls):
    talk = tls.talk().chat()
    for side in (0, 1):
        sent = b"".join(data for sender, data in talk.wire if sender == side)
        expected, rest = [], sent
        while rest:
            layer = TLS(rest[: 5 + int.from_bytes(rest[3:5], "big")])
            expected.append((layer.type, layer.len))
            rest = rest[5 + layer.len :]
        records = RecordReader().feed(sent, 1, 1)
        assert [(record.header[0], len(record.fragment)) for record in records] == expected
        assert b"".join(record.header + record.fragment for record in records) == sent


@given(
    sizes=st.lists(st.tuples(st.integers(20, 24), st.sampled_from((0, 1, 5, 200, MOST))), max_size=6),
    cuts=st.lists(st.integers(0, 40_000), max_size=10),
)
def test_every_split_gives_the_same(sizes, cuts):
    data = b"".join(raw(kind, size) for kind, size in sizes)
    reader, records = RecordReader(), []
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for packet, (start, end) in enumerate(itertools.pairwise(places), 1):
        records += reader.feed(data[start:end], packet * 10, packet)
    assert shapes(records) == [(kind, size, 0) for kind, size in sizes]
    at = 0
    for record in records:
        last = at + 4 + len(record.fragment)
        assert record.packet == sum(place <= at for place in places[:-1])
        assert record.end_packet == sum(place <= last for place in places[:-1])
        assert (record.time, record.end_time) == (record.packet * 10, record.end_packet * 10)
        at = last + 1
    assert reader.stray == b""
    assert reader.rest(0, 0) is None


@pytest.mark.parametrize("size", [MOST + 1, 65535])
@pytest.mark.parametrize("step", [1 << 20, 1448])
def test_a_record_over_the_limit_is_passed_over(size, step):
    data = raw(23, size) + raw(23, 3)
    reader, records = RecordReader(), []
    for at in range(0, len(data), step):
        records += reader.feed(data[at : at + step], 1, 1)
    assert shapes(records) == [(23, 0, size), (23, 3, 0)]


@pytest.mark.parametrize("stray", [b"<", b"<presence/>", b"\x16\x02", b"\x17\3\5\0\1x", b"\x13\3\3\0\1x"])
def test_it_stops_where_no_record_begins(stray):
    reader = RecordReader()
    assert shapes(reader.feed(raw(23, 4) + stray, 1, 1)) == [(23, 4, 0)]
    assert reader.stray == stray


def test_lost_bytes_within_one_record_cost_only_that_record():
    data, following = raw(23, 100), raw(21, 2)
    for start in range(5, 105):
        for length in (1, 50, 105 - start):
            if start + length > 105:
                continue
            reader = RecordReader()
            reader.feed(data[:start], 1, 1)
            damaged = reader.lost(length, 2, 2)
            assert damaged is not None
            assert (damaged.fragment, damaged.missing) == (data[5:start], 105 - start)
            assert shapes(reader.feed(data[start + length :] + following, 3, 3)) == [(21, 2, 0)]


def test_more_lost_bytes_leave_the_boundary_unknown():
    for start, length in ((0, 1), (3, 1), (5, 101), (60, 46)):
        reader = RecordReader()
        reader.feed(raw(23, 100)[:start], 1, 1)
        assert reader.lost(length, 2, 2) is None


def candidates(data, step=1 << 20, *, final=True):
    search, found = BoundarySearch(), []
    for packet, at in enumerate(range(0, len(data), step), 1):
        search.feed(data[at : at + step], packet, packet)
        while (record := search.candidate()) is not None:
            found.append(record)
            search.reject()
    while final and (record := search.candidate(final=True)) is not None:
        found.append(record)
        search.reject()
    return found


@pytest.mark.parametrize("step", [1 << 20, 7, 1])
def test_a_search_offers_every_header_that_another_follows(step):
    data = b"\xaa" * 33 + raw(23, 40) + raw(22, 5) + b"\x17\3"
    first, second = candidates(data, step)
    assert (first.header, first.fragment) == (b"\x17\3\3\0\x28", b"\x17" * 40)
    assert (second.header, second.fragment) == (b"\x16\3\3\0\5", b"\x16" * 5)
    assert first.packet == 33 // step + 1
    assert first.end_packet == 77 // step + 1


def test_a_search_passes_over_headers_that_lead_nowhere():
    assert candidates(b"\x17\3\3\0\4abcd<" + b"\x17\3\3\0\0\x17\3\3\x48\1") == []
    # The first header promises more than comes: what lies inside is offered only when no more will come.
    data = b"\x17\3\3\x10\0" + raw(23, 10)
    assert candidates(data, final=False) == []
    assert [record.fragment for record in candidates(data)] == [b"\x17" * 10]


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_garbage_is_only_ever_cut(pieces):
    reader = RecordReader()
    for piece in pieces:
        if not reader.stray:
            assert all(isinstance(record, Record) for record in reader.feed(piece, 1, 1))
    candidates(b"".join(pieces), 13)
