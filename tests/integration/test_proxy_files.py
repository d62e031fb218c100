"""What the proxy leaves behind, however it ends: by a signal, killed, with a full disk or without a reader."""

import contextlib
import resource
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.conftest import StartProxy
from tests.integration.elements import Record, changed, read_jsonl, without_packets
from tests.integration.processes import PATIENCE, wait_for
from tests.integration.proxy_run import COMMAND, LISTENING, ProxyRun, exported, xmppscope
from tests.integration.raw import CLOSE, Peer, RawServer, dial

PROMISED = 1.0
"""Seconds: what is older than that is in the recording, whatever happens."""


def message(body: str) -> str:
    return f"<message to='romeo@raw.test'><body>{body}</body></message>"


def before(server: RawServer, authority: TestAuthority) -> list[object]:
    return ["--upstream", f"127.0.0.1:{server.port}", "--upstream-ca", authority.file]


def talking(between: ProxyRun) -> Peer:
    """Log in and get a first message through."""
    peer = dial(between.port).secure(between.ca_file).log_in()
    talk(peer, "first")
    return peer


def talk(peer: Peer, body: str) -> None:
    """Say something, and hear it come back."""
    peer.say(message(body))
    assert peer.hear("</message>") == message(body)


def bodies(records: Sequence[Record]) -> list[str]:
    """The messages that a timeline shows, each of which passes twice."""
    return [record["xml"] for record in records if record.get("name") == "message"]


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_signal_ends_it_in_good_order(
    number: Signals, echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(*before(echo, authority))
    with talking(between) as peer:
        between.send(number)
        last = peer.hear_all().decode()
        assert "<system-shutdown " in last
        assert last.endswith(CLOSE)
    status, said = between.wait()
    assert status == 0
    assert "closing 1 stream" in said
    shown = between.shown()
    assert shown[-1]["record"] == "summary"
    assert shown[-1]["stanzas"] == len(bodies(shown)) + 2 == 4
    assert changed(shown, between.recorded(tmp_path)) == []


def test_it_says_at_the_end_how_to_look_again(echo: RawServer, authority: TestAuthority, proxy: StartProxy) -> None:
    between = proxy(*before(echo, authority), "--format", "text", "--width", 200)
    with talking(between) as peer:
        peer.say(CLOSE)
        peer.hear(CLOSE)
    status, said = between.stop()
    assert status == 0
    assert "1 connection" in said
    assert f"xmppscope read {between.recording}" in said
    assert "first" in between.live.read_text()


def test_a_second_signal_ends_it_at_once(authority: TestAuthority, proxy: StartProxy) -> None:
    issued = authority.issue("raw.test")
    full, over = threading.Event(), threading.Event()

    def flood(peer: Peer) -> None:
        peer.present(issued)
        peer.let_in()
        peer.sock.settimeout(0.5)
        try:
            while True:
                peer.say(message("water " * 10_000))
        except TimeoutError:
            full.set()
            over.wait(PATIENCE)

    with RawServer(flood) as server:
        between = proxy(*before(server, authority))
        with dial(between.port).secure(between.ca_file).log_in():
            assert full.wait(PATIENCE)  # nobody reads, and so nothing can be sent when it ends

            def ends() -> bool:
                """Send a signal, and another one, and so on: two at once may count as one."""
                if between.background.process.poll() is None:
                    between.send(SIGINT)
                return between.background.process.poll() is not None

            wait_for(ends, "the end")
        over.set()
    assert "Traceback" not in between.said
    assert between.shown()[-1]["record"] != "summary"


def test_what_was_recorded_outlives_kill_9(
    echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(*before(echo, authority))
    with talking(between) as peer:
        # What is promised is a time: it has to pass.
        with pytest.raises(subprocess.TimeoutExpired):
            between.background.process.wait(PROMISED)
        before_that = between.shown()
        talk(peer, "second")
        between.send(SIGKILL)
        between.wait()
        with contextlib.suppress(OSError):  # some builds of OpenSSL take an end without close_notify for an end
            peer.hear_all()
    recorded = between.recorded(tmp_path)
    assert [*map(without_packets, recorded[: len(before_that)])] == before_that
    assert bodies(recorded)[:2] == [message("first")] * 2


def on_a_small_disk(folder: Path) -> list[str]:
    """Return what starts a program that has a disk of 200 kB at *folder*, its own; skips where that cannot be."""
    command = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=200k small {folder} && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False, timeout=PATIENCE).returncode:
        pytest.skip("a disk for one process takes root and Linux's namespaces")
    return command


def test_a_disk_that_is_full_stops_the_recording_and_nothing_else(
    echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    recording = disk / "recording.pcapng"
    between = proxy(*before(echo, authority), "--record", recording, before=on_a_small_disk(disk))
    with talking(between) as peer:
        for number in range(50):
            talk(peer, f"{number} " + "x" * 10_000)
        wait_for(lambda: "disk full, recording stopped at" in between.said, "the warning")
        talk(peer, "and on")
        # Nobody but the proxy sees its disk, except through it.
        seen = Path(f"/proc/{between.background.process.pid}/root{recording}")
        again = tmp_path / "recorded.jsonl"
        xmppscope("read", "--format", "jsonl", "-o", again, seen)
    status, said = between.stop()
    assert status == 0
    assert said.count("disk full") == 1
    assert len(bodies(between.shown())) == 2 * 52
    recorded = bodies(read_jsonl(again))
    assert 2 < len(recorded) < 2 * 52
    assert recorded == bodies(between.shown())[: len(recorded)]


def test_a_limit_on_the_size_of_files_is_a_disk_that_is_full(
    echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(
        *before(echo, authority), "-o", "/dev/null", before=["sh", "-c", 'ulimit -f 200 && exec "$@"', "sh"]
    )
    with talking(between) as peer:
        for number in range(50):
            talk(peer, f"{number} " + "x" * 10_000)
        wait_for(lambda: "recording stopped at" in between.said, "the warning")
        talk(peer, "and on")
    assert between.stop()[0] == 0
    assert bodies(between.recorded(tmp_path))[:2] == [message("first")] * 2


@pytest.mark.parametrize("option", ["--record", "--write-keylog"])
def test_a_disk_that_was_full_before(option: str, echo: RawServer, authority: TestAuthority, proxy: StartProxy) -> None:
    between = proxy(*before(echo, authority), option, "/dev/full", "--force")
    with talking(between) as peer:
        wait_for(lambda: "disk full" in between.said, "the warning")
        talk(peer, "and on")
    assert between.stop()[0] == 0
    assert len(bodies(between.shown())) == 4


def test_a_timeline_on_a_full_disk_ends_and_the_recording_goes_on(
    echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    between = proxy(*before(echo, authority), "-o", "/dev/full")
    with talking(between) as peer:
        talk(peer, "and on")
    status, said = between.stop()
    assert status == 0
    assert said.count("/dev/full") == 1
    assert "the traffic goes on" in said
    assert len(bodies(between.recorded(tmp_path))) == 4


def test_it_ends_in_good_order_when_nobody_reads_on(
    echo: RawServer, authority: TestAuthority, ca_dir: Path, tmp_path: Path
) -> None:
    """As in ``xmppscope proxy | head -n 1``."""
    recording, errors, ca_file = tmp_path / "recording.pcapng", tmp_path / "errors.txt", exported(ca_dir)
    command = [COMMAND, "proxy", "--listen", "127.0.0.1:0", "--ca-dir", ca_dir, *before(echo, authority)]
    command += ["--format", "jsonl", "--record", recording]
    with errors.open("w") as log:
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        assert b'"header"' in process.stdout.readline()
        process.stdout.close()
        wait_for(lambda: LISTENING.search(errors.read_text()) is not None, "listening")
        with dial(int(LISTENING.findall(errors.read_text())[0][1])) as peer, contextlib.suppress(OSError):
            peer.secure(ca_file).log_in()  # however far that gets
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait(PATIENCE)
    assert "Traceback" not in errors.read_text()
    assert "closing 1 stream" in errors.read_text()
    assert xmppscope("read", recording)


def test_the_limit_is_raised_as_far_as_it_may_be(echo: RawServer, authority: TestAuthority, proxy: StartProxy) -> None:
    between = proxy(*before(echo, authority), before=["sh", "-c", 'ulimit -S -n 64 && exec "$@"', "sh"])
    soft, hard = resource.prlimit(between.background.process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard
