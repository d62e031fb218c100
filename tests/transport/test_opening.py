"""Where a flow begins, which end is the first, and when the ports begin another one."""

from typing import Any

from xmppscope.model.segment import ACK, FIN, SYN
from xmppscope.model.wire import Opened


def test_the_sender_of_the_syn_is_the_first(midstream: Any) -> None:
    wire = midstream
    assert wire.syn() == [wire.opened(1)]
    assert wire.syn_ack() == []
    assert wire.send(0, 0) == []
    assert wire.reassembler.flows == 1


def test_of_a_syn_ack_alone_the_receiver_is_the_first(midstream: Any) -> None:
    wire = midstream
    assert wire.syn_ack() == [wire.opened(1, handshake=False)]
    assert wire.send(1, 0, b"xy") == [wire.data(1, 2, b"xy")]
    assert wire.send(0, 0, b"ab", acks=2) == [wire.data(0, 3, b"ab")]


def test_a_syn_sender_on_the_lower_port_is_the_first_all_the_same(midstream: Any) -> None:
    wire = midstream
    wire.ports = (80, 5222)
    (opened,) = wire.syn()
    assert (opened.first, opened.second, opened.handshake) == ("192.0.2.1:80", "192.0.2.2:5222", True)


def test_without_a_syn_the_higher_port_is_the_first(midstream: Any) -> None:
    wire = midstream
    assert wire.send(1, 0, b"xy") == [wire.opened(1, handshake=False)]
    assert wire.close() == [wire.data(1, 1, b"xy"), wire.released(1, "end")]


def test_simultaneous_open_is_one_flow(midstream: Any) -> None:
    wire = midstream
    assert wire.syn() == [wire.opened(1)]
    assert wire.send(1, 0, flags=SYN) == []
    assert wire.syn_ack() == []
    assert wire.send(0, 0, flags=SYN | ACK) == []
    assert wire.send(0, 0, b"a") == [wire.data(0, 5, b"a")]
    assert wire.send(1, 0, b"x", acks=1) == [wire.data(1, 6, b"x")]


def test_data_in_the_syn_is_delivered_once(midstream: Any) -> None:
    wire = midstream
    assert wire.send(0, 0, b"abc", flags=SYN) == [wire.opened(1), wire.data(0, 1, b"abc")]
    assert wire.send(1, 0, b"xy", flags=SYN | ACK, acks=3) == [wire.data(1, 2, b"xy")]
    assert wire.send(0, 3, b"d", acks=2) == [wire.data(0, 3, b"d")]


def test_data_in_a_syn_that_was_not_accepted_is_sent_again(midstream: Any) -> None:
    wire = midstream
    wire.send(0, 0, b"abc", flags=SYN)
    assert wire.syn_ack() == []
    assert wire.send(0, 0, b"abcd") == [wire.data(0, 3, b"d")]


def test_a_syn_captured_after_the_first_data_does_not_begin_another_flow(midstream: Any) -> None:
    wire = midstream
    assert wire.send(0, 0, b"abc") == [wire.opened(1, handshake=False)]
    assert wire.syn() == [wire.data(0, 1, b"abc")]
    assert wire.reassembler.flows == 1


def test_a_handshake_captured_backwards_is_one_flow(midstream: Any) -> None:
    wire = midstream
    assert wire.send(0, 0) == []
    assert wire.syn_ack() == [wire.opened(2, handshake=False)]
    assert wire.syn() == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 4, b"abc")]
    assert wire.reassembler.flows == 1


# In the middle


def test_an_acknowledgement_proves_where_the_other_side_begins(midstream: Any) -> None:
    wire = midstream
    assert wire.send(1, 0, acks=500) == []
    assert wire.send(0, 500, b"abc") == [wire.opened(2, handshake=False), wire.data(0, 2, b"abc")]


def test_an_empty_segment_proves_where_its_sender_begins(midstream: Any) -> None:
    wire = midstream
    wire.send(0, 500)
    assert wire.send(0, 500, b"abc") == [wire.opened(2, handshake=False), wire.data(0, 2, b"abc")]


def test_bytes_captured_late_still_come_before_the_first_ones_seen(midstream: Any) -> None:
    wire = midstream
    assert wire.send(0, 503, b"def") == [wire.opened(1, handshake=False)]
    assert wire.send(0, 500, b"abc") == []
    assert wire.send(1, 0, acks=506) == []
    assert wire.send(0, 506, b"ghi") == [
        wire.data(0, 2, b"abc"),
        wire.data(0, 1, b"def"),
        wire.data(0, 4, b"ghi"),
    ]


