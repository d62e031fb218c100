"""WebSocket as captured: real clients and servers without the proxy, held against what the client logs.

Neither server compresses, so one that does is put before it, made of the library that the clients use too.
"""

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration.clients.base import Script
from tests.integration.clients.web import NodeClient, WebJob
from tests.integration.clients.xmppjs import FOLDER
from tests.integration.elements import Record, compare
from tests.integration.processes import Background, free_port
from tests.integration.servers.base import Server

pytestmark = pytest.mark.real

Run = Callable[..., CompletedProcess[bytes]]
LIBRARIES = ("@xmpp/client", "stanza")


def recorded(library: str, server: Server, url: str, port: int, folder: Path, xmppscope: Run) -> list[Record]:
    """Let a client do its job at *url*, capture *port*, and return what is read of that, which is what it logged."""
    client = NodeClient(library)
    reason = client.missing() or ("tcpdump is not installed" if shutil.which("tcpdump") is None else "")
    if reason:
        pytest.skip(reason)
    token = secrets.token_hex(4)
    script = Script(server.account("bob").jid, (f"Hello <&> \"'{token}", f"Grüße 🌹 {token}"))
    file, keys = folder / "captured.pcap", folder / "keys"
    keys.touch()
    command = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w", file, f"tcp port {port}"]
    tcpdump = Background(command, folder / "tcpdump.log")
    tcpdump.ready(lambda: "listening on" in tcpdump.printed())
    try:
        run = client.run(WebJob(server.account("alice"), "websocket", url, server.ca_file, script, folder))
        assert run.failed is None, run.output
    finally:
        tcpdump.stop()
    done = xmppscope("read", "--format", "jsonl", "--keylog", keys, file)
    assert done.returncode == 0, done.stderr
    records: list[Record] = [json.loads(line) for line in done.stdout.splitlines()]
    # stanza acknowledges behind its <close/>, or before, and logs that in either order.
    for connection in run.connections:
        connection.texts["out"] = [text for text in connection.texts["out"] if text != "</stream:stream>"]
    told = [record for record in records if record.get("kind") != "stream-close"]
    assert compare(run.connections, told, torn=[0]) == []
    bad = ("gap", "opaque", "malformed")
    assert [one for one in records if one.get("kind") in bad or one["record"] == "diagnosis"] == []
    return records


def connection_of(records: list[Record]) -> Record:
    return [record for record in records if record["record"] == "connection"][-1]


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_in_the_clear(library: str, name: str, tmp_path: Path, xmppscope: Run, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    url = f"ws://127.0.0.1:{server.http}{server.websocket}"
    records = recorded(library, server, url, server.http, tmp_path, xmppscope)
    assert connection_of(records)["transport"] == "websocket"
    asked, granted = [record for record in records if record.get("kind") == "http"][:2]
    assert asked["summary"] == "ask for a WebSocket with subprotocol xmpp"
    assert granted["summary"] == "WebSocket granted with subprotocol xmpp"


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_in_tls(
    library: str,
    name: str,
    tmp_path: Path,
    xmppscope: Run,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    server: Server = request.getfixturevalue(name)
    monkeypatch.setenv("NODE_OPTIONS", f"--tls-keylog={tmp_path / 'keys'}")
    url = f"wss://127.0.0.1:{server.https}{server.websocket}"
    records = recorded(library, server, url, server.https, tmp_path, xmppscope)
    assert connection_of(records)["transport"] == "websocket"
    assert {record["protection"] for record in records if record.get("kind") == "stanza"} <= {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("takeover", ["takeover", "no-takeover"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_compressed(library: str, takeover: str, prosody: Server, tmp_path: Path, xmppscope: Run) -> None:
    if NodeClient(library).missing():
        pytest.skip(NodeClient(library).missing() or "")
    port = free_port()
    url = f"ws://127.0.0.1:{prosody.http}{prosody.websocket}"
    bridge = Background(["node", FOLDER / "bridge.js", port, url, takeover], tmp_path / "bridge.log")
    bridge.ready(lambda: "ready" in bridge.printed())
    try:
        records = recorded(library, prosody, f"ws://127.0.0.1:{port}/ws", port, tmp_path, xmppscope)
    finally:
        bridge.stop()
    answer = next(record for record in records if record.get("summary", "").startswith("WebSocket granted"))
    agreed = next(one["text"] for one in answer["annotations"] if one["text"].startswith("extensions agreed on"))
    assert "permessage-deflate" in agreed
    assert ("no_context_takeover" in agreed) is (takeover == "no-takeover")
