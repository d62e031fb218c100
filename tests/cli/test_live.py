"""A capture that is still being taken: each stanza shows when its last byte came, and Ctrl-C ends in good order."""

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Cut = Callable[[bytes], list[bytes]]


def entries(lines: list[str]) -> list[dict[str, Any]]:
    return [record for record in map(json.loads, lines) if record["record"] == "entry"]


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "c2s-basic-prosody.pcap"


def test_a_pipe_held_open(start: Start, capture: Path, packets: Cut, xmppscope: Any) -> None:
    expected = entries(xmppscope("read", "--format", "jsonl", capture).stdout.decode().splitlines())
    running = start("read", "--format", "jsonl", "-")
    header, *rest = packets(capture.read_bytes())
    running.write(header)
    for number, packet in enumerate(rest, 1):
        running.write(packet[:-1])
        running.write(packet[-1:])
        # An entry shows with the packet that completes it: in this capture nothing is out of order.
        while expected and expected[0]["packets"][1] <= number:
            record = json.loads(running.line())
            if record["record"] == "entry":
                assert record == expected.pop(0)
    status, lines, error = running.finish()
    assert (status, error) == (0, "")
    assert json.loads(lines[-1])["record"] == "summary"
    assert not expected


def test_half_a_packet_shows_nothing(start: Start, capture: Path, packets: Cut) -> None:
    running = start("read", "-")
    header, *rest = packets(capture.read_bytes())
    first = next(n for n, packet in enumerate(rest) if b"<stream:stream" in packet)
    running.write(header + b"".join(rest[:first]) + rest[first][:-1])
    assert running.silent()
    running.write(rest[first][-1:])
    assert running.line().startswith("── 1 ── c2s")
    assert "open a stream to prosody.test" in running.line()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_follow(start: Start, capture: Path, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = pack(capture.read_bytes())
    path = tmp_path / "growing.pcap"
    path.touch()
    running = start("read", "--follow", "--format", "jsonl", path)
    seen: list[str] = []
    with path.open("ab", buffering=0) as file:
        for at in range(0, len(data), 5000):
            assert not running.process.poll()
            file.write(data[at : at + 5000])
            time.sleep(0.02)
    while len(entries(seen)) < 119:
        seen.append(running.line())
    assert running.silent()
    running.interrupt()
    status, lines, error = running.finish()
    assert (status, error) == (0, "")
    assert json.loads(lines[-1])["stanzas"] == 91


def test_a_key_log_that_grows_with_the_capture(start: Start, captures: Path, tmp_path: Path, packets: Cut) -> None:
    capture = captures / "tls13-starttls-prosody.pcap"
    keys = capture.with_suffix(".keys").read_bytes().splitlines(keepends=True)
    path = tmp_path / "keys"
    running = start("read", "-", "--format", "jsonl", "--keylog", path)
    header, *rest = packets(capture.read_bytes())
    running.write(header + b"".join(rest[:12]))
    assert json.loads(running.line())["record"] == "header"
    path.write_bytes(b"".join(keys))
    running.write(b"".join(rest[12:]))
    status, lines, error = running.finish()
    assert status == 0
    assert error == f"xmppscope: warning: {path}: no such file yet; it is read as soon as there is one\n"
    summary = json.loads(lines[-1])
    assert (summary["stanzas"], summary["undecrypted"]) == (42, 0)


def test_follow_needs_no_end_of_the_files_before(start: Start, capture: Path, tmp_path: Path, packets: Cut) -> None:
    header, *rest = packets(capture.read_bytes())
    one, two = tmp_path / "1.pcap", tmp_path / "2.pcap"
    one.write_bytes(header + b"".join(rest[:60]))
    two.write_bytes(header + b"".join(rest[60:]))
    running = start("read", "--follow", "--format", "jsonl", one, two)
    seen: list[str] = []
    while len(entries(seen)) < 119:
        seen.append(running.line())
    running.interrupt()
    assert running.finish()[0] == 0


def test_a_followed_file_that_shrinks_ends_in_words(start: Start, capture: Path, tmp_path: Path) -> None:
    path = tmp_path / "trace.pcap"
    path.write_bytes(capture.read_bytes())
    running = start("read", "--follow", path)
    running.line()
    path.write_bytes(b"")
    status, _, error = running.finish()
    assert status == 2
    assert error.splitlines()[0] == f"xmppscope: {path}: became shorter while it was followed; start again"


def test_interrupted_standard_input_ends_with_its_summary(start: Start, capture: Path) -> None:
    running = start("read", "-", "--format", "jsonl")
    running.write(capture.read_bytes())
    seen: list[str] = []
    while len(entries(seen)) < 119:
        seen.append(running.line())
    running.interrupt()
    assert json.loads(running.line())["record"] == "summary"
    assert running.finish()[0] == 0


def test_interrupted_before_anything_came(start: Start) -> None:
    running = start("read", "-")
    running.ready()
    running.interrupt()
    assert running.finish() == (0, [], "")
