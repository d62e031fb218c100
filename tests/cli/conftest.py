"""The command line as a process whose input can be held open."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 20.0
TERMINATION = 1 << (signal.SIGTERM - 1)
COMMAND = str(Path(sys.executable).with_name("xmppscope"))


class Running:
    """A running xmppscope: `line` waits for the next line of its standard output."""

    def __init__(self, *arguments: object) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        self._collector.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def line(self) -> str:
        return self._lines.get(timeout=PATIENCE).decode()

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def ready(self) -> None:
        """Wait until it has set itself up for signals, which Linux can tell; elsewhere wait long enough."""
        status = Path(f"/proc/{self.process.pid}/status")
        end = time.monotonic() + (PATIENCE if status.exists() else 2)
        while time.monotonic() < end:
            if status.exists() and int(status.read_text().partition("SigCgt:")[2].split()[0], 16) & TERMINATION:
                break
            time.sleep(0.05)
        time.sleep(0.1)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def finish(self) -> tuple[int, list[str], str]:
        """Close its input; return its status, the lines that are left, and its standard error."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        error = self.process.stderr.read().decode()
        status = self.process.wait(PATIENCE)
        self._collector.join(PATIENCE)
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get().decode())
        return status, lines, error


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start processes; those that still run in the end are stopped."""
    running: list[Running] = []

    def begin(*arguments: object) -> Running:
        running.append(Running(*arguments))
        return running[-1]

    yield begin
    for one in running:
        one.process.kill()
        one.process.wait(PATIENCE)
        for stream in (one.process.stdin, one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def packets() -> Callable[[bytes], list[bytes]]:
    """Cut a pcap file in its header and its packet records."""

    def cut(capture: bytes) -> list[bytes]:
        pieces, at = [capture[:24]], 24
        while at < len(capture):
            end = at + 16 + int.from_bytes(capture[at + 8 : at + 12], "little")
            pieces.append(capture[at:end])
            at = end
        return pieces

    return cut
