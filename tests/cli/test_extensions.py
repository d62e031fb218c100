"""Extensions of other packages: found by their entry point, and left out when something is wrong with them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xmppscope.cli.extensions import GROUP

GOOD = """
from xmppscope.xeps.descriptor import Extension
def ping(met, element):
    met.note("a ping of ours", "Example 1")
def answer(met, element):
    met.note("answered: " + met.entry.type, "Example 2")
def ask(met, element):
    met.expect(answer)
def late(met, element):
    raise LookupError("late")
def wait(met, element):
    met.expect(late)
def wrong(met, element):
    raise ValueError("no")
NS = "urn:xmpp:ping\\nping"
def extension(handler):
    return Extension(number="example", title="Example", namespaces=("urn:xmpp:ping",), elements={NS: handler})
EXTENSION, ASKS, WAITS, FAILS = map(extension, (ping, ask, wait, wrong))
NONE = 7
"""

Run = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def read(tmp_path: Path, captures: Path) -> Run:
    """Read a recording with a distribution installed that has this entry point."""

    def run(target: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "plug_for_xmppscope.py").write_text(GOOD)
        info = tmp_path / "plug-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\nplug = {target}\n")
        command = [str(Path(sys.executable).with_name("xmppscope")), "read", "--format", "jsonl"]
        recording = str(captures / "c2s-basic-prosody.pcap")
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        return subprocess.run(
            [*command, recording], capture_output=True, text=True, check=False, env=environment, timeout=60
        )

    return run


def notes(done: subprocess.CompletedProcess[str]) -> list[str]:
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    return [note["text"] for one in entries for note in one.get("annotations", ()) if "Example" in note.get("spec", "")]


def test_it_is_called(read: Run) -> None:
    done = read("plug_for_xmppscope:EXTENSION")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(notes(done)) == {"a ping of ours"}


def test_it_is_told_of_answers(read: Run) -> None:
    done = read("plug_for_xmppscope:ASKS")
    assert (done.returncode, done.stderr) == (0, "")
    assert "answered: result" in notes(done)


WRONG = [
    ("plug_for_xmppscope:MISSING", "cannot be loaded: AttributeError"),
    ("plug_that_is_missing:EXTENSION", "cannot be loaded: ModuleNotFoundError"),
    ("plug_for_xmppscope:NONE", "is no Extension but int"),
    ("plug_for_xmppscope:FAILS", "is left out: ValueError: no"),
    ("plug_for_xmppscope:WAITS", "is left out: LookupError: late"),
]


@pytest.mark.parametrize(("target", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_is_wrong_with_it_is_said_once(read: Run, target: str, words: str) -> None:
    done = read(target)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith('{"record":"summary"')
    warnings = done.stderr.splitlines()
    assert all(line.startswith("xmppscope: warning: the extension plug ") for line in warnings)
    assert words in warnings[0]
    assert notes(done) == []
