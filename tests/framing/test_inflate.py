"""Stream compression: what comes out, under every split, and the bounds."""

import zlib

import pytest

from xmppscope.framing.inflate import ALLOWANCE, Inflater

CLEAR = b"<message><body>" + b"art thou not Romeo " * 50 + b"</body></message>"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_cleartext_under_every_split(size: int) -> None:
    packer = zlib.compressobj()
    packed = packer.compress(CLEAR) + packer.flush(zlib.Z_SYNC_FLUSH)
    inflater = Inflater()
    parts = [part for i in range(0, len(packed), size) for part in inflater.feed(packed[i : i + size])]
    assert b"".join(parts) == CLEAR
    assert (inflater.compressed, inflater.cleartext, inflater.fault) == (len(packed), len(CLEAR), "")


def test_parts_are_bounded() -> None:
    packed = zlib.compress(b"x" * 1_000_000)
    parts = Inflater().feed(packed)
    assert sum(map(len, parts)) == 1_000_000
    assert max(map(len, parts)) <= 65536


def test_bomb_is_stopped() -> None:
    inflater = Inflater()
    parts = inflater.feed(zlib.compress(b"\0" * (ALLOWANCE * 4)))
    assert "unfolds to more than" in inflater.fault
    assert sum(map(len, parts)) < ALLOWANCE * 2
    assert inflater.feed(b"more") == []


def test_garbage_is_a_fault() -> None:
    inflater = Inflater()
    assert inflater.feed(b"<message/>") == []
    assert inflater.fault.startswith("not zlib data")
