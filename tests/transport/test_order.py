"""Bytes come out in order, each once; what differs is reported; what is missing is declared when it should be."""

from typing import Any

import pytest


def test_a_segment_in_order_is_delivered_at_once(wire: Any) -> None:
    assert wire.send(0, 0, b"abc") == [wire.data(0, 4, b"abc")]
    assert wire.send(1, 0, b"xy", acks=3) == [wire.data(1, 5, b"xy")]
    assert wire.send(0, 3, acks=2) == []
    assert wire.send(0, 3, b"d", acks=2) == [wire.data(0, 7, b"d")]


def test_out_of_order_segments_are_put_in_order(wire: Any) -> None:
    assert wire.send(0, 6, b"ghi") == []
    assert wire.send(0, 3, b"def") == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 6, b"abc"), wire.data(0, 5, b"def"), wire.data(0, 4, b"ghi")]


def test_a_duplicate_is_not_delivered_again(wire: Any) -> None:
    wire.send(0, 0, b"abc")
    assert wire.send(0, 0, b"abc") == []
    assert wire.send(0, 3, b"d") == [wire.data(0, 6, b"d")]


def test_a_retransmission_with_other_boundaries_adds_its_new_bytes_only(wire: Any) -> None:
    wire.send(0, 0, b"abcd")
    assert wire.send(0, 2, b"cdef") == [wire.data(0, 5, b"ef")]


def test_overlapping_pieces_out_of_order_keep_the_first_bytes(wire: Any) -> None:
    wire.send(0, 4, b"ef")
    wire.send(0, 8, b"ij")
    assert wire.send(0, 2, b"cdefghijkl") == []
    assert wire.send(0, 0, b"abc") == [
        wire.data(0, 7, b"ab"),
        wire.data(0, 6, b"cd"),
        wire.data(0, 4, b"ef"),
        wire.data(0, 6, b"gh"),
        wire.data(0, 5, b"ij"),
        wire.data(0, 6, b"kl"),
    ]


def test_contradicting_retransmission_of_delivered_bytes_is_reported(wire: Any) -> None:
    wire.send(0, 0, b"abcd")
    wire.send(0, 4, b"efgh")
    assert wire.send(0, 2, b"cdEFghij") == [
        wire.conflict(0, 6, 4, b"EFgh", 5),
        wire.data(0, 6, b"ij"),
    ]


def test_contradicting_overlap_of_held_bytes_is_reported_when_they_are_delivered(wire: Any) -> None:
    wire.send(0, 2, b"cdef")
    assert wire.send(0, 2, b"cXeY") == []
    assert wire.send(0, 0, b"ab") == [
        wire.data(0, 6, b"ab"),
        wire.data(0, 4, b"cdef"),
        wire.conflict(0, 5, 3, b"XeY", 4),
    ]


def test_sequence_numbers_wrap(make_wire: Any) -> None:
    wire = make_wire(isn=(2**32 - 4, 2**32 - 1))
    wire.connect()
    assert wire.send(0, 0, b"abc") == [wire.data(0, 4, b"abc")]
    assert wire.send(0, 6, b"ghi") == []
    assert wire.send(1, 0, b"xy", acks=9) == [wire.data(1, 6, b"xy")]
    assert wire.send(0, 3, b"def", acks=2) == [wire.data(0, 7, b"def"), wire.data(0, 5, b"ghi")]
    assert wire.send(1, 2, b"z", acks=9) == [wire.data(1, 8, b"z")]


@pytest.mark.parametrize("garbage", [b"", b"\0"])
def test_a_keepalive_probe_is_ignored_whatever_it_carries(wire: Any, garbage: bytes) -> None:
    wire.send(0, 0, b"abc")
    assert wire.send(0, 2, garbage) == []
    assert wire.send(1, 0, acks=3) == []
    assert wire.send(0, 3, b"d") == [wire.data(0, 7, b"d")]


def test_a_keepalive_probe_does_not_fill_a_hole_before_it(wire: Any) -> None:
    wire.send(1, 0, acks=3)  # of three bytes that were not captured
    wire.wait(75)
    assert wire.send(0, 2, b"\0") == []
    assert wire.send(0, 3, b"d") == [wire.lost(0, 6, 3), wire.data(0, 6, b"d")]


def test_a_keepalive_probe_right_after_the_handshake_is_ignored(wire: Any) -> None:
    assert wire.send(0, -1, b"\0") == []
    assert wire.send(0, 0, b"a") == [wire.data(0, 5, b"a")]


def test_a_single_byte_captured_after_its_acknowledgement_is_data(wire: Any) -> None:
    assert wire.send(1, 0, acks=1) == []
    assert wire.send(0, 0, b" ") == [wire.data(0, 5, b" ")]


