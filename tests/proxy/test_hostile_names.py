"""Names that a client makes up, in its header, its SNI and its ALPN: none of them breaks anything."""

import ssl

import pytest

from tests.proxy.conftest import World
from tests.proxy.peers import Peer, Script, silent
from tests.proxy.relay_harness import Run, assert_refused
from tests.proxy.words import HEADER, client, server
from xmppscope.proxy.tls_choice import server_name
from xmppscope.tls.hello import parse_client_hello


@pytest.mark.parametrize("domain", [b"", b"a..b", b"a" * 64 + b".x", b"..", b"x" * 3000, "raw。test".encode()])
def test_a_domain_that_no_certificate_is_for(world: World, play: Run, domain: bytes) -> None:
    """Python's IDNA refuses empty and long labels, for which a server name was asked nevertheless."""
    header = HEADER.replace(b"a.example", domain)
    hello = world.client()
    hello.check_hostname = False
    outcome = play(client(hello, header=header), server(world.server()))
    assert_refused(outcome, "remote-connection-failed", secured=True)


@pytest.mark.parametrize("domain", ["", ".", "a..b", "a" * 64, "a\0b", "b" * 63 + ".", "é" * 63, ".".join("ab" * 64)])
def test_a_server_name_is_one_that_openssl_takes(world: World, domain: str) -> None:
    name = server_name(domain)
    context = world.client()
    context.check_hostname = name is not None
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)


@pytest.mark.parametrize("name", [b"\xfa\xfa", b"\xff" * 255])
def test_an_alpn_that_is_no_text_is_not_offered_in_escapes(world: World, play: Run, name: bytes) -> None:
    stand_in = "z" * len(name)

    def greasy(peer: Peer) -> Script:
        peer.hello(world.client(alpn=(stand_in, "xmpp-client")), "a.example")
        hello = bytes(peer.outbox)
        peer.outbox.clear()
        peer.raw(hello.replace(stand_in.encode(), name))
        parsed.append(parse_client_hello(hello.replace(stand_in.encode(), name)[9:]).alpn)
        yield from peer.rest()

    parsed: list[list[str]] = []
    before = len(world.tools.asked)
    play(greasy, silent, direct_tls=True)
    assert "\\" in parsed[0][0]
    assert [asked[1] for asked in world.tools.asked[before:] if asked[0] == "server"] == [("xmpp-client",)]
