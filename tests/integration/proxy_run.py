"""`xmppscope proxy` as a user runs it, in front of a server, with all it writes kept in files."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.integration.elements import Record, read_jsonl
from tests.integration.processes import PATIENCE, Background

COMMAND = Path(sys.executable).with_name("xmppscope")
LISTENING = re.compile(r"^listening on 127\.0\.0\.1:(\d+)$", re.MULTILINE)


def xmppscope(*arguments: object) -> str:
    """Run another command of xmppscope to its end; return what it printed."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(ca_dir: Path) -> Path:
    """Return the certificate of the authority in *ca_dir*, which is made if there is none."""
    file = ca_dir / "exported.pem"
    if not file.exists():
        xmppscope("ca", "export", "--ca-dir", ca_dir, "-o", file)
    return file


class ProxyRun:
    """A proxy that listens on `port`, in front of the server on port *upstream*, which *upstream_ca* certifies.

    Its authority, in *ca_dir*, has the certificate `ca_file`.
    """

    def __init__(self, folder: Path, ca_dir: Path, upstream: int, upstream_ca: Path, *options: object) -> None:
        self.ca_file = exported(ca_dir)
        self.live, self.recording = folder / "live.jsonl", folder / "recording.pcapng"
        command = [COMMAND, "proxy", "--listen", "127.0.0.1:0", "--ca-dir", ca_dir]
        command += ["--upstream", f"127.0.0.1:{upstream}", "--upstream-ca", upstream_ca]
        command += ["--record", self.recording, "--format", "jsonl", "-o", self.live, *options]
        self._background = Background(command, folder / "proxy.log")
        self._background.ready(lambda: LISTENING.search(self.said) is not None)
        self.port = int(LISTENING.findall(self.said)[0])

    @property
    def said(self) -> str:
        """What it has written to standard error so far."""
        return self._background.printed()

    def stop(self) -> tuple[int, str]:
        """Interrupt it as Ctrl-C does; return its exit status and what it wrote to standard error."""
        process = self._background.process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            finally:
                self._background.stop()
        return process.returncode, self.said

    def shown(self) -> list[Record]:
        """Return the records that it printed while it ran."""
        return read_jsonl(self.live)

    def recorded(self, folder: Path) -> list[Record]:
        """Return the records that its recording gives when it is read."""
        again = folder / "recorded.jsonl"
        xmppscope("read", "--format", "jsonl", "-o", again, self.recording)
        return read_jsonl(again)
