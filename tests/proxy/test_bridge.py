"""Legs that differ: the proxy plays the part of STARTTLS that one peer lacks, and shows that it does."""

import xml.etree.ElementTree as ET

import pytest

from tests.proxy.conftest import V12, World
from tests.proxy.outcome import Outcome, Run, assert_refused
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import SECOND, Pieces
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
    MECHANISMS,
    MESSAGE,
    OFFER,
    PROCEED,
    REPLY,
    RESPONSE,
    STARTTLS,
    SUCCESS,
    Way,
    client,
    server,
)

INNER = RESPONSE + LOGIN_FEATURES
AFTER_LOGIN = SUCCESS + RESPONSE + BIND_FEATURES + BOUND + REPLY + CLOSE
BRIDGES: list[tuple[Way, str, Way]] = [
    ("starttls", "tls:localhost", "direct"),
    ("starttls", "plain:localhost", "plain"),
    ("plain", "tls:localhost", "direct"),
    ("plain", "plain:localhost", "plain"),
    ("direct", "starttls:localhost", "starttls"),
    ("direct", "plain:localhost", "plain"),
    ("direct", "tls:localhost", "direct"),
    ("starttls", "starttls:localhost", "starttls"),
]


def talk(world: World, play: Run, bridge: tuple[Way, str, Way], size: int = 0, **more: object) -> Outcome:
    ours, upstream, theirs = bridge
    return play(
        client(world.client(), ours),
        server(world.server(), theirs),
        upstream=upstream,
        direct_tls=ours == "direct",
        pieces=Pieces((size,)),
        **more,
    )


def assert_well(outcome: Outcome) -> None:
    for peer in (outcome.client, outcome.server):
        assert peer.finished
        assert not peer.gave_up
        assert peer.fault is None
    assert outcome.relay.done
    assert "S iq, open" in outcome.told
    assert not any(entry.kind == "malformed" for entry in outcome.entries)


@pytest.mark.parametrize("size", [0, 1, 90])
@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda bridge: f"{bridge[0]} to {bridge[1].partition(':')[0]}")
def test_a_login_over_a_bridge(world: World, play: Run, bridge: tuple[Way, str, Way], size: int) -> None:
    outcome = talk(world, play, bridge, size)
    assert_well(outcome)
    ours, _, theirs = bridge
    assert outcome.client.heard.endswith(AFTER_LOGIN)
    assert outcome.server.heard.endswith(AUTH + HEADER + BIND + MESSAGE + CLOSE)
    assert (outcome.client.tls is None, outcome.server.tls is None) == (ours == "plain", theirs == "plain")
    for peer in (outcome.client, outcome.server):
        assert AUTH not in peer.plain or peer.tls is None
    if bridge[0] == bridge[2]:
        assert outcome.server.heard == outcome.client.said


def test_a_client_with_starttls_and_a_server_with_direct_tls(world: World, play: Run) -> None:
    outcome = talk(world, play, BRIDGES[0])
    offer = STARTTLS + MECHANISMS
    assert outcome.client.plain == RESPONSE + b"<stream:features>" + offer + END_OF_FEATURES + PROCEED
    assert outcome.client.secured.startswith(INNER)
    assert outcome.told == [
        "C stream-open, header-sent",
        "C tls on the server leg, header-sent",
        "S tls on the server leg, header-sent",
        "S stream-open, header-both",
        "S features on the server leg, negotiating",
        "S features on the client leg changed, negotiating",
        "C starttls on the client leg dropped, negotiating",
        "S proceed on the client leg injected, tls",
        "C tls on the client leg, tls",
        "S tls on the client leg, tls",
        "C stream-open on the client leg dropped, header-sent",
        "S stream-open on the client leg injected, header-both",
        "S features on the client leg injected, negotiating",
        *outcome.told[13:],
    ]
    original, changed = (entry for entry in outcome.entries[:6] if entry.name == "features")
    assert changed.edit is not None
    assert (changed.edit.by, changed.edit.of) == ("starttls", original.entry)