def test_after_a_second_the_first_bytes_seen_are_the_first(midstream: Any) -> None:
    wire = midstream
    wire.send(0, 500, b"abc")
    wire.wait(1)
    wire.ports = (40001, 5222)
    assert wire.send(0, 0) == [wire.data(0, 1, b"abc")]


def test_a_keepalive_probe_in_the_middle_is_no_first_byte(midstream: Any) -> None:
    wire = midstream
    wire.send(1, 0, acks=500)
    wire.send(0, 499, b"\0")
    assert wire.send(0, 500, b"abc") == [wire.data(0, 3, b"abc")]


def test_one_direction_alone_is_delivered(midstream: Any) -> None:
    wire = midstream
    events = [event for number in range(20) for event in wire.send(0, 3 * number, b"abc")]
    assert events == [wire.opened(1, handshake=False)] + [wire.data(0, packet, b"abc") for packet in range(1, 21)]


def test_lone_acknowledgements_fins_and_resets_open_nothing(midstream: Any) -> None:
    wire = midstream
    assert wire.send(0, 0) == []
    assert wire.fin(0, 0) == []
    assert wire.rst(1, 0) == []
    assert wire.send(1, 0, flags=FIN | ACK) == []
    assert wire.close() == []
    assert wire.reassembler.flows == 1  # the one that was seen to acknowledge


# Port reuse


def reuse(wire: Any) -> None:
    """From here on *wire* speaks of the second connection between its ports."""
    wire.isn = (700_000, 900_000)


def test_a_retransmitted_syn_is_no_reuse(wire: Any) -> None:
    assert wire.syn() == []
    assert wire.send(0, 0, b"abc") == [wire.data(0, 5, b"abc")]


def test_reuse_after_both_fins(wire: Any) -> None:
    wire.fin(0, 0)
    wire.fin(1, 0, acks=1)
    wire.send(0, 1, acks=1)
    reuse(wire)
    replaced = wire.syn()
    assert replaced[0] == wire.released(7, "replaced")
    wire.flow = 2
    assert replaced[1:] == [wire.opened(7)]
    wire.syn_ack()
    assert wire.send(0, 0, b"abc") == [wire.data(0, 9, b"abc")]
    assert wire.reassembler.flows == 2


def test_reuse_after_a_refusal(midstream: Any) -> None:
    wire = midstream
    wire.syn()
    assert wire.rst(1, 0) == [wire.ended(1, 2, reset=True)]
    reuse(wire)
    assert wire.syn()[0] == wire.released(3, "replaced")


def test_reuse_without_a_close_is_proved_by_the_syn_ack(wire: Any) -> None:
    wire.send(0, 0, b"abc")
    wire.send(0, 5, b"fg")
    old = wire.isn
    reuse(wire)
    assert wire.syn() == []
    events = wire.syn_ack()
    assert events[:3] == [wire.lost(0, 5, 2), wire.data(0, 5, b"fg"), wire.released(6, "replaced")]
    wire.flow = 2
    assert events[3:] == [wire.opened(6)]
    assert wire.send(1, 0, b"xy") == [wire.data(1, 8, b"xy")]
    assert wire.isn != old


def test_reuse_without_a_close_or_an_answer_is_proved_by_what_the_client_sends(wire: Any) -> None:
    reuse(wire)
    assert wire.syn() == []
    events = wire.send(0, 0, b"abc")
    assert events[0] == wire.released(4, "replaced")
    wire.flow = 2
    assert events[1:] == [wire.opened(4), wire.data(0, 5, b"abc")]


def test_reuse_that_begins_with_a_syn_ack(wire: Any) -> None:
    reuse(wire)
    assert wire.syn_ack() == []
    events = wire.send(0, 0)
    assert events[0] == wire.released(4, "replaced")
    wire.flow = 2
    assert events[1:] == [wire.opened(4, handshake=False)]


def test_a_stray_syn_changes_nothing_for_a_flow_that_goes_on(wire: Any) -> None:
    old = wire.isn
    wire.isn = (700_000, 5000)
    assert wire.syn() == []
    wire.isn = old
    assert wire.send(1, 0, b"xy") == [wire.data(1, 5, b"xy")]
    assert wire.send(0, 0, b"ab", acks=2) == [wire.data(0, 6, b"ab")]


def test_ipv6_endpoints_stand_in_brackets(midstream: Any) -> None:
    wire = midstream
    wire.key = lambda side: bytes(15) + b"\x01" + b"\x20\x01\x0d\xb8" + bytes(11) + b"\x02" + b"\xc0\x00\x14\x66"
    (opened,) = wire.syn()
    assert opened == Opened(1, opened.time, 1, "[::1]:49152", "[2001:db8::2]:5222", handshake=True)
