"""What passes through a relay, between scripted peers: whole logins, and what an open stream carries."""

import ssl
import zlib
from collections.abc import Callable

import pytest

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Run, assert_logged_in, assert_refused
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import SERVER, Pieces, Stage
from tests.proxy.words import (
    AUTH,
    BIND,
    BIND_FEATURES,
    BOUND,
    CLOSE,
    END_OF_FEATURES,
    HEADER,
    LOGIN_FEATURES,
    MESSAGE,
    REPLY,
    RESPONSE,
    S2S_HEADER,
    S2S_RESPONSE,
    SUCCESS,
    Way,
    client,
    server,
)
from xmppscope.model.wire import Ciphertext


@pytest.mark.parametrize("size", [0, 1, 7, 100])
@pytest.mark.parametrize("way", ["starttls", "direct", "plain"])
@pytest.mark.parametrize("most", [V12, V13])
def test_a_login_passes(world: World, play: Run, way: Way, most: ssl.TLSVersion, size: int) -> None:
    outcome = play(
        client(world.client(most=most), way),
        server(world.server(), way),
        pieces=Pieces((size,)),
        direct_tls=way == "direct",
    )
    assert_logged_in(outcome)
    shown = most.name.replace("_", ".") if way != "plain" else "none"
    assert {entry.protection for entry in outcome.entries if entry.kind == "stanza"} == {shown}
    assert (outcome.client.goodbye, outcome.server.goodbye) == ((way != "plain"),) * 2
    assert outcome.entries[-1].state == "closed"
    assert outcome.summary.undecrypted == outcome.summary.gaps == 0


def test_the_connection_record(world: World, play: Run) -> None:
    outcome = play(client(world.client()), server(world.server()))
    last = outcome.connections[-1]
    assert (last.initiating, last.receiving, last.proxy) == ("127.0.0.1:40000", SERVER, "127.0.0.1:5322")
    assert (last.kind, last.connection, outcome.summary.connections) == ("c2s", 1, 1)


def test_what_is_passed_on_is_one_entry(world: World, play: Run) -> None:
    outcome = play(client(world.client()), server(world.server()))
    elements = [entry for entry in outcome.entries if entry.xml is not None]
    assert all((entry.leg, entry.edit) == (None, None) for entry in elements)
    assert [entry.xml for entry in elements if entry.kind == "stanza"] == [
        each.decode() for each in (BIND, BOUND, MESSAGE, REPLY)
    ]
    assert {entry.leg for entry in outcome.entries if entry.kind in ("tls", "closed")} == {"client", "server"}


def test_the_password_is_masked(world: World, play: Run) -> None:
    outcome = play(client(world.client()), server(world.server()))
    (auth,) = (entry for entry in outcome.entries if entry.name == "auth")
    assert auth.redacted
    assert not any(b"AGp1bGlldAByMG0z".decode() in (entry.xml or "") for entry in outcome.entries)


@pytest.mark.parametrize("size", [0, 1])
def test_without_a_recording_the_timeline_is_the_same(world: World, play: Run, size: int) -> None:
    scripts = client(world.client()), server(world.server())
    with_it = play(*scripts, pieces=Pieces((size,)))
    without = Stage(world.tools, *scripts, start=world.start, pieces=Pieces((size,)), records=False).play()
    assert without.told == with_it.told
    assert not any(isinstance(event, Ciphertext) for event in without.events)


