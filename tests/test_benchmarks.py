"""What the benchmarks generate is what they say: every stanza is found, the load comes back whole; and they run."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import proxy_connections, proxy_latency, proxy_over_length, proxy_throughput
from benchmarks.conversation import CLIENT, SERVER, Conversation, Write
from benchmarks.load import usage
from benchmarks.load.client import Client
from benchmarks.load.crowd import crowd
from benchmarks.load.programs import bench, mitmdump
from benchmarks.load.script import message, sink, sunk
from benchmarks.load.timeline import Timeline
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


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
def test_the_load_comes_back_whole(direct_tls: bool) -> None:
    with bench(direct_tls=direct_tls) as programs:
        with Client(programs.direct.way) as client:
            assert client.socket.version() == "TLSv1.3"
            client.round_trip()
            client.push(message(1, 20_000) % 1, 10)
            client.round_trip()
        with crowd(programs.direct.way, 5) as clients:
            assert clients.drive(0.0).messages == 5
            assert clients.drive(0.02).messages > 5


def test_the_load_has_messages_that_differ_in_their_id_alone() -> None:
    first, second = message(7) % 1, message(7) % 12
    assert first.replace(b"id='7-1'", b"id='7-12'") == second
    assert len(message(7, 1000)) - len(message(7, 80)) == 920


@pytest.mark.parametrize(("behind", "left"), [(b"", 1000), (b"<message>", 991), (b"x" * 1000, 0)])
def test_the_load_swallows_what_a_proxy_joined_to_the_request(behind: bytes, left: int) -> None:
    assert sunk(sink(1000) + behind) == left
    assert sunk(message(1) % 1 + behind) is None


def test_timeline_is_waited_for_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "timeline.jsonl"
    line = b'{"record":"entry","name":"message"}\n'
    path.write_bytes(b'{"record":"entry","name":"iq"}\n' + 2 * line + line[:-1])
    timeline = Timeline(path)
    assert timeline.wait(2) >= 0
    path.write_bytes(path.read_bytes() + b"\n" + line)
    with pytest.raises(RuntimeError, match="3 messages have passed, 4 are in the timeline"):
        timeline.wait(3)


@pytest.mark.skipif(not usage.KNOWN, reason="known on Linux only")
def test_usage_counts_child_processes() -> None:
    alone = usage.resident(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        child.stdout.readline()
        both = usage.resident(os.getpid())
        child.communicate(b"\n")
    assert both >= alone + 2000
    assert usage.processor(os.getpid()) > 0


@pytest.mark.real
def test_the_load_passes_through_mitmproxy() -> None:
    program = mitmdump()
    if program is None:
        pytest.skip("mitmproxy is not installed")
    with bench(direct_tls=True) as programs, Client(programs.mitmproxy(program).way) as client:
        client.round_trip()
        client.push(message(1, 20_000) % 1, 10)


@pytest.mark.skipif(find_spec("xmppscope.cli.proxy") is None, reason="there is no proxy yet")
@pytest.mark.parametrize(
    ("benchmark", "options", "says"),
    [
        (proxy_latency, "--messages 4 --block 2", "direct TLS: 4 messages each way"),
        (proxy_throughput, "--connections 2 --seconds 0.01 --rounds 1 --megabytes 1", "times direct"),
        (proxy_connections, "--connections 2 --rounds 1 --open 2", "connections a second"),
        (proxy_over_length, "--messages 40 --block 20", "each block of 20"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, ModuleType) else "",
)
def test_benchmarks_of_the_proxy_run(
    benchmark: ModuleType, options: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [benchmark.__name__, *options.split()])
    benchmark.main()
    assert says in capsys.readouterr().out
