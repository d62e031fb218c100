"""TLS through a relay as peers may make it: hellos in pieces, versions, ALPN, server names, tickets."""

import pytest

from tests.proxy.conftest import V11, V12, V13, World
from tests.proxy.outcome import Run, assert_logged_in, assert_refused
from tests.proxy.peers import Peer, Script
from tests.proxy.relay_harness import Pieces, Tools
from tests.proxy.words import (
    END_OF_FEATURES,
    HEADER,
    LOGIN_FEATURES,
    PROCEED,
    RESPONSE,
    STARTTLS,
    Way,
    client,
    server,
)
from xmppscope.model.wire import Sealed


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("size", [0, 1, 64])
@pytest.mark.parametrize("records", [2, 5, 40])
def test_a_client_hello_in_several_records(world: World, play: Run, records: int, size: int, direct: bool) -> None:
    context = world.client()

    def cutting(peer: Peer) -> Script:
        if not direct:
            peer.say(HEADER)
            yield from peer.hear(END_OF_FEATURES)
            peer.say(STARTTLS)
            yield from peer.hear(PROCEED)
        peer.hello(context, "a.example", records=records)
        yield from peer.secure()
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.close()

    way: Way = "direct" if direct else "starttls"
    outcome = play(
        cutting,
        server(world.server(), way, leaves="secured-header"),
        direct_tls=direct,
        pieces=Pieces((size,)),
    )
    assert outcome.client.secured == RESPONSE + LOGIN_FEATURES


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_the_server_asks_for_another_client_hello(world: World, play: Run, way: Way) -> None:
    context = world.server()
    context.set_ecdh_curve("secp384r1")
    outcome = play(client(world.client(), way), server(context, way), direct_tls=way == "direct")
    assert_logged_in(outcome)
    assert [entry.leg for entry in outcome.entries if (entry.tls or {}).get("retry")] == ["server"]


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_the_proxy_asks_for_another_client_hello(world: World, play: Run, way: Way) -> None:
    tools = Tools(world.authority, str(world.issuer.file))
    tools.curve = "secp384r1"
    outcome = play(client(world.client(), way), server(world.server(), way), direct_tls=way == "direct", tools=tools)
    tools.close()
    assert_logged_in(outcome)


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_both_legs_speak_the_version_that_the_server_chose(world: World, play: Run, way: Way) -> None:
    outcome = play(client(world.client(), way), server(world.server(most=V12), way), direct_tls=way == "direct")
    assert_logged_in(outcome)
    for peer in (outcome.client, outcome.server):
        assert peer.tls is not None
        assert peer.tls.version() == "TLSv1.2"


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_tls_1_1(world: World, play: Run, way: Way) -> None:
    outcome = play(
        client(world.client(least=V11, most=V11), way),
        server(world.server(least=V11, most=V13), way),
        direct_tls=way == "direct",
    )
    assert_logged_in(outcome)
    assert outcome.server.tls is not None
    assert outcome.server.tls.version() == "TLSv1.1"


@pytest.mark.parametrize(
    ("offered", "known", "chosen"),
    [
        (("xmpp-client",), ("xmpp-client",), "xmpp-client"),
        (("h2", "xmpp-client"), ("xmpp-client",), "xmpp-client"),
        (("xmpp-client",), (), None),
        ((), ("xmpp-client",), None),
    ],
)
@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_alpn_is_what_the_server_chose(
    world: World, play: Run, way: Way, offered: tuple[str, ...], known: tuple[str, ...], chosen: str | None
) -> None:
    outcome = play(
        client(world.client(alpn=offered), way),
        server(world.server(alpn=known), way),
        direct_tls=way == "direct",
    )
    assert_logged_in(outcome)
    for peer in (outcome.client, outcome.server):
        assert peer.tls is not None
        assert peer.tls.selected_alpn_protocol() == chosen


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_the_server_hears_the_domain_as_server_name(world: World, play: Run, way: Way) -> None:
    context = world.server()
    names: list[str | None] = []
    context.sni_callback = lambda tls, name, context: names.append(name)
    play(client(world.client(), way), server(context, way), direct_tls=way == "direct")
    assert names == ["a.example"]


@pytest.mark.parametrize("number", [0, 2, 5])
def test_session_tickets_of_the_server(world: World, play: Run, number: int) -> None:
    context = world.server()
    context.num_tickets = number
    outcome = play(client(world.client(), "direct"), server(context, "direct"), direct_tls=True)
    assert_logged_in(outcome)
    assert sum(isinstance(event, Sealed) and event.flow == 2 for event in outcome.events) == number + 1


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_a_client_that_offers_only_the_newest_version(world: World, play: Run, way: Way) -> None:
    # A list of one version was taken for one that implies all older ones.
    outcome = play(
        client(world.client(least=V13), way),
        server(world.server(least=V11, most=V12), way),
        direct_tls=way == "direct",
    )
    assert_refused(outcome, "remote-connection-failed", secured=True)
    assert outcome.client.tls is not None
    assert outcome.client.tls.version() == "TLSv1.3"


@pytest.mark.parametrize("size", [0, 1])
def test_a_session_is_resumed_by_its_id(world: World, play: Run, size: int) -> None:
    """TLS 1.2 cannot be kept from that; what the second connection says is readable all the same."""
    context, outcomes = world.client(most=V12), []
    for _ in range(2):

        def again(peer: Peer) -> Script:
            session = outcomes[0].client.tls.session if outcomes else None
            yield from peer.secure(context, session=session)
            peer.say(HEADER)
            yield from peer.hear(END_OF_FEATURES)
            peer.close()

        way = server(world.server(), "direct", leaves="auth", how="close")
        outcomes.append(play(again, way, direct_tls=True, pieces=Pieces((size,))))
    assert [outcome.client.tls.session_reused for outcome in outcomes] == [False, True]
    for outcome in outcomes:
        assert outcome.client.secured == RESPONSE + LOGIN_FEATURES
        assert outcome.summary.undecrypted == 0
