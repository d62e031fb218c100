"""How a flow ends: FIN, RST, late retransmissions, and when it is let go."""

from typing import Any

import pytest

from xmppscope.model.segment import ACK, RST


def test_fin_ends_its_side_only(wire: Any) -> None:
    assert wire.fin(0, 0, b"abc") == [wire.data(0, 4, b"abc"), wire.ended(0, 4)]
    assert wire.send(1, 0, b"xy", acks=4) == [wire.data(1, 5, b"xy")]
    assert wire.send(1, 2, b"z", acks=4) == [wire.data(1, 6, b"z")]
    assert wire.fin(1, 3, acks=4) == [wire.ended(1, 7)]


def test_a_fin_before_missing_data_waits_for_it(wire: Any) -> None:
    assert wire.fin(0, 3) == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 5, b"abc"), wire.ended(0, 4)]


def test_a_fin_before_lost_data_comes_after_the_loss(wire: Any) -> None:
    wire.fin(0, 3)
    wire.send(1, 0, acks=4)
    wire.wait(1)
    assert wire.send(1, 0, acks=4) == [wire.lost(0, 4, 3), wire.ended(0, 4)]


def test_at_the_end_a_fin_before_missing_data_comes_after_the_loss(wire: Any) -> None:
    wire.fin(0, 3)
    assert wire.close() == [wire.lost(0, 4, 3), wire.ended(0, 4), wire.released(4, "end")]


def test_an_acknowledged_fin_is_no_missing_byte(wire: Any) -> None:
    wire.fin(0, 0)
    wire.send(1, 0, acks=1)
    wire.wait(5)
    wire.send(1, 0, acks=1)
    assert wire.close() == [wire.released(6, "end")]


def test_a_fin_captured_after_its_acknowledgement_is_no_missing_byte(wire: Any) -> None:
    wire.send(1, 0, acks=1)
    assert wire.fin(0, 0) == [wire.ended(0, 5)]
    assert wire.close() == [wire.released(5, "end")]


def test_an_acknowledged_fin_that_was_not_captured_is_no_missing_byte(wire: Any) -> None:
    wire.fin(1, 0)
    wire.send(1, 1, acks=1)
    assert wire.close() == [wire.released(5, "end")]


def test_segments_after_fin_are_ignored(wire: Any) -> None:
    wire.fin(0, 0, b"abc")
    assert wire.send(0, 3, b"late") == []
    assert wire.fin(0, 0, b"abc") == []
    assert wire.fin(0, 3) == []


def test_a_fin_before_bytes_that_were_sent_is_none(wire: Any) -> None:
    wire.send(0, 0, b"abcdef")
    assert wire.fin(0, 3) == []
    assert wire.send(0, 6, b"g") == [wire.data(0, 6, b"g")]


# RST


def test_a_reset_ends_the_flow(wire: Any) -> None:
    assert wire.rst(0, 0) == [wire.ended(0, 4, reset=True)]
    assert wire.rst(0, 0) == []
    wire.wait(2)
    wire.ports = (40001, 5222)
    assert wire.send(0, 0) == [wire.released(6, "closed")]


def test_bytes_under_way_when_the_other_side_resets_are_reported(wire: Any) -> None:
    wire.rst(0, 0)
    assert wire.send(1, 0, b"xy") == [wire.data(1, 5, b"xy")]


def test_a_reset_far_outside_the_window_is_ignored(wire: Any) -> None:
    assert wire.rst(0, 1 << 25) == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 5, b"abc")]


@pytest.mark.parametrize("side", [0, 1])
def test_a_reset_is_told_behind_the_bytes_that_waited_for_a_hole_when_it_came(wire: Any, side: int) -> None:
    assert wire.send(0, 3, b"def") == []
    assert wire.rst(side, 6 if side == 0 else 0) == []
    assert wire.close() == [
        wire.lost(0, 4, 3),
        wire.data(0, 4, b"def"),
        wire.ended(side, 5, reset=True),
        wire.released(5, "end"),
    ]


def test_a_reset_is_told_once_the_hole_is_filled(wire: Any) -> None:
    wire.send(0, 3, b"def")
    wire.rst(1, 0)
    assert wire.send(0, 0, b"abc") == [wire.data(0, 6, b"abc"), wire.data(0, 4, b"def"), wire.ended(1, 5, reset=True)]


def test_what_both_sides_held_at_the_end_comes_in_the_order_of_capture(wire: Any) -> None:
    wire.send(1, 3, b"1")
    wire.send(0, 3, b"2")
    wire.send(1, 4, b"3")
    assert [event.packet for event in wire.close()[:-1]] == [4, 4, 5, 5, 6]


