"""How a proxied stream ends: by its peers, in whatever phase, and by the proxy being stopped."""

import ssl
from collections.abc import Callable

import pytest

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Outcome, Run, assert_logged_in, assert_refused
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import SECOND, Pieces
from tests.proxy.words import (
    AUTH,
    BIND,
    BIND_FEATURES,
    BOUND,
    CLEAR_PHASES,
    CLOSE,
    END_OF_FEATURES,
    HEADER,
    LOGIN_FEATURES,
    PHASES,
    RESPONSE,
    SUCCESS,
    Way,
    client,
    server,
)

WAYS: tuple[Way, ...] = ("starttls", "direct", "plain")


@pytest.mark.parametrize(("way", "leaves"), [(way, phase) for way in WAYS for phase in PHASES[way]])
def test_the_proxy_is_stopped(world: World, stop: Callable[..., Outcome], way: Way, leaves: str) -> None:
    outcome = stop(client(world.client(), way, leaves=leaves), server(world.server(), way), direct_tls=way == "direct")
    assert outcome.relay.done
    assert outcome.client.eof
    if leaves not in ("greeting", "secured", "closed") or way == "starttls":
        assert outcome.proxy_entries == ["closed by the proxy, which was stopped"] * (leaves != "closed")
    if outcome.relay.passage.answered and leaves != "closed":
        assert_refused(outcome, "system-shutdown", secured=way != "plain" and leaves not in CLEAR_PHASES)
        assert outcome.server.heard.endswith(CLOSE)


def test_half_a_stanza_is_not_broken_into(world: World, stop: Callable[..., Outcome]) -> None:
    def half(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES + b"<message><bo")
        yield from peer.rest()

    outcome = stop(client(world.client(), "plain", leaves="auth"), half)
    assert outcome.relay.done
    assert b"system-shutdown" in outcome.client.heard  # what is not whole has not passed yet
    assert b"<bo" not in outcome.client.heard


