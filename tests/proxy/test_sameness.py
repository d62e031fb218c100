"""However the bytes come, the timeline is the same, and a recording that is read again gives what was shown live.

That the recording says the same is asserted by the fixture `play`, for these and for all other tests of the relay.
"""

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.conftest import V12, V13, World
from tests.proxy.relay_harness import Outcome, Pieces, Run
from tests.proxy.words import Way, client, server

SIZES = st.lists(st.integers(0, 700), min_size=1, max_size=12).map(tuple)
TURNS = st.lists(st.booleans(), min_size=1, max_size=12).map(tuple)


def run(world: World, play: Run, way: Way, most: ssl.TLSVersion, pieces: Pieces) -> Outcome:
    contexts = world.client(most=most), world.server()
    return play(client(contexts[0], way), server(contexts[1], way), direct_tls=way == "direct", pieces=pieces)


@pytest.mark.parametrize("way", ["starttls", "direct", "plain"])
@pytest.mark.parametrize("most", [V12, V13])
@settings(max_examples=15)
@given(sizes=SIZES, turns=TURNS)
def test_however_the_bytes_come(
    world: World, play: Run, way: Way, most: ssl.TLSVersion, sizes: tuple[int, ...], turns: tuple[bool, ...]
) -> None:
    whole = run(world, play, way, most, Pieces())
    cut = run(world, play, way, most, Pieces(sizes, turns))
    assert cut.client.heard == whole.client.heard
    assert cut.server.heard == whole.server.heard
    assert sorted(cut.told) == sorted(whole.told)
