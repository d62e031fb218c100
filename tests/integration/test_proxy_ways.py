"""Every way in and every way out: several addresses, SOCKS5, HTTP CONNECT, the page, SRV, legs that differ."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.clients.base import Client, Tls, Via
from tests.integration.clients.gosendxmpp import GoSendxmpp
from tests.integration.clients.slix import Slixmpp
from tests.integration.clients.smack import Smack
from tests.integration.conftest import MakeJob, StartProxy, answered
from tests.integration.elements import STREAMS, changed
from tests.integration.processes import PATIENCE
from tests.integration.raw import Peer, RawServer, dial, header
from tests.integration.servers.base import Server
from tests.proxy.dns_server import DnsServer, serving


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    """A DNS server that knows what a test puts into it."""
    with serving() as server:
        yield server


def curl(*arguments: str, text: str = "") -> bytes:
    """Run curl; return what it was answered."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=PATIENCE).stdout


def test_several_addresses_of_both_families(echo: RawServer, authority: TestAuthority, proxy: StartProxy) -> None:
    listen = ["127.0.0.1:0", "[::1]:0", "127.0.0.1:0"]
    between = proxy("--upstream", f"127.0.0.1:{echo.port}", "--upstream-ca", authority.file, listen=listen)
    assert [host for host, _ in between.addresses] == ["127.0.0.1", "::1", "127.0.0.1"]
    for host, port in between.addresses:
        with dial(port, host).secure(between.ca_file).log_in() as peer:
            peer.say("<message><body>here</body></message>")
            peer.hear("</message>")
    assert between.stop()[0] == 0
    dialled = {record["proxy"] for record in between.shown() if record["record"] == "connection"}
    assert dialled == {f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in between.addresses}


def test_an_address_that_is_taken_and_one_that_is_the_proxy_itself(proxy: StartProxy) -> None:
    between = proxy("--upstream", "127.0.0.1:1")
    taken = f"127.0.0.1:{between.port}"
    with pytest.raises(AssertionError, match=rf"ended with 2: xmppscope: {taken}: in use"):
        proxy("--upstream", "127.0.0.1:1", listen=[taken])
    assert between.stop()[0] == 0
    with pytest.raises(
        AssertionError, match=rf"ended with 2: xmppscope: --upstream {taken}: that is this proxy itself"
    ):
        proxy("--upstream", taken, listen=[taken])


@pytest.mark.real
@pytest.mark.parametrize("option", ["--socks5", "--socks5-hostname", "--proxytunnel --proxy"])
def test_curl_gets_to_a_server(option: str, prosody: Server, proxy: StartProxy) -> None:
    between = proxy("--upstream-ca", prosody.ca_file)
    flags = [*option.split(), f"127.0.0.1:{between.port}"]
    said = f"{header(prosody.domain)}</stream:stream>"
    answer = curl(*flags, f"telnet://localhost:{prosody.starttls}", text=said)
    assert STREAMS in answer.decode()
    assert b"<stream:features>" in answer
    assert between.stop()[0] == 0
    last = [record for record in between.shown() if record["record"] == "connection"][-1]
    assert last["receiving"] == f"127.0.0.1:{prosody.starttls}"


# Our driver's direct TLS in Smack begins with the first byte, and so before it could speak to a proxy.
CLIENTS_WITH_PROXY: list[tuple[Client, Via, Tls]] = [
    (Smack(), "SOCKS5", "starttls"),
    (Smack(), "CONNECT", "starttls"),
    (GoSendxmpp(), "CONNECT", "starttls"),
    (GoSendxmpp(), "CONNECT", "direct"),
]


@pytest.mark.real
@pytest.mark.parametrize(("driven", "via", "tls"), CLIENTS_WITH_PROXY, ids=lambda value: getattr(value, "name", value))
def test_a_client_that_is_told_to_use_a_proxy(
    driven: Client, via: Via, tls: Tls, prosody: Server, proxy: StartProxy, job: MakeJob
) -> None:
    if driven.missing():
        pytest.skip(driven.missing() or "")
    between = proxy("--upstream-ca", prosody.ca_file)
    task = job(prosody, tls=tls, ca_file=between.ca_file, via=via, proxy_port=between.port)
    run = driven.run(task)
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert between.stop()[0] == 0
    shown = between.shown()
    assert shown[-1]["xmpp_connections"] == 1
    assert changed(shown, between.recorded(task.folder)) == []


