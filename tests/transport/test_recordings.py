"""Real recordings: a damaged one gives the bytes of the one it was made from, with holes where the truth has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from xmppscope.capture.reader import CaptureReader
from xmppscope.model.segment import Segment
from xmppscope.model.wire import Data, Lost, Opened, WireEvent
from xmppscope.transport.reassembly import Reassembler

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
Streams = dict[tuple[str, int], list[tuple[bytes, list[list[int]]]]]

pytestmark = pytest.mark.real


def events_of(name: str) -> list[WireEvent]:
    reader, reassembler = CaptureReader(), Reassembler()
    events: list[WireEvent] = []
    for item in reader.feed((CAPTURES / name).read_bytes()) + reader.close():
        if isinstance(item, Segment):
            events += reassembler.feed(item)
    return events + reassembler.close()


def streams(name: str) -> Streams:
    """Return by client and side, for each connection in turn, the bytes (zeros where lost) and the holes."""
    clients: dict[int, str] = {}
    found: dict[tuple[int, int], tuple[bytearray, list[list[int]]]] = {}
    for event in events_of(name):
        if isinstance(event, Opened):
            clients[event.flow] = event.first
            found[event.flow, 0], found[event.flow, 1] = (bytearray(), []), (bytearray(), [])
        elif isinstance(event, Data | Lost):
            stream, holes = found[event.flow, event.side]
            if isinstance(event, Lost):
                holes.append([len(stream), len(stream) + event.length])
            stream += event.data if isinstance(event, Data) else bytes(event.length)
    result: Streams = {}
    for (flow, side), (stream, holes) in found.items():
        result.setdefault((clients[flow], side), []).append((bytes(stream), holes))
    return result


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("no-syn.pcap", "c2s-basic-prosody.pcap"),
        ("dmg-reordered.pcap", "c2s-basic-prosody.pcap"),
        ("dmg-overlap.pcap", "interleaved-prosody.pcap"),
        ("dmg-duplicated-tls.pcap", "tls13-starttls-prosody.pcap"),
    ],
)
def test_a_damaged_recording_gives_the_same_bytes(name: str, base: str) -> None:
    assert streams(name) == streams(base)


def test_ports_used_again_give_each_connection_twice() -> None:
    once = streams("c2s-basic-prosody.pcap")
    assert streams("port-reuse.pcap") == {end: found * 2 for end, found in once.items()}


def test_a_recording_that_starts_in_the_middle_gives_the_rest() -> None:
    whole = streams("interleaved-prosody.pcap")
    for end, [(stream, holes)] in streams("midstream.pcap").items():
        assert whole[end][0][0].endswith(stream)
        assert not holes


@pytest.mark.parametrize("name", ["dmg-gaps-2", "dmg-snaplen200"])
def test_holes_are_where_the_recording_lacks_bytes(name: str) -> None:
    truth: Any = json.loads((CAPTURES / f"{name}.truth.json").read_text())
    missing: dict[tuple[str, int], list[list[int]]] = {}
    for item in truth["lost"]:
        ranges = item["missing_bytes"]
        side = 0 if item["dir"] == "c2s" else 1
        missing.setdefault((item["client"], side), []).extend(ranges if isinstance(ranges[0], list) else [ranges])
    found = streams(f"{name}.pcap")
    whole = streams("c2s-basic-prosody.pcap")
    for end, [(stream, holes)] in found.items():
        assert holes == missing.get(end, [])
        expected = bytearray(whole[end][0][0])
        for begin, after in holes:
            expected[begin:after] = bytes(after - begin)
        assert stream == expected
