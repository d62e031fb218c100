"""tcpdump's output piped into `xmppscope read -`: each element shows as soon as its last byte was captured."""

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.real

PATIENCE = 20.0
STREAMS = b"http://etherx.jabber.org/streams"
HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='" + STREAMS + b"' version='1.0' "
FEATURES = b"<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"


class Live(NamedTuple):
    """Two ends of a connection on loopback, and the records that come out of the pipe as they come."""

    client: socket.socket
    server: socket.socket
    records: "queue.Queue[dict[str, Any]]"


def lines_into(output: Any, records: "queue.Queue[dict[str, Any]]") -> None:
    for line in output:
        records.put(json.loads(line))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


@pytest.fixture
def live(listener: socket.socket) -> Iterator[Live]:
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        pytest.skip("tcpdump is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root may capture packets")
    port = listener.getsockname()[1]
    capture = [tcpdump, "-i", "lo", "-U", "-w", "-", "--immediate-mode", f"tcp port {port}"]
    read = [str(Path(sys.executable).with_name("xmppscope")), "read", "--format", "jsonl", "-"]
    records: queue.Queue[dict[str, Any]] = queue.Queue()
    with (
        subprocess.Popen(capture, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False) as source,
        subprocess.Popen(read, stdin=source.stdout, stdout=subprocess.PIPE) as reader,
    ):
        assert source.stdout is not None
        assert source.stderr is not None
        source.stdout.close()
        began = b""
        while b"listening on" not in began:
            line = source.stderr.readline()
            if not line:
                reader.wait(PATIENCE)
                pytest.skip(f"tcpdump may not capture on lo: {began.decode().strip()}")
            began += line
        collector = threading.Thread(target=lines_into, args=(reader.stdout, records), daemon=True)
        collector.start()
        try:
            with socket.create_connection(listener.getsockname(), PATIENCE) as client:
                server, _ = listener.accept()
                with server:
                    yield Live(client, server, records)
        finally:
            source.terminate()
            source.wait(PATIENCE)
            reader.wait(PATIENCE)
            collector.join(PATIENCE)


def next_entry(live: Live) -> tuple[str, str]:
    """Wait for the next entry and give its sender and what it is."""
    return within(live, PATIENCE)


def within(live: Live, seconds: float) -> tuple[str, str]:
    """Give the next entry; findings about the one before may come first. Raises `queue.Empty` where none comes."""
    while True:
        record = live.records.get(timeout=seconds)
        if record["record"] == "entry":
            return record["sender"], record.get("name", record["kind"])


def test_each_element_shows_when_its_last_byte_was_captured(live: Live) -> None:
    live.client.sendall(HEADER + b"to='live.test'>")
    assert next_entry(live) == ("initiating", "stream")
    live.server.sendall(HEADER + b"from='live.test' id='s1'>" + FEATURES)
    assert next_entry(live) == ("receiving", "stream")
    assert next_entry(live) == ("receiving", "features")
    live.client.sendall(b"<message to='romeo@live.test'><body>half")
    with pytest.raises(queue.Empty):
        within(live, 0.5)
    live.client.sendall(b" and whole</body></message>")
    assert next_entry(live) == ("initiating", "message")
    live.server.sendall(b"<iq type='get' id='p1' from='live.test'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert next_entry(live) == ("receiving", "iq")
