"""`sniff` as a user meets it: for real on the loopback, where the rights for it are there."""

import json
import os
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from xmppscope.demo.certificates import make_identity

Run = Callable[..., CompletedProcess[bytes]]
Start = Callable[..., Any]

STREAM = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'"
LINES = (
    ("client", f"{STREAM} to='a.example'>"),
    ("server", f"{STREAM} from='a.example' id='i1'>"),
    ("server", "<stream:features/>"),
    ("client", "<message to='bob@a.example' type='chat'><body>hello</body></message>"),
    ("client", "</stream:stream>"),
    ("server", "</stream:stream>"),
)


@pytest.fixture
def privileged() -> None:
    if sys.platform != "linux":
        pytest.skip("packet sockets are of Linux")
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        pytest.skip("listening to an interface takes root")


@pytest.fixture
def pair() -> Iterator[tuple[int, Callable[[], tuple[socket.socket, socket.socket]]]]:
    """A port, and a connection to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        opened: list[socket.socket] = []

        def connect() -> tuple[socket.socket, socket.socket]:
            client = socket.create_connection(server.getsockname())
            opened.extend((client, server.accept()[0]))
            return client, opened[-1]

        yield server.getsockname()[1], connect
        for one in opened:
            one.close()


def say(client: Any, server: Any, lines: tuple[tuple[str, str], ...] = LINES) -> None:
    for who, line in lines:
        sender, receiver = (client, server) if who == "client" else (server, client)
        sender.sendall(line.encode())
        assert receiver.recv(65536)


def listening(start: Start, *arguments: object) -> Any:
    """Start it, and wait until it listens."""
    running = start("sniff", "-i", "lo", *arguments)
    assert running.process.stderr.readline() == b"listening on lo\n"
    return running


@pytest.mark.real
@pytest.mark.usefixtures("privileged")
def test_the_loopback_is_shown_as_it_passes_and_kept(start: Start, pair: Any, tmp_path: Path, xmppscope: Run) -> None:
    port, connect = pair
    kept = tmp_path / "kept.pcapng"
    running = listening(start, "--port", port, "--record", kept)
    client, server = connect()
    say(client, server, LINES[:4])
    lines = [running.line()]
    while '"hello"' not in lines[-1]:
        lines.append(running.line())
    assert lines[0].startswith("── 1 ── c2s · 127.0.0.1:")
    assert any("open a stream to a.example" in line for line in lines)
    say(client, server, LINES[4:])
    while "stream closed" not in lines[-1]:
        lines.append(running.line())
    running.interrupt()
    status, rest, error = running.finish()
    assert status == 0
    assert "── 1 connection · 1 stanza · " in error
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = xmppscope("read", kept)
    assert again.stdout.decode().splitlines() == [line.rstrip("\n") for line in [*lines, *rest]]


@pytest.mark.real
@pytest.mark.usefixtures("privileged")
def test_a_key_log_is_read_as_it_grows(start: Start, pair: Any, tmp_path: Path) -> None:
    port, connect = pair
    log = tmp_path / "client.keys"
    running = listening(start, "--port", port, "--keylog", log, "--format", "jsonl")
    client, server = under_tls(*connect(), log)
    with client, server:
        say(client, server)
    names: list[str] = []
    while "message" not in names:
        record = json.loads(running.line())
        if record.get("name"):
            names.append(record["name"])
            assert record["protection"] == "TLSv1.3"
    assert names == ["stream", "stream", "features", "message"]
    running.interrupt()
    status, lines, _ = running.finish()
    assert status == 0
    assert json.loads(lines[-1])["undecrypted"] == 0


def under_tls(client: socket.socket, server: socket.socket, log: Path) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    """Put both ends under TLS; the client writes its keys to *log*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.keylog_filename = str(log)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(make_identity("a.example").context().wrap_socket, server, server_side=True)
        return context.wrap_socket(client, server_hostname="a.example"), served.result(20)


@pytest.mark.real
@pytest.mark.usefixtures("privileged")
def test_silence_and_ctrl_c(start: Start, pair: Any) -> None:
    running = listening(start, "--port", pair[0])
    running.interrupt()
    status, lines, error = running.finish()
    assert (status, lines) == (0, [])
    assert error == "xmppscope: warning: no packets came in\n"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() == 0, reason="root may listen")
def test_without_the_right_to_listen_it_says_what_to_do(xmppscope: Run) -> None:
    done = xmppscope("sniff", "-i", "lo")
    expected = "xmppscope: lo: not permitted; run with sudo, or give tcpdump's output to xmppscope read -\n"
    assert (done.returncode, done.stderr.decode()) == (2, expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "no interface named; give -i IFACE, for instance -i lo; see xmppscope sniff --help"),
        (("-i", "lo", "--record", "x", "-o", "x"), "x: named twice; choose another name for --record"),
        (("-i", "lo", *["--port", "1"] * 33), "--port: named 33 times, at most 32 can be; leave it out"),
    ],
)
def test_mistakes(xmppscope: Run, arguments: tuple[str, ...], expected: str) -> None:
    done = xmppscope("sniff", *arguments)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"xmppscope: {expected}\n")


def test_an_unknown_interface(xmppscope: Run) -> None:
    done = xmppscope("sniff", "-i", "there-is-none")
    assert done.returncode == 2
    assert done.stderr.startswith(b"xmppscope: there-is-none: no such interface; ")
