"""What goes wrong on the server's side: the client is told in its own protocol, and in bounded time."""

import ssl
from pathlib import Path

import pytest

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Run, assert_logged_in, assert_refused
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import SECOND, Pieces, Tools
from tests.proxy.words import (
    CLEAR_PHASES,
    END_OF_FEATURES,
    HEADER,
    LOGIN_FEATURES,
    PHASES,
    RESPONSE,
    S2S_HEADER,
    Way,
    client,
    server,
)

REFUSED = "connection refused by 127.0.0.1:5222"
WAYS: tuple[Way, ...] = ("starttls", "direct", "plain")
VERSIONS = pytest.mark.parametrize("most", [V12, V13], ids=["TLS 1.2", "TLS 1.3"])


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize("way", WAYS)
def test_the_server_cannot_be_reached(world: World, play: Run, way: Way, size: int) -> None:
    outcome = play(
        client(world.client(), way), silent, reach=REFUSED, direct_tls=way == "direct", pieces=Pieces((size,))
    )
    assert_refused(outcome, "remote-connection-failed", secured=way == "direct")
    assert outcome.took < 5 * SECOND
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert (fault.summary, fault.leg, fault.edit) == (REFUSED, "client", None)
    assert outcome.diagnoses[0].advice == "start it"
    assert outcome.diagnoses[0].entries == [fault.entry]


def test_a_server_is_refused_in_its_own_namespace(world: World, play: Run) -> None:
    outcome = play(client(world.client(), "plain", header=S2S_HEADER), silent, reach=REFUSED)
    assert_refused(outcome, "remote-connection-failed", secured=False)
    assert b"xmlns='jabber:server'" in outcome.client.plain
    assert outcome.connections[-1].kind == "s2s"