def test_a_client_with_direct_tls_and_a_server_with_starttls(world: World, play: Run) -> None:
    outcome = talk(world, play, BRIDGES[4])
    assert outcome.server.plain == HEADER + STARTTLS
    assert outcome.server.secured.startswith(HEADER + AUTH)
    assert outcome.client.secured == INNER + AFTER_LOGIN
    assert [entry.edit.action for entry in outcome.entries if entry.edit] == [
        "dropped",
        "dropped",
        "injected",
        "dropped",
        "injected",
    ]


@pytest.mark.parametrize("size", [0, 1])
def test_what_a_client_sends_ahead_never_reaches_the_server_in_the_clear(world: World, play: Run, size: int) -> None:
    """It has TLS, and may well log in at once: that must wait until the server leg has TLS too."""

    def hasty(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER + b" " + AUTH)
        yield from peer.hear(SUCCESS)
        peer.close()

    outcome = play(
        hasty,
        server(world.server(), "starttls", leaves="success"),
        upstream="starttls:localhost",
        direct_tls=True,
        pieces=Pieces((size,)),
    )
    assert outcome.server.plain == HEADER + STARTTLS
    assert outcome.server.secured == HEADER + b" " + AUTH
    assert outcome.client.secured == INNER + SUCCESS


@pytest.mark.parametrize("features", [LOGIN_FEATURES, b"<stream:features/>"])
def test_a_server_that_offers_no_starttls(world: World, play: Run, features: bytes) -> None:
    def bare(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + features)
        yield from peer.rest()
        peer.end()

    outcome = play(client(world.client(), "direct"), bare, upstream="starttls:localhost", direct_tls=True)
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.server.heard == HEADER


@pytest.mark.parametrize("answer", [FAILURE + CLOSE, b"<stream:error/>", PROCEED + MESSAGE, b""])
def test_a_server_that_does_not_grant_it(world: World, play: Run, answer: bytes) -> None:
    def refusing(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + OFFER)
        yield from peer.hear(STARTTLS)
        peer.say(answer)
        peer.end()

    outcome = play(client(world.client(), "direct"), refusing, upstream="starttls:localhost", direct_tls=True)
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.took < 6 * SECOND
    assert MESSAGE not in outcome.client.heard


@pytest.mark.parametrize("how", ["stall", "fin", "reset"])
@pytest.mark.parametrize("leaves", ["reached", "header", "features", "starttls", "proceed", "greeted", "greeting"])
def test_a_server_that_leaves_before_there_is_tls(world: World, play: Run, leaves: str, how: str) -> None:
    outcome = play(
        client(world.client(most=V12), "direct"),
        server(world.server(), "starttls", leaves=leaves, how=how),
        upstream="starttls:localhost",
        direct_tls=True,
    )
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.took < 27 * SECOND


@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda bridge: f"{bridge[0]} to {bridge[1].partition(':')[0]}")
def test_a_bridge_to_nowhere(world: World, play: Run, bridge: tuple[Way, str, Way]) -> None:
    ours, upstream, _ = bridge
    outcome = play(
        client(world.client(), ours), silent, upstream=upstream, direct_tls=ours == "direct", reach="nobody there"
    )
    assert_refused(outcome, "remote-connection-failed", secured=ours == "direct")


def test_a_client_that_does_without_tls(world: World, play: Run) -> None:
    outcome = talk(world, play, BRIDGES[2])
    assert outcome.server.secured == outcome.client.said
    assert [entry.protection for entry in outcome.entries if entry.name == "auth"] == ["none"]
    assert {entry.protection for entry in outcome.entries if entry.name == "success"} == {"TLSv1.3"}


def test_a_client_with_tls_and_a_server_without(world: World, play: Run) -> None:
    """The server offers STARTTLS all the same, which the client must not see."""
    features = LOGIN_FEATURES.replace(b"<mechanisms", STARTTLS + b"<mechanisms")

    def offering(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + features)
        yield from peer.hear(AUTH)
        peer.say(SUCCESS)
        yield from peer.rest()
        peer.end()

    outcome = play(
        client(world.client(), "direct", leaves="success", how="close"),
        offering,
        upstream="plain:localhost",
        direct_tls=True,
    )
    assert outcome.client.secured == INNER + SUCCESS


