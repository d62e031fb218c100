"""Many connections, big stanzas, peers that do not read: the proxy passes it all on, in bounded memory."""

import asyncio
import re
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.conftest import StartProxy
from tests.integration.crowd import Crowd, serving
from tests.integration.elements import changed
from tests.integration.processes import PATIENCE, wait_for
from tests.integration.proxy_run import ProxyRun
from tests.integration.raw import Peer, RawServer, dial

MANY = 500
BIG = 10_000_000
FLOOD = 200_000_000
SPARE = 64 << 20
"""Bytes of memory that a flood may cost the proxy."""

NO_FILES = ("-o", "/dev/null", "--record", "/dev/zero", "--force")  # both take all and keep nothing


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open a few thousand files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MANY
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} files may be open at once here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_five_hundred_connections_at_once(
    many_files: None, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    issued = authority.issue("crowd.test")
    few = ["sh", "-c", 'ulimit -S -n 256 && exec "$@"', "sh"]

    listener = socket.create_server(("127.0.0.1", 0), backlog=MANY)
    to_it = ["--upstream", f"127.0.0.1:{listener.getsockname()[1]}", "--upstream-ca", authority.file]
    between = proxy(*to_it, before=few)

    async def play() -> Crowd:
        crowd = Crowd("crowd.test", MANY)
        async with await asyncio.start_server(crowd.serve, sock=listener, backlog=MANY, ssl=serving(issued)):
            await crowd.run(between.port, between.ca_file)
        return crowd

    crowd = asyncio.run(play())
    assert crowd.failed == []
    assert crowd.together == MANY
    assert {number for number, heard in crowd.answered.items() if f"'m{number}'" in heard} == set(range(MANY))
    assert between.stop()[0] == 0
    shown = between.shown()
    assert shown[-1]["xmpp_connections"] == MANY
    said = {record["id"] for record in shown if record.get("name") == "message"}
    assert said == {f"m{number}" for number in range(MANY)}
    assert changed(shown, between.recorded(tmp_path)) == []


class Saying(threading.Thread):
    """Says something that is long, while others listen or do not; `said` counts bytes."""

    def __init__(self, peer: Peer, piece: str, times: int) -> None:
        super().__init__(daemon=True)
        self.said = 0
        self._peer, self._piece, self._times = peer, piece.encode(), times

    def run(self) -> None:
        """Say it."""
        for _ in range(self._times):
            self._peer.say(self._piece)
            self.said += len(self._piece)


def test_a_stanza_of_ten_megabytes_both_ways(
    echo: RawServer, authority: TestAuthority, proxy: StartProxy, tmp_path: Path
) -> None:
    stanza = f"<message id='big'><body>{'O Romeo, Romeo! ' * (BIG // 16)}</body></message>"
    between = proxy("--upstream", f"127.0.0.1:{echo.port}", "--upstream-ca", authority.file)
    with dial(between.port).secure(between.ca_file).log_in() as peer:
        saying = Saying(peer, stanza, 1)
        saying.start()
        assert peer.hear("</message>") == stanza
        saying.join(PATIENCE)
    assert between.stop()[0] == 0
    shown = between.shown()
    assert [record["size"] for record in shown if record.get("id") == "big"] == [len(stanza)] * 2
    assert changed(shown, between.recorded(tmp_path)) == []


def memory(between: ProxyRun, what: str) -> int:
    """Return how many bytes of memory the proxy has (``VmRSS``) or had at most (``VmHWM``)."""
    found = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{between.background.process.pid}/status").read_text(), re.M)
    assert found
    return int(found[1]) * 1024


def stands_still(saying: Saying) -> bool:
    """Whether nothing more is taken for half a second."""
    before = saying.said
    saying.join(0.5)
    return saying.said == before


@pytest.mark.parametrize("sender", ["client", "server"])
def test_a_flood_to_a_peer_that_does_not_read_waits_where_it_comes_from(
    sender: str, authority: TestAuthority, proxy: StartProxy
) -> None:
    issued = authority.issue("raw.test")
    piece = f"<message><body>{'x' * 49_960}</body></message>"
    times = FLOOD // len(piece)
    ends: dict[str, Peer] = {}
    there, over = threading.Event(), threading.Event()

    def play(peer: Peer) -> None:
        peer.present(issued)
        peer.let_in()
        ends["server"] = peer
        there.set()
        over.wait(4 * PATIENCE)

    with RawServer(play) as server:
        between = proxy("--upstream", f"127.0.0.1:{server.port}", "--upstream-ca", authority.file, *NO_FILES)
        with dial(between.port).secure(between.ca_file).log_in() as peer:
            assert there.wait(PATIENCE)
            ends["client"] = peer
            at_first = memory(between, "VmRSS")
            saying = Saying(ends[sender], piece, times)
            saying.start()
            wait_for(lambda: stands_still(saying), "a standstill")
            assert saying.said < FLOOD // 2
            listener = ends["server" if sender == "client" else "client"]
            heard = 0
            while heard < times * len(piece):
                heard += len(listener.sock.recv(1 << 18))
            saying.join(PATIENCE)
            assert memory(between, "VmHWM") - at_first < SPARE
        over.set()
    assert between.stop()[0] == 0
