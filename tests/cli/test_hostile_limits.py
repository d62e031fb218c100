"""When no more files can be opened, the proxy says so once, and goes on with what it has."""

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("xmppscope"))
HEADER = b"<stream:stream to='a' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_no_file_is_left_for_more_clients(tmp_path: Path) -> None:
    """Each refused accept was a traceback, a thousand a second; now clients are turned away before it comes to that."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as upstream:
        where = f"127.0.0.1:{upstream.getsockname()[1]}"
        options = f"--ca-dir {tmp_path}/ca --listen 127.0.0.1:0 --upstream {where} --format jsonl -o {tmp_path}/out"
        command = ["sh", "-c", f"ulimit -n 40; exec {COMMAND} proxy {options}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            port = next(int(line.rpartition(":")[2]) for line in running.stderr if line.startswith("listening on"))
            clients = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(50)]
            for client in clients:
                with contextlib.suppress(OSError):  # it was turned away
                    client.sendall(HEADER)
            said = running.stderr.readline()
            for client in clients:
                client.close()
            running.send_signal(signal.SIGINT)
            left = running.stderr.read()
            assert running.wait(20) == 0
    # Whichever comes first: the bound on connections, or an accept that is refused.
    assert "ulimit -n" in said
    assert (said + left).count("too many open files") <= 1
    assert "Traceback" not in left
    assert (tmp_path / "out").read_text().splitlines()[-1].startswith('{"record":"summary"')
