"""Every client with every server through the proxy: it works as before, and the timeline says what its log says."""

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
CASES = [(client, tls, version) for client in CLIENTS for tls, version in product(WAYS, client.versions)]
NAMES = [f"{client.name}-{tls}-{version}" for client, tls, version in CASES]


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


@pytest.mark.parametrize(("driven", "tls", "version"), CASES, ids=NAMES)
def test_what_the_client_logs_is_what_the_timeline_shows(
    driven: Client, tls: Tls, version: Version, server: Server, proxy: StartProxy, job: MakeJob
) -> None:
    reason = driven.missing()
    if reason:
        pytest.skip(reason)
    between = proxy(*before(server, tls))
    cut = driven.resumes and version == "1.3"
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


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tshark_opens_the_recording_with_no_key_file(
    version: Version, server: Server, proxy: StartProxy, job: MakeJob, tshark: str
) -> None:
    between = proxy(*before(server, "starttls"))
    task = job(server, port=between.port, version=version, ca_file=between.ca_file)
    assert Slixmpp().run(task).failed is None
    assert between.stop()[0] == 0
    as_xmpp = [f"-dtcp.port=={port},xmpp" for port in (between.port, server.starttls)]
    fields = ["-T", "fields", "-e", "tcp.stream", "-e", "xml.cdata"]
    command = [tshark, "-r", str(between.recording), *as_xmpp, "-Y", 'xml.tag contains "<body"', *fields]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=PATIENCE)
    lines = done.stdout.splitlines()
    said = task.script.messages[1]
    for body in (said, f"echo: {said}"):
        legs = {line.split("\t")[0] for line in lines if body in line.split("\t")[1].split(",")}
        assert legs == {"0", "1"}, f"{body} is not seen on both legs: {lines}"
