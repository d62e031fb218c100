"""What real clients and servers have found, by bytes."""

import contextlib
import ssl

import pytest

from tests.proxy.conftest import World
from tests.proxy.peers import Peer, Script
from tests.proxy.relay_harness import Run
from tests.proxy.words import (
    AUTH,
    BIND,
    BIND_FEATURES,
    BOUND,
    HEADER,
    LOGIN_FEATURES,
    RESPONSE,
    SUCCESS,
    server,
)


def complain_of_the_end(peer: Peer) -> Script:
    """Do what OpenSSL does on FIN without close_notify: send an alert."""
    yield from peer.rest()
    assert peer.tls is not None
    peer._incoming.write_eof()
    with contextlib.suppress(ssl.SSLError):
        peer.tls.read()
    peer._flush()
    if not peer.outbox:
        pytest.skip("this OpenSSL says nothing about an end without close_notify")
    peer.end()


def test_an_alert_about_an_end_without_close_notify_is_no_fault_of_the_server(world: World, play: Run) -> None:
    def host(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(AUTH)
        peer.say(RESPONSE + LOGIN_FEATURES, SUCCESS)
        yield from peer.hear(BIND)
        peer.say(RESPONSE + BIND_FEATURES, BOUND)
        yield from complain_of_the_end(peer)

    def cut(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER, AUTH)
        yield from peer.hear(SUCCESS)
        peer.say(HEADER, BIND)
        yield from peer.hear(BOUND)
        peer.end()

    outcome = play(cut, host, direct_tls=True)
    assert outcome.proxy_entries == []
    assert outcome.diagnoses == []
    assert outcome.relay.done


def test_an_alert_about_an_end_without_close_notify_is_no_fault_of_the_client(world: World, play: Run) -> None:
    def romeo(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER, AUTH)
        yield from peer.hear(SUCCESS)
        yield from complain_of_the_end(peer)

    outcome = play(romeo, server(world.server(), "direct", leaves="success", how="fin"), direct_tls=True)
    assert outcome.proxy_entries == []
    assert outcome.diagnoses == []
    assert outcome.relay.done
