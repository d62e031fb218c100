"""Child processes with a bounded life: each has a log file, is waited for by deadline and stopped by handle."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE = 30.0
"""Seconds that a program gets to start, to stop or to answer, however slow the machine is at the moment."""

PAUSE = 0.02


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask until *condition* holds; fail with *what* when the time is up."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(PAUSE)


def accepts(port: int) -> bool:
    """Whether somebody takes connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Background:
    """A program that runs beside the tests; what it prints goes to `log`."""

    def __init__(
        self, command: Sequence[object], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.log = log
        # A test run that is killed takes its servers along, where the system has a way to say so. It is the thread that
        # counts: with its end, a program that it has started ends too.
        with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*with_us, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
            )

    def ready(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds; fail with the end of the log if the program ends before that."""

        def holds() -> bool:
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.printed()[-1000:]}"
            return condition()

        try:
            wait_for(holds, f"{self.log.name}: readiness")
        except AssertionError:
            self.stop()
            raise

    def accepting(self, *ports: int) -> None:
        """Wait until the program takes connections on all of these ports."""
        self.ready(lambda: all(accepts(port) for port in ports))

    def printed(self) -> str:
        """Return everything that the program has printed so far."""
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        """End the program, by force if it takes too long; return its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(PATIENCE)
