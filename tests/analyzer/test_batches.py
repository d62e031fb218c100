"""Several events at once give the same timeline as one by one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.capture.reader import CaptureReader
from xmppscope.model.segment import Segment
from xmppscope.model.timeline import Record
from xmppscope.model.wire import Data, Opened, WireEvent
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


def test_an_element_that_steers_may_come_in_several_segments_of_one_batch(fill: Callable[..., bytes]) -> None:
    # The first segment was written as if the stop that the last one brings had been in it.
    talk = (0, "{header}"), (1, "{response}"), (0, "{starttls}"), (1, "{proceed}"), (0, "\x16\x03\x01")
    events: list[WireEvent] = [Opened(1, 0, 0, "192.0.2.1:40000", "192.0.2.2:5222", True)]
    for side, text in talk:
        data = fill(text)
        for at in range(0, len(data), 5):
            events.append(Data(1, side, len(events), len(events), data[at : at + 5]))
    single = timeline(events, 1, b"")
    assert "malformed" not in [getattr(record, "kind", "") for record in single]
    for size in (2, 7, 100_000):
        assert timeline(events, size, b"") == single
