"""What the user gets wrong: one line on standard error that says what to do, and status 2."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from xmppscope.cli import main as main_module

Run = Callable[..., CompletedProcess[bytes]]
Start = Callable[..., Any]

CAPTURE = "c2s-basic-prosody.pcap"


@pytest.fixture
def folder(tmp_path: Path, captures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with one good capture and some files that are none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trace.pcap").write_bytes((captures / CAPTURE).read_bytes())
    (tmp_path / "notes.txt").write_text("Dear all, this is the capture.\n")
    (tmp_path / "empty.pcap").touch()
    (tmp_path / "short.pcap").write_bytes((captures / CAPTURE).read_bytes()[:10])
    (tmp_path / "server.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    (tmp_path / "login.keys").write_text(f"CLIENT_RANDOM {'ab' * 32} {'cd' * 48}\n")
    (tmp_path / "trace.xz").write_bytes(b"\xfd7zXZ\0\0\4")
    (tmp_path / "dir").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("read trace.pca", "trace.pca: no such file; did you mean trace.pcap?"),
        ("read xyz", "xyz: no such file"),
        ("read nowhere/trace.pcap", "nowhere/trace.pcap: no such file"),
        ("read dir", "dir: a directory; name the files in it"),
        ("read notes.txt", 'notes.txt: not a capture (it begins with "Dear al"); give a pcap or pcapng file'),
        ("read empty.pcap", "empty.pcap: empty file; if tcpdump still writes, start it with -U and add --follow"),
        (
            "read short.pcap",
            "short.pcap: ends inside its file header, after 10 bytes; "
            "if tcpdump still writes, start it with -U and add --follow",
        ),
        ("read -", "standard input: nothing came in; the program that should write to it may say why"),
        ("read trace.pcap trace.pcap", "trace.pcap: named twice; name each capture once"),
        ("read - -", "standard input: named twice; name each capture once"),
        (
            "read trace.pcap -o ./trace.pcap",
            "./trace.pcap: that is an input, and would be lost; choose another name for --output",
        ),
        (
            "read trace.pcap --keylog login.keys -o login.keys",
            "login.keys: that is an input, and would be lost; choose another name for --output",
        ),
        ("read trace.pcap -o dir", "dir: a directory; name a file in it"),
        ("read trace.pcap -o nowhere/out", "nowhere/out: there is no such directory"),
        ("read --xml raw trace.pcap", "raw: no such file; did you mean --xml=raw?"),
        ("read login.keys", "login.keys: not a capture but a key log; name it with --keylog"),
        ("read trace.xz", "trace.xz: not a capture but xz data; unpack it first: gzip and zstd are read as they are"),
        ("read trace.pcap --keylg x", "no such option --keylg; did you mean --keylog?; see xmppscope read --help"),
        ("read trace.pcap --keylog nope", "nope: no such file"),
        (
            "read trace.pcap --keylog notes.txt",
            "notes.txt: not a key log (no line of 3 fields); give what SSLKEYLOGFILE wrote",
        ),
        (
            "read trace.pcap --rsa-key server.pem",
            "server.pem: a certificate, not a private key; --rsa-key wants the key",
        ),
        ("read", "no capture named; give FILE..., or - for standard input; see xmppscope read --help"),
        ("reed x", "no command is called reed; did you mean read?; see xmppscope --help"),
        ("-v read x", "-v stands behind the command: xmppscope read -v; see xmppscope --help"),
    ],
)
def test_one_line(xmppscope: Run, folder: Path, arguments: str, line: str) -> None:
    done = xmppscope(*arguments.split())
    assert done.stderr.decode() == f"xmppscope: {line}\n"
    assert done.returncode == 2
    assert done.stdout == b""


@pytest.mark.parametrize(
    "arguments", ["read --foo x", "read --format xml x", "read --width 3 x", "read --xml=x y", "--x"]
)
def test_wrong_options_are_told_in_one_line(xmppscope: Run, arguments: str) -> None:
    done = xmppscope(*arguments.split())
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"xmppscope: ")
    assert done.stderr.endswith(b" --help\n")


def test_an_unreadable_file(xmppscope: Run, folder: Path) -> None:
    (folder / "trace.pcap").chmod(0)
    done = xmppscope("read", "trace.pcap")
    if done.returncode == 0:
        pytest.skip("root reads every file")
    assert done.stderr.decode().startswith("xmppscope: trace.pcap: not permitted to read it; ")
    assert done.returncode == 2


def test_what_can_be_read_is_printed(xmppscope: Run, folder: Path) -> None:
    good = xmppscope("read", "trace.pcap", "--format", "jsonl", "-q")
    mixed = xmppscope("read", "notes.txt", "trace.pcap", "gone.pcap", "--format", "jsonl", "-q")
    assert mixed.returncode == 2
    assert mixed.stdout.count(b"\n") == good.stdout.count(b"\n")
    assert [line.split(b":")[1] for line in mixed.stderr.splitlines()] == [b" notes.txt", b" gone.pcap"]


def test_a_cut_capture_is_a_warning(xmppscope: Run, folder: Path) -> None:
    data = (folder / "trace.pcap").read_bytes()
    (folder / "trace.pcap").write_bytes(data[:-5])
    done = xmppscope("read", "trace.pcap", "--format", "jsonl")
    assert done.returncode == 0
    assert done.stderr.decode() == ("xmppscope: warning: trace.pcap ends inside packet 139; shown as far as it goes\n")
    assert xmppscope("read", "trace.pcap", "-q").stderr == b""


def test_cut_anywhere(xmppscope: Run, folder: Path) -> None:
    data = (folder / "trace.pcap").read_bytes()
    for end in (24, 25, 40, 5000, 20_001):
        (folder / "cut.pcap").write_bytes(data[:end])
        done = xmppscope("read", "cut.pcap")
        assert done.returncode == 0
        assert done.stderr.startswith(b"xmppscope: warning: ") or b" connection" in done.stderr


def test_no_xmpp_at_all(xmppscope: Run, folder: Path) -> None:
    data = (folder / "trace.pcap").read_bytes()
    (folder / "none.pcap").write_bytes(data[:24])
    done = xmppscope("read", "none.pcap")
    assert (done.returncode, done.stdout) == (0, b"")
    assert (
        done.stderr
        == b"xmppscope: warning: no packets yet; if tcpdump still writes, start it with -U and add --follow\n"
    )


def test_a_cut_compressed_capture_is_told_once(xmppscope: Run, folder: Path) -> None:
    (folder / "trace.gz").write_bytes(gzip.compress((folder / "trace.pcap").read_bytes())[:3000])
    done = xmppscope("read", "trace.gz")
    assert done.returncode == 0
    warnings = [line for line in done.stderr.decode().splitlines() if "warning:" in line]
    assert warnings == ["xmppscope: warning: trace.gz: gzip data ends too early; shown as far as it goes"]


@pytest.mark.parametrize(("redirection", "line"), [
    ("<&-", "standard input is closed; name a file"),
    (">&-", "standard output is closed; name a file with --output"),
])  # fmt: skip
def test_closed_streams_are_told(folder: Path, redirection: str, line: str) -> None:
    command = f"{Path(sys.executable).with_name('xmppscope')} read - {redirection}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (2, f"xmppscope: {line}\n")


def test_a_key_log_is_not_overwritten(xmppscope: Run, folder: Path) -> None:
    before = (folder / "login.keys").read_bytes()
    xmppscope("read", "trace.pcap", "--keylog", "login.keys", "-o", "./login.keys")
    assert (folder / "login.keys").read_bytes() == before


def test_a_fault_of_the_program_is_no_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(main_module.xmppscope, "main", fail)
    with pytest.raises(SystemExit) as ended:
        main_module.main(["read", "x"])
    assert ended.value.code == 70
    told = "a fault of xmppscope itself: ValueError: no; run it again with -vv and report it"
    assert capsys.readouterr().err == f"xmppscope: {told}\n"


def test_a_fifo_without_a_writer_can_be_interrupted(start: Start, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    running = start("read", folder / "fifo")
    running.ready()
    running.interrupt()
    assert running.finish() == (0, [], "")


def test_a_name_with_controls_is_shown_harmless(xmppscope: Run, folder: Path) -> None:
    (folder / "tra\x1bce.pcap").touch()
    done = xmppscope("read", "tra-ce.pcap")
    assert b"\x1b" not in done.stderr
    assert b"did you mean" in done.stderr


def test_secrets_are_announced(xmppscope: Run, folder: Path) -> None:
    masked, shown = xmppscope("read", "trace.pcap"), xmppscope("read", "trace.pcap", "--show-secrets")
    assert b"xmppscope: warning: secrets are shown" in shown.stderr
    assert b"masked" in masked.stdout
    assert b"masked" not in shown.stdout


def test_a_trace_only_for_those_who_ask(xmppscope: Run, folder: Path) -> None:
    for arguments in (["trace.pcap", "--keylog", "nope"], ["nope"]):
        done = xmppscope("read", *arguments, "-vv")
        assert b"Traceback" in done.stderr
        assert done.stderr.endswith(b"xmppscope: nope: no such file\n")
