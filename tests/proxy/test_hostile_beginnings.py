"""What does not begin as a stream does: no server whose name was not checked gets a byte of it, and nobody waits."""

import pytest

from tests.proxy.conftest import World
from tests.proxy.peers import Peer, Play, Script, silent
from tests.proxy.relay_harness import SECOND, Run
from tests.proxy.words import AUTH, SECRET

NO_STREAMS = [b"<<<<", b"<!DOCTYPE x><a/>", b"hello ", AUTH, b"\0"]


def saying(data: bytes, world: World | None = None) -> Play:
    """A client that says something, in TLS without a server name if there is a world, and waits."""

    def play(peer: Peer) -> Script:
        if world is not None:
            context = world.client()
            context.check_hostname = False
            yield from peer.secure(context, name=None)
        peer.say(data)
        yield from peer.rest()

    return play


@pytest.mark.parametrize("data", NO_STREAMS)
def test_a_server_of_another_name_gets_nothing(world: World, play: Run, data: bytes) -> None:
    """Without SNI the header is what tells the name to check; what was no XMPP passed unchecked."""

    def server(peer: Peer) -> Script:
        yield from peer.secure(world.server(world.issuer.issue("evil.example")))
        yield from peer.rest()

    outcome = play(saying(data + AUTH, world), server, direct_tls=True)
    assert outcome.server.heard == b""
    assert "has not said which domain" in outcome.diagnoses[0].text
    assert outcome.relay.done
    assert SECRET not in repr(outcome.live).encode()


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("data", NO_STREAMS[:3])
def test_what_is_no_stream_and_leads_nowhere_ends(world: World, play: Run, data: bytes, direct: bool) -> None:
    outcome = play(saying(data, world if direct else None), silent, upstream=None, direct_tls=direct)
    assert outcome.dials == []
    assert outcome.proxy_entries == ["client leg: what it sends is no XMPP stream"]
    assert outcome.relay.done
    assert outcome.took < SECOND


@pytest.mark.parametrize("data", [b"<", b"<stream:stream ", b"<?xml version='1.0'?>"])
def test_a_header_that_is_never_completed(play: Run, data: bytes) -> None:
    outcome = play(saying(data), silent)
    assert outcome.proxy_entries == ["the client did not complete its stream header within 20 s"]
    assert outcome.relay.done


def test_a_client_in_tls_that_never_begins_a_stream(world: World, play: Run) -> None:
    outcome = play(saying(b"", world), silent, upstream=None, direct_tls=True)
    assert outcome.proxy_entries == ["the client did not begin a stream within 20 s"]
    assert outcome.relay.done
