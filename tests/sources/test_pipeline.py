"""Captures through all layers: whatever the pieces, and however many files, the timeline is the same."""

from pathlib import Path

import pytest

from xmppscope import __version__
from xmppscope.model.errors import CaptureError
from xmppscope.model.timeline import Connection, Entry, Header, Record, Summary
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

GLOBAL_HEADER = 24


def timeline(*files: bytes, step: int = 1 << 20, keys: bytes = b"") -> list[Record]:
    store = KeyStore()
    store.add(keys, "keys")
    pipeline = Pipeline(store, files=len(files))
    records: list[Record] = []
    for number, data in enumerate(files):
        pipeline.open(f"{number}.pcap")
        for at in range(0, len(data), step):
            records += pipeline.feed(data[at : at + step])
        records += pipeline.end()
    return records + pipeline.close()


def split(capture: bytes, packets: int) -> tuple[bytes, bytes]:
    """Cut a pcap file in two behind so many packets, as a program that rotates its files does."""
    at = GLOBAL_HEADER
    for _ in range(packets):
        at += 16 + int.from_bytes(capture[at + 8 : at + 12], "little")
    return capture[:at], capture[:GLOBAL_HEADER] + capture[at:]


def what(records: list[Record]) -> list[tuple[object, ...]]:
    return [(entry.entry, entry.summary, entry.time, entry.xml) for entry in records if isinstance(entry, Entry)]


@pytest.mark.parametrize("step", [1, 100, 4096])
def test_pieces_make_no_difference(captures: Path, step: int) -> None:
    data = (captures / "c2s-basic-prosody.pcap").read_bytes()
    assert timeline(data, step=step) == timeline(data)


def test_header_first_and_summary_last(captures: Path) -> None:
    first, *_, last = timeline((captures / "c2s-basic-prosody.pcap").read_bytes())
    assert first == Header(xmppscope=__version__)
    assert isinstance(last, Summary)
    assert (last.packets, last.connections, last.xmpp_connections, last.stanzas) == (139, 3, 2, 91)


@pytest.mark.parametrize("packets", [0, 1, 30, 61, 100])
def test_connections_go_on_in_the_next_file(captures: Path, packets: int) -> None:
    capture = captures / "tls13-starttls-prosody.pcap"
    data, keys = capture.read_bytes(), capture.with_suffix(".keys").read_bytes()
    one, two = split(data, packets)
    records = timeline(one, two, keys=keys)
    assert what(records) == what(timeline(data, keys=keys))
    entries = [record for record in records if isinstance(record, Entry)]
    assert {entry.file for entry in entries} <= {0, 1}
    late = [entry for entry in entries if entry.file == 1]
    assert all(entry.packets and entry.packets[0] <= 102 - packets for entry in late)


def test_files_in_the_wrong_order_are_noticed(captures: Path) -> None:
    one, two = split((captures / "c2s-basic-prosody.pcap").read_bytes(), 70)
    pipeline = Pipeline(KeyStore(), files=2)
    for name, data in (("b.pcap", two), ("a.pcap", one)):
        pipeline.open(name)
        pipeline.feed(data)
        pipeline.end()
    assert pipeline.notices == ["a.pcap begins 1.413 s before b.pcap ends; give captures in the order of time"]


def test_secrets_in_the_capture_open_it(captures: Path) -> None:
    summary = timeline((captures / "fmt-dsb.pcapng").read_bytes())[-1]
    assert isinstance(summary, Summary)
    assert (summary.stanzas, summary.undecrypted) == (42, 0)


def test_nanoseconds_have_nine_digits(captures: Path) -> None:
    connection = timeline((captures / "fmt-nsec.pcap").read_bytes())[1]
    assert isinstance(connection, Connection)
    assert len(connection.time) == len("2026-11-20T09:19:06.854000000Z")


def test_an_unusable_file_does_not_end_the_timeline(captures: Path) -> None:
    data = (captures / "c2s-basic-prosody.pcap").read_bytes()
    pipeline = Pipeline(KeyStore(), files=2)
    pipeline.open("letter.txt")
    with pytest.raises(CaptureError, match=r"^letter\.txt: not a capture \(it begins with \"Dear al\"\)"):
        pipeline.feed(b"Dear all, please")
    pipeline.leave()
    pipeline.open("trace.pcap")
    records = [*pipeline.feed(data), *pipeline.end(), *pipeline.close()]
    assert what(records) == what(timeline(data))
    assert {entry.file for entry in records if isinstance(entry, Entry)} == {1}


def test_without_a_capture_there_is_no_timeline() -> None:
    pipeline = Pipeline(KeyStore())
    pipeline.open("empty.pcap")
    with pytest.raises(CaptureError, match=r"^empty\.pcap: empty file"):
        pipeline.end()
    assert pipeline.close() == []


def test_a_cut_file_is_shown_as_far_as_it_goes(captures: Path) -> None:
    data = (captures / "c2s-basic-prosody.pcap").read_bytes()
    pipeline = Pipeline(KeyStore())
    pipeline.open("trace.pcap")
    records = [*pipeline.feed(data[:-5]), *pipeline.end(), *pipeline.close()]
    assert pipeline.notices == ["trace.pcap ends inside packet 139; shown as far as it goes"]
    assert len(what(records)) >= 115


def test_traffic_of_others_is_not_kept(captures: Path) -> None:
    header = (captures / "c2s-basic-prosody.pcap").read_bytes()[:GLOBAL_HEADER]
    pipeline = Pipeline(KeyStore())
    pipeline.open("http.pcap")
    records = [*pipeline.feed(header), *pipeline.end(), *pipeline.close()]
    assert [type(record) for record in records] == [Header, Summary]
