"""The roads of `benchmarks.web_captures` carry the same stanzas, and nothing is wrong with any of them."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.measure import read_command
from benchmarks.web_captures import ROADS, elements, make


@pytest.mark.parametrize("road", ROADS)
def test_every_stanza_is_found_over_every_road(road: str, tmp_path: Path) -> None:
    sent = make(tmp_path / "made.pcap", road, 300)
    command = read_command(tmp_path / "made.pcap", "--format", "jsonl")
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    summary = records[-1]
    assert (summary["stanzas"], summary["findings"]["error"], summary["gaps"]) == (sent, 0, 0)
    assert {record["transport"] for record in records if record["record"] == "connection"} == {road}


def test_a_write_is_cut_into_its_elements() -> None:
    assert list(elements(b"<a><b/><c>x</c></a><d/>")) == [b"<a><b/><c>x</c></a>", b"<d/>"]
