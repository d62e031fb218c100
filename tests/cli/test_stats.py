"""`xmppscope stats` as its users run it, on recordings of real programs."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tests.pages import ROOT
from xmppscope.cli.main import xmppscope as program

Run = Callable[..., subprocess.CompletedProcess[bytes]]
pytestmark = pytest.mark.real


@pytest.fixture
def stats(xmppscope: Run, captures: Path) -> Callable[..., dict]:
    def run(name: str, *arguments: object) -> dict:
        keys = captures / f"{name}.keys"
        keylog = ("--keylog", keys) if keys.exists() else ()
        done = xmppscope("stats", "--format", "json", *keylog, *arguments, captures / f"{name}.pcap")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_capture_as_read_shows_it(stats, xmppscope: Run, captures: Path) -> None:
    report = stats("c2s-basic-prosody")
    lines = xmppscope("read", "--format", "jsonl", captures / "c2s-basic-prosody.pcap").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    summary = records[-1]
    assert report["schema"] == 1
    totals = report["totals"]
    assert (totals["stanzas"], totals["entries"]) == (summary["stanzas"], summary["entries"])
    assert totals["findings"] == summary["findings"]
    shown = [record for record in records if record["record"] == "connection"]
    assert [one["initiating"] for one in report["connections"]] == [one["initiating"] for one in shown]
    sizes = sum(record.get("size", 0) for record in records if record["record"] == "entry")
    assert sum(sum(one["bytes"].values()) for one in report["connections"]) == sizes
    latencies = [record["latency"] for record in records if "latency" in record]
    assert max(one["slowest"] for one in report["latency"]) == max(latencies)
    assert sum(one["answered"] for one in report["latency"]) == len(latencies)


def test_login_tls_and_counts(stats) -> None:
    first, second = stats("tls13-starttls-prosody")["connections"]
    assert (first["jid"], second["jid"]) == ("alice@prosody.test/tls-a", "bob@prosody.test/tls-b")
    assert [(one["mechanism"], one["profile"], one["outcome"]) for one in first["sasl"]] == [
        ("SCRAM-SHA-256", "sasl", "success")
    ]
    tls = first["tls"]
    assert (tls["mode"], tls["outcome"], tls["version"], tls["sni"], tls["resumed"]) == (
        "starttls", "done", "TLSv1.3", "prosody.test", False,
    )  # fmt: skip
    assert "alpn" not in tls
    assert first["software"] == {"initiating": "http://slixmpp.com/ver/1.17.0", "receiving": "Prosody"}
    assert first["iq"]["initiating"]["unanswered"] == []


@pytest.mark.parametrize(
    ("name", "number", "mode", "version", "resumed"),
    [
        ("tls13-direct-alpn-prosody", 1, "direct", "TLSv1.3", False),
        ("tls12-resumption-prosody", 3, "starttls", "TLSv1.2", True),
        ("tls13-hello-retry-prosody", 1, None, "TLSv1.3", False),
    ],
)
def test_tls(stats, name: str, number: int, mode: str | None, version: str, resumed: bool) -> None:
    tls = stats(name)["connections"][number - 1]["tls"]
    assert mode in (None, tls["mode"])
    assert (tls["outcome"], tls["version"], tls["resumed"]) == ("done", version, resumed)


def test_tls_that_fails(stats) -> None:
    outcomes = [one.get("tls", {}).get("outcome") for one in stats("tls-failures-prosody")["connections"]]
    assert outcomes == ["failed", "failed", "failed", "failed", None, None, "done"]


def test_a_resumed_session(stats) -> None:
    connections = stats("sm-resume-prosody")["connections"]
    assert [one["jid"].partition("/")[2] for one in connections] == ["peer", "sm", "sm", "fresh"]
    managements = [one.get("stream_management") for one in connections]
    assert managements[0] is None
    assert managements[2] == {
        "enabled": False,
        "resumable": False,
        "resumed": True,
        "initiating": {"sent": 6, "acked": 6},
        "receiving": {"sent": 5, "acked": 3},
        "resumed_at": {"initiating_h": 3, "receiving_h": 5},
    }
    assert managements[3] == {"enabled": False, "resumable": False, "resumed": False, "failed": "item-not-found"}


def test_rooms_and_rosters(stats) -> None:
    first, second, third = stats("muc-prosody")["connections"]
    rooms = [(room["nick"], room.get("ended"), room["codes"]) for one in (first, second, third) for room in one["mucs"]]
    assert rooms == [("alice", None, [110, 201]), ("bob2", "left", [110]), ("carol", "kicked", [110])]
    assert [(one["jid"], one["subscription"]) for one in first["roster"]] == [("bob@prosody.test", "both")]


def test_servers(stats) -> None:
    connections = stats("s2s-plain-prosody-ejabberd")["connections"]
    assert not any("iq" in one or "jid" in one or "roster" in one for one in connections)
    answers = [(one["step"], one["from"], one["outcome"]) for one in connections[0]["dialback"]]
    assert answers == [("result", "prosody.test", "valid"), ("verify", "prosody.test", "valid")]


def test_the_ratio_of_compression_is_that_of_the_timeline(stats, xmppscope: Run, captures: Path) -> None:
    told = xmppscope("read", "--format", "jsonl", captures / "zlib-ejabberd.pcap").stdout.decode()
    ratios = [float(text) for text in re.findall(r'"ratio (\d+\.\d+)"', told)]
    found = [ratio for one in stats("zlib-ejabberd")["connections"] for ratio in one["compression_ratio"].values()]
    assert len(ratios) == 4
    assert sorted(found) == sorted(ratios)


def test_a_capture_that_begins_in_the_midst(stats) -> None:
    report = stats("midstream")
    assert report["connections"]
    assert not any("jid" in one and "sasl" not in one for one in report["connections"])


def test_tables(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("stats", captures / "c2s-errors-prosody.pcap")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert not done.stderr
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"^2 c2s +\? at prosody\.test +invalid-mechanism +none", text, re.MULTILINE)
    assert re.search(r"^stream +conflict +1 +#65$", text, re.MULTILINE)
    assert "\x1b" not in text
    assert text.splitlines()[-1].startswith("9 connections · 31 stanzas · ")


def test_tables_of_another_encoding_are_ascii(xmppscope: Run, captures: Path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = xmppscope("stats", captures / "s2s-plain-prosody-ejabberd.pcap")
    assert done.stdout.isascii()
    assert b"prosody.test -> ejabberd.test" in done.stdout


def test_what_others_wrote_reaches_no_terminal_raw(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("stats", "--color", "always", captures / "unicode-prosody.pcap")
    assert not re.search(r"[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e]", done.stdout.decode())


def test_rows_beyond_the_twelfth_are_asked_for(xmppscope: Run, captures: Path) -> None:
    names = sorted(captures.glob("*prosody.pcap"))
    few, every = (xmppscope("stats", "-q", *more, *names).stdout.decode() for more in ((), ("-v",)))
    assert re.search(r"^and \d+ more: -v shows all$", few, re.MULTILINE)
    assert "more: -v" not in every
    assert len(every) > len(few)


def test_output_goes_to_a_file(xmppscope: Run, captures: Path, tmp_path: Path) -> None:
    done = xmppscope("stats", "--format", "json", "-o", tmp_path / "out.json", captures / "fmt-nsec.pcap")
    assert (done.returncode, done.stdout) == (0, b"")
    assert json.loads((tmp_path / "out.json").read_text())["connections"]


def test_without_keys_it_says_what_to_do(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("stats", captures / "tls13-starttls-prosody.pcap")
    assert done.returncode == 0
    assert done.stderr.decode().startswith("xmppscope: warning: 2 connections not decrypted; ")
    assert xmppscope("stats", "-q", captures / "tls13-starttls-prosody.pcap").stderr == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no capture named"),
        (("captures/README.md",), "not a capture"),
        (("captures/no-such.pcap",), "no such file"),
        (("captures/no-syn.pcap", "captures/no-syn.pcap"), "named twice"),
        (("-o", "captures/no-syn.pcap", "captures/no-syn.pcap"), "that is an input"),
    ],
)
def test_unusable_input(xmppscope: Run, arguments: tuple[str, ...], message: str) -> None:
    done = xmppscope("stats", *(str(ROOT / text) if "/" in text else text for text in arguments))
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1


PAGE = (ROOT / "docs" / "reference" / "stats.md").read_text()


def test_the_reference_names_every_option() -> None:
    told = {name for row in re.findall(r"^\| (`-.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"--?[\w-]+", row)}
    context = program.make_context("xmppscope", ["stats"])
    command = program.get_command(context, "stats")
    assert command is not None
    parameters = command.get_params(click.Context(command, parent=context))
    options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
    assert told == {name for one in options for name in (*one.opts, *one.secondary_opts)} - {"-h", "--help"}


def test_the_reference_names_every_key(stats) -> None:
    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for inner in value.values() for key in keys(inner)}
        return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()

    names = (
        "muc-prosody",
        "sm-resume-prosody",
        "zlib-tls-ejabberd",
        "s2s-plain-prosody-ejabberd",
        "c2s-errors-prosody",
    )
    found = {key for name in names for key in keys(stats(name))}
    assert not {key for key in found if f"`{key}`" not in PAGE} - {"error", "warning", "info"}


def test_a_filter_chooses_what_is_counted(stats, xmppscope: Run, captures: Path) -> None:
    expression = "connection == 2 and iq"
    report = stats("c2s-basic-prosody", "--filter", expression)
    lines = xmppscope(
        "read", "--format", "jsonl", "--filter", expression, captures / "c2s-basic-prosody.pcap"
    ).stdout.splitlines()
    entries = [record for record in map(json.loads, lines) if record["record"] == "entry"]
    assert entries
    assert report["totals"]["stanzas"] == report["totals"]["entries"] == len(entries)
    (connection,) = report["connections"]
    assert connection["connection"] == 2
    assert connection["sasl"][0]["outcome"] == "success"


def test_a_filter_may_ask_for_findings(stats) -> None:
    report = stats("c2s-errors-prosody", "--filter", 'finding == "iq-type"')
    assert report["totals"]["findings"] == {"error": 1, "warning": 0, "info": 0}
    assert [one["connection"] for one in report["connections"]] == [6]


def test_where_nothing_matches_or_the_filter_is_none_it_says_so(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("stats", captures / "c2s-basic-prosody.pcap", "--filter", 'id == "none such"')
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"warning: no entry matches the filter" in done.stderr
    done = xmppscope("stats", captures / "c2s-basic-prosody.pcap", "--filter", "typ == 1")
    assert done.returncode == 2
    assert b'no field is called "typ"' in done.stderr
