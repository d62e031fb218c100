"""The filter language in the page says of every entry what `--filter` says of it, and marks the same mistakes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from xmppscope.filter.compile import compile_filter
from xmppscope.filter.error import FilterError
from xmppscope.filter.fields import ALIASES, FIELDS
from xmppscope.filter.prefixes import PREFIXES
from xmppscope.filter.words import WORDS
from xmppscope.model.instant import nanoseconds
from xmppscope.model.timeline import Connection, Entry, Finding, Record

pytestmark = pytest.mark.real

MATCHING = """
iq
message or presence
stream-open
not stanza
!stanza and !nonza
iq and type == "set"
type == set or type == 'get'
type != "error"
not type == "error"
type in {get, result}
type not in {get, result}
iq and not (type == get or type == set)
latency
latency > 1ms
latency >= 0.0005 and latency < 1s
answers == 18
answered
size > 200
size <= 0.2KB
size in {131, 196}
entry == 0x13
entry >= 20 && entry < 30
connection == 2
connection != 1
time > 0.1
time < 100ms
time >= 0.05 and time <= 0.08
time >= 2026-11-20T09:24:56.5Z
time < "2026-11-20T10:24:56.6+01:00"
time < 2026-11-21
end_time > 0
sender == initiating
kind == nonza
kind in {tls, closed}
kind contains stream-open
state == open
state ~ "^neg"
protection == "TLSv1.3"
protection != none
summary contains "roster"
summary ~ "(?i)ROSTER"
summary matches "^(ask|offers) .*S"
name == "features"
ns == "jabber:iq:roster"
ns contains "disco"
ns != "jabber:iq:roster"
child == "query"
child ~ "^b"
body contains "Hello"
body
condition == "item-not-found"
condition
xml contains "<query"
xmlns contains "etherx"
id
id ~ "[0-9a-f]{8}"
from contains "@"
to == alice@prosody.test/tls-a
jid == "alice@prosody.test"
domain == "prosody.test"
domain != "prosody.test"
xep == 0198
xep in {30, XEP-0198, "0115"}
xep
redacted
redacted == false
packets == 29
packet > 30
packets <= 10
offset == 0
offset < 200
annotations
annotations.spec contains "8446"
links.rel == "ack"
links.entry > 10
links
finding
finding == "sasl2-in-clear"
finding.severity == error
finding.text contains "TLS"
finding.spec ~ "XEP"
diagnosis
error
warning
edit
leg == client
reason
bytes
connection.kind == c2s
connection.transport == tcp
connection.receiving contains ":5222"
connection.proxy
tls
tls.version == "TLSv1.3"
tls.versions == "TLSv1.3"
tls.resumed == false
tls.resumed
tls.fits
tls.names contains "prosody"
tls.not_after > 2030-01-01
tls.alpn != "x"
xpath("//c:body")
xpath("/c:iq[@type='set']/bind:bind")
xpath("count(//disco:feature) > 3")
xpath("//roster:item/@jid")
xpath("starts-with(string(/*/@id), 'a')")
xpath('local-name(/*) = "features"')
xpath("//stream:features//sm:sm")
xpath("//nowhere:x")
xpath("/*/*[2]")
(iq)
not not iq
iq and (error or latency > 1s)
""".strip().split("\n")

MISTAKEN = [
    "", "iq and", "and iq", "iq iq", "(iq", "iq)", "()", "typ == 'set'", "iq = 3", "iq == 3", "type == 3", "type ==",
    "type == 'x", 'type == "x', "size > x", "size > 3q", "entry == 3s", "kind == strem-open", "sender == me",
    "time > yesterday", "type < 'a'", "redacted == maybe", "redacted > 1", "xep == abc", "bytes == 5", "bytes == xyz",
    "type in get", "type in {get", "type in {get set}", "type in {}", "type not", "iq not error", "iq & error",
    "iq | error", "type == and", "summary ~ '('", "summary ~ '(?x)a'", r"summary ~ '(a)\1'", "summary ~ '(?=a)'",
    "xpath(3)", "xpath('//'", "xpath('//[')", "xpath('$x')", "xpath('foo()')", "xpat('//a')", "tls.versio == 'x'",
    "finding.x", "edit == 3", "links.re == 'x'", "iq AND error", "not", "iq or or error", "== 3", "'iq'",
    "type == 'a' == 'b'", "annotations.txt",
]  # fmt: skip


def columns(expression: str) -> tuple[int, int] | None:
    try:
        compile_filter(expression)
    except FilterError as error:
        return error.column, error.length
    return None


@pytest.fixture(scope="module")
def records() -> Callable[[str], list[Record]]:
    """The records of a bundled recording, as `read` gives them."""
    root = Path(__file__).resolve().parents[3]

    def read(name: str) -> list[Record]:
        capture = root / "captures" / name
        keys = capture.with_suffix(".keys")
        program = [sys.executable, "-c", "from xmppscope.cli.main import main; main()", "read", capture]
        program += ["--format", "jsonl", "-q", *(["--keylog", keys] if keys.exists() else [])]
        done = subprocess.run(program, check=True, capture_output=True, timeout=60)
        return [msgspec.json.decode(line, type=Record) for line in done.stdout.splitlines()]

    return read


def matches(records: list[Record], expression: str, origin: int) -> list[int]:
    """The numbers of the entries that match, each tested with the findings that directly follow it.

    Of a connection the last record holds: the page has them all before it tests an entry.
    """
    predicate = compile_filter(expression)
    predicate.origin = origin
    connections = {record.connection: record for record in records if isinstance(record, Connection)}
    found = []
    for at, record in enumerate(records):
        if isinstance(record, Entry):
            notes = []
            for note in records[at + 1 :]:
                if not isinstance(note, Finding) or record.entry not in note.entries:
                    break
                notes.append(note)
            if predicate(record, notes, connections.get(record.connection)):
                found.append(record.entry)
    return found


@pytest.mark.parametrize("name", ["tls13-starttls-prosody.pcap", "sm-resume-prosody.pcap", "c2s-errors-prosody.pcap"])
def test_the_page_and_the_command_agree(name: str, report, opened, records) -> None:
    page = opened(report(name))
    origin = nanoseconds(page.evaluate("xmppscope.store.meta.origin"))
    got = page.evaluate(
        """async (texts) => {
        const found = []; const box = document.getElementById("filter"); const { list } = xmppscope;
        for (const text of texts) { box.value = text; await xmppscope.filter();
          const shown = () => Array.from({ length: list.count }, (_, n) => list.entryAt(n).entry);
          found.push(xmppscope.wrong ? xmppscope.wrong.message : shown()); }
        return found; }""",
        MATCHING,
    )
    known = records(name)
    expected = [matches(known, expression, origin) for expression in MATCHING]
    differing = {text: pair for text, *pair in zip(MATCHING, got, expected, strict=True) if pair[0] != pair[1]}
    assert not differing
    assert sum(bool(one) and len(one) < known[-1].entries for one in expected) > 35


def test_mistakes_are_found_at_the_same_place(report, opened) -> None:
    page = opened(report("sm-resume-prosody.pcap"))
    got = page.evaluate(
        """(texts) => texts.map((text) => {
        try { xmppscope.compile(text); return null; } catch (error) { return [error.column, error.length]; } })""",
        MISTAKEN,
    )
    expected = [columns(text) for text in MISTAKEN]
    assert all(expected)
    differing = {t: (g, e) for t, g, e in zip(MISTAKEN, got, expected, strict=True) if g is None or tuple(g) != e}
    assert not differing


def test_the_page_knows_every_field_word_and_prefix(report, opened) -> None:
    page = opened(report("sm-resume-prosody.pcap"))
    known = page.evaluate("xmppscope.language()")
    assert known["fields"] == {
        name: {"type": field.type.value, "many": field.many, "choices": list(field.choices)}
        for name, field in FIELDS.items()
    }
    assert known["words"] == list(WORDS)
    assert known["aliases"] == ALIASES
    assert known["prefixes"] == PREFIXES
