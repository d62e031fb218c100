"""The programs of the proxy's benchmarks, each in a process of its own on a free port: server, proxy, mitmproxy."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from benchmarks.load import identity
from benchmarks.load.client import Way
from benchmarks.measure import XMPPSCOPE

PATIENCE: Final = 60.0
FILES: Final = 8192
"""Open files that a process may have: a proxy has two for each connection."""

_LISTENING: Final = re.compile(r"^listening on (\S+):(\d+)$", re.MULTILINE)


class Program(NamedTuple):
    """A program that runs: the way to the server through it, and its process."""

    way: Way
    process: subprocess.Popen[bytes]


class Bench:
    """A server with its certificates in a temporary folder; what is to stand before it is started by the methods."""

    def __init__(self, stack: ExitStack, *, direct_tls: bool) -> None:
        self.folder: Final = Path(stack.enter_context(TemporaryDirectory()))
        self._stack: Final = stack
        self._direct_tls: Final = direct_tls
        self._identity: Final = identity.make(self.folder)
        command = [sys.executable, "-m", "benchmarks.load.server", str(self._identity.server)]
        server = stack.enter_context(_running(command, self.folder / "server.log", stdout=subprocess.PIPE))
        assert server.stdout is not None
        self.direct: Final = Program(Way("127.0.0.1", int(server.stdout.readline()), direct_tls), server)

    def proxy(self, *options: str) -> Program:
        """Start `xmppscope proxy` with these options and wait until it listens."""
        log = self.folder / f"proxy-{len(list(self.folder.glob('proxy-*.log')))}.log"
        upstream = ["--upstream", f"{self.direct.way.host}:{self.direct.way.port}"]
        trust = ["--upstream-ca", str(self._identity.authority), "--ca-dir", str(self.folder / "ca")]
        command = [XMPPSCOPE, "proxy", "--listen", "127.0.0.1:0", *upstream, *trust, *options]
        process = self._stack.enter_context(_running(command, log))
        deadline = time.monotonic() + PATIENCE
        while not (found := _LISTENING.search(log.read_text())):
            _still_starting(process, log, deadline)
        return Program(Way(found[1], int(found[2]), self._direct_tls), process)

    def mitmproxy(self, program: str) -> Program:
        """Start mitmproxy before the server and wait until it listens; it knows direct TLS only."""
        if not self._direct_tls:
            raise ValueError("mitmproxy does not follow STARTTLS")
        log = self.folder / "mitmproxy.log"
        port = _free_port()
        server = f"reverse:tls://{self.direct.way.host}:{self.direct.way.port}"
        words = ["--mode", server, "--listen-host", "127.0.0.1", "--listen-port", str(port)]
        # Nothing is printed and nothing checked: as little work as it can have.
        settings = ["--set", "ssl_insecure=true", "--set", f"confdir={self.folder / 'mitmproxy'}"]
        process = self._stack.enter_context(_running([program, "-q", *words, *settings], log))
        deadline = time.monotonic() + PATIENCE
        while not _answers(port):
            _still_starting(process, log, deadline)
        return Program(Way("127.0.0.1", port, direct_tls=True), process)


@contextmanager
def bench(*, direct_tls: bool = False) -> Iterator[Bench]:
    """Start the server; at the end everything ends that was started in between."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    with ExitStack() as stack:
        yield Bench(stack, direct_tls=direct_tls)


def mitmdump() -> str | None:
    """Return the path of mitmdump, which MITMDUMP may name, None where it is not installed."""
    return os.environ.get("MITMDUMP") or shutil.which("mitmdump")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program as a user would, and wait until it has."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@contextmanager
def _running(command: list[str], log: Path, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* with its standard error in *log*; its standard input ends when this program does."""
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=errors)
    with process:
        try:
            yield process
        finally:
            end(process)
    if process.returncode:
        raise OSError(f"{command[0]} ended with status {process.returncode}: {_last(log)}")


def _still_starting(process: subprocess.Popen[bytes], log: Path, deadline: float) -> None:
    if process.poll() is not None or time.monotonic() > deadline:
        raise OSError(f"the program does not listen: {_last(log)}")
    time.sleep(0.02)


def _last(log: Path) -> str:
    return log.read_text(errors="replace")[-500:]


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
