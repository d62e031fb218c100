"""`xmppscope proxy` as its user meets it: the plan, options that cannot be, and how it ends."""

import re
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[bytes]]
Start = Callable[..., Any]


@pytest.fixture
def proxy(start: Start, tmp_path: Path) -> Start:
    """Start a proxy on a free port, with an authority of its own."""
    return lambda *options: start("proxy", "--listen", "127.0.0.1:0", "--ca-dir", tmp_path / "ca", *options)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--client-key k.pem", "--client-key goes with --client-cert; give both"),
        ("--server-cert c.pem", "--server-cert and --server-key go together; give both"),
        ("--record a --write-keylog ./a", "--record and --write-keylog name the same file; give two names"),
        ("--record -", "--record -: it needs a file of its own; give a name"),
        ("--upstream https://example.org", "--upstream https://example.org: a URL is not an address;"),
        ("--listen nowhere", "--listen nowhere: no port;"),
        ("--listen 192.0.2.1:5322", "192.0.2.1:5322: not an address of this machine;"),
        ("--upstream-ca missing.pem", "missing.pem: no such file"),
        ("--filter nonsense==1", "filter: no field is called"),
        ("--listen 127.0.0.1:45997 --upstream 127.0.0.1:45997", "that is this proxy itself; name the server"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    xmppscope: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = xmppscope("proxy", "--ca-dir", tmp_path / "ca", *options.split())
    said = done.stderr.decode()
    assert done.returncode == 2, said
    assert said.startswith("xmppscope: ")
    assert line in said.splitlines()[0]
    assert "Traceback" not in said


def test_a_port_in_use_is_said_in_one_line(proxy: Start, xmppscope: Run, tmp_path: Path) -> None:
    first = proxy()
    port = said_port(first)
    done = xmppscope("proxy", "--ca-dir", tmp_path / "ca", "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: in use by another program" in done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(proxy: Start, number: signal.Signals) -> None:
    running = proxy("--upstream", "127.0.0.1:1")
    said_port(running)
    running.process.send_signal(number)
    status, _, _ = running.finish()
    assert status == 0


def test_the_plan_says_where_how_and_what_to_do(proxy: Start) -> None:
    running = proxy("--upstream", "tls:127.0.0.1:5223", "--insecure-upstream")
    lines = lines_to_listening(running)
    plan = "\n".join(lines)
    assert re.search(r"listens on +127\.0\.0\.1:\d+, this machine only: XMPP, SOCKS5, HTTP CONNECT", plan)
    assert "127.0.0.1:5223, by direct TLS" in plan
    assert "! the server's certificate is not verified (--insecure-upstream)" in plan
    assert "xmppscope ca trust" in plan
    assert lines[-1].startswith("listening on 127.0.0.1:")


def test_quiet_says_only_what_must_be_said(proxy: Start) -> None:
    lines = lines_to_listening(proxy("-q", "--insecure-upstream"))
    assert len(lines) == 2
    assert "not verified" in lines[0]


def lines_to_listening(running: Any) -> list[str]:
    lines = []
    while True:
        line = running.process.stderr.readline().decode()
        assert line, lines
        lines.append(line.rstrip("\n"))
        if line.startswith("listening on"):
            return lines


def said_port(running: Any) -> int:
    return int(lines_to_listening(running)[-1].rpartition(":")[2])


@pytest.mark.parametrize("force", [False, True])
def test_what_does_not_start_leaves_no_files_behind(proxy: Start, xmppscope: Run, tmp_path: Path, force: bool) -> None:
    """A recording was emptied, or an empty one left, before it turned out that the port was taken."""
    port = said_port(proxy())
    record, keylog = tmp_path / "trace.pcapng", tmp_path / "keys.txt"
    if force:
        record.write_bytes(b"precious")
    files = ["--record", record, "--write-keylog", keylog, "-o", tmp_path / "out.txt", *(["--force"] if force else [])]
    done = xmppscope("proxy", "--ca-dir", tmp_path / "ca", "--listen", f"127.0.0.1:{port}", *files)
    assert done.returncode == 2
    assert "in use by another program" in done.stderr.decode()
    assert not keylog.exists()
    assert not (tmp_path / "out.txt").exists()
    assert record.exists() == force
    assert not force or record.read_bytes() == b"precious"


@pytest.mark.parametrize("option", ["--output", "--record", "--write-keylog"])
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_file_that_cannot_be_created(xmppscope: Run, tmp_path: Path, option: str, form: str) -> None:
    """For --output that was a warning only, and the proxy ran with nothing to show."""
    options = ("--listen", "127.0.0.1:0", "--ca-dir", tmp_path / "ca", "--format", form)
    done = xmppscope("proxy", *options, option, tmp_path / "nowhere" / "x")
    assert done.returncode == 2
    assert b"there is no such directory" in done.stderr
    assert b"listening on" not in done.stderr
