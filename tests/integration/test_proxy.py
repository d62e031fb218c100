"""Every client with every server through the proxy: it works as before, and the timeline says what its log says."""

import re
import subprocess
from itertools import product

import pytest

from tests.integration.clients.base import Client, ClientRun, Job, Tls, Version
from tests.integration.clients.slix import Slixmpp
from tests.integration.clients.xmppjs import XmppJs
from tests.integration.conftest import CLIENTS, MakeJob, StartProxy, answered
from tests.integration.elements import Record, at_client, changed, compare
from tests.integration.processes import PATIENCE
from tests.integration.servers.base import Server

pytestmark = pytest.mark.real

WAYS: tuple[Tls, ...] = ("starttls", "direct")
SERVERS = ("prosody", "ejabberd")
CASES = [
    (name, client, tls, version)
    for name, client, tls, version in product(SERVERS, CLIENTS, WAYS, ("1.2", "1.3"))
    # TLS 1.2 is between a client and the proxy, and between the proxy and a server: each is met once.
    if version in client.versions and (version == "1.3" or name == "prosody" or client.name == "slixmpp")
]
NAMES = [f"{name}-{client.name}-{tls}-{version}" for name, client, tls, version in CASES]


def before(server: Server, tls: Tls) -> list[object]:
    """The options of a proxy in front of a server."""
    return ["--upstream", f"127.0.0.1:{server.port(tls)}", "--upstream-ca", server.ca_file]


def torn(client: Client, run: ClientRun) -> range:
    """The connections that broke off: those that were cut, and all of a client that does not close its stream."""
    return range(len(run.connections) - (client.name != "go-sendxmpp"))


def protections(records: list[Record]) -> set[str]:
    """How the elements were protected."""
    return {record["protection"] for entries in at_client(records) for record in entries}


def check(client: Client, task: Job, run: ClientRun) -> None:
    """The client could do all it was asked to."""
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert run.resumed is (True if task.script.cut else None)
    assert run.roster == (None if client.name == "go-sendxmpp" else [task.script.peer])


@pytest.mark.parametrize(("name", "driven", "tls", "version"), CASES, ids=NAMES)
def test_what_the_client_logs_is_what_the_timeline_shows(
    name: str,
    driven: Client,
    tls: Tls,
    version: Version,
    proxy: StartProxy,
    job: MakeJob,
    request: pytest.FixtureRequest,
) -> None:
    reason = driven.missing()
    if reason:
        pytest.skip(reason)
    server: Server = request.getfixturevalue(name)
    between = proxy(*before(server, tls))
    cut = driven.resumes and version == "1.3" and (tls == "starttls" or name == "prosody")
    task = job(server, port=between.port, tls=tls, version=version, ca_file=between.ca_file, cut=cut)
    run = driven.run(task)
    check(driven, task, run)
    status, said = between.stop()
    assert status == 0, said
    shown = between.shown()
    assert compare(run.connections, shown, directions=driven.logs, torn=torn(driven, run)) == []
    assert protections(shown) == {f"TLSv{version}"} | ({"none"} if tls == "starttls" else set())
    assert changed(shown, between.recorded(task.folder)) == []


def test_direct_tls_without_sni_to_a_client_that_wants_the_domain(
    server: Server, proxy: StartProxy, job: MakeJob
) -> None:
    driven = XmppJs(by_name=True)
    if driven.missing():
        pytest.skip(driven.missing() or "")
    between = proxy(*before(server, "direct"))
    task = job(server, port=between.port, tls="direct", ca_file=between.ca_file)
    check(driven, task, driven.run(task))


@pytest.mark.parametrize("tls", WAYS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tshark_opens_the_recording_with_no_key_file(
    version: Version, tls: Tls, prosody: Server, proxy: StartProxy, job: MakeJob, tshark: str
) -> None:
    between = proxy(*before(prosody, tls), "--format", "text")
    task = job(prosody, port=between.port, tls=tls, version=version, ca_file=between.ca_file)
    assert Slixmpp().run(task).failed is None
    status, said = between.stop()
    assert status == 0
    told = re.search(rf"Wireshark +wireshark (.*){re.escape(str(between.recording))}$", said, re.MULTILINE)
    assert told
    ports = {between.port, prosody.starttls} if tls == "starttls" else set()
    assert told[1].split() == [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},xmpp")]
    command = [tshark, "-r", str(between.recording), *told[1].split()]
    token = task.script.after.split()[-1]
    for leg in (0, 1):
        opened = printed(*command, "-q", "-z", f"follow,tls,ascii,{leg}")
        assert opened.count(token) == 2 * len(task.script.messages), "each is said and echoed"
    if tls == "starttls":
        fields = ["-T", "fields", "-e", "tcp.stream", "-e", "xml.cdata"]
        shown = printed(*command, "-Y", 'xml.tag contains "<body"', *fields)
        for body in (task.script.messages[1], task.script.answers[1]):
            assert {line[0] for line in shown.splitlines() if body in line[2:].split(",")} == {"0", "1"}


def printed(*command: str) -> str:
    """Run a program to its end; return what it printed."""
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=PATIENCE).stdout