def open_stream(
    world: World, talk: Callable[[Peer], Script], answer: Callable[[Peer], Script]
) -> tuple[Callable[[Peer], Script], ...]:
    """Peers that have logged in over direct TLS, and then talk."""

    def romeo(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER, AUTH)
        yield from peer.hear(SUCCESS)
        peer.say(HEADER, BIND)
        yield from peer.hear(BOUND)
        yield from talk(peer)

    def host(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(AUTH)
        peer.say(RESPONSE + LOGIN_FEATURES, SUCCESS)
        yield from peer.hear(BIND)
        peer.say(RESPONSE + BIND_FEATURES, BOUND)
        yield from answer(peer)

    return romeo, host


def test_half_a_stanza_and_a_keepalive_pass_at_once(world: World, play: Run) -> None:
    def talk(peer: Peer) -> Script:
        for part in (b" ", b"<message><bo", b"dy>A", b"y me!</body></message>", b"\n"):
            peer.say(part)
            yield from peer.hear(part)
        peer.close()

    def answer(peer: Peer) -> Script:
        for part in (b" ", b"<message><bo", b"dy>A", b"y me!</body></message>", b"\n"):
            yield from peer.hear(part)
            peer.say(part)
        yield from peer.rest()
        peer.close()

    outcome = play(*open_stream(world, talk, answer), direct_tls=True)
    assert_logged_in(outcome)
    assert outcome.told.count("C keepalive, open") == outcome.told.count("S keepalive, open") == 2


def test_a_big_stanza(world: World, play: Run) -> None:
    big = b"<message><body>" + b"O Romeo, Romeo! " * 655_360 + b"</body></message>"

    def talk(peer: Peer) -> Script:
        peer.say(*(big[at : at + 16384] for at in range(0, len(big), 16384)))
        yield from peer.hear(MESSAGE)
        peer.close()

    def answer(peer: Peer) -> Script:
        yield from peer.hear(b"</message>")
        peer.say(MESSAGE)
        yield from peer.rest()
        peer.close()

    outcome = play(*open_stream(world, talk, answer), direct_tls=True)
    assert_logged_in(outcome)
    (entry,) = (entry for entry in outcome.entries if (entry.size or 0) > 1_000_000)
    assert entry.size == len(big)


def test_malformed_xml_while_open(world: World, play: Run) -> None:
    def talk(peer: Peer) -> Script:
        peer.say(b"<message><body>&nope;</message>", MESSAGE)
        yield from peer.hear(REPLY)
        peer.close()

    def answer(peer: Peer) -> Script:
        yield from peer.hear(MESSAGE)
        peer.say(b"</iq>", REPLY)
        yield from peer.rest()
        peer.close()

    outcome = play(*open_stream(world, talk, answer), direct_tls=True)
    assert_logged_in(outcome)
    assert "C malformed, open" in outcome.told


@pytest.mark.parametrize("bad", [b"<message", b"\x00\xff\xfe", b"</nope>", b"<a>&b;</a>", b"<!DOCTYPE a>", b"<?php ?>"])
@pytest.mark.parametrize("size", [0, 1])
def test_malformed_xml_before_the_login(world: World, play: Run, bad: bytes, size: int) -> None:
    def broken(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(bad)
        peer.end()
        yield from peer.rest()

    def host(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        yield from peer.rest()
        peer.say(b"<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" + CLOSE)
        peer.close()

    outcome = play(broken, host, pieces=Pieces((size,)), stubborn=True)
    assert_logged_in(outcome)


@pytest.mark.parametrize("size", [0, 1, 50])
def test_compression(world: World, play: Run, size: int) -> None:
    compress = b"<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>"
    compressed = b"<compressed xmlns='http://jabber.org/protocol/compress'/>"

    def romeo(peer: Peer) -> Script:
        deflate = zlib.compressobj()
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(compress)
        yield from peer.hear(compressed)
        peer.say(deflate.compress(HEADER + AUTH) + deflate.flush(zlib.Z_SYNC_FLUSH))
        yield from peer.wait()
        peer.close()

    def host(peer: Peer) -> Script:
        deflate = zlib.compressobj()
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + LOGIN_FEATURES)
        yield from peer.hear(compress)
        peer.say(compressed)
        yield from peer.wait()
        peer.say(deflate.compress(RESPONSE + LOGIN_FEATURES) + deflate.flush(zlib.Z_SYNC_FLUSH))
        yield from peer.rest()
        peer.close()

    outcome = play(romeo, host, direct_tls=True, pieces=Pieces((size,)))
    assert_logged_in(outcome)
    assert [entry.name for entry in outcome.entries if entry.compression == "zlib" and entry.name] == [
        "stream",
        "auth",
        "stream",
        "features",
    ]


def test_servers_talk(world: World, play: Run) -> None:
    outcome = play(
        client(world.client(alpn=("xmpp-server",)), header=S2S_HEADER),
        server(world.server(alpn=("xmpp-server",)), header=S2S_RESPONSE),
    )
    assert_logged_in(outcome)
    assert outcome.connections[-1].kind == "s2s"
    assert outcome.dials[0].kind == "s2s"
    assert outcome.client.tls is not None
    assert outcome.client.tls.selected_alpn_protocol() == "xmpp-server"


# Where to


@pytest.mark.parametrize(
    ("namespace", "kind"),
    [("jabber:client", "c2s"), ("jabber:server", "s2s"), ("jabber:component:accept", "component"), ("x", "unknown")],
)
def test_the_header_says_where_to(play: Run, namespace: str, kind: str) -> None:
    header = HEADER.replace(b"jabber:client", namespace.encode())

    def brief(peer: Peer) -> Script:
        peer.say(header)
        yield from peer.hear(CLOSE)
        peer.close()

    outcome = play(brief, silent, reach="nobody there")
    assert [(dial.domain, dial.kind, dial.direct_tls) for dial in outcome.dials] == [("a.example", kind, False)]
    assert_refused(outcome, "remote-connection-failed", secured=False)


@pytest.mark.parametrize("way", ["starttls", "direct", "plain"])
def test_a_destination_that_the_client_named(world: World, play: Run, way: Way) -> None:
    """Its legs do not differ, whatever the user says of the usual server."""
    outcome = play(
        client(world.client(), way),
        server(world.server(), way),
        direct_tls=way == "direct",
        upstream="plain:localhost" if way != "plain" else "tls:localhost",
        destination=("c.example", 5269),
    )
    assert_logged_in(outcome)
    assert [dial.destination for dial in outcome.dials] == [("c.example", 5269)]


def test_no_server_is_named(world: World, play: Run) -> None:
    outcome = play(client(world.client(), "direct"), server(world.server(), "direct"), direct_tls=True, upstream=None)
    assert_logged_in(outcome)
    assert [(dial.domain, dial.direct_tls) for dial in outcome.dials] == [("a.example", True)]


def test_nobody_is_named_at_all(world: World, play: Run) -> None:
    """Direct TLS without a server name: the stream header says it, inside."""
    context = world.client()
    context.check_hostname = False

    def nameless(peer: Peer) -> Script:
        yield from peer.secure(context, None)
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    outcome = play(nameless, server(world.server(), "direct", leaves="auth"), direct_tls=True, upstream=None)
    assert [(dial.domain, dial.direct_tls) for dial in outcome.dials] == [("a.example", True)]
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES


# Ends inside TLS


@pytest.mark.parametrize("most", [V12, V13])
def test_close_notify_is_passed_on_by_itself(world: World, play: Run, most: ssl.TLSVersion) -> None:
    def talk(peer: Peer) -> Script:
        peer.say_goodbye()
        while not peer.goodbye:
            yield
        assert not peer.eof
        peer.end()

    def answer(peer: Peer) -> Script:
        while not peer.goodbye:
            yield
        assert not peer.eof
        peer.say_goodbye()
        yield from peer.rest()
        peer.end()

    romeo, host = open_stream(world, talk, answer)
    outcome = play(romeo, host, direct_tls=True)
    assert_logged_in(outcome)