def test_a_side_that_goes_on_after_its_reset_did_not_send_it(wire: Any) -> None:
    wire.rst(0, 0)
    assert wire.send(0, 0, b"abc") == [wire.data(0, 5, b"abc")]
    wire.wait(5)
    assert wire.send(0, 3, b"def") == [wire.data(0, 6, b"def")]
    assert wire.close() == [wire.released(6, "end")]


def test_a_reset_after_fin_is_reported(wire: Any) -> None:
    wire.fin(0, 0)
    assert wire.send(0, 1, flags=RST | ACK) == [wire.ended(0, 5, reset=True)]


def test_a_reset_after_both_fins_is_not(wire: Any) -> None:
    wire.fin(0, 0)
    wire.fin(1, 0, acks=1)
    assert wire.rst(0, 1) == []


# Letting go


def test_a_closed_flow_is_released_two_seconds_later(wire: Any) -> None:
    wire.fin(0, 0)
    wire.fin(1, 0, acks=1)
    wire.wait(2)
    wire.ports = (40001, 5222)
    assert wire.send(0, 0) == [wire.released(6, "closed")]


def test_a_closed_flow_is_released_64_packets_later(wire: Any) -> None:
    wire.fin(0, 0)
    wire.fin(1, 0, acks=1)
    for _ in range(63):
        assert wire.send(0, 1, acks=1) == []
    assert wire.send(0, 1, acks=1) == [wire.released(69, "closed")]


def test_a_late_retransmission_opens_no_other_flow(wire: Any) -> None:
    wire.fin(0, 0, b"abc")
    wire.fin(1, 0, acks=4)
    wire.wait(1)
    assert wire.fin(0, 0, b"abc") == []
    assert wire.reassembler.flows == 1


def test_last_words_of_a_released_flow_open_no_other_flow(wire: Any) -> None:
    wire.fin(0, 0)
    wire.fin(1, 0, acks=1)
    wire.wait(3)
    assert wire.fin(1, 0, acks=1) == [wire.released(6, "closed")]
    assert wire.fin(1, 0, acks=1) == []
    assert wire.rst(0, 1) == []
    assert wire.reassembler.flows == 1


def test_everything_is_released_at_the_end_once(wire: Any) -> None:
    wire.ports = (40001, 5222)
    wire.connect()
    assert wire.close() == [wire.released(6, "end", flow=1), wire.released(6, "end", flow=2)]
    assert wire.close() == []


def test_an_empty_capture_ends_without_events(midstream: Any) -> None:
    assert midstream.close() == []


# Flows that nobody wants


def test_an_ignored_flow_is_only_counted(wire: Any) -> None:
    wire.send(0, 5, b"fg")
    wire.reassembler.ignore(1)
    assert wire.send(0, 0, b"abc") == []
    assert wire.send(1, 0, b"xy", acks=9, missing=10) == []
    assert wire.reassembler.ignored == 15
    assert wire.close() == [wire.released(6, "end")]


def test_an_ignored_flow_is_released_when_it_closed(wire: Any) -> None:
    wire.reassembler.ignore(1)
    assert wire.fin(0, 99) == []
    assert wire.fin(1, 99) == []
    wire.wait(2)
    assert wire.send(1, 100) == [wire.released(6, "closed")]


def test_an_ignored_flow_does_not_wait_for_bytes_before_its_fin(wire: Any) -> None:
    wire.fin(0, 3)
    wire.send(1, 0, acks=4)
    wire.reassembler.ignore(1)
    wire.wait(10)
    assert wire.send(1, 0, acks=4) == []
    assert wire.close() == [wire.released(6, "end")]


def test_an_ignored_flow_is_replaced(wire: Any) -> None:
    wire.reassembler.ignore(1)
    wire.rst(1, 0)
    wire.isn = (700_000, 900_000)
    events = wire.syn()
    assert events[0] == wire.released(5, "replaced")
    wire.flow = 2
    assert events[1:] == [wire.opened(5)]
    assert wire.send(0, 0, b"abc") == [wire.data(0, 6, b"abc")]


def test_an_ignored_flow_is_replaced_without_a_close(wire: Any) -> None:
    wire.reassembler.ignore(1)
    wire.isn = (700_000, 900_000)
    assert wire.syn() == []
    events = wire.syn_ack()
    assert events[0] == wire.released(4, "replaced")


def test_ignoring_a_flow_that_is_gone_does_nothing(wire: Any) -> None:
    wire.close()
    wire.reassembler.ignore(1)
    wire.reassembler.ignore(77)
    assert wire.close() == []
