"""Sessions with real servers that go wrong: the diagnosis names why; an error in a session that goes on is none."""

import base64
import re
import secrets
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from types import ModuleType

import pytest

from tests.integration.certificates import DAY, Issued, TestAuthority
from tests.integration.conftest import StartProxy
from tests.integration.elements import Record, changed, read_jsonl
from tests.integration.processes import Background, wait_for
from tests.integration.proxy_run import ProxyRun, xmppscope
from tests.integration.raw import CLOSE, FEATURES_END, SASL, STARTTLS, Peer, dial, header
from tests.integration.servers import ejabberd as ejabberd_server
from tests.integration.servers import prosody as prosody_server
from tests.integration.servers.base import Server

pytestmark = pytest.mark.real

PROSODY_ROOMS = """
Component "rooms.$domain" "muc"
    modules_enabled = {}
"""
EJABBERD_ROOMS = """  mod_mam: {}
  mod_muc: {host: rooms.$domain}
"""
SM = "xmlns='urn:xmpp:sm:3'"


class Expired:
    """An authority whose certificates are out of date."""

    def __init__(self, authority: TestAuthority) -> None:
        self._authority = authority
        self.file = authority.file

    def issue(self, domain: str) -> Issued:
        return self._authority.issue(domain, ends=-DAY)


def equipped(module: ModuleType) -> Template:
    """Return a server's configuration with chat rooms, an archive, and sessions that can be resumed for a second."""
    template: str = module.CONFIGURATION.template
    if module is prosody_server:
        more = template.replace('"offline"', '"offline", "mam"').replace(
            "hibernation_time = 60", "hibernation_time = 1"
        )
        return Template(more + PROSODY_ROOMS)
    return Template(template.replace("resume_timeout: 60", "resume_timeout: 1").rstrip("\n") + "\n" + EJABBERD_ROOMS)


@pytest.fixture(scope="module", params=[prosody_server, ejabberd_server], ids=["prosody", "ejabberd"])
def rooms(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority
) -> Iterator[Server]:
    """A server with chat rooms and an archive, which soon forgets sessions that were cut."""
    module: ModuleType = request.param
    if module.version() is None:
        pytest.skip(f"{module.__name__.rpartition('.')[2]} is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CONFIGURATION", equipped(module))
        server: Server = module.start(tmp_path_factory.mktemp("rooms"), authority)
    yield server
    server.background.stop()


def secure(port: int, server: Server, ca_file: Path) -> Peer:
    """Return a client whose stream is open inside TLS, before the login."""
    peer = dial(port, domain=server.domain)
    peer.say(header(server.domain))
    peer.hear(FEATURES_END)
    peer.say(STARTTLS)
    peer.hear("proceed")
    peer.hear(">")
    peer.secure(ca_file)
    peer.say(header(server.domain))
    peer.hear(FEATURES_END)
    return peer


