"""Several events at once give the same timeline as one by one."""

from pathlib import Path

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.segment import Segment
from xmppscope.model.timeline import Record
from xmppscope.model.wire import WireEvent
from xmppscope.tls.keylog import KeyStore
from xmppscope.transport.reassembly import Reassembler

CAPTURES = Path(__file__).parents[2] / "captures"
NAMES = sorted(path.stem for path in CAPTURES.glob("*.pcap"))


def wire_events(path: Path) -> list[WireEvent]:
    reader, reassembler = CaptureReader(), Reassembler()
    read = reader.feed(path.read_bytes()) + reader.close()
    events = [event for one in read if isinstance(one, Segment) for event in reassembler.feed(one)]
    return events + reassembler.close()


def timeline(events: list[WireEvent], size: int, keys: bytes) -> list[Record]:
    store = KeyStore()
    store.add(keys)
    analyzer = Analyzer(store)
    records = [record for at in range(0, len(events), size) for record in analyzer.feed_all(events[at : at + size])]
    return records + analyzer.close()


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_batches_change_nothing(name: str) -> None:
    events = wire_events(CAPTURES / f"{name}.pcap")
    keylog = CAPTURES / f"{name}.keys"
    keys = keylog.read_bytes() if keylog.exists() else b""
    single = timeline(events, 1, keys)
    assert single
    for size in (2, 7, 100, 100_000):
        assert timeline(events, size, keys) == single
