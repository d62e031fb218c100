"""Components and a gateway at Prosody, through the proxy: slixmpp as a component, biboumi between IRC and a user."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.clients import slix
from tests.integration.clients.base import LIMIT, Job, Script
from tests.integration.conftest import StartProxy, answered
from tests.integration.elements import Record, changed
from tests.integration.processes import Background
from tests.integration.servers import irc
from tests.integration.servers import prosody as prosody_server
from tests.integration.servers.federation import PROSODY, SECRET, Federated, start_prosody

pytestmark = pytest.mark.real

ECHO, GATEWAY = f"echo.{PROSODY}", f"irc.{PROSODY}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> Iterator[Federated]:
    """Prosody with two components to come."""
    if prosody_server.version() is None:
        pytest.skip("prosody is not installed")
    if slix.missing():
        pytest.skip(slix.missing() or "")
    started = start_prosody(tmp_path_factory.mktemp("prosody"), authority, {})
    yield started
    started.background.stop()


@pytest.fixture
def background() -> Iterator[list[Background]]:
    """What a test starts beside."""
    started: list[Background] = []
    yield started
    for one in reversed(started):
        one.stop()


def entries(records: list[Record], **wanted: str) -> list[Record]:
    return [record for record in records if wanted.items() <= record.items()]


def notes(records: list[Record]) -> list[str]:
    return [note["text"] for record in records for note in record.get("annotations", ())]


def test_slixmpp_as_a_component(
    server: Federated, proxy: StartProxy, background: list[Background], tmp_path: Path
) -> None:
    between = proxy("--component", "--upstream", f"127.0.0.1:{server.component}")
    told = {"jid": ECHO, "password": SECRET, "host": "127.0.0.1", "port": between.port}
    command = [sys.executable, slix.PROGRAMS / "component.py", json.dumps(told)]
    background.append(Background(command, tmp_path / "component.log"))
    background[0].ready(lambda: "ready" in background[0].printed())
    script = Script(f"anybody@{ECHO}", ("to a component", "<&> 🌹"))
    alice = server.account("alice")
    job = Job(alice, "127.0.0.1", server.starttls, "starttls", None, server.ca_file, script, tmp_path)
    run = slix.Slixmpp().run(job)
    assert run.failed is None, run.output
    assert answered(job, run) == script.answers
    assert between.stop()[0] == 0
    shown = between.shown()
    assert changed(shown, between.recorded(tmp_path)) == []
    assert [record["kind"] for record in shown if record["record"] == "connection"][-1] == "component"
    proof, accepted = entries(shown, name="handshake")
    assert proof["summary"] == "prove to know the shared secret, digest masked"
    assert proof["redacted"]
    assert (accepted["summary"], accepted["state"]) == ("the component is accepted", "open")
    assert len(entries(shown, name="message")) == 4
    assert SECRET not in between.live.read_text()


def test_a_secret_that_is_wrong(
    server: Federated, proxy: StartProxy, background: list[Background], tmp_path: Path
) -> None:
    between = proxy("--component", "--upstream", f"127.0.0.1:{server.component}")
    told = {"jid": ECHO, "password": "another secret", "host": "127.0.0.1", "port": between.port}
    command = [sys.executable, slix.PROGRAMS / "component.py", json.dumps(told)]
    background.append(Background(command, tmp_path / "component.log"))
    between.wait_for_entry("not-authorized")
    assert between.stop()[0] == 0
    assert entries(between.shown(), kind="stream-error")[0]["summary"].startswith("not-authorized")


def test_biboumi_between_a_user_and_irc(
    server: Federated, proxy: StartProxy, background: list[Background], tmp_path: Path
) -> None:
    for program, package in (("biboumi", "biboumi"), ("ngircd", "")):
        if irc.version(program, package) is None:
            pytest.skip(f"{program} is not installed (scripts/debian-packages)")
    between = proxy("--component", "--upstream", f"127.0.0.1:{server.component}")
    ngircd, port = irc.start_ngircd(tmp_path)
    background.append(ngircd)
    background.append(irc.start_biboumi(tmp_path, GATEWAY, SECRET, between.port))
    between.wait_for_entry("the component is accepted")
    alice, room = server.account("alice"), f"#xmppscope%127.0.0.1@{GATEWAY}"
    told = {"jid": alice.jid, "password": alice.password, "host": "127.0.0.1", "port": server.starttls, "irc": port}
    told |= {"ca_file": str(server.ca_file), "gateway": GATEWAY, "server": f"127.0.0.1@{GATEWAY}", "room": room}
    done = subprocess.run(
        [sys.executable, slix.PROGRAMS / "irc_user.py"],
        input=json.dumps(told | {"body": "hello, IRC"}),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=LIMIT,
    )
    assert done.stdout == "hello, IRC\n", done.stderr
    assert between.stop()[0] == 0
    shown = between.shown()
    assert changed(shown, between.recorded(tmp_path)) == []
    said = [record for record in entries(shown, name="message", type="groupchat") if "hello, IRC" in record["summary"]]
    assert [(record["sender"], record.get("to"), record.get("from")) for record in said] == [
        ("receiving", room, said[0]["from"]),
        ("initiating", said[0]["from"], f"{room}/alice"),
    ]
    assert f"#xmppscope@127.0.0.1, behind the gateway {GATEWAY}" in " ".join(notes(shown))
