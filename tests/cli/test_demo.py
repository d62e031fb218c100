"""The demo as its user runs it: it ends well, leaves a recording, and that reads like what was shown."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from xmppscope.cli.demo import DemoOptions
from xmppscope.cli.demoing import _proxy_options, _usual_port
from xmppscope.demo import ACCOUNTS, DOMAIN, DemoServer

Run = Callable[..., CompletedProcess[bytes]]
Record = dict[str, Any]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[bytes]]:
    """A demo that was played as fast as it can be, in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    command = [
        str(Path(sys.executable).with_name("xmppscope")),
        *("demo", "--fast", "--format", "jsonl", "-o", "live.jsonl", "--record", "demo.pcapng"),
    ]
    return folder, subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)


def records(data: bytes) -> list[Record]:
    found: list[Record] = [json.loads(line) for line in data.splitlines()]
    for record in found:
        record.pop("packets", None)
    return found


def test_it_ends_well_and_says_what_to_look_at(played: tuple[Path, CompletedProcess[bytes]]) -> None:
    _, done = played
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode()
    assert "2 people · 3 connections" in said
    assert "1 cut, 1 resumption" in said
    assert re.search(r"look at +#\d+ the cut · #\d+ the resumption · #\d+ sent again", said)


def test_the_recording_reads_like_what_was_shown(played: tuple[Path, CompletedProcess[bytes]], xmppscope: Run) -> None:
    folder, _ = played
    live = records((folder / "live.jsonl").read_bytes())
    read = records(xmppscope("read", "--format", "jsonl", folder / "demo.pcapng").stdout)
    assert read == live
    assert (folder / "demo.pcapng").stat().st_mode & 0o777 == 0o600


def test_the_numbers_to_look_at_are_right(played: tuple[Path, CompletedProcess[bytes]]) -> None:
    folder, done = played
    numbered = {
        record["entry"]: record for record in records((folder / "live.jsonl").read_bytes()) if "entry" in record
    }
    cut, resumption, again = map(int, re.findall(r"#(\d+)", done.stderr.decode()))
    assert (numbered[cut]["kind"], numbered[cut]["state"]) == ("closed", "broken")
    assert numbered[resumption]["name"] == "resumed"
    assert numbered[again]["name"] == "message"
    assert numbered[again]["connection"] == numbered[resumption]["connection"]


def test_nothing_in_it_is_wrong(played: tuple[Path, CompletedProcess[bytes]]) -> None:
    folder, _ = played
    entries = [record for record in records((folder / "live.jsonl").read_bytes()) if record["record"] == "entry"]
    assert not {entry["kind"] for entry in entries} & {"gap", "opaque", "malformed", "stream-error"}
    assert not [entry for entry in entries if entry.get("type") == "error" or entry.get("severity")]
    assert {entry["edit"]["by"] for entry in entries if "edit" in entry} == {"channel-binding"}


def test_an_existing_recording_stays(xmppscope: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.pcapng").write_bytes(b"mine")
    done = xmppscope("demo", "--fast", "--record", tmp_path / "mine.pcapng")
    assert done.returncode == 2
    assert b"exists; add --force to overwrite it" in done.stderr
    assert (tmp_path / "mine.pcapng").read_bytes() == b"mine"


def test_a_served_demo_takes_clients_that_begin_with_tls(tmp_path: Path) -> None:
    """The port of the small server knows STARTTLS alone, and slixmpp tries direct TLS first: it was turned away."""
    options = DemoOptions(
        fast=False,
        serve=True,
        record=None,
        force=False,
        ca_dir=None,
        form="text",
        output=None,
        color="auto",
        ascii=False,
        verbose=0,
    )
    assert _proxy_options(options, DemoServer(DOMAIN, ACCOUNTS), tmp_path).upstream == "starttls:127.0.0.1:0"


def test_a_served_demo_takes_another_port_where_its_own_is_taken(tmp_path: Path) -> None:
    """It named `--listen`, an option that `demo` does not have."""
    with socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind(("127.0.0.1", 0))
        mine.listen()
        assert _usual_port(mine.getsockname()[1]) == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert _usual_port(port) == port
