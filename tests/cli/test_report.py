"""`report`: one file that holds all, written as captures are read; and what is said where it cannot be."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]


def block(page: str, name: str) -> str:
    return re.search(rf'<script type="application/json" id="{name}">\n?(.*?)</script>', page, re.DOTALL)[1]


def records(page: str) -> list[dict]:
    return json.loads(f"[{block(page, 'records')}null]")[:-1]


def test_the_page_holds_what_read_prints(xmppscope: Run, captures: Path, tmp_path: Path) -> None:
    capture, target = captures / "sm-resume-prosody.pcap", tmp_path / "page.html"
    done = xmppscope("report", capture, "-o", target)
    assert done.returncode == 0
    assert done.stderr.decode() == f"{target}: 98 entries\n"
    printed = xmppscope("read", capture, "--format", "jsonl", "-q").stdout.splitlines()
    page = target.read_text()
    assert records(page) == [json.loads(line) for line in printed]
    about = json.loads(block(page, "about"))
    assert about["meta"] == {
        "title": "sm-resume-prosody.pcap",
        "files": [str(capture)],
        "origin": "2026-11-20T09:21:23.110424000Z",
    }
    assert about["texts"]["sm:resumed"]["says"]
    assert about["rules"]["sm-ack-missing"]["why"]
    assert about["namespaces"]["urn:xmpp:sm:3"]["spec"] == "XEP-0198"
    assert "src=" not in re.sub(r"<script.*", "", page, flags=re.DOTALL)


def test_states_come_with_the_entries_that_caused_them(xmppscope: Run, captures: Path) -> None:
    page = xmppscope("report", captures / "sm-resume-prosody.pcap", "-q").stdout.decode()
    states = json.loads(block(page, "about"))["states"]
    assert [7, "sasl", "", "SCRAM-SHA-1, success", [4, 7]] in states["1"]
    counters = [change for change in states["2"] if change[1] == "sm initiating"]
    assert [change[3] for change in counters] == ["0/0", "0/1", "0/2", "0/3", "0/4", "0/5", "5/5"]


def test_a_filter_leaves_out(xmppscope: Run, captures: Path) -> None:
    capture = captures / "sm-resume-prosody.pcap"
    page = xmppscope("report", capture, "--filter", "message", "--title", "Two <words>", "-q").stdout.decode()
    kept = [record for record in records(page) if record["record"] == "entry"]
    assert {record["name"] for record in kept} == {"message"}
    assert "Two <words>" not in page
    assert json.loads(block(page, "about"))["meta"]["title"] == "Two <words>"


def test_secrets_are_masked_unless_wanted(xmppscope: Run, captures: Path) -> None:
    capture = captures / "c2s-errors-prosody.pcap"
    masked = xmppscope("report", capture, "-q").stdout
    shown = xmppscope("report", capture, "--show-secrets")
    secret = re.search(rb"mechanism='PLAIN'>([A-Za-z0-9+/=]{8,})\\u003c", shown.stdout)
    assert secret is not None
    assert secret[1] not in masked
    assert b"mind who gets the page" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no capture named"),
        (("nowhere.pcap",), "nowhere.pcap: no such file"),
        (("{capture}", "-o", "{capture}"), "that is an input, and would be lost"),
        (("{capture}", "--filter", "typ == 3"), 'filter: no field is called "typ"; did you mean "type"?'),
        (("{capture}", "-o", "{folder}"), "a directory; name a file in it"),
    ],
)
def test_what_can_not_be_is_said_in_one_line(
    arguments: tuple[str, ...], message: str, xmppscope: Run, captures: Path, tmp_path: Path
) -> None:
    capture = captures / "c2s-basic-prosody.pcap"
    done = xmppscope("report", *(one.format(capture=capture, folder=tmp_path) for one in arguments))
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