@pytest.mark.real
@pytest.mark.parametrize(("tls", "mode"), [("starttls", "tls"), ("direct", "starttls")])
def test_legs_that_differ(mode: str, tls: Tls, ejabberd: Server, proxy: StartProxy, job: MakeJob) -> None:
    port = ejabberd.port("direct" if mode == "tls" else "starttls")
    between = proxy("--upstream", f"{mode}:127.0.0.1:{port}", "--upstream-ca", ejabberd.ca_file)
    task = job(ejabberd, tls=tls, port=between.port, ca_file=between.ca_file)
    run = Slixmpp().run(task)
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert between.stop()[0] == 0
    assert changed(between.shown(), between.recorded(task.folder)) == []


@pytest.mark.real
@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_the_server_of_the_domain_by_srv(
    tls: Tls, prosody: Server, dns_server: DnsServer, proxy: StartProxy, job: MakeJob
) -> None:
    service = {"starttls": "_xmpp-client", "direct": "_xmpps-client"}[tls]
    dns_server.add(f"{service}._tcp.{prosody.domain}", "SRV", f"5 0 {prosody.port(tls)} host.test.", "9 0 1 no.test.")
    dns_server.add("host.test", "A", "127.0.0.1")
    between = proxy("--resolver", dns_server.address, "--upstream-ca", prosody.ca_file)
    task = job(prosody, tls=tls, port=between.port, ca_file=between.ca_file)
    run = Slixmpp().run(task)
    assert run.failed is None, run.output
    assert between.stop()[0] == 0
    assert any("SRV" in record["summary"] for record in between.shown() if record.get("kind") == "proxy")


@pytest.mark.real
@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_a_real_certificate_to_clients_that_trust_nobody_new(
    tls: Tls, prosody: Server, authority: TestAuthority, proxy: StartProxy, job: MakeJob
) -> None:
    issued = authority.issue(prosody.domain, name="shown")
    between = proxy(
        *["--upstream", f"127.0.0.1:{prosody.port(tls)}", "--upstream-ca", prosody.ca_file],
        *["--server-cert", issued.certificate, "--server-key", issued.key],
    )
    task = job(prosody, tls=tls, port=between.port)
    run = Slixmpp().run(task)
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert between.stop()[0] == 0
    assert changed(between.shown(), between.recorded(task.folder)) == []


@pytest.mark.parametrize("how", ["half", "reset"])
@pytest.mark.parametrize("first", ["client", "server"])
def test_ends_pass_as_they_are(how: str, first: str, proxy: StartProxy, tmp_path: Path) -> None:
    """FIN ends one way only, and what the other way still carries comes; RST ends both."""

    def leave(peer: Peer) -> None:
        if how == "reset":
            peer.reset()
            return
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.hear_all() == b"<message><body>still here</body></message>"

    def stay(peer: Peer) -> None:
        if how == "reset":
            with pytest.raises(ConnectionResetError):
                peer.hear_all()
            return
        assert peer.hear_all() == b""
        peer.say("<message><body>still here</body></message>")

    seen = threading.Event()

    def play(peer: Peer) -> None:
        peer.let_in()
        (leave if first == "server" else stay)(peer)
        seen.set()

    with RawServer(play) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}")
        with dial(between.port).log_in() as peer:
            (leave if first == "client" else stay)(peer)
        assert seen.wait(PATIENCE)
        assert server.trouble == []
    assert between.stop()[0] == 0
    assert changed(between.shown(), between.recorded(tmp_path)) == []


def test_the_page_gives_the_certificate(proxy: StartProxy) -> None:
    between = proxy()
    page = curl(f"http://127.0.0.1:{between.port}/").decode()
    fingerprint = ssl.PEM_cert_to_DER_cert(between.ca_file.read_text())
    assert "/xmppscope.crt" in page
    assert curl(f"http://127.0.0.1:{between.port}/xmppscope.crt") == fingerprint
    assert between.stop()[0] == 0
    assert between.shown()[-1]["connections"] == 0
