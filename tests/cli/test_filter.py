"""`--filter` as a user meets it: what is printed, and what is said about an expression that can't be used."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from xmppscope.cli.selecting import marked
from xmppscope.filter.compile import compile_filter
from xmppscope.filter.error import FilterError

Run = Callable[..., CompletedProcess[bytes]]
HINT = "all fields: xmppscope explain filter"


@pytest.fixture
def errors(captures: Path) -> Path:
    return captures / "c2s-errors-prosody.pcap"


def numbers(done: CompletedProcess[bytes]) -> list[int]:
    return [record["entry"] for record in map(json.loads, done.stdout.splitlines()) if record["record"] == "entry"]


def test_only_what_matches_is_printed(xmppscope: Run, errors: Path) -> None:
    done = xmppscope("read", errors, "--filter", "condition == service-unavailable or malformed")
    assert done.returncode == 0
    entries = [line for line in done.stdout.decode().splitlines() if re.match(r"── \d+ ── c2s|[ \d]{4} ", line)]
    assert [line for line in entries if not line.startswith("     ")] == [
        "── 6 ── c2s · 127.0.0.1:47648 → 127.0.0.1:5222 ── 2026-11-20 09:19:12.378 UTC ──",
        "  88   1.876  6  ← ✗ message   from nobody-here@…: service-unavailable       195",
        "  90   2.092  6  ← ✗ iq error  service-unavailable · #89 15 ms               173",
        "  92   2.092  6  ← ✗ iq error  service-unavailable · #91 0.3 ms              182",
        "── 7 ── c2s · 127.0.0.1:47654 → 127.0.0.1:5222 ─────────────────────── +2.999 ──",
        "  113   3.016  7 →  ✗ malformed mismatched tag, at byte 556                    43"[1:],
    ]
    # The closing line counts what was read.
    assert done.stderr == xmppscope("read", errors).stderr


def test_what_is_printed_as_json_lines_is_whole(xmppscope: Run, errors: Path) -> None:
    every = [json.loads(line) for line in xmppscope("read", errors, "--format", "jsonl").stdout.splitlines()]
    done = xmppscope("read", errors, "--format", "jsonl", "--filter", "connection == 3 and error")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["record"] for record in records] == ["header", "connection", "entry", "diagnosis", "summary"]
    assert all(record in every for record in records)
    assert records[-1] == every[-1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-A", "1"], [39, 40]),
        (["-B", "1"], [38, 39]),
        (["-C", "1"], [38, 39, 40]),
        (["-C", "2", "-A", "0"], [37, 38, 39]),
        (["--before=9", "--after=9"], [37, 38, 39, 40, 41, 42]),
        (["--context", "1"], [38, 39, 40]),
        (["-C0"], [39]),
    ],
)
def test_context(xmppscope: Run, errors: Path, options: list[str], expected: list[int]) -> None:
    done = xmppscope("read", errors, "--format", "jsonl", *options, "--filter", "entry == 39")
    assert numbers(done) == expected


def test_times_are_those_of_the_lines(xmppscope: Run, captures: Path) -> None:
    capture = captures / "muc-prosody.pcap"
    lines = xmppscope("read", capture, "--filter", "time >= 0.976 and time < 0.987").stdout.decode().splitlines()
    assert [line[6:12] for line in lines[1:]] == [" 0.976"]


def test_nothing_matches(xmppscope: Run, errors: Path) -> None:
    for form in ("text", "jsonl"):
        done = xmppscope("read", errors, "--format", form, "--filter", "xep == 0999")
        assert done.returncode == 0
        assert done.stderr.decode().splitlines()[-1] == "xmppscope: warning: no entry matches the filter"
    assert xmppscope("read", errors, "-q", "--filter", "xep == 0999").stderr == b""
    unknown = xmppscope("read", errors, "--filter", 'xpath("//zz:a[yy:b]")').stderr.decode().splitlines()[-1]
    assert unknown.endswith("no entry matches the filter; no element declares the XPath prefix yy or zz")


def test_a_mistake_is_shown_in_its_place(xmppscope: Run, errors: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = xmppscope("read", errors, "--filter", 'iq and typ == "set"', "-o", out)
    assert done.returncode == 2
    assert done.stdout == b""
    assert not out.exists()
    assert done.stderr.decode() == (
        'xmppscope: filter: no field is called "typ"; did you mean "type"?\n'
        '  iq and typ == "set"\n'
        "         ^^^          all fields: xmppscope explain filter\n"
    )
    assert b"Traceback" in xmppscope("read", errors, "--filter", "typ", "-vv").stderr


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("", [f"  {HINT}"]),
        ("(iq", ["  (iq", f"  ^   {HINT}"]),
        ("iq and\n(gap or", ["  iq and (gap or", f"              ^^ {HINT}"]),
        ("ïq == x", ["  ïq == x", f"  ^^      {HINT}"]),
        ("body == '日本' foo", ["  body == '日本' foo", f"                 ^^^ {HINT}"]),
        ("a\x1b", ["  a\\x1b", f"   ^^^^ {HINT}"]),
        ("iq and " * 7 + "typ == 3", ["  " + "iq and " * 7 + "typ == 3", " " * 51 + "^^^", f"  {HINT}"]),
        ("iq and " * 9 + "typ == 3", ["  …" + ("iq and " * 9)[-50:] + "typ == 3", " " * 53 + "^^^", f"  {HINT}"]),
        ("typ and " + "iq and " * 9 + "iq", ["  typ and " + ("iq and " * 9)[:42] + "…", "  ^^^", f"  {HINT}"]),
    ],
)  # fmt: skip
def test_carets(expression: str, lines: list[str]) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(expression)
    assert marked(caught.value) == lines


def test_context_without_a_filter(xmppscope: Run, errors: Path) -> None:
    done = xmppscope("read", errors, "-C", "2")
    assert done.returncode == 2
    told = "-A, -B and -C show what is around a match; add --filter EXPR; see xmppscope read --help"
    assert done.stderr.decode() == f"xmppscope: {told}\n"
    assert b"less than 0" in xmppscope("read", errors, "--filter", "iq", "-A", "-1").stderr


@pytest.mark.parametrize(
    ("arguments", "loaded", "spared"),
    [
        (["read", "--help"], set(), {"lark", "lxml", "xmppscope.filter"}),
        (["read", "CAPTURE"], set(), {"lark", "lxml.etree", "xmppscope.filter"}),
        (["read", "CAPTURE", "--filter", "iq"], {"lark"}, {"lxml.etree"}),
        (["read", "CAPTURE", "--filter", "body contains hello"], {"lark", "lxml.etree"}, set()),
    ],
)
def test_only_what_is_needed_is_loaded(errors: Path, arguments: list[str], loaded: set[str], spared: set[str]) -> None:
    called = [str(errors) if argument == "CAPTURE" else argument for argument in arguments]
    program = f"""
import sys
from xmppscope.cli.main import main
try:
    main({called!r})
except SystemExit:
    sys.stderr.write("\\nloaded " + " ".join(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = set(done.stderr.rpartition("\nloaded ")[2].split())
    assert loaded <= names
    assert not spared & names


def test_entries_come_at_once_while_a_capture_grows(
    start: Callable[..., Any], errors: Path, packets: Callable[[bytes], list[bytes]]
) -> None:
    running = start("read", "-", "--format", "jsonl", "--filter", "stream-error")
    header, *rest = packets(errors.read_bytes())
    running.write(header + b"".join(rest[:60]))
    assert [json.loads(running.line())["record"] for _ in range(3)] == ["header", "connection", "entry"]
    running.write(b"".join(rest[60:]))
    status, lines, _ = running.finish()
    assert status == 0
    assert [json.loads(line)["record"] for line in lines][-1] == "summary"
