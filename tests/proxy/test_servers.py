"""Servers before a proxy with `--s2s`: their certificates are asked for, and what cannot pass is said."""

import ssl
from pathlib import Path

import pytest

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Run, assert_logged_in
from tests.proxy.peers import Peer, Play, Script
from tests.proxy.relay_harness import CLIENT, Tools
from tests.proxy.words import OFFER, PROCEED, S2S_HEADER, S2S_RESPONSE, SASL, STARTTLS, client, server
from xmppscope.proxy.strangers import Strangers
from xmppscope.render.jsonl import JsonLines

KEY = b"b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"
CLAIM = b"<db:result from='b.example' to='a.example'>" + KEY + b"</db:result>"
ACCEPTED = b"<db:result from='a.example' to='b.example' type='valid'/>"
EXTERNAL = b"<auth xmlns='" + SASL + b"' mechanism='EXTERNAL'>Yi5leGFtcGxl</auth>"
REFUSED = b"<failure xmlns='" + SASL + b"'><not-authorized/></failure>"
OFFERS = (
    b"<stream:features><mechanisms xmlns='" + SASL + b"'><mechanism>EXTERNAL</mechanism></mechanisms>"
    b"<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"
)
END = b"</stream:features>"


def initiating(context: ssl.SSLContext, certificate: Path | None, *, external: bool = False) -> Play:
    if certificate is not None:
        context.load_cert_chain(certificate)

    def script(peer: Peer) -> Script:
        peer.say(S2S_HEADER)
        yield from peer.hear(END)
        peer.say(STARTTLS)
        yield from peer.hear(PROCEED)
        yield from peer.secure(context)
        peer.say(S2S_HEADER)
        yield from peer.hear(END)
        if external:
            peer.say(EXTERNAL)
            yield from peer.hear(REFUSED)
        peer.say(CLAIM)
        yield from peer.hear(ACCEPTED)
        peer.close()

    return script


def receiving(context: ssl.SSLContext, *, external: bool = False) -> Play:
    def script(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(S2S_RESPONSE, OFFER)
        yield from peer.hear(STARTTLS)
        peer.say(PROCEED)
        yield from peer.secure(context)
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(S2S_RESPONSE, OFFERS)
        if external:
            yield from peer.hear(EXTERNAL)
            peer.say(REFUSED)
        yield from peer.hear(CLAIM)
        peer.say(ACCEPTED)
        yield from peer.rest()
        peer.close()

    return script


@pytest.mark.parametrize("most", [V12, V13])
def test_an_initiating_server_is_asked_for_its_certificate_and_shows_it(
    world: World, play: Run, most: ssl.TLSVersion
) -> None:
    own = world.issuer.issue("b.example")
    outcome = play(initiating(world.client(most=most), own), receiving(world.server()), kind="s2s")
    assert outcome.client.finished
    assert "client leg: client certificate fits" in [entry.summary for entry in outcome.entries]
    # The stream id and the key made of it pass as they are, and so the key holds.
    assert b"id='s1'" in outcome.client.secured
    assert CLAIM in outcome.server.secured
    assert [connection.kind for connection in outcome.connections][-1] == "s2s"


@pytest.mark.parametrize("kind", ["s2s", "unknown"])
def test_one_without_a_certificate_is_let_in(world: World, play: Run, kind: str) -> None:
    outcome = play(initiating(world.client(), None), receiving(world.server()), kind=kind)
    assert outcome.client.finished
    summaries = [entry.summary for entry in outcome.entries]
    assert ("client leg: shows no client certificate" in summaries) == (kind == "s2s")


@pytest.mark.parametrize("most", [V12, V13])
def test_one_whose_certificate_does_not_hold_is_not_asked_again(world: World, play: Run, most: ssl.TLSVersion) -> None:
    tools = Tools(world.authority, str(world.issuer.file))
    own = world.stranger.issue("b.example")
    first = play(initiating(world.client(most=most), own), receiving(world.server()), kind="s2s", tools=tools)
    assert first.proxy_entries == ["client leg: signed by nobody known here"]
    assert "--upstream-ca FILE" in first.diagnoses[0].advice
    assert "the initiating server's own certificate does not hold here" in first.diagnoses[0].text.lower()
    assert CLIENT in tools.strangers
    again = play(initiating(world.client(most=most), own), receiving(world.server()), kind="s2s", tools=tools)
    tools.close()
    assert again.client.finished
    assert again.proxy_entries == []


@pytest.mark.parametrize(
    ("shows", "text"),
    [
        (False, "EXTERNAL failed because of the proxy: it shows the server no certificate"),
        (True, "EXTERNAL failed with the certificate of --client-cert"),
    ],
)
def test_why_external_fails(world: World, play: Run, shows: bool, text: str) -> None:
    outcome = play(
        initiating(world.client(), world.issuer.issue("b.example"), external=True),
        receiving(world.server(), external=True),
        kind="s2s",
        shows_certificate=shows,
    )
    assert outcome.proxy_entries == [text]
    assert "--client-cert" in outcome.diagnoses[0].text + outcome.diagnoses[0].advice


def test_how_many_strangers_are_remembered() -> None:
    strangers = Strangers()
    for number in range(2000):
        strangers.add(f"10.0.{number // 256}.{number % 256}:{number + 1}")
    assert "10.0.0.1:7" not in strangers
    assert "10.0.7.207:9" in strangers


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("s2s", ["this is a client, though the proxy stands here for others"]),
        ("component", ["this is a client, though the proxy stands here for others"]),
        ("unknown", []),
    ],
)
def test_a_client_where_others_are_to_come(world: World, play: Run, kind: str, said: list[str]) -> None:
    outcome = play(client(world.client()), server(world.server()), kind=kind)
    assert_logged_in(outcome)
    assert outcome.proxy_entries == said


def test_a_component_without_tls(play: Run) -> None:
    header = b"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
    proof = b"<handshake>0123456789abcdef0123456789abcdef01234567</handshake>"

    def component(peer: Peer) -> Script:
        peer.say(header + b"to='irc.a.example'>")
        yield from peer.hear(b"id='3'>")
        peer.say(proof)
        yield from peer.hear(b"<handshake/>")
        peer.say(b"</stream:stream>")
        yield from peer.hear(b"</stream:stream>")
        peer.close()

    def accepting(peer: Peer) -> Script:
        yield from peer.hear(b"to='irc.a.example'>")
        peer.say(header + b"from='irc.a.example' id='3'>")
        yield from peer.hear(proof)
        peer.say(b"<handshake/>")
        yield from peer.hear(b"</stream:stream>")
        peer.say(b"</stream:stream>")
        peer.close()

    outcome = play(component, accepting, kind="component")
    assert_logged_in(outcome)
    assert outcome.connections[-1].kind == "component"
    assert [dial.kind for dial in outcome.dials] == ["component"]
    assert b"0123456789abcdef" not in JsonLines().render(outcome.live)
