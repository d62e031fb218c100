"""gzip and zstd as they come, whole and cut anywhere, and what is neither."""

import gzip
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.sources.unpack import Unpacker

PLAIN = b"".join(f"packet {number} ".encode() for number in range(5000))


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def unpack(data: bytes, step: int) -> tuple[bytes, str]:
    unpacker = Unpacker()
    out = b"".join(b"".join(unpacker.feed(data[at : at + step])) for at in range(0, len(data), step))
    return out + b"".join(unpacker.close()), unpacker.problem


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("pack", [bytes, gz, zst])
def test_comes_out_whole_under_every_split(pack: object, step: int) -> None:
    assert callable(pack)
    assert unpack(pack(PLAIN), step) == (PLAIN, "")


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("pack", [gz, zst])
def test_members_and_frames_follow_each_other(pack: object, step: int) -> None:
    assert callable(pack)
    assert unpack(pack(b"one ") + pack(b"") + pack(b"two"), step) == (b"one two", "")


def test_padding_behind_gzip_is_no_damage() -> None:
    assert unpack(gz(b"x") + bytes(512), 100) == (b"x", "")


@pytest.mark.parametrize(("pack", "name"), [(gz, "gzip"), (zst, "zstd")])
def test_cut_anywhere_gives_what_came_before(pack: object, name: str) -> None:
    assert callable(pack)
    packed = pack(PLAIN)
    for end in range(4, len(packed), 61):
        out, problem = unpack(packed[:end], 997)
        assert PLAIN.startswith(out)
        assert problem == f"{name} data ends too early"


@pytest.mark.parametrize(("pack", "name"), [(gz, "gzip"), (zst, "zstd")])
def test_damage_is_named(pack: object, name: str) -> None:
    assert callable(pack)
    packed = bytearray(pack(PLAIN) + pack(PLAIN))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    out, problem = unpack(bytes(packed), 500)
    assert problem == f"{name} data is damaged"
    assert out


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x28\xb5\x2f", b"abc"])
def test_too_short_to_tell(data: bytes) -> None:
    assert unpack(data, 1) == (data, "")


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]), st.integers(1, 50))
def test_takes_anything(data: bytes, magic: bytes, step: int) -> None:
    out, problem = unpack(magic + data, step)
    whole, said = unpack(magic + data, len(magic + data) or 1)
    assert problem == said
    # zstd gives nothing of the slice that is damaged, and slices end where pieces do.
    assert out == whole or (magic == zst(b"")[:4] and "damaged" in said and out.startswith(whole))


def test_damaged_gzip_gives_what_comes_before_the_damage() -> None:
    packed = bytearray(gz(PLAIN))
    packed[-5] ^= 1
    assert unpack(bytes(packed), 1 << 20) == (PLAIN, "gzip data is damaged")


@pytest.mark.parametrize("pack", [gz, zst])
def test_a_bomb_comes_out_in_pieces(pack: object) -> None:
    assert callable(pack)
    packed = pack(bytes(200 << 20))
    unpacker = Unpacker()
    tracemalloc.start()
    size = sum(map(len, unpacker.feed(packed)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 200 << 20
    assert peak < 80 << 20


def test_oracle_agrees() -> None:
    assert zlib.decompress(gz(PLAIN), 31) == unpack(gz(PLAIN), 64)[0]
