"""Real servers, started once for all tests, and real clients; what is not installed is skipped with the reason."""

import json
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.clients import gosendxmpp, profanity, slix, smack, xmppjs
from tests.integration.clients.base import Client, ClientRun, Job, Script, Tls, Version, Via
from tests.integration.processes import Background
from tests.integration.proxy_run import ProxyRun
from tests.integration.raw import Peer, RawServer
from tests.integration.servers import ejabberd as ejabberd_server
from tests.integration.servers import prosody as prosody_server
from tests.integration.servers.base import Server

CLIENTS: tuple[Client, ...] = (
    slix.Slixmpp(),
    xmppjs.XmppJs(),
    gosendxmpp.GoSendxmpp(),
    profanity.Profanity(),
    smack.Smack(),
)

MakeJob = Callable[..., Job]
StartProxy = Callable[..., ProxyRun]


def answered(job: Job, run: ClientRun) -> list[str]:
    """Return the answers to the job's messages as they came, without those that were sent again after a cut."""
    return list(dict.fromkeys(body for body in run.received if body in job.script.answers))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """The authority that certifies the servers."""
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """An authority that certifies nobody."""
    return TestAuthority(tmp_path_factory.mktemp("other"), "another authority")


def bob_at(server: Server, folder: Path) -> Background:
    """Start bob, who answers."""
    account = server.account("bob")
    job = {"jid": account.jid, "password": account.password, "host": "127.0.0.1", "port": server.starttls}
    program = slix.PROGRAMS / "echo.py"
    bob = Background([sys.executable, program, json.dumps({**job, "ca_file": str(server.ca_file)})], folder / "bob.log")
    bob.ready(lambda: "ready" in bob.printed())
    return bob


def running(module: ModuleType, folder: Path, authority: TestAuthority) -> Iterator[Server]:
    """Run a server with bob logged in, or skip."""
    name = module.__name__.rpartition(".")[2]
    if module.version() is None:
        pytest.skip(f"{name} is not installed")
    if slix.missing():
        pytest.skip(slix.missing() or "")
    server: Server = module.start(folder, authority)
    try:
        bob = bob_at(server, folder)
        yield server
        bob.stop()
    finally:
        server.background.stop()


@pytest.fixture(scope="session")
def prosody(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> Iterator[Server]:
    """Prosody, running."""
    yield from running(prosody_server, tmp_path_factory.mktemp("prosody"), authority)


@pytest.fixture(scope="session")
def ejabberd(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> Iterator[Server]:
    """Run ejabberd."""
    yield from running(ejabberd_server, tmp_path_factory.mktemp("ejabberd"), authority)


@pytest.fixture(params=["prosody", "ejabberd"], scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=CLIENTS, ids=lambda client: client.name, scope="session")
def client(request: pytest.FixtureRequest) -> Client:
    """Each client in turn."""
    found: Client = request.param
    reason = found.missing()
    if reason:
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def ca_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the proxy's authority, the same for all runs."""
    return tmp_path_factory.mktemp("proxy-authority")


@pytest.fixture
def echo(authority: TestAuthority) -> Iterator[RawServer]:
    """A server of raw.test with direct TLS that lets anybody in and sends everything back."""
    issued = authority.issue("raw.test")

    def play(peer: Peer) -> None:
        peer.present(issued)
        peer.echo()

    with RawServer(play) as server:
        yield server
    assert server.trouble == []


@pytest.fixture
def proxy(tmp_path: Path, ca_dir: Path) -> Iterator[StartProxy]:
    """Start proxies; those that still run in the end are stopped."""
    started: list[ProxyRun] = []

    def start(*options: object, **more: object) -> ProxyRun:
        folder = Path(tempfile.mkdtemp(prefix="proxy-", dir=tmp_path))
        started.append(ProxyRun(folder, ca_dir, *options, **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def job(tmp_path: Path) -> MakeJob:
    """Make jobs for alice; their messages are like no other's, since servers keep what nobody acknowledged."""

    def make(
        server: Server,
        *,
        port: int | None = None,
        tls: Tls = "starttls",
        version: Version | None = None,
        ca_file: Path | None = None,
        cut: bool = False,
        via: Via | None = None,
        proxy_port: int = 0,
    ) -> Job:
        token = secrets.token_hex(4)
        messages = (f"Hello <&> \"'{token}", f"Grüße 🌹 {token}")
        script = Script(server.account("bob").jid, messages, cut, f"after the cut {token}")
        folder = tmp_path / token
        folder.mkdir()
        return Job(
            account=server.account("alice"),
            host="localhost" if via else "127.0.0.1",  # Smack tells a proxy of no address: it writes "/127.0.0.1"
            port=port or server.port(tls),
            tls=tls,
            version=version,
            ca_file=ca_file or server.ca_file,
            script=script,
            folder=folder,
            via=via,
            proxy_port=proxy_port,
        )

    return make
