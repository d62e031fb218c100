"""Marks in packet comments: what comes out bears them, and nothing that a file can hold raises or grows."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.capture.comments import COMMENT, comments, mark_in
from xmppscope.capture.events import MarkedSegment
from xmppscope.model.marks import MOST, DoneMark, LegMark, Mark, TlsMark, ToldMark, comment
from xmppscope.model.segment import Segment

BOTH = pytest.mark.parametrize("order", ["<", ">"])
TLS = comment(TlsMark()).encode()


def options(make, *texts: bytes, order: str = "<") -> bytes:
    return b"".join(make.option(COMMENT, text, order) for text in texts) + make.option(0, b"", order)


def marked(make, *texts: bytes, data: bytes = b"<a/>", order: str = "<") -> bytes:
    """A file of three packets, the middle one with comments."""
    plain = make.enhanced(make.frame(data), 0, order)
    return (
        make.section(order)
        + make.interface(1, order)
        + plain
        + make.enhanced(make.frame(data), 0, order, rest=options(make, *texts, order=order))
        + plain
    )


@BOTH
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_a_segment_bears_the_mark_of_its_packet(make, read, order, size):
    data = bytes(size)
    first, second, third = (make.segment(number, data, time=0) for number in (1, 2, 3))
    assert read(marked(make, TLS, data=data, order=order)) == [first, MarkedSegment(second, TlsMark()), third]


def test_cuts_make_no_difference(make, read):
    data = marked(make, TLS)
    whole = read(data)
    for cut in range(0, len(data), 3):
        assert read(data, [cut]) == whole
    assert read(data, range(len(data))) == whole


def test_ipv6_and_other_options_beside_it(make, read):
    rest = make.option(2, bytes(4)) + make.option(COMMENT, b"mine") + make.option(COMMENT, TLS)
    data = make.section() + make.interface(101) + make.enhanced(make.ipv6(make.tcp(b"<a/>")), rest=rest)
    (event,) = read(data)
    assert isinstance(event, MarkedSegment)
    assert event.mark == TlsMark()
    assert event.segment.data == b"<a/>"


@pytest.mark.parametrize(
    "texts",
    [
        [b"a user's comment"],
        [b"xmppscope is a program"],
        [b"xmppscope "],
        [b'xmppscope {"mark":"nothing"}'],
        [b'xmppscope {"mark":"leg"}'],
        [b'xmppscope {"mark":"tls"'],
        [b'xmppscope {"mark":"told","text":"\xff"}'],
        [b'xmppscope {"mark":"told","text":"\\ud800"}'],
        [b'xmppscope {"mark":"done","x":' + b"[" * 65_000],
        [b"[" * 65_000],
        [b"xmppscope+" + TLS],
        [b"xmppscope nonsense", TLS],
    ],
)
def test_comments_that_hold_no_mark_change_nothing(make, read, texts):
    assert all(isinstance(event, Segment) for event in read(marked(make, *texts)))


def test_a_comment_that_is_cut_changes_nothing(make, read):
    rest = struct.pack("<HH", COMMENT, 500) + TLS
    data = make.section() + make.interface() + make.enhanced(make.frame(b"<a/>"), rest=rest)
    assert read(data) == [make.segment(1, b"<a/>", time=0)]


def test_the_text_of_a_mark_in_the_payload_is_no_mark(make, read):
    assert all(isinstance(event, Segment) for event in read(marked(make, b"mine", data=TLS)))


def test_a_mark_on_what_is_no_segment_is_left_out(make, read):
    data = make.section() + make.interface(1)
    data += make.enhanced(make.frame(b"<a/>")) + make.enhanced(bytes(60), rest=options(make, TLS))
    data += make.enhanced(make.ethernet + make.ipv4(bytes(30), protocol=17), rest=options(make, TLS))
    assert read(data) == [make.segment(1, b"<a/>", time=0)]


def test_only_the_first_mark_of_a_packet_counts(make, read):
    (_, event, _) = read(marked(make, TLS, comment(DoneMark()).encode()))
    assert event.mark == TlsMark()


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from([1, 1000, 4000]))
def test_long_marks_are_split_and_joined(make, text, times):
    mark = ToldMark(text * times)
    pieces = comments(mark)
    for piece in pieces:
        assert len(piece) < 1 << 16
        piece.decode()
    assert mark_in(options(make, *pieces), "<") == mark
    with_others = [other for piece in pieces for other in (b"a user's", piece)]
    assert mark_in(options(make, *with_others), "<") == mark


def test_a_mark_beyond_all_measure_leaves_a_note_instead(make):
    (note,) = comments(ToldMark("x" * MOST))
    assert note.startswith(b"xmppscope: a mark of 10486")
    assert mark_in(options(make, note), "<") is None


def test_what_claims_to_be_longer_than_a_mark_may_be_is_none(make):
    pieces = [b'xmppscope {"mark":"told","text":"', *[b"xmppscope+" + b"x" * 65_000] * 17, b'xmppscope+"}']
    assert mark_in(options(make, *pieces[:17], pieces[-1]), "<") is not None
    assert mark_in(options(make, *pieces), "<") is None


@given(st.binary(max_size=200), st.sampled_from(["<", ">"]))
def test_any_bytes_after_a_packet(make, read, rest, order):
    rest += bytes(-len(rest) % 4)
    for middle in (rest, make.option(COMMENT, TLS, order) + rest, make.option(COMMENT, TLS + rest, order)):
        data = make.section(order) + make.interface(1, order)
        data += make.enhanced(make.frame(b"<a/>"), 0, order, rest=middle) + make.enhanced(make.frame(b"<b/>"), 0, order)
        events = [event.segment if isinstance(event, MarkedSegment) else event for event in read(data)]
        assert [event.data for event in events] == [b"<a/>", b"<b/>"]


MARKS: list[Mark] = [LegMark("client", 7, "127.0.0.1:5322"), TlsMark(), ToldMark("ü\n\0\u2028"), DoneMark()]


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_survives(make, mark):
    assert mark_in(options(make, *comments(mark)), "<") == mark
