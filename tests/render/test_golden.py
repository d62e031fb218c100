"""The text timeline, held against golden files; XMPPSCOPE_UPDATE_GOLDEN=1 writes them anew."""

import os
from pathlib import Path

import pytest

from xmppscope.model.timeline import Record, Summary
from xmppscope.render.terminal.timeline import Style, TextTimeline
from xmppscope.render.terminal.width import width

GOLDEN = Path(__file__).with_name("golden")
LOOKS = {
    "80": Style(),
    "120": Style(width=120),
    "64": Style(width=64),
    "50": Style(width=50),
    "colour": Style(colour=True),
    "ascii": Style(ascii=True, encoding="ascii"),
    "absolute": Style(time="absolute"),
    "delta": Style(time="delta"),
    "xml": Style(xml="pretty", wrap_xml=True),
    "raw": Style(xml="raw"),
    "packets": Style(packets=True),
    "details": Style(details=True),
}


@pytest.mark.parametrize("story", ["login", "trouble"])
@pytest.mark.parametrize("look", LOOKS)
def test_timeline_looks_as_it_did(story: str, look: str, request: pytest.FixtureRequest) -> None:
    records: list[Record] = request.getfixturevalue(story)
    timeline = TextTimeline(LOOKS[look])
    text = (timeline.render(records) + timeline.close()).decode()
    golden = GOLDEN / f"{story}-{look}.txt"
    if os.environ.get("XMPPSCOPE_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("story", ["login", "trouble"])
@pytest.mark.parametrize("columns", [40, 50, 59, 60, 71, 72, 80, 119, 120, 200])
def test_no_line_is_wider_than_the_terminal(story: str, columns: int, request: pytest.FixtureRequest) -> None:
    timeline = TextTimeline(Style(width=columns, xml="pretty", wrap_xml=True, details=True))
    text = timeline.render(request.getfixturevalue(story)).decode()
    assert max(width(line) for line in text.splitlines()) <= columns


@pytest.mark.parametrize("story", ["login", "trouble"])
def test_one_record_at_a_time_gives_the_same(story: str, request: pytest.FixtureRequest) -> None:
    records: list[Record] = request.getfixturevalue(story)
    whole, pieces = TextTimeline(Style(width=130)), TextTimeline(Style(width=130))
    together = whole.render(records) + whole.close()
    assert b"".join(pieces.render([record]) for record in records) + pieces.close() == together


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({}, "── 2 connections · 42 stanzas · 102 packets, 0.212 s ───────────────────────────"),
        (
            {"undecrypted": 2, "stanzas": 0, "findings": {"error": 2, "warning": 0, "info": 1}},
            "── 2 connections · 2 not decrypted · 0 stanzas · 2 errors, 0 warnings ──────────",
        ),
        (
            {"xmpp_connections": 1, "gaps": 1, "stanzas": 1, "packets": 1204118},
            "── 1 connection · 1 gap · 1 stanza · 1 204 118 packets, 0.212 s ────────────────",
        ),
    ],
)
def test_closing_line(counts: dict[str, object], line: str) -> None:
    fields = {
        "packets": 102,
        "connections": 3,
        "xmpp_connections": 2,
        "entries": 84,
        "stanzas": 42,
        "findings": {"error": 0, "warning": 0, "info": 0},
        "gaps": 0,
        "undecrypted": 0,
    }
    assert TextTimeline(Style()).blocks.closing(Summary(**(fields | counts)), 0.212) == line