def test_the_features_of_the_server_are_changed_once(world: World, play: Run) -> None:
    """What is taken out for one reason and put in for another makes one change."""
    plus = b"<mechanism>SCRAM-SHA-1-PLUS</mechanism>"
    features = LOGIN_FEATURES.replace(b"<mechanism>", plus + b"<mechanism>").replace(
        b"<mechanisms", STARTTLS + b"<mechanisms"
    )

    def offering(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + features)
        yield from peer.rest()
        peer.end()

    outcome = play(client(world.client(), leaves="secured-header", how="close"), offering, upstream="plain:localhost")
    assert outcome.client.plain.count(b"<starttls") == 1
    assert b"PLUS" not in outcome.client.heard
    assert outcome.client.secured == INNER
    changed = [entry for entry in outcome.entries if entry.edit and entry.edit.action == "changed"]
    assert len(changed) == 1
    assert changed[0].xml is not None
    assert changed[0].xml.encode() in outcome.client.plain
    ET.fromstring(outcome.client.secured + CLOSE)


@pytest.mark.parametrize("size", [0, 1])
def test_a_client_hello_right_behind_starttls(world: World, play: Run, size: int) -> None:
    def hasty(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS)
        peer.hello(world.client(), "a.example")
        yield from peer.hear(PROCEED)
        yield from peer.secure()
        peer.say(HEADER + AUTH)
        yield from peer.hear(SUCCESS)
        peer.close()

    outcome = play(
        hasty,
        server(world.server(), "direct", leaves="success"),
        upstream="tls:localhost",
        pieces=Pieces((size,)),
    )
    assert outcome.client.secured == INNER + SUCCESS
    assert outcome.server.heard == HEADER + AUTH


def test_cleartext_behind_starttls(world: World, play: Run) -> None:
    def injecting(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(STARTTLS + MESSAGE)
        yield from peer.rest()

    outcome = play(injecting, server(world.server(), "direct"), upstream="tls:localhost")
    assert MESSAGE not in outcome.server.heard
    assert outcome.relay.done
    assert outcome.took < SECOND


@pytest.mark.parametrize("ahead", [False, True])
def test_starttls_before_anything_was_offered(world: World, play: Run, ahead: bool) -> None:
    def hasty(peer: Peer) -> Script:
        peer.say(HEADER + STARTTLS)
        if ahead:
            peer.hello(world.client(), "a.example")
        yield from peer.hear(END_OF_FEATURES, PROCEED)
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    outcome = play(hasty, server(world.server(), "direct", leaves="auth", how="close"), upstream="tls:localhost")
    assert outcome.client.secured == INNER
    assert outcome.relay.done


def test_a_client_that_has_closed_its_half(world: World, play: Run) -> None:
    # The negotiation was over for the analyzer, and so the server's <proceed/> did not make TLS of what came next.
    def early(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        peer.end()
        yield from peer.rest()

    outcome = play(
        early, server(world.server(), "starttls", leaves="auth"), upstream="starttls:localhost", direct_tls=True
    )
    assert outcome.client.secured == INNER
    assert outcome.relay.done
    assert not any(entry.kind in ("malformed", "opaque") for entry in outcome.entries)


@pytest.mark.parametrize("size", [0, 1])
def test_a_client_that_goes_on_behind_its_closing_tag(world: World, play: Run, size: int) -> None:
    # For the analyzer the negotiation was over, and so the proxy's own <proceed/> did not make TLS of what came next.
    def confused(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(CLOSE + STARTTLS)
        yield from peer.hear(PROCEED)
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    outcome = play(
        confused,
        server(world.server(), "plain", leaves="auth"),
        upstream="plain:localhost",
        pieces=Pieces((size,)),
    )
    assert outcome.client.secured == INNER
    assert not any(entry.kind == "malformed" for entry in outcome.entries)
