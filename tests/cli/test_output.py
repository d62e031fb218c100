"""Where data goes, and how it looks there."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from xmppscope.cli.options import OptionalValue
from xmppscope.cli.progress import Progress
from xmppscope.cli.read import read
from xmppscope.cli.terminal import wants_ascii, wants_colour

Run = Callable[..., CompletedProcess[bytes]]
COMMAND = str(Path(sys.executable).with_name("xmppscope"))


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "c2s-basic-prosody.pcap"


def on_a_terminal(*arguments: object, **environment: str) -> str:
    """What a terminal of 100 columns would get to draw."""
    leader, follower = pty.openpty()
    surroundings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS"}}
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env=surroundings | {"TERM": "xterm", "LC_ALL": "C.UTF-8"} | environment,
    ) as process:
        os.close(follower)
        out = b""
        while True:
            try:
                data = os.read(leader, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
        process.wait()
    os.close(leader)
    return out.decode()


def test_a_file_gets_what_standard_output_would(xmppscope: Run, capture: Path, tmp_path: Path) -> None:
    for form in ("text", "jsonl"):
        path = tmp_path / f"out.{form}"
        to_file = xmppscope("read", capture, "--format", form, "-o", path)
        to_pipe = xmppscope("read", capture, "--format", form)
        assert to_file.stdout == b""
        assert path.read_bytes() == to_pipe.stdout
        assert to_file.stderr == to_pipe.stderr


def test_a_dash_is_standard_output(xmppscope: Run, capture: Path) -> None:
    assert xmppscope("read", capture, "-o", "-").stdout == xmppscope("read", capture).stdout


def test_nothing_is_written_without_a_capture(xmppscope: Run, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"before")
    assert xmppscope("read", tmp_path / "gone.pcap", "-o", path).returncode == 2
    assert path.read_bytes() == b"before"


def test_a_reader_that_goes_away_ends_quietly(capture: Path) -> None:
    command = f"{COMMAND} read {capture} --xml | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.splitlines()[1] == b"0"
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr


def test_a_full_disk_is_told(capture: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    done = subprocess.run([COMMAND, "read", capture, "-o", "/dev/full"], capture_output=True, check=False)
    assert done.stderr == b"xmppscope: /dev/full: no space left on device\n"
    assert done.returncode == 2


def test_colour_is_for_terminals(xmppscope: Run, capture: Path) -> None:
    plain = xmppscope("read", capture).stdout.decode()
    assert "\x1b" not in plain
    assert "\x1b" in xmppscope("read", capture, "--color", "always").stdout.decode()
    assert "\x1b[" in on_a_terminal("read", capture)
    assert "\x1b" not in on_a_terminal("read", capture, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal("read", capture, "--color", "never")


def test_the_terminal_is_filled(capture: Path) -> None:
    first = on_a_terminal("read", capture, NO_COLOR="1").splitlines()[0]
    assert len(first) == 100
    assert len(on_a_terminal("read", capture, "--width", 70, NO_COLOR="1").splitlines()[0]) == 70


def test_no_colour_loses_nothing(capture: Path) -> None:
    coloured, plain = on_a_terminal("read", capture), on_a_terminal("read", capture, NO_COLOR="1")
    bare = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()]
    assert bare == plain.splitlines()


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "latin-1"}, {"TERM": "dumb"}])
def test_plain_surroundings_get_ascii(capture: Path, environment: dict[str, str]) -> None:
    text = on_a_terminal("read", capture, **environment)
    assert text.isascii()
    assert "->" in text


def test_ascii_on_request(xmppscope: Run, capture: Path) -> None:
    assert xmppscope("read", capture, "--ascii").stdout.isascii()


@pytest.mark.parametrize(
    ("environment", "encoding", "ascii_signs"),
    [
        ({}, "utf-8", False),
        ({"LANG": "de_DE.UTF-8", "TERM": "xterm-256color"}, "UTF-8", False),
        ({"TERM": "linux"}, "utf-8", True),
        ({"LC_ALL": "ja_JP.UTF-8", "LANG": "C.UTF-8"}, "utf-8", True),
        ({}, "iso8859-15", True),
        ({"LC_ALL": "C"}, "utf-8", True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", True),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, "utf-8", False),
        ({"LANG": "C.UTF-8"}, "utf-8", False),
    ],
)
def test_when_signs_are_ascii(environment: dict[str, str], encoding: str, ascii_signs: bool) -> None:
    assert wants_ascii(environment, encoding) is ascii_signs


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "colour"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
    ],
)
def test_when_there_is_colour(choice: Any, environment: dict[str, str], terminal: bool, colour: bool) -> None:
    assert wants_colour(choice, environment, terminal=terminal) is colour


def test_quiet_leaves_data_only(xmppscope: Run, capture: Path) -> None:
    done = xmppscope("read", capture, "-q")
    assert done.stderr == b""
    assert done.stdout == xmppscope("read", capture).stdout


def test_the_closing_line_goes_to_standard_error(xmppscope: Run, capture: Path) -> None:
    done = xmppscope("read", capture)
    assert done.stderr.decode() == "── 2 connections · 91 stanzas · 2 errors, 0 warnings · 139 packets, 1.413 s ────\n"
    assert "connections ·" not in done.stdout.decode()


def test_without_keys_the_way_to_them_is_shown(xmppscope: Run, captures: Path) -> None:
    tls = captures / "tls13-starttls-prosody.pcap"
    assert b"--keylog FILE, which the client writes" in xmppscope("read", tls).stderr
    assert b"--keylog FILE" not in xmppscope("read", tls, "--keylog", tls.with_suffix(".keys")).stderr


@pytest.mark.parametrize(("option", "found"), [("--xml", "\n     <stream:features>\n       <"), ("--xml=raw", "><")])
def test_xml_needs_no_value_and_takes_one(xmppscope: Run, capture: Path, option: str, found: str) -> None:
    for arguments in ((option, capture), (capture, option)):
        assert found in xmppscope("read", *arguments).stdout.decode()


def test_help_writes_optional_values_as_they_are_typed(xmppscope: Run) -> None:
    assert b"--xml[=pretty|raw]" in xmppscope("read", "--help").stdout
    assert [option.name for option in read.params if isinstance(option, OptionalValue)] == ["xml"]


def test_several_files_make_one_timeline(xmppscope: Run, capture: Path, packets: Any, tmp_path: Path) -> None:
    header, *rest = packets(capture.read_bytes())
    one, two = tmp_path / "1.pcap", tmp_path / "2.pcap"
    one.write_bytes(header + b"".join(rest[:70]))
    two.write_bytes(header + b"".join(rest[70:]))
    assert xmppscope("read", one, two).stdout == xmppscope("read", capture).stdout
    records = [json.loads(line) for line in xmppscope("read", one, two, "--format", "jsonl").stdout.splitlines()]
    assert {record["file"] for record in records if record["record"] == "entry"} == {0, 1}
    turned = xmppscope("read", two, one, "--format", "jsonl")
    assert b"1.pcap begins 1.413 s before" in turned.stderr


class Sink:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_shows_after_a_second_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("xmppscope.cli.progress.time.monotonic", lambda: now[0])
    sink = Sink()
    progress = Progress(enabled=True, stream=sink)  # type: ignore[arg-type]
    progress.update("trace.pcap", 10, 100, 5)
    now[0] += 0.9
    progress.update("trace.pcap", 30, 100, 5)
    progress.clear()
    assert sink.text == ""
    now[0] += 2.1
    progress.update("trace.pcap", 43, 100, 1_204_118)
    assert sink.text == "\r\x1b[2Kreading trace.pcap  43 %  1 204 118 packets  4 s left"
    progress.update("trace.pcap", 44, 100, 1_204_119)
    progress.clear()
    assert sink.text.endswith("4 s left\r\x1b[2K")
    progress.clear()
    assert sink.text.count("2K") == 2
