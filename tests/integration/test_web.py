"""Clients of the web through the proxy, over WebSocket and BOSH, in TLS and in the clear, to both servers.

Each session works as it does without the proxy, and what the client logs is what the timeline says, live and read.
"""

import secrets
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.integration.clients.base import ClientRun, Script
from tests.integration.clients.web import SCHEMES, WEB_CLIENTS, Kind, Strophe, WebClient, WebJob
from tests.integration.conftest import StartProxy
from tests.integration.elements import Record, changed, compare
from tests.integration.proxy_run import ProxyRun
from tests.integration.servers.base import Server
from tests.proxy.dns_server import serving

pytestmark = pytest.mark.real

SERVERS = ("prosody", "ejabberd")
CASES = [
    (name, client, kind, tls)
    for name, client, tls in product(SERVERS, WEB_CLIENTS, (True, False))
    for kind in client.kinds
    # What goes in the clear to the proxy and on in TLS is met once with each client.
    if tls or name == "prosody"
]
NAMES = [f"{name}-{client.name}-{SCHEMES[kind, tls]}" for name, client, kind, tls in CASES]


def upstream(server: Server, kind: Kind) -> list[object]:
    """Return the options of a proxy in front of a server of the web."""
    path = server.websocket if kind == "websocket" else server.bosh
    url = f"{SCHEMES[kind, True]}://127.0.0.1:{server.https}{path}"
    return ["--upstream-url", url, "--upstream-ca", server.ca_file]


def web_job(server: Server, kind: Kind, url: str, between: ProxyRun, folder: Path, host_meta: str = "") -> WebJob:
    """Return a job for alice."""
    token = secrets.token_hex(4)
    script = Script(server.account("bob").jid, (f"Hello <&> \"'{token}", f"Grüße 🌹 {token}"))
    place = folder / token
    place.mkdir()
    return WebJob(server.account("alice"), kind, url, between.ca_file, script, place, host_meta)


def check(job: WebJob, run: ClientRun) -> None:
    """The client could do all it was asked to."""
    assert run.failed is None, run.output
    assert [body for body in run.received if body in job.script.answers] == job.script.answers, run.output
    assert run.roster == [job.script.peer]


def check_told(between: ProxyRun, run: ClientRun, folder: Path) -> list[Record]:
    """The timeline says what the client logged, live and read again."""
    status, said = between.stop()
    assert status == 0, said
    shown = between.shown()
    assert compare(run.connections, shown, torn=range(len(run.connections))) == []
    assert changed(shown, between.recorded(folder)) == []
    return shown


@pytest.mark.parametrize(("name", "driven", "kind", "tls"), CASES, ids=NAMES)
def test_what_the_client_logs_is_what_the_timeline_shows(
    name: str,
    driven: WebClient,
    kind: Kind,
    tls: bool,
    proxy: StartProxy,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    reason = driven.missing()
    if reason:
        pytest.skip(reason)
    server: Server = request.getfixturevalue(name)
    between = proxy(*upstream(server, kind))
    url = f"{SCHEMES[kind, tls]}://127.0.0.1:{between.port}/anything"
    job = web_job(server, kind, url, between, tmp_path)
    run = driven.run(job)
    check(job, run)
    shown = check_told(between, run, tmp_path)
    (connection,) = [record for record in shown if record["record"] == "connection" and record["kind"] != "unknown"]
    assert connection["transport"] == kind
    assert connection["proxy"] == f"127.0.0.1:{between.port}"
    assert connection["receiving"] == f"127.0.0.1:{server.https}"
    assert [record for record in shown if record["record"] == "diagnosis"] == []


@pytest.mark.parametrize("kind", ["websocket", "bosh"])
def test_a_browser_goes_through_the_proxy_to_its_server(
    kind: Kind, prosody: Server, proxy: StartProxy, tmp_path: Path
) -> None:
    driven = Strophe()
    if driven.missing():
        pytest.skip(driven.missing() or "")
    # A browser asks for other hosts too, on its own account: nobody is to be found.
    between = proxy("--upstream-ca", prosody.ca_file, "--resolver", "127.0.0.1:1")
    url = f"{SCHEMES[kind, True]}://127.0.0.1:{prosody.https}"
    job = web_job(prosody, kind, url + (prosody.websocket if kind == "websocket" else prosody.bosh), between, tmp_path)
    run = driven.run(replace(job, through=between.port))
    check(job, run)
    status, said = between.stop()
    assert status == 0, said
    shown = between.shown()
    (number,) = (one["connection"] for one in shown if one["record"] == "connection" and one["kind"] == "c2s")
    session = [record for record in shown if record.get("connection") == number]
    assert compare(run.connections, session, torn=[0]) == []
    assert changed(shown, between.recorded(tmp_path)) == []


@pytest.mark.parametrize("kind", ["websocket", "bosh"])
def test_a_browser_finds_the_proxy_by_the_host_meta_of_the_server(
    kind: Kind, ejabberd: Server, proxy: StartProxy, tmp_path: Path
) -> None:
    driven = Strophe()
    if driven.missing():
        pytest.skip(driven.missing() or "")
    path = ejabberd.websocket if kind == "websocket" else ejabberd.bosh
    url = f"{SCHEMES[kind, True]}://{ejabberd.domain}:{ejabberd.https}{path}"
    with serving() as dns_server:
        dns_server.add(ejabberd.domain, "A", "127.0.0.1")
        between = proxy("--upstream-url", url, "--upstream-ca", ejabberd.ca_file, "--resolver", dns_server.address)
        meta = f"https://127.0.0.1:{between.port}/.well-known/host-meta.json"
        job = web_job(ejabberd, kind, "", between, tmp_path, meta)
        run = driven.run(job)
        check(job, run)
        shown = check_told(between, run, tmp_path)
    assert all(ejabberd.domain in record["summary"] for record in shown if record.get("kind") == "proxy")
