"""What may wait in a relay has a bound, and who goes beyond it is told of and let go."""

import pytest

from tests.proxy.conftest import World
from tests.proxy.outcome import Outcome, Run
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import SECOND
from tests.proxy.words import END_OF_FEATURES, HEADER, LOGIN_FEATURES, OFFER, RESPONSE, STARTTLS, client

FLOOD = b"<message><body>" + b"O" * 100_000 + b"</body></message>"
RECORD = b"\x17\x03\x03\x40\x00" + bytes(0x4000)


def assert_let_go(outcome: Outcome, leg: str) -> None:
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert (fault.leg, fault.severity) == (leg, "error")
    assert "256 KiB" in fault.summary
    assert outcome.relay.done
    assert outcome.took < SECOND


def test_a_flood_behind_starttls(world: World, play: Run) -> None:
    def flooding(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS, FLOOD)
        yield True
        peer.say(FLOOD)
        yield True
        peer.say(FLOOD)
        yield from peer.rest()

    def slow(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE, OFFER)
        yield from peer.rest()

    assert_let_go(play(flooding, slow), "client")


@pytest.mark.parametrize("reach", ["never", "connect"])
def test_a_flood_before_there_is_a_server(world: World, play: Run, reach: str) -> None:
    def flooding(peer: Peer) -> Script:
        peer.say(HEADER)
        for _ in range(20):
            peer.say(FLOOD)
            yield True

    outcome = play(flooding, silent, reach=reach)
    if reach == "never":
        assert_let_go(outcome, "client")
    else:
        assert outcome.server.heard == outcome.client.said


def test_a_flood_behind_a_client_hello(world: World, play: Run) -> None:
    def flooding(peer: Peer) -> Script:
        peer.hello(world.client(), "a.example")
        for _ in range(20):
            peer.raw(RECORD)
            yield True
        yield from peer.rest()

    assert_let_go(play(flooding, silent, direct_tls=True), "client")


def test_empty_records_before_a_client_hello(world: World, play: Run) -> None:
    def flooding(peer: Peer) -> Script:
        peer.raw(b"\x16\x03\x01\x00\x01\x01" + b"\x16\x03\x01\x00\x00" * 52_500)
        yield from peer.rest()

    assert_let_go(play(flooding, silent, direct_tls=True), "client")


def test_a_flood_before_the_client_is_ready(world: World, play: Run) -> None:
    def flooding(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        peer.say(RESPONSE + LOGIN_FEATURES)
        for _ in range(20):
            peer.say(FLOOD)
            yield True
        yield from peer.rest()

    outcome = play(client(world.client(), "direct", leaves="greeting"), flooding, direct_tls=True)
    assert_let_go(outcome, "server")


def test_a_client_hello_that_is_too_long(world: World, play: Run) -> None:
    def boasting(peer: Peer) -> Script:
        peer.raw(b"\x16\x03\x01\x00\x04\x01\x02\x00\x00")
        yield from peer.rest()

    outcome = play(boasting, silent, direct_tls=True)
    assert outcome.relay.done
    assert outcome.took < SECOND
    assert outcome.dials == []
