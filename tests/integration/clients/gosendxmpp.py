"""go-sendxmpp in its interactive mode: it sends the lines of its standard input.

With -d it prints what it receives, as it was on the wire; what it sends it does not show. It has no roster, cannot
resume, and ends without closing its stream when its input ends.
"""

import contextlib
import functools
import re
import shutil
import subprocess
from pathlib import Path

from tests.integration.clients.base import STEP, ClientRun, Job, Script, Version
from tests.integration.elements import Connection, Direction, bodies_in
from tests.integration.processes import PATIENCE, wait_for

WORDS = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.*)\n?", re.MULTILINE)
"""What it says itself on standard error, beside the elements."""

END = "failed to read from stdin"


def understood(output: str) -> ClientRun:
    """Make a report of what it printed."""
    words = [said for said in WORDS.findall(output) if said != END]
    connection = Connection()
    connection.texts["in"].append(WORDS.sub("", output))
    run = ClientRun([connection] if "<stream:stream" in output else [], failed="; ".join(words) or None)
    run.received = [body.removesuffix("\n") for body in bodies_in("".join(connection.texts["in"]))]
    return run


class GoSendxmpp:
    """Drives go-sendxmpp."""

    name = "go-sendxmpp"
    # It takes a least version only.
    versions: tuple[Version, ...] = ("1.3",)
    resumes = False
    logs: tuple[Direction, ...] = ("in",)

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        return None if shutil.which("go-sendxmpp") else "go-sendxmpp is not installed"

    def version(self) -> str:
        """Return go-sendxmpp's version."""
        done = subprocess.run(
            ["go-sendxmpp", "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
        return found[0] if found else "unknown version"

    def run(self, job: Job) -> ClientRun:
        """Do the job."""
        printed = job.folder / "go-sendxmpp.log"
        command = ["go-sendxmpp", "-d", "-i", "-u", job.account.jid, "-p", job.account.password]
        command += ["-j", f"{job.host}:{job.port}", *(["-t"] if job.tls == "direct" else [])]
        command += [f"--tls-version={job.version.replace('.', '')}"] if job.version else []
        env = {"HOME": str(job.folder), "SSL_CERT_FILE": str(job.ca_file)}
        if job.via == "CONNECT":
            env["HTTP_PROXY"] = f"http://127.0.0.1:{job.proxy_port}"
        with printed.open("wb") as output:
            process = subprocess.Popen(
                [*command, job.script.peer],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=env,
                cwd=job.folder,
            )
            assert process.stdin is not None
            try:
                failure = play(job.script, process, printed)
            finally:
                with contextlib.suppress(BrokenPipeError):  # what it did not read
                    process.stdin.close()
                process.kill()
                process.wait(PATIENCE)
        run = understood(printed.read_text())
        run.failed = run.failed or failure
        return run


def play(script: Script, process: "subprocess.Popen[bytes]", printed: Path) -> str | None:
    """Send every message and wait for its answer; return what went wrong, if it is not the program that says so."""
    assert process.stdin is not None
    try:
        for body in script.messages:
            process.stdin.write(f"{body}\n".encode())
            process.stdin.flush()
            wait_for(functools.partial(done, process, printed, f"echo: {body}"), f"the answer to {body}", STEP)
        process.stdin.close()
        process.wait(PATIENCE)
    except (AssertionError, BrokenPipeError) as error:
        return str(error)
    return None


def done(process: "subprocess.Popen[bytes]", printed: Path, answer: str) -> bool:
    """Whether the answer has come, or the program has given up."""
    return process.poll() is not None or answer in understood(printed.read_text(errors="replace")).received