def authenticate(peer: Peer, name: str, password: str) -> None:
    """Try to log in with PLAIN."""
    data = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
    peer.say(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{data}</auth>")


def log_in(between: ProxyRun, server: Server, name: str = "alice") -> Peer:
    """Return a client that is logged in and has no resource yet."""
    peer = secure(between.port, server, between.ca_file)
    authenticate(peer, name, server.account(name).password)
    peer.hear("<success")
    peer.hear(">")
    peer.say(header(server.domain))
    peer.hear(FEATURES_END)
    return peer


def bind(peer: Peer, resource: str) -> Peer:
    """Bind a resource."""
    peer.say(
        "<iq type='set' id='bind1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        f"<resource>{resource}</resource></bind></iq>"
    )
    peer.hear("</jid>")
    peer.hear("</iq>")
    return peer


def leave(peer: Peer) -> None:
    """End a session in order."""
    peer.say(CLOSE)
    peer.hear(CLOSE)
    peer.sock.close()


def diagnoses(between: ProxyRun, folder: Path) -> list[Record]:
    """End the proxy; return its diagnoses, which its recording gives too."""
    status, said = between.stop()
    assert status == 0, said
    assert "Traceback" not in said
    shown = between.shown()
    assert changed(shown, between.recorded(folder)) == []
    return [record for record in shown if record["record"] == "diagnosis"]


def through(proxy: StartProxy, server: Server, *options: object) -> ProxyRun:
    return proxy("--upstream", f"127.0.0.1:{server.starttls}", "--upstream-ca", server.ca_file, *options)


def test_a_wrong_password(server: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, server)
    peer = secure(between.port, server, between.ca_file)
    authenticate(peer, "alice", "wrong")
    peer.hear("</failure>")
    leave(peer)
    (found,) = diagnoses(between, tmp_path)
    assert found["text"].startswith("alice did not get in: the server refused the password (PLAIN): it is wrong, or")


def test_the_password_given_does_not_show(prosody: Server, proxy: StartProxy, tmp_path: Path) -> None:
    account = prosody.account("alice")
    between = through(proxy, prosody, "--password", f"{account.jid}:{account.password}")
    leave(bind(log_in(between, prosody), "desk"))
    assert diagnoses(between, tmp_path) == []
    assert account.password not in between.live.read_text() + between.said


def test_a_resource_conflict(server: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, server)
    resource = f"r{secrets.token_hex(4)}"
    first = bind(log_in(between, server), resource)
    second = bind(log_in(between, server), resource)
    first.hear("<conflict")
    first.hear(CLOSE)
    first.sock.close()
    leave(second)
    (found,) = diagnoses(between, tmp_path)
    assert f"alice@{server.domain}/{resource} was thrown out: connection 2 has bound the same resource" in found["text"]
    assert found["connection"] == 1


def test_a_resumption_of_what_never_was(server: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, server)
    peer = log_in(between, server)
    peer.say("<resume xmlns='urn:xmpp:sm:3' h='0' previd='bogus'/>")
    peer.hear("</failed>")
    leave(bind(peer, f"r{secrets.token_hex(4)}"))
    (found,) = diagnoses(between, tmp_path)
    assert "alice: the session bogus was not resumed: the server does not hold it" in found["text"]


def test_a_resumption_that_comes_too_late(rooms: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, rooms)
    bob, alice = bind(log_in(between, rooms, "bob"), "two"), bind(log_in(between, rooms), "cut")
    bob.say("<presence/>")
    alice.say(f"<enable {SM} resume='true'/>")
    found = re.search(r"id='([^']+)'", alice.hear("<enabled") + alice.hear(">"))
    assert found is not None
    alice.say(f"<presence/><presence to='bob@{rooms.domain}/two'><status>here</status></presence>")
    bob.hear("here")
    alice.reset()
    bob.hear("type='unavailable'")  # the server gives the session up
    peer = log_in(between, rooms)
    peer.say(f"<resume {SM} h='0' previd='{found[1]}'/>")
    peer.hear("</failed>")
    leave(bind(peer, f"r{secrets.token_hex(4)}"))
    leave(bob)
    (refused,) = [one for one in diagnoses(between, tmp_path) if one["connection"] == 3]
    assert "alice" in refused["text"]
    assert "after the cut the server" in refused["text"]


def test_a_subscription_that_is_refused(rooms: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, rooms)
    alice, bob = bind(log_in(between, rooms), "one"), bind(log_in(between, rooms, "bob"), "two")
    alice.say(
        "<iq type='get' id='roster0'><query xmlns='jabber:iq:roster'/></iq>"
        "<iq type='set' id='roster1'><query xmlns='jabber:iq:roster'>"
        f"<item jid='bob@{rooms.domain}' subscription='remove'/></query></iq>"
    )
    alice.hear("roster1")
    bob.say("<presence/>")
    alice.say(f"<presence/><presence type='subscribe' to='bob@{rooms.domain}'/>")
    bob.hear("type='subscribe'")
    bob.say(f"<presence type='unsubscribed' to='alice@{rooms.domain}'/>")
    alice.hear("type='unsubscribed'")
    leave(bob)
    leave(alice)
    assert diagnoses(between, tmp_path) == []
    (refusal,) = [
        one
        for one in between.shown()
        if one.get("type") == "unsubscribed" and one["sender"] == "receiving" and one["connection"] == 1
    ]
    assert "bob" in refusal["summary"]


def test_a_nickname_that_is_taken(rooms: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, rooms)
    alice, bob = bind(log_in(between, rooms), "one"), bind(log_in(between, rooms, "bob"), "two")
    place = f"garden@rooms.{rooms.domain}"
    join = f"<presence to='{place}/same'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
    alice.say(join)
    alice.hear("201")
    alice.hear("</message>")
    alice.say(
        f"<iq type='set' id='form' to='{place}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
        "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
    )
    alice.hear("id='form'")
    bob.say(join)
    bob.hear("<conflict")
    bob.hear("</presence>")
    leave(bob)
    leave(alice)
    assert diagnoses(between, tmp_path) == []
    (error,) = [one for one in between.shown() if one.get("name") == "presence" and one.get("type") == "error"]
    assert "conflict" in error["summary"]


def test_an_empty_archive(rooms: Server, proxy: StartProxy, tmp_path: Path) -> None:
    between = through(proxy, rooms)
    peer = bind(log_in(between, rooms), "desk")
    peer.say("<iq type='set' id='archive1'><query xmlns='urn:xmpp:mam:2' queryid='q'/></iq>")
    answer = peer.hear("</iq>")
    assert "<fin" in answer
    leave(peer)
    assert diagnoses(between, tmp_path) == []
    assert any("archive" in one["summary"] for one in between.shown() if one.get("answers"))


@contextmanager
def captured(port: int, folder: Path) -> Iterator[Path]:
    """Capture what passes on a port of loopback."""
    file = folder / "captured.pcap"
    tcpdump = Background(
        ["tcpdump", "-i", "lo", "-U", "-s", "0", "-w", file, f"tcp port {port}"], folder / "tcpdump.log"
    )
    tcpdump.ready(lambda: "listening on" in tcpdump.printed())
    try:
        yield file
    finally:
        tcpdump.stop()


def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    if prosody_server.version() is None or shutil.which("tcpdump") is None:
        pytest.skip("prosody or tcpdump is not installed")
    (tmp_path / "authority").mkdir()
    server = prosody_server.start(tmp_path, Expired(TestAuthority(tmp_path / "authority")))  # type: ignore[arg-type]
    try:
        with captured(server.starttls, tmp_path) as file:
            with pytest.raises(ssl.SSLCertVerificationError):
                secure(server.starttls, server, server.ca_file)
            wait_for(lambda: "certificate" in read(file, tmp_path), "the alert in the capture")
    finally:
        server.background.stop()
    (found,) = [record for record in read_jsonl(tmp_path / "read.jsonl") if record["record"] == "diagnosis"]
    assert "does not accept the certificate of prosody.test: it is out of date" in found["text"]
    assert "renew" in found["advice"]


def read(file: Path, folder: Path) -> str:
    """Return the diagnoses in a capture, as far as it has been written."""
    xmppscope("read", "-q", "--format", "jsonl", "-o", folder / "read.jsonl", file)
    return "".join(record["text"] for record in read_jsonl(folder / "read.jsonl") if record["record"] == "diagnosis")