def test_the_header_may_come_long_after_tls(world: World, play: Run) -> None:
    """The client is told nothing before it has begun a stream: RFC 6120 §4.9.1.2 has the error behind a header."""

    def slow(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        for _ in range(5):
            assert peer.secured == b""
            yield True
        peer.say(HEADER)
        yield from peer.rest()
        peer.close()

    outcome = play(slow, silent, reach=REFUSED, direct_tls=True)
    assert_refused(outcome, "remote-connection-failed", secured=True)


def test_a_refused_client_that_begins_no_stream_is_let_go(world: World, play: Run) -> None:
    outcome = play(client(world.client(), "direct", leaves="secured"), silent, reach=REFUSED, direct_tls=True)
    assert outcome.relay.done
    assert outcome.client.heard == b""
    assert outcome.took < 60 * SECOND


@pytest.mark.parametrize("way", WAYS)
def test_a_refused_client_that_does_not_close_is_let_go(world: World, play: Run, way: Way) -> None:
    outcome = play(client(world.client(), way), silent, reach=REFUSED, direct_tls=way == "direct", stubborn=True)
    assert_refused(outcome, "remote-connection-failed", secured=way == "direct")
    assert outcome.took < 60 * SECOND


# The server's certificate


def certificates(world: World) -> dict[str, Path]:
    return {
        "wrong name": world.issuer.issue("b.example"),
        "expired": world.issuer.issue("a.example", days=-1),
        "unknown authority": world.stranger.issue("a.example"),
        "self-signed": world.issuer.issue("a.example", own=True),
    }


PROBLEMS = ["wrong name", "expired", "unknown authority", "self-signed"]


@VERSIONS
@pytest.mark.parametrize("way", ["starttls", "direct"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_certificate_that_does_not_hold(
    world: World, play: Run, way: Way, problem: str, most: ssl.TLSVersion
) -> None:
    shown = certificates(world)[problem]
    outcome = play(client(world.client(most=most), way), server(world.server(shown), way), direct_tls=way == "direct")
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.took < SECOND
    (fault,) = (entry for entry in outcome.entries if entry.kind == "proxy")
    assert fault.leg == "server"
    assert "--insecure-upstream" in outcome.diagnoses[0].advice
    assert b"<stream:stream" not in outcome.server.secured


@pytest.mark.parametrize("way", ["starttls", "direct"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_any_certificate_will_do(world: World, play: Run, way: Way, problem: str) -> None:
    tools = Tools(world.authority, insecure=True)
    shown = certificates(world)[problem]
    outcome = play(
        client(world.client(), way),
        server(world.server(shown), way),
        direct_tls=way == "direct",
        tools=tools,
        insecure=True,
    )
    tools.close()
    assert_logged_in(outcome)
    assert outcome.proxy_entries == []


def test_the_stream_is_for_another_domain_than_the_server_name(world: World, play: Run) -> None:
    """Direct TLS was verified for the name in the ClientHello; the stream header must not go beyond that."""

    def other(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER.replace(b"a.example", b"b.example"))
        yield from peer.rest()
        peer.close()

    outcome = play(other, server(world.server(), "direct"), direct_tls=True)
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert b"b.example" not in outcome.server.heard


def test_no_server_name_in_the_client_hello(world: World, play: Run) -> None:
    context = world.client()
    context.check_hostname = False

    def nameless(peer: Peer) -> Script:
        yield from peer.secure(context, None)
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    outcome = play(nameless, server(world.server(), "direct", leaves="secured-header"), direct_tls=True)
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES


def test_no_server_name_and_a_certificate_that_does_not_hold(world: World, play: Run) -> None:
    context = world.client()
    context.check_hostname = False

    def nameless(peer: Peer) -> Script:
        yield from peer.secure(context, None)
        peer.say(HEADER)
        yield from peer.rest()
        peer.close()

    shown = certificates(world)["wrong name"]
    outcome = play(nameless, server(world.server(shown), "direct"), direct_tls=True)
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert b"<stream:stream" not in outcome.server.heard


# The server's TLS


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_no_version_in_common(world: World, play: Run, way: Way) -> None:
    outcome = play(
        client(world.client(most=V12), way), server(world.server(least=V13), way), direct_tls=way == "direct"
    )
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.client.tls is not None
    assert outcome.client.tls.version() == "TLSv1.2"


@pytest.mark.parametrize(
    "answer",
    [
        b"<?xml version='1.0'?><stream:stream>",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 40,
        b"\x15\x03\x01\x00\x02\x02\x28",
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_a_server_that_speaks_no_tls(world: World, play: Run, answer: bytes, size: int) -> None:
    def clear(peer: Peer) -> Script:
        yield from peer.wait()
        peer.raw(answer)
        yield from peer.rest()
        peer.end()

    outcome = play(client(world.client(), "direct"), clear, direct_tls=True, pieces=Pieces((size,)))
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.took < SECOND


def test_a_server_that_speaks_tls_where_a_stream_is_due(world: World, play: Run) -> None:
    def hasty(peer: Peer) -> Script:
        yield from peer.wait()
        peer.raw(b"\x15\x03\x01\x00\x02\x02\x46")
        peer.end()

    outcome = play(client(world.client(), "plain"), hasty)
    assert outcome.relay.done


@VERSIONS
@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_a_server_that_wants_a_certificate(world: World, play: Run, way: Way, most: ssl.TLSVersion) -> None:
    context = world.server(most=most)
    context.load_verify_locations(world.issuer.file)
    context.verify_mode = ssl.CERT_REQUIRED
    outcome = play(client(world.client(), way), server(context, way), direct_tls=way == "direct")
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.took < SECOND
    assert outcome.diagnoses


@VERSIONS
@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_a_server_that_would_like_a_certificate(world: World, play: Run, way: Way, most: ssl.TLSVersion) -> None:
    context = world.server(most=most)
    context.load_verify_locations(world.issuer.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    outcome = play(client(world.client(), way), server(context, way), direct_tls=way == "direct")
    assert_logged_in(outcome)
    (told,) = (entry for entry in outcome.entries if "EXTERNAL" in entry.summary)
    assert (told.kind, told.leg, told.sender) == ("tls", "server", "initiating")


# A server that leaves, or falls silent


@pytest.mark.parametrize(("how", "stubborn"), [("stall", True), ("fin", False), ("reset", False)])
@pytest.mark.parametrize(
    ("way", "leaves", "secured"),
    [
        ("plain", "reached", False),
        ("starttls", "reached", False),
        ("starttls", "proceed", True),
        ("starttls", "greeted", True),
        ("direct", "reached", True),
        ("direct", "greeted", True),
    ],
)
@VERSIONS
def test_a_server_that_does_not_do_its_part(
    world: World, play: Run, way: Way, leaves: str, secured: bool, how: str, stubborn: bool, most: ssl.TLSVersion
) -> None:
    outcome = play(
        client(world.client(most=most), way),
        server(world.server(), way, leaves=leaves, how=how),
        direct_tls=way == "direct",
        stubborn=stubborn,
    )
    assert_refused(outcome, "remote-connection-failed", secured=secured)
    assert outcome.took < (20 + 5 + 1) * SECOND
    assert outcome.diagnoses


@pytest.mark.parametrize("way", ["starttls", "direct"])
@pytest.mark.parametrize("how", ["stall", "fin", "close", "reset"])
def test_a_server_that_leaves_in_mid_handshake(world: World, play: Run, way: Way, how: str) -> None:
    # What was held back of the handshake was told behind the end of the leg, where a reader of the recording drops it.
    outcome = play(
        client(world.client(most=V12), way),
        server(world.server(), way, leaves="greeting", how=how),
        direct_tls=way == "direct",
    )
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert [entry.leg for entry in outcome.entries if (entry.tls or {}).get("certificate")] == ["server", "client"]


LATER = [(way, phase) for way in WAYS for phase in PHASES[way] if phase not in ("proceed", "greeting")]


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(("way", "leaves"), LATER)
def test_a_server_that_leaves_later(world: World, play: Run, way: Way, leaves: str, how: str) -> None:
    """The client sees what it would see without a proxy: the same end, behind the same bytes."""
    outcome = play(
        client(world.client(), way), server(world.server(), way, leaves=leaves, how=how), direct_tls=way == "direct"
    )
    assert outcome.relay.done
    assert outcome.took < SECOND
    if not (how == "reset" and leaves in ("header", "secured-header")):
        assert b"stream:error" not in outcome.client.heard
        assert outcome.client.eof == ("reset" if how == "reset" else "fin")
    if how != "reset":
        assert outcome.client.heard == outcome.server.said
        assert outcome.client.goodbye == (how == "close" and way != "plain" and leaves not in CLEAR_PHASES)


def test_a_broken_record_of_the_server(world: World, play: Run) -> None:
    def broken(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        peer.raw(b"\x17\x03\x03\x00\x20" + bytes(32))
        yield from peer.rest()

    outcome = play(client(world.client(), "direct"), broken, direct_tls=True)
    assert outcome.relay.done
    assert [entry.leg for entry in outcome.entries if entry.kind == "proxy"] == ["server"]
