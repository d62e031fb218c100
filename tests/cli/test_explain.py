"""`explain` as a user meets it, and that it knows what the timeline prints."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from xmppscope.cli import main
from xmppscope.explain.library import texts
from xmppscope.explain.lookup import of_condition, of_element
from xmppscope.filter.page import page
from xmppscope.lint.registry import RULES
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.width import width
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

Run = Callable[..., CompletedProcess[bytes]]

ITEM_NOT_FOUND = """\
item-not-found · stanza error condition · RFC 6120 §8.3.3.7
  The thing addressed does not exist, or you may not know that it does.
  On <resume/>: the server no longer holds that session. It waited longer than
  its limit, was restarted, or never knew the id. The client must bind afresh
  and fetch what it missed from the archive.
  In pubsub: there is no such node or item, which for bookmarks or avatars only
  means that none were set yet. In an archive query: the message that paging was
  to go on from is no longer there. From a room: it does not exist, or is locked
  until its owner has configured it.
  The type of the error is usually cancel.
  Example   <error type="cancel">
              <item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
            </error>
  See also  resume · mam · pubsub · service-unavailable
"""
CONDITION = re.compile(
    r"""<([a-z-]+)\s[^<>]*xmlns=["'](urn:ietf:params:xml:ns:xmpp-(?:streams|stanzas))["']|"""
    r"""<failure [^>]*xmlns=["'](urn:ietf:params:xml:ns:xmpp-sasl)["']><([a-z-]+)/>"""
)


def explained(*arguments: str) -> str:
    done = CliRunner().invoke(main.xmppscope, ["explain", *arguments], env={"COLUMNS": "80", "LC_ALL": "C.UTF-8"})
    assert done.exit_code == 0, done.output
    return done.stdout


def recorded(captures: Path) -> Iterator[Entry]:
    """Every entry of the bundled recordings that shows an element."""
    for path in sorted(captures.glob("*.pcap*")):
        keys = KeyStore()
        log = path.with_suffix(".keys")
        if log.exists():
            keys.add(log.read_bytes(), log.name)
        pipeline = Pipeline(keys)
        pipeline.open(path.name)
        for record in [*pipeline.feed(path.read_bytes()), *pipeline.end(), *pipeline.close()]:
            if isinstance(record, Entry) and record.name:
                yield record


def test_the_layout() -> None:
    assert explained("item-not-found") == ITEM_NOT_FOUND


def test_without_colour_it_is_the_same() -> None:
    coloured = explained("--color", "always", "failure")
    assert "\x1b[1mstarttls:failure\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == explained("--color", "never", "failure")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_every_text_keeps_to_the_width(columns: int) -> None:
    for text in texts():
        for line in explained("--width", str(columns), text.id).splitlines():
            assert width(line) <= min(columns, 100), line
            assert line == line.rstrip()


def test_ascii_has_nothing_else() -> None:
    told = "".join(explained("--ascii", what) for what in ("mam", "closed", "110", "omemo"))
    assert told.isascii()
    assert "XEP-0313, Stable" in told


def test_what_is_unknown_is_told_in_a_line(xmppscope: Run) -> None:
    for what, meant in (("resum", "did you mean resume?"), ("item_not_found", "did you mean item-not-found?")):
        done = xmppscope("explain", what)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode() == f"xmppscope: nothing is called {what}; {meant}\n"
    done = xmppscope("explain", "qqqqqqqq")
    assert done.stderr.decode() == "xmppscope: nothing is called qqqqqqqq; xmppscope explain lists what there is\n"


def test_without_a_word_it_lists_what_there_is() -> None:
    lines = explained().splitlines()
    assert any(re.match(r"stream error conditions +25  bad-format, ", line) for line in lines)
    assert any(re.match(rf"lint rules +{len(RULES)}  ", line) for line in lines)
    assert any(re.match(r"XEPs +517  ", line) for line in lines)
    assert all(width(line) <= 80 for line in lines)
    assert sum("…" in line for line in lines) >= 8


def test_json_has_the_same_parts() -> None:
    (found,) = json.loads(explained("--format", "json", "resume"))
    assert found["name"] == "resume"
    assert found["spec"] == "XEP-0198 §5"
    assert found["samples"][0]["lines"][0].startswith("<resume ")
    assert set(found) == {"name", "kind", "spec", "says", "paragraphs", "next", "samples", "see"}
    kinds = json.loads(explained("--format", "json"))
    assert {"kind": "state"}.items() <= kinds[6].items()
    assert json.loads(explained("--format", "json", "filter"))[0]["paragraphs"] == [page()]


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_every_lint_rule_is_explained(rule: str) -> None:
    told = explained(rule)
    assert re.search(rf"^{rule} · lint rule, ", told, re.MULTILINE)
    assert "\n  Wrong     " in told
    assert "\n  Right     " in told


def test_filter_prints_the_page_of_the_language() -> None:
    told = explained("--width", "90", "filter")
    lines = told.splitlines()
    assert lines[0] == "The filter language"
    assert any(line.startswith("  `latency`") for line in lines)
    assert "](" not in told
    assert all(line == line.rstrip() for line in lines)
    for word in re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", page())):
        assert word in told


@pytest.mark.real
def test_all_that_the_recordings_show_is_explained(captures: Path) -> None:
    seen: set[tuple[str, str]] = set()
    conditions: set[tuple[str, str]] = set()
    for entry in recorded(captures):
        seen.add((entry.ns or "", entry.name or ""))
        for name, ns, sasl, condition in CONDITION.findall(entry.xml or ""):
            conditions.add((ns, name) if ns else (sasl, condition))
    conditions = {(ns, name) for ns, name in conditions if name != "text"}
    assert len(seen) >= 40
    assert len(conditions) >= 10
    assert not [name for name in seen if of_element(*name) is None]
    assert not [name for name in conditions if of_condition(*name) is None]


@pytest.mark.real
def test_read_gives_each_entry_a_voice_once(captures: Path, xmppscope: Run) -> None:
    done = xmppscope("read", captures / "sm-resume-prosody.pcap", "--explain", "--width", "80")
    told = done.stdout.decode()
    lines = told.splitlines()
    at = lines.index("     XEP-0198 §5 · more: xmppscope explain resume")
    assert " resume    resume session " in lines[at - 3]
    assert lines[at - 2 : at] == [
        "     Asks to go on with a session that an earlier connection left behind. Next:",
        "     <resumed/>, or <failed/> and then an ordinary binding, from the server.",
    ]
    sources = [line for line in lines if "more: xmppscope explain " in line]
    assert len(sources) == len(set(sources)) >= 20
    assert all(width(line) <= 80 for line in lines)
    quiet = xmppscope("read", captures / "sm-resume-prosody.pcap", "--width", "80").stdout.decode().splitlines()
    assert [line for line in lines if line in quiet] == quiet
    for source in sources[:3]:
        assert xmppscope("explain", source.rpartition(" ")[2]).returncode == 0
