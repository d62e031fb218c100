"""Bundled recordings, damaged at random: whole packets lost, repeated, moved, cut or with bytes changed.

Where only whole packets are missing, repeated or moved, nothing may come out that was never sent. Whatever the damage,
no layer raises, and the timeline ends with its summary. How the bytes of the file arrive makes no difference.
"""

import random
import struct
from pathlib import Path

import pytest

from xmppscope.model.errors import CaptureError
from xmppscope.model.timeline import Entry, Record, Summary
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
RECORDINGS = [
    "bosh-http-prosody",
    "c2s-basic-prosody",
    "c2s-errors-prosody",
    "s2s-tls-prosody-ejabberd",
    "sm-resume-prosody",
    "tls12-cbc-sha-ejabberd",
    "tls12-resumption-prosody",
    "tls13-keyupdate-prosody",
    "tls13-starttls-prosody",
    "unicode-prosody",
    "ws-fragmented-prosody",
    "ws-prosody",
    "zlib-ejabberd",
    "zlib-tls-ejabberd",
]
ROUNDS = 6
FILE_HEADER = 24
RECORD_HEADER = struct.Struct("<IIII")


def timeline(name: str, pieces: list[bytes]) -> list[Record]:
    """Read a capture that arrives in pieces, with the recording's key log."""
    keys = KeyStore()
    keylog = CAPTURES / f"{name}.keys"
    if keylog.exists():
        keys.add(keylog.read_bytes())
    pipeline = Pipeline(keys)
    pipeline.open(name)
    records: list[Record] = []
    for piece in pieces:
        records += pipeline.feed(piece)
    return records + pipeline.end() + pipeline.close()


def recording(name: str) -> bytes:
    return (CAPTURES / f"{name}.pcap").read_bytes()


def packets(capture: bytes) -> list[bytes]:
    """The packet records of a little-endian pcap file, each with its header."""
    found = []
    position = FILE_HEADER
    while position < len(capture):
        end = position + RECORD_HEADER.size + RECORD_HEADER.unpack_from(capture, position)[2]
        found.append(capture[position:end])
        position = end
    return found


def lose_repeat_move(records: list[bytes], chance: random.Random) -> list[bytes]:
    """Damage that concerns whole packets only."""
    kept = [record for record in records if chance.random() > 0.05]
    for _ in range(len(kept) // 20):
        kept.insert(chance.randrange(len(kept)), chance.choice(kept))
    for _ in range(len(kept) // 20):
        start = chance.randrange(len(kept))
        moved = kept.pop(start)
        kept.insert(min(len(kept), start + chance.randint(1, 8)), moved)
    return kept


def cut_and_change(records: list[bytes], chance: random.Random) -> list[bytes]:
    """Damage inside packets: some are cut short, some have other bytes."""
    damaged = []
    for record in records:
        header, data = record[: RECORD_HEADER.size], bytearray(record[RECORD_HEADER.size :])
        kind = chance.random()
        if kind < 0.05:
            data = data[: chance.randrange(len(data))]
            second, fraction, _, original = RECORD_HEADER.unpack(header)
            header = RECORD_HEADER.pack(second, fraction, len(data), original)
        elif kind < 0.15:
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        damaged.append(header + bytes(data))
    return damaged


def shown(records: list[Record]) -> set[str]:
    """The elements of a timeline; a mask depends on what is known of the login, so masked ones are left out.

    So are the bodies of BOSH, of which those are told that begin or end the session.
    """
    entries = (record for record in records if isinstance(record, Entry) and record.name != "body")
    return {entry.xml for entry in entries if entry.xml is not None and not entry.redacted}


@pytest.mark.parametrize("name", RECORDINGS)
def test_lost_repeated_and_moved_packets_never_give_what_was_not_sent(name: str) -> None:
    whole = recording(name)
    sent = shown(timeline(name, [whole]))
    for seed in range(ROUNDS):
        damaged = lose_repeat_move(packets(whole), random.Random(f"{name}/{seed}"))
        records = timeline(name, [whole[:FILE_HEADER], *damaged])
        assert shown(records) <= sent, f"seed {seed}"
        assert isinstance(records[-1], Summary)


@pytest.mark.parametrize("name", RECORDINGS)
def test_damage_inside_packets_never_raises(name: str) -> None:
    whole = recording(name)
    for seed in range(ROUNDS):
        chance = random.Random(f"{name}/{seed}")
        damaged = cut_and_change(lose_repeat_move(packets(whole), chance), chance)
        assert isinstance(timeline(name, [whole[:FILE_HEADER], *damaged])[-1], Summary)


@pytest.mark.parametrize("name", RECORDINGS)
def test_changed_bytes_anywhere_in_the_file_raise_nothing_but_a_capture_error(name: str) -> None:
    for seed in range(ROUNDS):
        chance = random.Random(f"{name}/{seed}")
        damaged = bytearray(recording(name))
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            records = timeline(name, [bytes(damaged)])
        except CaptureError:
            continue
        assert isinstance(records[-1], Summary)


@pytest.mark.parametrize("name", RECORDINGS)
def test_pieces_in_which_a_file_arrives_make_no_difference(name: str) -> None:
    whole = recording(name)
    expected = timeline(name, [whole])
    chance = random.Random(name)
    cuts = sorted(chance.sample(range(1, len(whole)), 200))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert timeline(name, pieces) == expected


def test_a_byte_at_a_time_makes_no_difference() -> None:
    whole = recording("tls13-keyupdate-prosody")
    bytewise = [whole[position : position + 1] for position in range(len(whole))]
    assert timeline("tls13-keyupdate-prosody", bytewise) == timeline("tls13-keyupdate-prosody", [whole])


@pytest.mark.parametrize("dropped", [3, 13], ids=["the first session", "the second session"])
def test_a_hole_before_a_bosh_session_is_known_is_a_gap(dropped: int) -> None:
    """The request that begins the session was lost, and another TCP connection names it first."""
    whole = recording("bosh-http-prosody")
    kept = packets(whole)
    del kept[dropped]
    records = timeline("bosh-http-prosody", [whole[:FILE_HEADER], *kept])
    gaps = [record.sender for record in records if isinstance(record, Entry) and record.kind == "gap"]
    assert gaps == ["initiating"]
