"""Memory is bounded whatever comes, and the clock of the capture may do what it likes."""

import random
from typing import Any

from xmppscope.model.wire import Data, Lost, Released
from xmppscope.transport.limits import SECOND, Limits


def test_a_flow_gives_up_its_first_hole_when_it_holds_too_much(make_wire: Any) -> None:
    wire = make_wire(Limits(held_per_flow=3000))
    wire.connect()
    assert wire.send(0, 1, b"a" * 1000) == []
    assert wire.send(0, 2001, b"b" * 1000) == [wire.lost(0, 4, 1), wire.data(0, 4, b"a" * 1000)]
    assert wire.send(0, 1001, b"c" * 1000) == [wire.data(0, 6, b"c" * 1000), wire.data(0, 5, b"b" * 1000)]


def test_all_flows_together_are_bounded(make_wire: Any) -> None:
    wire = make_wire(Limits(held_in_all=3000))
    wire.connect()
    wire.send(0, 1, b"a" * 1000)
    wire.ports = (40001, 5222)
    wire.connect()
    wire.flow = 2
    assert wire.send(0, 1, b"b" * 1000) == [wire.lost(0, 8, 1), wire.data(0, 8, b"b" * 1000)]


def test_many_tiny_segments_out_of_order_are_bounded(wire: Any) -> None:
    delivered = lost = 0
    for number in range(20_000):
        for event in wire.send(0, 2 * number + 1, b"x"):
            delivered += isinstance(event, Data)
            lost += isinstance(event, Lost)
    held = wire.reassembler._places[wire.key(0)][1].held
    assert len(held) <= 4 * 1024 * 1024 // 512
    assert delivered == lost == 20_000 - len(held)


def test_a_large_segment_over_many_tiny_pieces_fills_every_hole(wire: Any) -> None:
    size = 8000
    for number in random.Random(1).sample(range(1, size, 2), size // 2):
        wire.send(0, number, b"x")
    events = wire.send(0, 0, b"x" * size)
    assert b"".join(event.data for event in events) == b"x" * size
    assert wire.reassembler._held == 0


def test_bytes_kept_for_comparing_are_bounded_and_the_last_ones_stay(make_wire: Any) -> None:
    wire = make_wire(Limits(recent_in_all=100_000))
    wire.connect()
    for number in range(1000):
        wire.send(0, 1000 * number, b"x" * 1000)
    recent = wire.reassembler._places[wire.key(0)][1].recent
    assert sum(len(event.data) for event in recent) <= 100_000
    conflicts = wire.send(0, 999_000, b"y" * 1000)
    assert conflicts == [wire.conflict(0, wire.packet, 1000, b"y" * 1000, wire.packet - 1)]
    assert wire.send(0, 0, b"y" * 1000) == []  # too long ago to know


def test_the_least_recently_used_flow_makes_room(make_wire: Any) -> None:
    wire = make_wire(Limits(flows=2))
    wire.connect()
    wire.ports = (40001, 5222)
    wire.connect()
    wire.ports = (40000, 5222)
    wire.send(0, 0, b"abc")
    wire.ports = (40002, 5222)
    events = wire.syn()
    assert events[0] == wire.released(8, "bound", flow=2)
    assert wire.reassembler.flows == 3


def test_a_flow_that_is_idle_for_an_hour_of_capture_is_released(wire: Any) -> None:
    busy = (40001, 5222)
    wire.ports = busy
    wire.connect()
    released = []
    for minute in range(70):
        wire.wait(59)
        released += [event for event in wire.send(0, minute, b"x") if isinstance(event, Released)]
    assert [(event.flow, event.reason) for event in released] == [(1, "idle")]
    assert 3600 * SECOND <= released[0].time - wire.times[3] <= 3660 * SECOND


def test_a_clock_that_is_set_ends_no_flow(wire: Any) -> None:
    wire.ports = (40001, 5222)
    wire.connect()
    wire.wait(10 * 3600)
    assert wire.send(0, 0) == []
    wire.wait(-30 * 3600)
    assert wire.send(0, 0) == []
    wire.ports = (40000, 5222)
    assert wire.send(0, 0, b"abc") == [wire.data(0, 9, b"abc")]


def test_time_may_step_backwards(wire: Any) -> None:
    for number in range(200):
        wire.wait(-1 if number % 3 else 1)
        assert wire.send(0, number, b"x") == [wire.data(0, wire.packet, b"x")]
    wire.send(0, 201, b"z")
    wire.send(1, 0, acks=202)
    wire.wait(-100)
    wire.send(1, 0, acks=202)
    wire.wait(2)
    assert wire.send(1, 0, acks=202) == [wire.lost(0, 204, 1), wire.data(0, 204, b"z")]


def test_timers_and_tables_are_empty_after_many_flows(make_wire: Any) -> None:
    wire = make_wire()
    for port in range(1024, 5000):
        wire.ports = (port, 5222)
        wire.connect()
        wire.fin(0, 0)
        wire.fin(1, 0, acks=1)
        wire.send(0, 1, acks=1)
    table = wire.reassembler._table
    assert len(table) < 500
    assert len(table.places) == 2 * len(table)
    assert len(table._timers) <= 2 * len(table) + 65
    assert len(table._ages) <= 2 * len(table) + 65


def test_heaps_are_bounded_though_time_stands_still(make_wire: Any) -> None:
    wire = make_wire()
    for port in range(1024, 3000):
        wire.ports = (port, 5222)
        wire.syn()
        wire.rst(1, 0)
        wire.isn = (port, 5000)
        wire.syn()
        wire.now -= 3_000_000
    table = wire.reassembler._table
    assert len(table) == 1976
    assert len(table._timers) <= 2 * len(table) + 65
    assert len(table._ages) <= 2 * len(table) + 65
