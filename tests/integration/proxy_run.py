"""`xmppscope proxy` as a user runs it, with all it writes kept in files."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, Signals

import pytest

from tests.integration.elements import Record, read_jsonl
from tests.integration.processes import PATIENCE, Background, wait_for
from xmppscope.cli.main import main

COMMAND = Path(sys.executable).with_name("xmppscope")
LISTENING = re.compile(r"^listening on (.+):(\d+)$", re.MULTILINE)


def xmppscope(*arguments: object) -> str:
    """Run another command of xmppscope to its end; return what it printed."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(ca_dir: Path) -> Path:
    """Return the certificate of the authority in *ca_dir*, which is made if there is none."""
    file = ca_dir.with_name(f"{ca_dir.name}.pem")
    if not file.exists():
        xmppscope("ca", "export", "--ca-dir", ca_dir, "-o", file)
    return file


class ProxyRun:
    """A proxy that listens on `port`, and on all of `addresses`; its authority has the certificate `ca_file`.

    Its timeline goes to `live`, its recording to `recording`, unless *options* say otherwise; *before* is a command
    that starts it.
    """

    def __init__(
        self,
        folder: Path,
        ca_dir: Path,
        *options: object,
        listen: Sequence[str] = ("127.0.0.1:0",),
        before: Sequence[object] = (),
    ) -> None:
        self.ca_file = exported(ca_dir)
        self.live, self.recording = folder / "live.jsonl", folder / "recording.pcapng"
        command: list[object] = [*before, COMMAND, "proxy", "--ca-dir", ca_dir]
        for address in listen:
            command += ["--listen", address]
        for option, value in (("--record", self.recording), ("--format", "jsonl"), ("-o", self.live)):
            command += [] if option in options else [option, value]
        self.background = Background([*command, *options], folder / "proxy.log")
        self.background.ready(lambda: len(LISTENING.findall(self.said)) == len(listen))
        self.addresses = [(host.strip("[]"), int(port)) for host, port in LISTENING.findall(self.said)]
        self.port = self.addresses[0][1]

    @property
    def said(self) -> str:
        """What it has written to standard error so far."""
        return self.background.printed()

    def send(self, number: Signals) -> None:
        """Send it a signal."""
        self.background.process.send_signal(number)

    def wait(self) -> tuple[int, str]:
        """Wait for its end; return its exit status and what it wrote to standard error."""
        try:
            self.background.process.wait(PATIENCE)
        finally:
            self.background.stop()
        return self.background.process.returncode, self.said

    def stop(self) -> tuple[int, str]:
        """Interrupt it as Ctrl-C does, if it still runs, and wait for its end."""
        if self.background.process.poll() is None:
            self.send(SIGINT)
        return self.wait()

    def shown(self) -> list[Record]:
        """Return the records that it has printed."""
        return read_jsonl(self.live)

    def wait_for_entry(self, what: str) -> None:
        """Wait until *what* stands in the timeline."""
        wait_for(lambda: self.live.exists() and what in self.live.read_text(), f"{what!r} in the timeline")

    def recorded(self, folder: Path) -> list[Record]:
        """Return the records that its recording gives when it is read."""
        again = folder / "recorded.jsonl"
        with pytest.raises(SystemExit) as ended:  # in this process: starting one takes longer than reading
            main(["read", "--format", "jsonl", "-o", str(again), str(self.recording)])
        assert ended.value.code == 0
        return read_jsonl(again)
