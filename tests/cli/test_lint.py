"""`xmppscope lint`: what it prints, in which form, and what its exit status says."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[bytes]]

ERRORS = "c2s-errors-prosody.pcap"
FIRST = """\
── 1 ── c2s · alice@prosody.test/plain ─────────────────────────────────────────
  ✗ error    sasl2-in-clear       #3    SASL2 is offered before TLS
  ! warning  sasl-plain-in-clear  #4    password readable on the wire
"""
SIXTH = """\
── 6 ── c2s · alice@prosody.test/err ───────────────────────────────────────────
  ✗ error    iq-type  #95   "nonsense" is no iq type
  as above   sasl2-in-clear #76 · sasl-plain-in-clear #77
"""


@pytest.fixture
def lint(xmppscope: Program, captures: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Lint a bundled recording."""
    return lambda name, *options, data=b"": xmppscope(
        "lint", captures / name if name != "-" else "-", *options, data=data
    )


def records(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.real
def test_findings_are_grouped_by_connection_and_rule(lint: Program) -> None:
    done = lint(ERRORS)
    text = done.stdout.decode()
    assert text.startswith(FIRST)
    assert SIXTH in text
    assert done.returncode == 1
    closing = done.stderr.decode().splitlines()
    assert " in 8 of 9 connections ─" in closing[0]
    assert closing[1] == "     why        xmppscope explain sasl2-in-clear"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--select", "sasl-plain-in-clear"], 0),
        (["--select", "sasl-plain-in-clear", "--fail-on", "warning"], 1),
        (["--select", "sasl-plain-in-clear", "--fail-on", "info"], 1),
        (["--select", "iq"], 1),
        (["--fail-on", "never"], 0),
        (["--ignore", "sasl2-in-clear,iq", "--ignore", "xml,stream"], 0),
        (["--select", "sasl,iq", "--ignore", "sasl,iq-type"], 0),
    ],
)
def test_the_exit_status_tells_whether_something_is_that_bad(lint: Program, options: list[str], status: int) -> None:
    assert lint(ERRORS, *options).returncode == status


def test_rules_are_chosen_by_name_and_family(lint: Program) -> None:
    done = lint(ERRORS, "--select", "iq,sasl-mechanism-not-offered", "--format", "jsonl")
    assert {one["rule"] for one in records(done) if one["record"] == "finding"} == {
        "iq-type",
        "sasl-mechanism-not-offered",
    }


def test_json_lines_hold_findings_with_their_connections_and_counts(lint: Program) -> None:
    found = records(lint(ERRORS, "--select", "iq", "--format", "jsonl"))
    assert [one["record"] for one in found] == ["header", "connection", "finding", "summary"]
    assert found[2]["rule"] == "iq-type"
    assert found[2]["connection"] == found[1]["connection"]
    assert found[3]["findings"] == {"error": 1, "warning": 0, "info": 0}


def test_junit_is_a_document_with_a_failure_for_each_rule(lint: Program, tmp_path: Path) -> None:
    target = tmp_path / "lint.xml"
    done = lint(ERRORS, "--format", "junit", "-o", target)
    root = ET.fromstring(target.read_bytes())
    assert done.stdout == b""
    assert root.tag == "testsuites"
    assert [case.get("name") for case in root.findall("./testsuite[1]/testcase")] == [
        "sasl2-in-clear",
        "sasl-plain-in-clear",
    ]
    assert int(root.get("failures", "")) == len(root.findall(".//failure"))
    failure = root.find(".//testcase[@name='iq-type']/failure")
    assert failure is not None
    assert failure.get("message") == '"nonsense" is no iq type'
    assert (failure.text or "").startswith("#95 ")


def test_the_heading_says_who_did_not_get_in(lint: Program) -> None:
    text = lint(ERRORS, "-q").stdout.decode()
    assert "── 2 ── c2s · alice did not get in ───" in text
    assert "── 4 ── c2s · bob@prosody.test/same was thrown out ───" in text
    names = [suite.get("name") for suite in ET.fromstring(lint(ERRORS, "--format", "junit").stdout)]
    assert "2 c2s · alice did not get in" in names


def test_with_a_password_the_heading_is_followed_by_what_differs(lint: Program) -> None:
    done = lint(ERRORS, "-q", "--filter", "connection == 2", "--password", "alice@prosody.test:h4shm3n0t")
    heading, *lines = done.stdout.decode().splitlines()
    assert "alice did not get in" in heading
    assert "Recomputed with the password given, the proof was made from another" in " ".join(map(str.strip, lines))
    assert b"h4shm3n0t" not in done.stdout + done.stderr


def test_where_nothing_is_found_every_form_says_so(lint: Program) -> None:
    options = ["--select", "muc"]
    done = lint(ERRORS, *options)
    assert done.stdout == b""
    assert done.stderr.decode().startswith("── nothing found in 9 connections ─")
    assert ET.fromstring(lint(ERRORS, *options, "--format", "junit").stdout).get("tests") == "1"
    assert [one["record"] for one in records(lint(ERRORS, *options, "--format", "jsonl"))] == ["header", "summary"]


def test_a_filter_chooses_findings_by_their_entries(lint: Program) -> None:
    done = lint(ERRORS, "--filter", "connection == 6 and iq")
    assert done.stdout.decode().count("error") == 1
    assert "iq-type" in done.stdout.decode()


def test_every_finding_may_have_its_own_line(lint: Program) -> None:
    text = lint(ERRORS, "-v", "-q").stdout.decode()
    assert "as above" not in text
    assert text.count("sasl2-in-clear") == 8


def test_standard_input_is_linted(lint: Program, captures: Path) -> None:
    done = lint("-", data=(captures / ERRORS).read_bytes())
    assert done.stdout.decode().startswith(FIRST)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--select", "iqq"], "xmppscope: no rule or family is called iqq; did you mean iq?"),
        (["--ignore", "iq,"], "xmppscope: no rule or family is called (nothing); families: xml, "),
        (["--fail-on", "bad"], "xmppscope: invalid value for '--fail-on'"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(lint: Program, options: list[str], line: str) -> None:
    done = lint(ERRORS, *options)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().lower().startswith(line.lower())


def test_unusable_captures_are_told(xmppscope: Program, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(b"")
    assert xmppscope("lint", empty).returncode == 2
    assert xmppscope("lint").returncode == 2
    assert b"named twice" in xmppscope("lint", empty, empty).stderr
