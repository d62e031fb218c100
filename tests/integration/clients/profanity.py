"""profanity (libstrophe), driven in a pseudo-terminal as its user would; its log at level DEBUG tells what passed."""

import os
import pty
import re
import shutil
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template

from tests.integration.clients.base import STEP, ClientRun, Job, Script, Version
from tests.integration.cutter import cutter
from tests.integration.elements import Connection, Direction, bodies_in
from tests.integration.processes import PATIENCE, wait_for

ACCOUNT = Template("""[alice]
enabled=true
jid=$jid
resource=profanity
password=$password
server=127.0.0.1
port=$port
tls.policy=$policy
""")

# Without a folder of its own to look in, libstrophe takes OpenSSL's defaults, which the environment can name.
PREFERENCES = """[connection]
tls.certpath=none
reconnect=1
[logging]
rotate=false
"""

OPENSSL = Template("""openssl_conf = start
[start]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
MinProtocol = TLSv$version
MaxProtocol = TLSv$version
""")

REFUSED = "tls: DBG: preverify_ok:0"

LINE = re.compile(r"^\d{4}-\d\d-\d\dT[0-9:.]+Z: (\w+): \w+: ", re.MULTILINE)
DIRECTIONS: dict[str, Direction] = {"SENT: ": "out", "RECV: ": "in"}


def messages(log: str) -> Iterator[str]:
    """Take a log apart into messages, each whole, with its area before it."""
    pieces = LINE.split(log)
    for area, text in zip(pieces[1::2], pieces[2::2], strict=True):
        yield f"{area}: {text.removesuffix(chr(10))}"


def understood(log: str) -> ClientRun:
    """Make a report of profanity's log."""
    run = ClientRun()
    for message in messages(log):
        if message.startswith("xmpp: Attempting to connect to"):
            run.connections.append(Connection())
        elif message.startswith(("xmpp: ", "conn: ")) and message[6:12] in DIRECTIONS:
            run.connections[-1].texts[DIRECTIONS[message[6:12]]].append(message[12:])
    for connection in run.connections:
        received = "".join(connection.texts["in"])
        run.received += bodies_in(received)
        if "<resumed " in received:
            run.resumed = True
        found = re.search(r'<iq [^>]*id="roster"[^>]*>(.*?)</iq>', received, re.DOTALL)
        if found:
            run.roster = re.findall(r'<item [^>]*jid="([^"]+)"', found[1])
    return run


class Terminal:
    """A program in a pseudo-terminal whose screen nobody looks at."""

    def __init__(self, command: list[str], env: dict[str, str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 120))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=folder, start_new_session=True
        )
        os.close(slave)
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self) -> None:
        try:
            while os.read(self._master, 65536):
                pass
        except OSError:
            return  # Linux says so when the last program has left the terminal

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._master, f"{line}\n".encode())

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(PATIENCE)
        self._drain.join(PATIENCE)
        os.close(self._master)


class Profanity:
    """Drives profanity."""

    name = "profanity"
    versions: tuple[Version, ...] = ("1.2", "1.3")
    resumes = True
    logs: tuple[Direction, ...] = ("out", "in")

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        return None if shutil.which("profanity") else "profanity is not installed"

    def version(self) -> str:
        """Return profanity's version."""
        done = subprocess.run(["profanity", "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
        found = re.search(r"version (\S+)", done.stdout)
        return found[1] if found else "unknown version"

    def run(self, job: Job) -> ClientRun:
        """Do the job."""
        log = job.folder / "profanity.log"
        failure = None
        with cutter(job.host, job.port) as relay:
            command = ["profanity", "-l", "DEBUG", "-f", str(log), "-a", "alice"]
            terminal = Terminal(command, prepared(job, relay.port), job.folder)
            try:
                play(job.script, terminal, Log(log), relay.cut)
            except (AssertionError, ConnectionError) as error:
                failure = str(error)
            finally:
                terminal.close()
        run = understood(Log(log).text())
        run.failed = failure
        return run


class Log:
    """profanity's log, while it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def text(self) -> str:
        """Return what there is by now."""
        return self._path.read_text(errors="replace") if self._path.exists() else ""

    def _has(self, what: str) -> bool:
        text = self.text()
        if REFUSED in text:
            raise ConnectionError("the certificate was refused")
        return what in text

    def wait(self, what: str) -> None:
        """Wait until something stands in the log."""
        wait_for(lambda: self._has(what), what, STEP)

    def wait_for_body(self, body: str) -> None:
        """Wait until a message has come."""
        wait_for(lambda: body in understood(self.text()).received, body, STEP)


def play(script: Script, terminal: Terminal, log: Log, cut: Callable[[], None]) -> None:
    """Do what the script says."""

    def say(body: str) -> None:
        terminal.type(f"/msg {script.peer} {body}")
        log.wait_for_body(f"echo: {body}")

    log.wait('RECV: <iq id="roster"')
    for body in script.messages:
        say(body)
    if script.cut:
        cut()
        log.wait("RECV: <resumed ")
        say(script.after)
    terminal.type("/quit")
    terminal.process.wait(PATIENCE)


def prepared(job: Job, port: int) -> dict[str, str]:
    """Write profanity's files; return the environment in which it finds them and nothing else."""
    folder = job.folder
    policy = "legacy" if job.tls == "direct" else "force"
    account = ACCOUNT.substitute(jid=job.account.jid, password=job.account.password, port=port, policy=policy)
    files = {"data/profanity/accounts": account, "config/profanity/profrc": PREFERENCES}
    env = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "SSL_CERT_FILE": str(job.ca_file),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }
    if job.version:
        files["openssl.cnf"] = OPENSSL.substitute(version=job.version)
        env["OPENSSL_CONF"] = str(folder / "openssl.cnf")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return env
