"""STARTTLS through a relay: where TLS begins to the byte, and what is never taken for protected."""

import ssl
from collections.abc import Callable

import pytest

from tests.proxy.conftest import World
from tests.proxy.outcome import Run, assert_logged_in
from tests.proxy.peers import Peer, Script
from tests.proxy.relay_harness import Pieces
from tests.proxy.words import (
    AUTH,
    BIND,
    BIND_FEATURES,
    BOUND,
    CLOSE,
    END_OF_FEATURES,
    FAILURE,
    HEADER,
    LOGIN_FEATURES,
    MESSAGE,
    OFFER,
    PROCEED,
    RESPONSE,
    STARTTLS,
    SUCCESS,
    client,
    server,
)


def pipelining(context: ssl.SSLContext, between: bytes = b"") -> Callable[[Peer], Script]:
    def play(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS)
        peer.raw(between)
        peer.hello(context, "a.example")
        yield from peer.hear(PROCEED)
        yield from peer.secure()
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    return play


@pytest.mark.parametrize("size", [0, 1, 300])
def test_a_client_hello_right_behind_starttls(world: World, play: Run, size: int) -> None:
    outcome = play(pipelining(world.client()), server(world.server(), leaves="secured-header"), pieces=Pieces((size,)))
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES
    assert outcome.client.plain == RESPONSE + OFFER + PROCEED
    assert outcome.told[5:8] == [
        "C tls on the client leg, tls",
        "C tls on the server leg, tls",
        "S tls on the server leg, tls",
    ]


@pytest.mark.parametrize("size", [0, 1])
def test_white_space_behind_starttls_is_let_go(world: World, play: Run, size: int) -> None:
    outcome = play(
        pipelining(world.client(), b"\r\n"),
        server(world.server(), leaves="secured-header"),
        pieces=Pieces((size,)),
    )
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES
    assert "keepalive" in [entry.kind for entry in outcome.entries]


def injecting(context: ssl.SSLContext) -> Callable[[Peer], Script]:
    def play(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.raw(STARTTLS + MESSAGE)
        yield from peer.hear(PROCEED)
        yield from peer.secure(context)
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)

    return play


@pytest.mark.parametrize("size", [0, 1, 200])
def test_cleartext_behind_starttls_is_never_taken_for_protected(world: World, play: Run, size: int) -> None:
    outcome = play(injecting(world.client()), server(world.server()), pieces=Pieces((size,)))
    assert MESSAGE not in outcome.server.heard
    assert b"<message" not in outcome.server.heard
    assert outcome.relay.done
    assert outcome.took < 1_000_000_000
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert (fault.leg, fault.state) == ("client", "tls")
    assert "where TLS is due" in str(fault.reason)
    assert outcome.diagnoses[0].entries == [fault.entry]


def test_tls_right_behind_proceed(world: World, play: Run) -> None:
    """A server that speaks first in TLS makes no sense: it is no ServerHello that the proxy has asked for."""

    def hasty(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE, OFFER)
        yield from peer.hear(STARTTLS)
        peer.raw(PROCEED + b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")
        yield from peer.rest()

    outcome = play(client(world.client()), hasty)
    assert b"<remote-connection-failed" in outcome.client.secured
    assert outcome.relay.done


def test_cleartext_behind_proceed(world: World, play: Run) -> None:
    def hasty(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE, OFFER)
        yield from peer.hear(STARTTLS)
        peer.raw(PROCEED + MESSAGE)
        yield from peer.rest()

    outcome = play(client(world.client()), hasty)
    assert b"<message" not in outcome.client.heard
    assert b"<remote-connection-failed" in outcome.client.secured
    assert outcome.relay.done


@pytest.mark.parametrize("size", [0, 1])
def test_starttls_is_refused(world: World, play: Run, size: int) -> None:
    def refused(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS)
        yield from peer.hear(FAILURE, CLOSE)
        peer.say(CLOSE)
        peer.close()

    def refusing(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE, OFFER)
        yield from peer.hear(STARTTLS)
        peer.say(FAILURE, CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    outcome = play(refused, refusing, pieces=Pieces((size,)))
    assert_logged_in(outcome)


def test_what_waited_behind_a_refused_starttls_passes(world: World, play: Run) -> None:
    def refused(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS + AUTH)
        yield from peer.hear(FAILURE, SUCCESS)
        peer.close()

    def refusing(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE, OFFER)
        yield from peer.hear(STARTTLS)
        peer.say(FAILURE)
        yield from peer.hear(AUTH)
        peer.say(SUCCESS)
        yield from peer.rest()
        peer.close()

    outcome = play(refused, refusing)
    assert outcome.client.heard == RESPONSE + OFFER + FAILURE + SUCCESS
    assert outcome.server.heard == HEADER + STARTTLS + AUTH


def test_a_pipelined_restart(world: World, play: Run) -> None:
    def hasty(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER + AUTH + HEADER + BIND)
        yield from peer.hear(BOUND)
        peer.close()

    def patient(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(AUTH)
        peer.say(RESPONSE + LOGIN_FEATURES + SUCCESS + RESPONSE + BIND_FEATURES)
        yield from peer.hear(BIND)
        peer.say(BOUND)
        yield from peer.rest()
        peer.close()

    outcome = play(hasty, patient, direct_tls=True)
    assert_logged_in(outcome)
    assert "S iq, open" in outcome.told


@pytest.mark.parametrize("size", [0, 1])
def test_a_server_that_begins_with_no_stream(world: World, play: Run, size: int) -> None:
    # The relay took any element for the stream's, which the analyzer does not: so it made TLS that nobody could read.
    def odd(peer: Peer) -> Script:
        peer.say(b"<a>")
        yield from server(world.server())(peer)

    outcome = play(client(world.client()), odd, pieces=Pieces((size,)))
    assert isinstance(outcome.client.fault, ssl.SSLCertVerificationError)  # it has met the server itself
    assert outcome.relay.client.tls is None
