"""The generator of the benchmarks says the truth about its captures, and every stanza in them is found."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.conversation import CLIENT, SERVER, Conversation, Write
from benchmarks.make_capture import make
from benchmarks.read_against_tshark import count_tshark, tshark_command

Run = Callable[..., subprocess.CompletedProcess[bytes]]
STANZAS = 1500


@pytest.fixture(scope="module", params=[None, "1.2", "1.3"], ids=["plain", "TLS 1.2", "TLS 1.3"])
def capture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "generated.pcap"
    make(path, STANZAS, tls=request.param)
    return path


def facts(capture: Path) -> dict[str, int]:
    said: dict[str, int] = json.loads(capture.with_suffix(".json").read_text())
    return said


def test_same_seed_gives_the_same_conversation() -> None:
    assert list(Conversation(3, 200, 1, tls=False)) == list(Conversation(3, 200, 1, tls=False))
    assert list(Conversation(3, 200, 1, tls=False)) != list(Conversation(3, 200, 2, tls=False))


def test_conversation_counts_its_stanzas() -> None:
    for step in Conversation(1, 400, 1, tls=False):
        if isinstance(step, Write):
            opened = sum(step.data.count(b"<" + name) for name in (b"message", b"presence", b"iq "))
            nested = step.data.count(b"<message xmlns=")
            assert opened - nested == step.stanzas


def test_same_arguments_give_the_same_file(tmp_path: Path) -> None:
    for name in ("one.pcap", "two.pcap"):
        make(tmp_path / name, 600)
    assert (tmp_path / "one.pcap").read_bytes() == (tmp_path / "two.pcap").read_bytes()


def test_every_generated_stanza_is_found(capture: Path, xmppscope: Run) -> None:
    keys = capture.with_suffix(".keys")
    options = ["--keylog", keys] if keys.exists() else []
    done = xmppscope("read", "--format", "jsonl", *options, capture)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = Counter(record["kind"] for record in records if record["record"] == "entry")
    said, summary = facts(capture), records[-1]
    assert summary["stanzas"] == kinds["stanza"] == said["stanzas"] >= STANZAS
    assert summary["packets"] == said["packets"]
    assert summary["xmpp_connections"] == summary["connections"] == said["connections"]
    assert kinds["stream-close"] == 2 * said["connections"]
    assert not kinds.keys() & {"gap", "opaque", "malformed"}


@pytest.mark.real
def test_tshark_reads_the_generated_capture(capture: Path, tshark: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("wb") as file:
        subprocess.run(tshark_command(tshark, capture), stdout=file, stderr=subprocess.PIPE, check=True, timeout=120)
    # Where a segment happens to end with ">" inside a stanza, tshark takes that for the end: it misses a few.
    assert 0.98 * facts(capture)["stanzas"] <= count_tshark(output) <= facts(capture)["stanzas"]


def test_both_sides_speak() -> None:
    sides = Counter(step.side for step in Conversation(1, 300, 1, tls=True) if isinstance(step, Write))
    assert sides[CLIENT] > 10
    assert sides[SERVER] > sides[CLIENT]
