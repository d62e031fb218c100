"""A reader that is slow, or does not read at all, holds up neither the traffic nor the end of the program."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from xmppscope.cli import unhurried
from xmppscope.cli.output import ReaderGone
from xmppscope.cli.unhurried import Unhurried
from xmppscope.model.errors import XmppscopeError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs poll")

COMMAND = str(Path(sys.executable).with_name("xmppscope"))
DATA = bytes(range(256)) * 4096


@contextmanager
def piped() -> Iterator[int]:
    """Let standard output be a pipe; give the end to read from."""
    reads, writes = os.pipe()
    with pytest.MonkeyPatch.context() as patch, os.fdopen(writes, "w") as stdout:
        patch.setattr(sys, "stdout", stdout)  # a fixture could not: pytest sets it anew for each test
        yield reads
    os.close(reads)


def test_what_a_pipe_does_not_take_waits_and_comes_in_order() -> None:
    with piped() as pipe:
        output = Unhurried(None)
        output.write(DATA)
        assert output.waits
        got = bytearray()
        while output.waits:
            got += os.read(pipe, 5000)
            output.drain()
        while len(got) < len(DATA):
            got += os.read(pipe, 1 << 16)
        assert bytes(got) == DATA


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    with piped():
        monkeypatch.setattr(unhurried, "MOST", 100_000)
        output = Unhurried(None)
        with pytest.raises(XmppscopeError, match="nobody reads it"):
            output.write(DATA)
        assert not output.waits


def test_the_end_waits_no_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    with piped():
        monkeypatch.setattr(unhurried, "_LAST_SECONDS", 0.01)
        output = Unhurried(None)
        output.write(DATA)
        output.close()
        assert output.waits


def test_a_reader_that_has_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        output = Unhurried(None)
        with pytest.raises(ReaderGone):
            output.write(DATA)
        assert not output.waits


def test_a_file_takes_all_at_once(tmp_path: Path) -> None:
    output = Unhurried(str(tmp_path / "file"))
    output.write(DATA)
    assert not output.waits
    output.close()
    assert (tmp_path / "file").read_bytes() == DATA


def test_traffic_and_signals_pass_while_nobody_reads(tmp_path: Path) -> None:
    """The proxy stood still once the pipe to `less` was full, and did not even heed SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=[listener], daemon=True).start()
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        options = ("--ca-dir", tmp_path / "ca", "--listen", "127.0.0.1:0", "--upstream", where, "--format", "jsonl")
        running = subprocess.Popen([COMMAND, "proxy", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert running.stderr is not None
        port = next(int(line.rpartition(b":")[2]) for line in running.stderr if line.startswith(b"listening on"))
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
            message = b"<message><body>" + b"x" * 1000 + b"</body></message>"
            for _ in range(500):
                client.sendall(message)
                left = len(message)
                while left > 0:
                    left -= len(client.recv(left))
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert b"nobody reads it" in running.communicate()[1]


def _echo(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock, suppress(OSError):
        while data := sock.recv(1 << 16):
            sock.sendall(data)
