"""What goes wrong beyond the proxy or before it: the client hears why in its own protocol, and the timeline says it."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.certificates import DAY, Issued, TestAuthority
from tests.integration.clients.base import Client, Tls
from tests.integration.conftest import CLIENTS, MakeJob, StartProxy
from tests.integration.elements import STREAMS, Record, changed
from tests.integration.processes import free_port
from tests.integration.proxy_run import ProxyRun
from tests.integration.raw import (
    AUTH,
    FEATURES_END,
    MECHANISMS,
    OFFER,
    PROCEED,
    STARTTLS,
    Peer,
    RawServer,
    dial,
    header,
    response,
)
from tests.integration.servers.base import Server
from tests.proxy.dns_server import DnsServer, serving

ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
WAYS: tuple[Tls, ...] = ("starttls", "direct")


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    """A DNS server that knows what a test puts into it."""
    with serving() as server:
        yield server


def serve(peer: Peer, tls: Tls, issued: Issued) -> None:
    """Be a server of *tls*, up to the login."""
    if tls == "starttls":
        peer.hear(">")
        peer.say(response(peer.domain), OFFER)
        peer.hear("/>")
        peer.say(PROCEED)
    peer.present(issued)
    peer.hear(">")
    peer.say(response(peer.domain), MECHANISMS)
    peer.hear_all()


def enter(peer: Peer, tls: Tls, ca_file: Path) -> Peer:
    """Be a client that is about to send the header of its stream inside TLS."""
    if tls == "starttls":
        peer.say(header(peer.domain))
        peer.hear(FEATURES_END)
        peer.say(STARTTLS)
        peer.hear("/>")
    return peer.secure(ca_file)


def error_of(document: bytes) -> tuple[str, str]:
    """Return condition and text of the error in a stream that holds nothing else, from its header to its end."""
    (error,) = ET.fromstring(document)
    condition, text = error
    assert error.tag == f"{{{STREAMS}}}error"
    assert text.tag == f"{{{ERRORS}}}text"
    return condition.tag.removeprefix(f"{{{ERRORS}}}"), text.text or ""


def refused(peer: Peer) -> str:
    """Send a stream header; return why there is no stream, as the client is told."""
    with peer:
        peer.say(header(peer.domain))
        condition, text = error_of(peer.hear_all())
    assert condition == "remote-connection-failed"
    return text


def diagnosis(between: ProxyRun, folder: Path) -> Record:
    """End the proxy; return the one diagnosis that it gave, of an entry that says the same in its recording."""
    status, said = between.stop()
    assert status == 0
    assert "Traceback" not in said
    shown = between.shown()
    assert changed(shown, between.recorded(folder)) == []
    (found,) = [record for record in shown if record["record"] == "diagnosis"]
    (number,) = found["entries"]
    (entry,) = [record for record in shown if record.get("entry") == number]
    assert entry["kind"] == "proxy"
    assert entry["reason"]
    assert found["advice"]
    return found


@pytest.mark.parametrize("tls", ["none", "direct"])
def test_nobody_listens(tls: str, proxy: StartProxy, tmp_path: Path) -> None:
    port = free_port()
    between = proxy("--upstream", f"127.0.0.1:{port}")
    peer = dial(between.port)
    if tls == "direct":
        peer.secure(between.ca_file)
    assert refused(peer) == f"127.0.0.1:{port} refused the connection"
    assert f"127.0.0.1:{port} refused the connection" in diagnosis(between, tmp_path)["text"]


CERTIFICATES = {
    "untrusted": ("raw.test", DAY, "signed by nobody known here"),
    "expired": ("raw.test", -DAY, "expired"),
    "for another domain": ("other.test", DAY, "names other.test and 1 more, not raw.test"),
}


@pytest.mark.parametrize("tls", WAYS)
@pytest.mark.parametrize("what", CERTIFICATES)
def test_a_certificate_that_does_not_hold(
    what: str, tls: Tls, authority: TestAuthority, other_authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    name, ends, why = CERTIFICATES[what]
    issued = authority.issue(name, ends=ends)
    trusted = other_authority if what == "untrusted" else authority
    with RawServer(partial(serve, tls=tls, issued=issued)) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}", "--upstream-ca", trusted.file)
        assert why in refused(enter(dial(between.port), tls, between.ca_file))
        assert why in diagnosis(between, tmp_path)["text"]
        assert server.trouble == []


@pytest.mark.parametrize("tls", WAYS)
def test_a_certificate_that_does_not_hold_is_no_hindrance_if_the_user_says_so(
    tls: Tls, authority: TestAuthority, proxy: StartProxy
) -> None:
    issued = authority.issue("other.test", ends=-DAY)
    with RawServer(partial(serve, tls=tls, issued=issued)) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}", "--insecure-upstream")
        assert "is not verified" in between.said
        with enter(dial(between.port), tls, between.ca_file) as peer:
            peer.say(header(peer.domain))
            assert peer.hear(FEATURES_END).endswith(MECHANISMS)
        assert between.stop()[0] == 0
    assert [record["summary"] for record in between.shown() if "not verified" in record.get("summary", "")]


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_server_that_hangs_up_without_a_word(how: str, proxy: StartProxy, tmp_path: Path) -> None:
    def play(peer: Peer) -> None:
        peer.hear(">")
        if how == "reset":
            peer.reset()

    with RawServer(play) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}")
        assert refused(dial(between.port)) == f"the server {how} the connection without an answer"
        assert f"{how} it without an answer" in diagnosis(between, tmp_path)["text"]


def test_direct_tls_to_a_port_that_speaks_in_the_clear(prosody: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = proxy("--upstream", f"127.0.0.1:{prosody.starttls}")
    assert "in the clear" in refused(dial(between.port, domain=prosody.domain).secure(between.ca_file))
    assert f"--upstream starttls:127.0.0.1:{prosody.starttls}" in diagnosis(between, tmp_path)["advice"]


def test_starttls_to_a_port_that_speaks_tls(ejabberd: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = proxy("--upstream", f"127.0.0.1:{ejabberd.direct}")
    assert "without an answer" in refused(dial(between.port, domain=ejabberd.domain))
    assert f"--upstream tls:127.0.0.1:{ejabberd.direct}" in diagnosis(between, tmp_path)["advice"]


@pytest.mark.parametrize("tls", ["none", "direct"])
def test_a_domain_that_does_not_exist(tls: str, dns_server: DnsServer, proxy: StartProxy, tmp_path: Path) -> None:
    between = proxy("--resolver", dns_server.address)
    peer = dial(between.port, domain="nobody.test")
    if tls == "direct":
        peer.secure(between.ca_file)
    assert refused(peer) == "nobody.test does not exist (NXDOMAIN)"
    assert "nobody.test does not exist" in diagnosis(between, tmp_path)["text"]


def test_a_domain_that_offers_no_xmpp(dns_server: DnsServer, proxy: StartProxy, tmp_path: Path) -> None:
    dns_server.add("_xmpp-client._tcp.web.test", "SRV", "0 0 0 .")
    between = proxy("--resolver", dns_server.address)
    assert "not offered" in refused(dial(between.port, domain="web.test"))
    assert "not offered" in diagnosis(between, tmp_path)["text"]


@pytest.mark.parametrize("way", ["SRV", "SOCKS5"])
def test_a_loop_to_itself(way: str, dns_server: DnsServer, proxy: StartProxy, tmp_path: Path) -> None:
    between = proxy("--resolver", dns_server.address, listen=["127.0.0.1:0", "[::1]:0"])
    port = between.addresses[1][1]
    peer = dial(between.port, domain="loop.test")
    if way == "SRV":
        dns_server.add("_xmpp-client._tcp.loop.test", "SRV", f"0 0 {port} here.test.")
        dns_server.add("here.test", "AAAA", "::1")
    else:
        peer.say(b"\x05\x01\x00", b"\x05\x01\x00\x04" + bytes(15) + b"\x01" + port.to_bytes(2))
        assert peer.sock.recv(2) == b"\x05\x00"
        assert peer.sock.recv(10)[:2] == b"\x05\x00"
    assert refused(peer) == f"[::1]:{port} is this proxy itself"
    assert "this proxy itself" in diagnosis(between, tmp_path)["text"]


GARBAGE = {
    "binary": b"\x00\x01\x02\x03",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SOCKS4": b"\x04\x01\x14\x66\x7f\x00\x00\x01\x00",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "an old ClientHello": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
    "a POST": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
}


def test_what_is_no_xmpp_is_sent_away_and_troubles_nobody(prosody: Server, proxy: StartProxy) -> None:
    between = proxy("--upstream", f"127.0.0.1:{prosody.starttls}")
    with dial(between.port, domain=prosody.domain) as before:
        before.say(header(prosody.domain))
        before.hear(FEATURES_END)
        for what, data in GARBAGE.items():
            with dial(between.port) as peer:
                peer.say(data)
                assert b"<stream" not in peer.hear_all(), what
        before.say(STARTTLS)
        before.hear("/>")
    assert between.stop()[0] == 0
    assert "Traceback" not in between.said
    assert between.said.count("xmppscope: 127.0.0.1:") >= len(GARBAGE) - 1
    assert {record["connection"] for record in between.shown() if "connection" in record} == {1}


def test_what_is_no_xmpp_inside_tls_passes_and_is_not_claimed(authority: TestAuthority, proxy: StartProxy) -> None:
    issued = authority.issue("raw.test")

    def web(peer: Peer) -> None:
        peer.present(issued)
        peer.hear("\r\n\r\n")
        peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with RawServer(web) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}", "--upstream-ca", authority.file)
        with dial(between.port).secure(between.ca_file) as peer:
            peer.say("GET / HTTP/1.1\r\nHost: raw.test\r\n\r\n")
            peer.hear("404 Not Found")
        assert server.trouble == []
    assert between.stop()[0] == 0
    assert "Traceback" not in between.said
    summary = between.shown()[-1]
    assert (summary["connections"], summary["xmpp_connections"]) == (1, 0)


def test_what_is_sent_between_starttls_and_tls_is_not_taken_for_protected(
    authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    issued = authority.issue("raw.test")
    with RawServer(partial(serve, tls="starttls", issued=issued)) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}", "--upstream-ca", authority.file)
        with dial(between.port) as peer:
            peer.say(header(peer.domain))
            peer.hear(FEATURES_END)
            peer.say(STARTTLS, header(peer.domain), AUTH)
            assert b"<success" not in peer.hear_all()
        assert "where TLS is due" in diagnosis(between, tmp_path)["text"]


@pytest.mark.real
@pytest.mark.parametrize("driven", CLIENTS, ids=lambda client: client.name)
def test_a_client_that_does_not_trust_the_proxy(
    driven: Client,
    prosody: Server,
    other_authority: TestAuthority,
    proxy: StartProxy,
    job: MakeJob,
    tmp_path: Path,
) -> None:
    if driven.missing():
        pytest.skip(driven.missing() or "")
    between = proxy("--upstream", f"127.0.0.1:{prosody.starttls}", "--upstream-ca", prosody.ca_file)
    run = driven.run(job(prosody, port=between.port, ca_file=other_authority.file))
    assert run.failed
    found = diagnosis(between, tmp_path)
    assert "trust" in found["text"]
    assert "xmppscope ca trust" in found["advice"]
