"""What the pages show of sessions through the proxy is what it prints, with the real programs that they name."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.integration.clients.base import Job, Script
from tests.integration.clients.gosendxmpp import GoSendxmpp
from tests.integration.clients.profanity import Log, Profanity, Terminal
from tests.integration.clients.slix import Slixmpp
from tests.integration.conftest import CLIENTS
from tests.integration.processes import PATIENCE, wait_for
from tests.integration.proxy_run import COMMAND, exported
from tests.integration.servers.base import Account, Server
from tests.pages import PAGES, ROOT, difference, steady
from tests.proxy import dns_server
from xmppscope.demo import ACCOUNTS, DOMAIN

pytestmark = pytest.mark.real

PORT = 5322
MADE_WITH = {"Prosody": "0.12.3", "Profanity": "0.13.1"}
"""What a page shows of a program is that of one version of it."""


def sessions() -> Iterator[tuple[str, str, list[str]]]:
    """Every block of the pages that shows a part of a session: the page, the session's name, the lines."""
    for page in PAGES:
        for name, block in re.findall(r"^```text (\w+ \w+)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
            yield page.name, name, block.splitlines()


SESSIONS = list(sessions())


class Session:
    """A command of xmppscope in a terminal of 80 columns, and what stands on it when it is over."""

    def __init__(self, folder: Path, shown: str, *hidden: object) -> None:
        self.printed = [f"$ {shown}"]
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [COMMAND, *shown.split()[1:], *map(str, hidden)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                cwd=folder,
            )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.printed.append(line.rstrip("\n"))
            if line.startswith("listening on "):
                break
        self.port = int(self.printed[-1].rpartition(":")[2])

    def shows(self, what: str) -> bool:
        """Whether something is on the screen by now."""
        return what in self._output.read_text()

    def stop(self) -> None:
        """Press Ctrl-C; everything it prints is in `printed` then."""
        self._process.send_signal(signal.SIGINT)
        said = self._process.communicate(timeout=PATIENCE)[1]
        assert self._process.returncode == 0, said
        self.printed += [*self._output.read_text().splitlines(), *said.splitlines()]


@contextmanager
def running(folder: Path, shown: str, *hidden: object) -> Iterator[Session]:
    session = Session(folder, shown, *hidden)
    try:
        yield session
    finally:
        session.stop()


def typed_into_profanity(folder: Path, ca_file: Path) -> None:
    """Log in as the tutorial says."""
    places = {"HOME": folder, "XDG_DATA_HOME": folder / "data", "XDG_CONFIG_HOME": folder / "config"}
    env = {**{name: str(path) for name, path in places.items()}, "SSL_CERT_FILE": str(ca_file)}
    log = folder / "profanity.log"
    command = ["profanity", "-l", "DEBUG", "-f", str(log)]
    terminal = Terminal(command, {"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}, folder)
    try:
        wait_for(log.exists, "a start of Profanity")
        terminal.type(f"/connect juliet@{DOMAIN} server 127.0.0.1 port {PORT}")
        Log(log).wait("Input received: /connect")
        terminal.type(ACCOUNTS["juliet"])
        Log(log).wait('RECV: <iq id="roster"')
        terminal.type("/quit")
        terminal.process.wait(PATIENCE)
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The screen of the tutorial: a login with Profanity, then a client that does not trust the proxy."""
    for client in (Profanity(), GoSendxmpp()):
        if client.missing():
            pytest.skip(client.missing() or "")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.skip(f"port {PORT} is in use")
    folder = tmp_path_factory.mktemp("tutorial")
    ca = folder / "ca"
    ca_file = exported(ca)
    with running(folder, "xmppscope demo --serve", "--ca-dir", ca) as session:
        typed_into_profanity(folder, ca_file)
        nobody = folder / "nobody.pem"
        nobody.write_text("")
        account = Account(f"juliet@{DOMAIN}", ACCOUNTS["juliet"])
        job = Job(account, "127.0.0.1", PORT, "starttls", None, nobody, Script(account.jid, ("hello",)), folder)
        assert GoSendxmpp().run(job).failed
        wait_for(partial(session.shows, "diagnosis"), "a diagnosis")
    return session.printed


@pytest.fixture(scope="module")
def prosody_session(prosody: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The screen of the README: a login with slixmpp, and a message."""
    folder = tmp_path_factory.mktemp("readme")
    ca_file = exported(folder / "ca")
    with dns_server.serving() as dns:
        dns.add(f"_xmpp-client._tcp.{prosody.domain}", "SRV", f"0 5 {prosody.starttls} xmpp.{prosody.domain}.")
        dns.add(f"xmpp.{prosody.domain}", "A", "127.0.0.1")
        hidden = ["--listen", "127.0.0.1:0", "--ca-dir", folder / "ca", "--resolver", dns.address]
        hidden += ["--upstream-ca", prosody.ca_file]
        with running(folder, "xmppscope proxy --record trace.pcapng", *hidden) as proxy:
            account = prosody.account("alice")
            desk = Account(f"{account.jid}/desk", account.password)
            script = Script(prosody.account("bob").jid, ("Is the release ready?",))
            job = Job(desk, "127.0.0.1", proxy.port, "starttls", None, ca_file, script, folder)
            run = Slixmpp().run(job)
            assert run.failed is None, run.output
    return proxy.printed


SCREENS = {"demo profanity": "demo", "demo untrusted": "demo", "proxy slixmpp": "prosody_session"}


@pytest.mark.parametrize(("page", "name", "lines"), SESSIONS, ids=[f"{page}-{name}" for page, name, _ in SESSIONS])
def test_a_session_is_as_shown(page: str, name: str, lines: list[str], request: pytest.FixtureRequest) -> None:
    assert name in SCREENS, f"{page} shows a session that nobody plays: {name}"
    if name == "proxy slixmpp" and (server := request.getfixturevalue("prosody")).version != MADE_WITH["Prosody"]:
        pytest.skip(f"it was made with Prosody {MADE_WITH['Prosody']}, here is {server.version}")
    if name == "demo profanity" and (there := Profanity().version()) != MADE_WITH["Profanity"]:
        pytest.skip(f"it was made with Profanity {MADE_WITH['Profanity']}, here is {there}")
    printed = request.getfixturevalue(SCREENS[name])
    problem = difference(map(steady, lines), map(steady, printed))
    assert problem is None, "\n".join([problem or "", *printed])


def test_the_readme_names_every_client_and_the_versions_of_tls_that_it_is_held_to() -> None:
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| (\S+) \d\S*[^|]* \| ([\d., ]+) \|", readme, re.MULTILINE)
    told = {name.lower(): versions for name, versions in rows}
    assert told == {client.name.lower(): ", ".join(client.versions) for client in CLIENTS}