def test_half_a_stanza_of_an_open_stream_is_not_broken_into(world: World, stop: Callable[..., Outcome]) -> None:
    def half(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        yield from peer.hear(AUTH)
        peer.say(SUCCESS + RESPONSE + BIND_FEATURES)
        yield from peer.hear(BIND)
        peer.say(BOUND + b"<message><bo")
        yield from peer.rest()

    outcome = stop(client(world.client(), "plain", leaves="bind"), half)
    assert outcome.relay.done
    assert outcome.client.heard.endswith(b"<message><bo")
    assert outcome.server.heard.endswith(CLOSE)


# A client that leaves, or falls silent


LEAVING = [(way, phase, V13) for way in WAYS for phase in PHASES[way]]
LEAVING += [(way, phase, V12) for way in ("starttls", "direct") for phase in ("greeting", "secured", "closed")]


@pytest.mark.parametrize(("how", "stubborn"), [("fin", True), ("close", False), ("reset", False)])
@pytest.mark.parametrize(("way", "leaves", "most"), LEAVING)
def test_a_client_that_leaves(
    world: World, play: Run, way: Way, leaves: str, how: str, stubborn: bool, most: ssl.TLSVersion
) -> None:
    outcome = play(
        client(world.client(most=most), way, leaves=leaves, how=how),
        server(world.server(), way),
        direct_tls=way == "direct",
        stubborn=stubborn,
    )
    assert outcome.took < SECOND
    in_handshake = leaves in ("proceed", "greeting") or (leaves == "starttls" and how != "reset")
    if in_handshake or how == "reset" or not stubborn:
        assert outcome.relay.done
    assert outcome.server.eof == ("reset" if how == "reset" else "fin")
    if not in_handshake:
        assert outcome.server.heard == outcome.client.said
        assert outcome.proxy_entries == []
    if how == "close":
        assert outcome.server.goodbye == (way != "plain" and leaves not in (*CLEAR_PHASES, "greeting"))


@pytest.mark.parametrize("most", [V12, V13], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize(
    ("way", "leaves"),
    [("starttls", "starttls"), ("starttls", "proceed"), ("starttls", "greeting"), ("direct", "greeting")],
)
def test_a_client_that_falls_silent_in_the_handshake(
    world: World, play: Run, way: Way, leaves: str, most: ssl.TLSVersion
) -> None:
    outcome = play(
        client(world.client(most=most), way, leaves=leaves), server(world.server(), way), direct_tls=way == "direct"
    )
    assert outcome.relay.done
    assert outcome.took < 21 * SECOND
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert (fault.leg, fault.severity) == ("client", "error")
    assert fault.reason is not None
    assert outcome.server.eof == "fin"


def test_a_client_that_sends_half_a_client_hello(world: World, play: Run) -> None:
    def half(peer: Peer) -> Script:
        peer.raw(b"\x16\x03\x01\x02\x00\x01\x00")
        yield from peer.rest()

    outcome = play(half, silent, direct_tls=True)
    assert outcome.relay.done
    assert outcome.took < 21 * SECOND
    assert outcome.dials == []
    assert [entry.severity for entry in outcome.entries if entry.kind == "proxy"] == ["error"]
    assert outcome.connections[-1].receiving == outcome.connections[-1].proxy


@pytest.mark.parametrize("most", [V12, V13], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("way", ["starttls", "direct"])
@pytest.mark.parametrize("size", [0, 1])
def test_a_client_that_does_not_trust_the_proxy(
    world: World, play: Run, way: Way, most: ssl.TLSVersion, size: int
) -> None:
    outcome = play(
        client(world.client(trusts=False, most=most), way),
        server(world.server(), way),
        direct_tls=way == "direct",
        pieces=Pieces((size,)),
    )
    assert isinstance(outcome.client.fault, ssl.SSLCertVerificationError)
    assert outcome.relay.done
    assert outcome.took < 6 * SECOND
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert (fault.leg, fault.severity, fault.state) == ("client", "error", "broken")
    assert "ca trust" in outcome.diagnoses[0].advice
    assert "verified" in outcome.diagnoses[0].text
    assert (outcome.server.eof, outcome.server.goodbye) == ("fin", True)


def test_a_client_whose_handshake_is_garbage(world: World, play: Run) -> None:
    def garbled(peer: Peer) -> Script:
        peer.hello(world.client(), "a.example")
        yield from peer.wait()
        peer.raw(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")
        yield from peer.rest()

    outcome = play(garbled, server(world.server(), "direct"), direct_tls=True)
    assert outcome.relay.done
    assert outcome.took < SECOND
    assert [entry.leg for entry in outcome.entries if entry.kind == "proxy"] == ["client"]


# Halves


@pytest.mark.parametrize("way", WAYS)
def test_a_client_may_close_its_half(world: World, play: Run, way: Way) -> None:
    def early(peer: Peer) -> Script:
        if way == "direct":
            yield from peer.secure(world.client())
        peer.say(HEADER)
        peer.end()
        yield from peer.hear(END_OF_FEATURES)
        yield from peer.rest()

    outcome = play(early, server(world.server(), "plain" if way == "starttls" else way), direct_tls=way == "direct")
    assert outcome.client.heard == RESPONSE + LOGIN_FEATURES
    assert outcome.relay.done


@pytest.mark.parametrize("way", ["direct", "plain"])
def test_a_server_may_close_its_half(world: World, play: Run, way: Way) -> None:
    def early(peer: Peer) -> Script:
        if way == "direct":
            yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        peer.end()
        yield from peer.hear(AUTH)
        yield from peer.rest()

    outcome = play(client(world.client(), way), early, direct_tls=way == "direct", stubborn=True)
    assert AUTH in outcome.server.heard
    assert outcome.client.eof == "fin"
    assert not outcome.client.goodbye


def test_a_server_that_has_said_all_before_the_client_is_ready(world: World, play: Run) -> None:
    """What it said, and its end, wait for the client's handshake."""

    def curt(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        peer.say(RESPONSE + b"<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
        peer.say(CLOSE)
        peer.close()

    for turns in ((True,), (False,)):
        outcome = play(client(world.client(), "direct"), curt, direct_tls=True, pieces=Pieces((0, 3), turns))
        assert outcome.client.secured.endswith(CLOSE)
        assert (outcome.client.eof, outcome.client.goodbye) == ("fin", True)
        assert outcome.relay.done


# Records that are never completed


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("most", [V12, V13], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("tail", [b"\x17", b"\x17\x03\x03\x00\x30" + bytes(9), b"<presence/>", b"\x00" * 9])
def test_a_record_that_is_not_completed(world: World, play: Run, tail: bytes, most: ssl.TLSVersion, how: str) -> None:
    # Live, nothing of it was seen; in the recording there was an entry for it.
    def torn(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        yield from peer.hear(AUTH)
        peer.raw(tail)
        yield True
        peer.ends = how

    outcome = play(client(world.client(most=most), "direct"), torn, direct_tls=True)
    assert outcome.relay.done
    assert [entry.sender for entry in outcome.entries if entry.kind in ("opaque", "malformed", "stanza")] == [
        "receiving"
    ]
    assert b"<presence/>" not in outcome.client.heard


# While the server is being dialled


@pytest.mark.parametrize("how", ["fin", "close", "reset"])
@pytest.mark.parametrize(
    ("way", "leaves"), [("plain", "secured-header"), ("starttls", "header"), ("direct", "greeting")]
)
def test_a_client_that_leaves_while_the_server_is_dialled(
    world: World, play: Run, way: Way, leaves: str, how: str
) -> None:
    outcome = play(
        client(world.client(), way, leaves=leaves, how=how),
        server(world.server(), way),
        direct_tls=way == "direct",
        reach="late",
        pieces=Pieces((0,)),
        stubborn=True,
    )
    if how == "reset" or way == "direct":
        assert outcome.relay.done
        assert outcome.server.heard == b""
    else:
        assert outcome.server.heard == HEADER
        assert outcome.server.eof == "fin"
        assert outcome.client.plain.startswith(RESPONSE)


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_is_reached_late(world: World, play: Run, way: Way) -> None:
    assert_logged_in(
        play(client(world.client(), way), server(world.server(), way), direct_tls=way == "direct", reach="late")
    )


@pytest.mark.parametrize("way", ["plain", "starttls"])
def test_a_client_that_has_closed_its_half_and_a_server_that_is_not_there(world: World, play: Run, way: Way) -> None:
    outcome = play(
        client(world.client(), way, leaves="header" if way == "starttls" else "secured-header", how="fin"),
        silent,
        reach="nobody there",
    )
    assert_refused(outcome, "remote-connection-failed", secured=False)
    assert outcome.took < SECOND
