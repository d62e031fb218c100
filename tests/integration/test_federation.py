"""Prosody and ejabberd federate through the proxy, in both directions: dialback over STARTTLS, and SASL EXTERNAL."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.certificates import Issued, TestAuthority
from tests.integration.clients import slix
from tests.integration.clients.base import Job, Script
from tests.integration.conftest import StartProxy, answered
from tests.integration.elements import Record, changed
from tests.integration.processes import Background, free_port
from tests.integration.proxy_run import ProxyRun
from tests.integration.servers import ejabberd as ejabberd_server
from tests.integration.servers import prosody as prosody_server
from tests.integration.servers.federation import EJABBERD, PROSODY, Federated, start_ejabberd, start_prosody
from tests.proxy.dns_server import DnsServer, serving

pytestmark = pytest.mark.real


@dataclass
class Federation:
    """Two servers that look for each other at `port`; where they really are knows the DNS server at `resolver`.

    Prosody looks at `direct` first, for a server that begins with TLS.
    """

    prosody: Federated
    ejabberd: Federated
    port: int
    direct: int
    resolver: str

    def job(self, folder: Path, *messages: str) -> Job:
        """Have alice at Prosody write to bob at ejabberd, who answers."""
        script = Script(self.ejabberd.account("bob").jid, messages)
        alice, port = self.prosody.account("alice"), self.prosody.starttls
        return Job(alice, "127.0.0.1", port, "starttls", None, self.prosody.ca_file, script, folder)


def name(server: DnsServer, service: str, domain: str, port: int, host: str) -> None:
    # The target is an address: ejabberd has the system look targets up, which knows no domain of a test.
    server.add(f"_{service}._tcp.{domain}", "SRV", f"0 0 {port} {host}.")


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> Iterator[Federation]:
    """Both servers, each of which takes the proxy for the other one."""
    for module in (prosody_server, ejabberd_server):
        if module.version() is None:
            pytest.skip(f"{module.__name__.rpartition('.')[2]} is not installed")
    if slix.missing():
        pytest.skip(slix.missing() or "")
    port, direct, started = free_port(), free_port(), list[Background]()
    services = {"xmpp-server": port, "xmpps-server": direct}
    routes = {f"_{service}._tcp.{EJABBERD}": ("127.0.0.1", at) for service, at in services.items()}
    with serving() as seen, serving() as true:
        try:
            prosody = start_prosody(tmp_path_factory.mktemp("p"), authority, routes)
            started.append(prosody.background)
            ejabberd = start_ejabberd(tmp_path_factory.mktemp("e"), authority, ("127.0.0.1", seen.port))
            started.append(ejabberd.background)
            name(seen, "xmpp-server", PROSODY, port, "127.0.0.1")
            name(true, "xmpps-server", EJABBERD, ejabberd.s2s_direct, ejabberd.address)
            for server in (prosody, ejabberd):
                name(true, "xmpp-server", server.domain, server.s2s, server.address)
                true.add(server.address, "A", server.address)
            bob = ejabberd.account("bob")
            told = {"jid": bob.jid, "password": bob.password, "host": ejabberd.address, "port": ejabberd.starttls}
            command = [sys.executable, slix.PROGRAMS / "echo.py", json.dumps({**told, "ca_file": str(authority.file)})]
            started.append(Background(command, tmp_path_factory.mktemp("bob") / "bob.log"))
            started[-1].ready(lambda: "ready" in started[-1].printed())
            yield Federation(prosody, ejabberd, port, direct, true.address)
        finally:
            for one in reversed(started):
                one.stop()


def entries(records: list[Record], *names: str) -> list[Record]:
    return [record for record in records if record["record"] == "entry" and record.get("name") in names]


def shown_and_read(between: ProxyRun, folder: Path) -> list[Record]:
    """Return what the proxy has shown; its recording has to say the same."""
    assert between.stop()[0] == 0
    shown = between.shown()
    assert changed(shown, between.recorded(folder)) == []
    # A later record of a connection replaces the one before: with direct TLS the kind is known by the header inside.
    kinds = {record["connection"]: record["kind"] for record in shown if record["record"] == "connection"}
    assert set(kinds.values()) == {"s2s"}
    return shown


def linked(records: list[Record]) -> list[tuple[str, str]]:
    """Return which element of dialback was caused by which, as ``request`` or ``answer`` of a step and its domain."""
    by = {record["entry"]: record for record in entries(records, "result", "verify")}

    def label(record: Record) -> str:
        return f"{record['name']} {record['from']} {record.get('type', 'key')}"

    return [
        (label(record), label(by[link["entry"]]))
        for record in by.values()
        for link in record.get("links", ())
        if link["rel"] == "cause"
    ]


def test_dialback_in_both_directions(
    federation: Federation, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(
        "--s2s", "--resolver", federation.resolver, "--upstream-ca", authority.file,
        listen=[f"127.0.0.1:{federation.port}"],
    )  # fmt: skip
    job = federation.job(tmp_path, "over dialback", "grüß dich 🌹")
    run = slix.Slixmpp().run(job)
    assert run.failed is None, run.output
    assert answered(job, run) == job.script.answers
    shown = shown_and_read(between, tmp_path)
    # Each domain is claimed on one connection, verified on another one, and accepted on the first.
    assert linked(shown) == [
        (f"verify {EJABBERD} key", f"result {PROSODY} key"),
        (f"verify {PROSODY} valid", f"verify {EJABBERD} key"),
        (f"result {EJABBERD} valid", f"result {PROSODY} key"),
        (f"verify {PROSODY} key", f"result {EJABBERD} key"),
        (f"verify {EJABBERD} valid", f"verify {PROSODY} key"),
        (f"result {PROSODY} valid", f"result {EJABBERD} key"),
    ]
    summaries = [record["summary"] for record in shown if record["record"] == "entry"]
    assert summaries.count("client leg: client certificate fits") == 3
    assert "EXTERNAL failed because of the proxy: it shows the server no certificate" in summaries
    assert len([record for record in entries(shown, "message") if record["state"] == "open"]) == 4


def test_external_with_the_certificate_of_the_initiating_server(
    federation: Federation, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    own: Issued = authority.issue(PROSODY, name="shown")
    between = proxy(
        "--s2s", "--resolver", federation.resolver, "--upstream-ca", authority.file,
        "--client-cert", own.certificate, "--client-key", own.key,
        listen=[f"127.0.0.1:{federation.port}"],
    )  # fmt: skip
    job = federation.job(tmp_path, "over EXTERNAL")
    run = slix.Slixmpp().run(job)
    assert run.failed is None, run.output
    assert answered(job, run) == job.script.answers
    shown = shown_and_read(between, tmp_path)
    success = entries(shown, "success")
    assert [record["summary"] for record in success] == [f"{PROSODY} is logged in"]
    notes = [note["text"] for record in entries(shown, "auth") for note in record.get("annotations", ())]
    assert f"the certificate is one for {PROSODY}, by its DNS name {PROSODY}" in notes


def test_direct_tls_between_servers(
    federation: Federation, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(
        "--s2s", "--resolver", federation.resolver, "--upstream-ca", authority.file,
        listen=[f"127.0.0.1:{federation.port}", f"127.0.0.1:{federation.direct}"],
    )  # fmt: skip
    job = federation.job(tmp_path, "over direct TLS")
    run = slix.Slixmpp().run(job)
    assert run.failed is None, run.output
    assert answered(job, run) == job.script.answers
    shown = shown_and_read(between, tmp_path)
    assert f"SRV _xmpps-server._tcp.{EJABBERD}: 1 target" in [record.get("summary") for record in shown]
    first = next(record for record in shown if record.get("kind") == "tls")
    assert (first["state"], first["tls"]["sni"], first["tls"]["alpn"]) == ("tls", EJABBERD, ["xmpp-server"])
    assert f"result {PROSODY} key" in {cause for _, cause in linked(shown)}
