"""However the bytes come, the timeline is the same, and a recording that is read again gives what was shown live.

That the recording says the same is asserted by the fixture `play`, for these and for all other tests of the relay.
"""

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Outcome, Run
from tests.proxy.peers import Peer, Play, Script
from tests.proxy.relay_harness import SECOND, Pieces
from tests.proxy.words import FAILURE, HEADER, OFFER, PHASES, PROCEED, STARTTLS, SUCCESS, Way, client, server

SIZES = st.lists(st.integers(0, 700), min_size=1, max_size=12).map(tuple)
TURNS = st.lists(st.booleans(), min_size=1, max_size=12).map(tuple)


def run(world: World, play: Run, way: Way, most: ssl.TLSVersion, pieces: Pieces) -> Outcome:
    contexts = world.client(most=most), world.server()
    return play(client(contexts[0], way), server(contexts[1], way), direct_tls=way == "direct", pieces=pieces)


@pytest.mark.parametrize("way", ["starttls", "direct", "plain"])
@pytest.mark.parametrize("most", [V12, V13])
@settings(max_examples=8)
@given(sizes=SIZES, turns=TURNS)
def test_however_the_bytes_come(
    world: World, play: Run, way: Way, most: ssl.TLSVersion, sizes: tuple[int, ...], turns: tuple[bool, ...]
) -> None:
    whole = run(world, play, way, most, Pieces())
    cut = run(world, play, way, most, Pieces(sizes, turns))
    assert cut.client.heard == whole.client.heard
    assert cut.server.heard == whole.server.heard
    assert sorted(cut.told) == sorted(whole.told)


BRIDGES: list[tuple[Way, str, Way]] = [
    ("starttls", "localhost", "starttls"),
    ("direct", "localhost", "direct"),
    ("plain", "localhost", "plain"),
    ("starttls", "tls:localhost", "direct"),
    ("starttls", "plain:localhost", "plain"),
    ("plain", "tls:localhost", "direct"),
    ("direct", "starttls:localhost", "starttls"),
    ("direct", "plain:localhost", "plain"),
]
LEAVING = [(bridge, "client", phase) for bridge in BRIDGES for phase in PHASES[bridge[0]]]
LEAVING += [(bridge, "server", phase) for bridge in BRIDGES for phase in ("reached", "greeted", *PHASES[bridge[2]])]


@settings(max_examples=40)
@given(
    where=st.sampled_from(LEAVING),
    how=st.sampled_from(["stall", "fin", "close", "reset"]),
    most=st.sampled_from([V12, V13]),
    sizes=SIZES,
    turns=TURNS,
    stubborn=st.booleans(),
    reach=st.sampled_from(["connect", "late", "nobody there"]),
)
def test_whoever_leaves_and_whenever(
    world: World,
    play: Run,
    where: tuple[tuple[Way, str, Way], str, str],
    how: str,
    most: ssl.TLSVersion,
    sizes: tuple[int, ...],
    turns: tuple[bool, ...],
    stubborn: bool,
    reach: str,
) -> None:
    """Whatever happens, the recording says the same, and nobody is made to wait for the proxy."""
    (ours, upstream, theirs), who, phase = where
    ends = {who: {"leaves": phase, "how": how}}
    outcome = play(
        client(world.client(most=most), ours, **ends.get("client", {})),
        server(world.server(), theirs, **ends.get("server", {})),
        upstream=upstream,
        direct_tls=ours == "direct",
        pieces=Pieces(sizes, turns),
        stubborn=stubborn,
        reach=reach,
        seconds=90,
    )
    assert outcome.took < 60 * SECOND
    assert outcome.relay.done or (outcome.relay.deadline is None and (how == "stall" or stubborn))
    assert outcome.client.heard.count(b"</stream:error>") <= 1


ODD = [
    b"<",
    b"</stream:stream>",
    b"<a>",
    b"</a>",
    b"<?xml version='1.0'?>",
    HEADER,
    STARTTLS,
    PROCEED,
    SUCCESS,
    b"&",
    b" ",
]
ODD += [
    b"\x16\x03\x01\x00\x02\x01\x00",
    b"\x17\x03\x03\x00\x05hello",
    b"\x14\x03\x03\x00\x01\x01",
    b"\x15\x03\x03\x00\x02\x01\x00",
]
ODD += [
    b"<compressed xmlns='http://jabber.org/protocol/compress'/>",
    b"x\x9c\x00",
    b"\x00",
    b"<stream:error/>",
    OFFER,
    FAILURE,
]
WORDS = st.lists(st.sampled_from(ODD) | st.binary(max_size=20), min_size=1, max_size=3).map(b"".join)


@settings(max_examples=40)
@given(where=st.sampled_from(LEAVING), words=WORDS, inside=st.booleans(), sizes=SIZES, turns=TURNS)
def test_whatever_anybody_says(
    world: World,
    play: Run,
    where: tuple[tuple[Way, str, Way], str, str],
    words: bytes,
    inside: bool,
    sizes: tuple[int, ...],
    turns: tuple[bool, ...],
) -> None:
    (ours, upstream, theirs), who, phase = where

    def blurting(play: Play) -> Play:
        def run(peer: Peer) -> Script:
            peer.blurts = {phase: (words, inside)}
            yield from play(peer)

        return run

    scripts = {"client": client(world.client(), ours), "server": server(world.server(), theirs)}
    scripts[who] = blurting(scripts[who])
    outcome = play(
        scripts["client"],
        scripts["server"],
        upstream=upstream,
        direct_tls=ours == "direct",
        pieces=Pieces(sizes, turns),
        seconds=90,
        seals=False,
    )
    assert outcome.took < 60 * SECOND
    assert outcome.relay.done or outcome.relay.deadline is None
