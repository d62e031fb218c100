"""Nobody is told that a certificate was verified where it was not."""

from tests.proxy.conftest import World
from tests.proxy.peers import Peer, Script
from tests.proxy.relay_harness import Run, Tools
from tests.proxy.words import client, server

NOT_VERIFIED = "The server was reached; its certificate was not verified."


def test_with_insecure_upstream(world: World, play: Run) -> None:
    context = world.server(world.stranger.issue("evil.example"))
    tools = Tools(world.authority, insecure=True)
    outcome = play(client(world.client(trusts=False)), server(context), tools=tools, insecure=True)
    assert NOT_VERIFIED in outcome.diagnoses[0].text


def test_without_a_name_to_verify(world: World, play: Run) -> None:
    def suspicious(peer: Peer) -> Script:
        context = world.client(trusts=False)
        context.check_hostname = False
        yield from peer.secure(context, name=None)

    context = world.server(world.issuer.issue("evil.example"))
    outcome = play(suspicious, server(context, "direct"), direct_tls=True)
    assert NOT_VERIFIED in outcome.diagnoses[0].text


def test_where_it_was(world: World, play: Run) -> None:
    outcome = play(client(world.client(trusts=False)), server(world.server()))
    assert "its certificate verified: nothing is wrong beyond the proxy." in outcome.diagnoses[0].text