def test_a_zero_window_probe_repeated_with_more_bytes_is_delivered_once(wire: Any) -> None:
    assert wire.send(0, 0, b"a") == [wire.data(0, 4, b"a")]
    assert wire.send(1, 0, acks=0) == []
    assert wire.send(0, 0, b"a") == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 7, b"bc")]


# Holes


def test_acknowledged_bytes_are_declared_lost_64_packets_later(wire: Any) -> None:
    wire.send(0, 0, b"abc")
    wire.send(0, 7, b"hi")
    assert wire.send(1, 0, acks=9) == []
    for _ in range(63):
        assert wire.send(0, 9, b"") == []
    assert wire.send(0, 9) == [wire.lost(0, 5, 4), wire.data(0, 5, b"hi")]


def test_acknowledged_bytes_are_declared_lost_a_second_later_by_any_packet_of_the_capture(wire: Any) -> None:
    wire.send(0, 0, b"abc")
    wire.send(0, 7, b"hi")
    wire.send(1, 0, acks=9)
    wire.wait(0.99)
    wire.ports = (40001, 5222)
    assert wire.send(0, 0) == []
    wire.wait(0.01)
    assert wire.send(0, 0) == [wire.lost(0, 5, 4), wire.data(0, 5, b"hi")]


def test_data_after_a_long_acknowledged_hole_comes_with_its_loss_at_once(wire: Any) -> None:
    wire.send(1, 0, acks=5)
    wire.wait(2)
    assert wire.send(0, 5, b"fg") == [wire.lost(0, 5, 5), wire.data(0, 5, b"fg")]


def test_what_is_not_acknowledged_is_waited_for(wire: Any) -> None:
    wire.send(0, 3, b"def")
    for _ in range(100):
        assert wire.send(1, 0, acks=0) == []
    wire.wait(10)
    assert wire.send(0, 0, b"abc") == [wire.data(0, 105, b"abc"), wire.data(0, 4, b"def")]


def test_acknowledgements_captured_before_their_data_lose_nothing(wire: Any) -> None:
    for number in range(300):
        assert wire.send(1, 0, acks=3 * (number + 1)) == []
        assert wire.send(0, 3 * number, b"abc") == [wire.data(0, wire.packet, b"abc")]


def test_a_later_hole_is_waited_for_on_its_own(wire: Any) -> None:
    wire.send(0, 2, b"cd")
    wire.send(1, 0, acks=4)
    for _ in range(60):
        wire.send(1, 0, acks=4)
    wire.send(0, 6, b"gh")
    wire.send(1, 0, acks=8)
    wire.send(1, 0, acks=8)
    assert wire.send(1, 0, acks=8) == [wire.lost(0, 4, 2), wire.data(0, 4, b"cd")]
    assert wire.send(0, 4, b"ef") == [wire.data(0, 70, b"ef"), wire.data(0, 66, b"gh")]


def test_at_the_end_a_hole_with_data_behind_it_is_declared(wire: Any) -> None:
    wire.send(0, 3, b"def")
    assert wire.close() == [wire.lost(0, 4, 3), wire.data(0, 4, b"def"), wire.released(4, "end")]


def test_at_the_end_bytes_that_were_only_acknowledged_are_declared(wire: Any) -> None:
    wire.send(0, 0, b"abc")
    wire.send(1, 0, acks=10)
    assert wire.close() == [wire.lost(0, 5, 7), wire.released(5, "end")]


def test_bytes_lost_once_are_not_delivered_late(wire: Any) -> None:
    wire.send(1, 0, acks=3)
    wire.wait(2)
    assert wire.send(0, 3, b"def") == [wire.lost(0, 5, 3), wire.data(0, 5, b"def")]
    assert wire.send(0, 0, b"abcdef") == []


# Snap length


def test_a_packet_cut_short_is_data_then_a_hole(wire: Any) -> None:
    assert wire.send(0, 0, b"ab", missing=3) == [wire.data(0, 4, b"ab")]
    assert wire.send(0, 5, b"fg", missing=1) == []
    wire.send(1, 0, acks=8)
    wire.wait(1)
    assert wire.send(1, 0, acks=8) == [wire.lost(0, 5, 3), wire.data(0, 5, b"fg")]
    assert wire.close() == [wire.lost(0, 7, 1), wire.released(7, "end")]


def test_a_retransmission_fills_what_a_packet_cut_short_left_open(wire: Any) -> None:
    wire.send(0, 0, b"ab", missing=3)
    wire.send(0, 5, b"fg")
    assert wire.send(0, 2, b"cde") == [wire.data(0, 6, b"cde"), wire.data(0, 5, b"fg")]


def test_a_packet_cut_short_to_nothing_counts(wire: Any) -> None:
    assert wire.send(0, 0, b"", missing=3) == []
    assert wire.close() == [wire.lost(0, 4, 3), wire.released(4, "end")]
