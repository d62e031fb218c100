"""Expressions over recordings: which entries match, by their numbers in the timeline."""

from collections.abc import Callable
from pathlib import Path

import pytest

from xmppscope.filter.compile import compile_filter
from xmppscope.filter.error import FilterError
from xmppscope.model.timeline import Annotation, Connection, Edit, Entry, Finding, Link
from xmppscope.render.terminal.labels import mark

Matching = Callable[[str, str], list[int]]
Make = Callable[..., Entry]

TLS, ERRORS, ROOM, SM = "tls13-starttls-prosody", "c2s-errors-prosody", "muc-prosody", "sm-resume-prosody"
S2S, UNICODE, ZLIB, GAPS = "s2s-plain-prosody-ejabberd", "unicode-prosody", "zlib-ejabberd", "dmg-gaps-2"
FAILURES = [22, 26, 28, 30, 32]
STANZA_ERRORS = [88, 90, 92, 94, 96]


@pytest.mark.parametrize(
    ("name", "expression", "numbers"),
    [
        # what the brief of the language shows
        (ROOM, 'iq and type == "set" and ns contains "muc"', [66, 112]),
        (TLS, 'from ~ "^alice@"', [23, 24, 35, 36, 37, 58, 59, 60, 61, 65, 69, 77]),
        (TLS, "latency > 3ms", [19, 62, 63]),
        (TLS, "xpath(\"//c:body[contains(., 'Hello')]\")", [64, 65]),
        (ERRORS, "error", [*FAILURES, 39, 65, *STANZA_ERRORS, 113, 114]),
        (ERRORS, "connection == 3", [37, 38, 39, 40, 41, 42]),
        (ERRORS, "connection == 3 and sender == initiating", [37, 42]),
        (SM, "xep == 0198 and name == a", [43, 46, 69, 70, 73]),
        # kinds and words
        (TLS, "tls", [6, 7, 39, 40]),
        (TLS, "iq and connection == 1 and entry < 22", [18, 19, 21]),
        (TLS, "presence and sender == initiating", [20, 53]),
        (TLS, "message and entry in {64, 65, 66, 20}", [64, 65, 66]),
        (ERRORS, "opaque or malformed", [113, 117]),
        (ERRORS, "stream-error", [39, 65, 114]),
        (ERRORS, "warning", [122, 124]),
        (GAPS, "gap", [101, 105]),
        (SM, "warning", [47]),
        (TLS, "answered and connection == 1", [19, 27, 28, 29, 31, 73, 75]),
        (TLS, "redacted and connection == 2", [44, 45, 46, 47]),
        # and, or, not: which binds closer, and how they are spelled
        (ERRORS, "iq and connection == 5 or malformed", [64, 68, 113]),
        (ERRORS, "iq and (connection == 5 or malformed)", [64, 68]),
        (ERRORS, "iq && !(connection == 6 || connection == 1)", [51, 52, 64, 68, 111, 112]),
        (ERRORS, "connection == 8 and not kind in {stream-open, nonza}", [122, 124]),
        (ERRORS, "connection == 8 and kind not in {stream-open, nonza}", [122, 124]),
        (ERRORS, "not not malformed", [113]),
        # operators
        (ERRORS, 'type != "error" and connection == 6 and message', [87]),
        (ERRORS, 'not type == "error" and connection == 6 and message', [87]),
        (ERRORS, "connection == 6 and stanza and type", [82, 83, *range(86, 99)]),
        (ERRORS, "type not in {get, set, result, error, unavailable}", [87, 95]),
        (ERRORS, 'summary matches "^host-unknown"', [39]),
        (ERRORS, 'name contains "ailure"', FAILURES),
        (ERRORS, "entry >= 128 or entry <= 2", [1, 2, 128, 129, 130]),
        # values
        (ROOM, "size > 3.5KB", [65]),
        (ROOM, "size == 1844 or size == 0xf4c", [65, 66]),
        (ROOM, "latency >= 10ms", [116]),
        (ROOM, "latency > 1000us and latency < 0.0015", [20, 40, 41, 53]),
        (ROOM, "time > 1.4977 and time < 1.49800", [128, 129]),
        (ROOM, "time >= 2026-11-20T09:21:33.697 and sender == receiving", [126, 127, 130, 131]),
        (ROOM, 'time > "2026-11-20 10:21:33.697+01:00" and end_time > 1.4983', [132]),
        (TLS, "tls.version == TLSv1.3", [7, 40]),
        (TLS, "tls.versions == 'TLSv1.3'", [6, 39]),
        (TLS, 'tls.groups contains "ffdhe" and tls.sni', [6, 39]),
        (TLS, "tls.fits and not tls.resumed", [7, 40]),
        (TLS, "tls.resumed == false", [7, 40]),
        (TLS, "tls.not_after > 2036-11-17", [7, 40]),
        (TLS, "tls.not_after == 2036-11-17T09:13:06Z", [7, 40]),
        (TLS, "tls.not_before > 2026-11-20T09:13:06", []),
        (TLS, "packets == 12", [7]),
        (TLS, "packet in {10, 12}", [6, 7]),
        (TLS, "packets < 6", [1]),
        (TLS, "sender == receiving and offset == 195", [2, 32]),
        (ZLIB, "compression == zlib and compression", [75, 76, 77, 78]),
        (ERRORS, 'bytes contains "3c 6d" and size < 1KB', [113]),
        (ERRORS, "reason ~ 'mismatched'", [113]),
        # what is inside
        (ERRORS, "condition == service-unavailable", [88, 90, 92]),
        (ERRORS, "condition in {not-authorized, bad-request, conflict}", [22, 26, 28, 65, 96]),
        (SM, "condition", [88]),
        (TLS, "child == ping", [74]),
        (TLS, 'ns == "http://jabber.org/protocol/disco#items"', [72, 73]),
        (TLS, "ns ~ 'disco#items$'", [72, 73]),
        (TLS, 'connection == 1 and iq and ns != "jabber:client"', []),
        (UNICODE, 'body == "<raw> & done"', [56, 57]),
        (UNICODE, 'body contains "☃"', [54, 55]),
        (UNICODE, "body contains \"'\\\"\"", [54, 55]),
        (UNICODE, 'xml contains "&#x2603;"', [54]),
        (ROOM, 'body == "psst (private)"', [103, 104]),
        (S2S, 'xpath("//db:result[@type]")', [13, 21, 58, 64]),
        (S2S, 'xpath("/db:result/@type = \'valid\'")', [13, 21, 58, 64]),
        (ROOM, 'xpath("count(//muc-user:status) > 2")', []),
        (ROOM, 'xpath("count(/c:presence/muc-user:x/muc-user:status) > 1")', [61, 110, 113]),
        (TLS, 'stream-open and xpath("/stream:stream[@to]")', [1, 8, 15, 30, 41, 48]),
        (TLS, 'xpath("/stream:features/none:none")', []),
        # what is put together from others
        (TLS, "jid == bob@prosody.test and connection == 1 and message", [64, 67, 68, 71]),
        (TLS, 'jid == "bob@prosody.test/tls-b" and connection == 1', [56, 64, 67, 68, 71]),
        (ERRORS, "domain == nowhere.invalid", [37, 38]),
        (ERRORS, "domain != prosody.test", [37, 38, 93]),
        (TLS, 'connection.receiving contains ":5222" and entry == 3', [3]),
        (S2S, "connection.kind == c2s", []),
        (TLS, 'xmlns == "http://etherx.jabber.org/streams" and entry < 5', [3, 4]),
    ],
)  # fmt: skip
def test_matching_entries(matching: Matching, name: str, expression: str, numbers: list[int]) -> None:
    assert matching(name, expression) == numbers


def test_what_the_timeline_marks_as_error_is_one(recorded: Callable[[str], list[object]], captures: Path) -> None:
    test, warned = compile_filter("error"), compile_filter("warning")
    names = {path.stem for path in captures.glob("*.pcap*")}
    entries = [record for name in sorted(names) for record in recorded(name) if isinstance(record, Entry)]
    assert len(entries) > 4000
    for one in entries:
        assert (test(one), warned(one)) == (mark(one) == "error", mark(one) == "warning")


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("leg == client", {"leg": "client"}),
        ("edit", {"edit": Edit("channel-binding", "changed")}),
        ('edit.by == "channel-binding" and edit.of == 7', {"edit": Edit("channel-binding", "changed", 7)}),
        ("edit.action in {changed, dropped}", {"edit": Edit("x", "dropped")}),
        ("proxy and error", {"kind": "proxy", "reason": "refused"}),
        ("annotations", {"annotations": [Annotation("a fact")]}),
        ('annotations.text contains "fact" and annotations contains "a"', {"annotations": [Annotation("a fact")]}),
        ('annotations.spec ~ "8446"', {"annotations": [Annotation("a"), Annotation("b", "RFC 8446 §3")]}),
        ("links.rel == ack and links == ack and links.entry > 3", {"links": [Link("ack", 4)]}),
        ("bytes contains 0x1603 and bytes == '16 03:01'", {"bytes": "160301"}),
        ("xep == 198 and xep == XEP-0198 and xep >= 0198 and xeps", {"xeps": ["0030", "0198"]}),
        ("xep in {0045, 198}", {"xeps": ["0198"]}),
        ("file == 0 and answers == 3", {"file": 0, "answers": 3}),
        ("latency == 4.3ms", {"latency": 0.0043}),
        ("latency > 1min and latency < 2h", {"latency": 90.0}),
        ("size >= 1MB and size == 1024KiB", {"size": 1 << 20}),
        ("redacted == yes", {"redacted": True}),
        ("redacted == false", {}),
        ("from == alice@example.org and id == '12'", {"from_": "alice@example.org", "id": "12"}),
        ("jid == romeo@a/b and jid == 'romeo@a' and domain == a", {"to": "romeo@a/b"}),
        ("offset == 5 and offset < 1 and offset > 8 and not offset == 10", {"offset": (0, 10)}),
        ("protection == none and state == open", {}),
        ("time == 0 and time == 2026-11-20T09:24:56.436Z", {}),
        ("time == 2026-11-20T09:24:56.436000001", {"time": "2026-11-20T09:24:56.436000001Z"}),
        ("tls.resumed == no and tls.names == b", {"kind": "tls", "tls": {"resumed": False, "names": ["a", "b"]}}),
    ],
)
def test_fields_of_entries(entry: Make, expression: str, values: dict[str, object]) -> None:
    assert compile_filter(expression)(entry(**values))


@pytest.mark.parametrize(
    "expression",
    [
        "leg", "edit", "edit.of == 1", "edit.of != 1", "id", 'id != "x"', "xep", "xep != 0198", "xep not in {0198}",
        "ns", "ns != 'x'", "child", "body", "body != 'x'", "condition", "bytes", "bytes != 00", "size < 5", "size != 5",
        "latency < 1", "finding", "diagnosis", "connection.kind", "connection.kind != c2s", "tls.fits",
        "tls.fits != true", "tls.names != 'a'", "answered", "redacted", "packets", "packets != 3", "offset < 9",
        "links.entry != 1", "tls.not_after", 'xpath("//*")', "xml", "xmlns", "domain != a", "error", "warning",
    ],
)  # fmt: skip
def test_what_an_entry_lacks_compares_to_nothing(entry: Make, expression: str) -> None:
    assert not compile_filter(expression)(entry())


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ('finding == "sm-h-too-high"', True),
        ("finding == sm-h-too-high", True),
        ("finding", True),
        ("finding.severity == error and error", True),
        ('finding.text contains "7 of 5" and finding.spec ~ "0198"', True),
        ("finding == other", False),
        ("warning", False),
    ],
)
def test_findings_of_an_entry(entry: Make, finding: Callable[..., Finding], expression: str, matches: bool) -> None:
    test = compile_filter(expression)
    assert test.asks_for_notes
    assert test(entry(), [finding(1)]) is matches
    assert test(entry()) is False


def test_the_record_of_the_connection(entry: Make) -> None:
    connection = Connection(
        connection=1,
        time="",
        initiating="[::1]:40000",
        receiving="[::1]:5269",
        kind="s2s",
        transport="tcp",
        proxy="p:1",
    )
    for expression in (
        "connection.kind == s2s",
        "connection.transport == tcp",
        'connection.initiating == "[::1]:40000"',
        "connection.receiving contains ':5269'",
        "connection.proxy",
    ):
        assert compile_filter(expression)(entry(), (), connection)


def test_times_count_from_the_first_entry_or_from_what_is_said(entry: Make) -> None:
    later = entry(time="2026-11-20T09:24:59.936000Z")
    test = compile_filter("time > 3 and time <= 3.5")
    assert [test(entry()), test(later), test(entry(time="2026-11-20T09:24:59.936000001Z"))] == [False, True, False]
    test.origin = 1_795_166_696_436_000_001
    assert [test(later), test(entry(time="2026-11-20T09:24:59.936000001Z"))] == [True, True]


@pytest.mark.parametrize(
    ("xml", "values"),
    [
        ("<iq xmlns='jabber:client'><q xmlns='urn:a'><urn:b xmlns:urn='urn:b'/></q></iq>", {}),
        ("<iq><p:q/><r xmlns='urn:b'/></iq>", {"xmlns": {"": "jabber:client", "p": "urn:a"}}),
        ("<iq><p:q/><r xmlns='urn:b'/></iq>", {"xmlns": {"p": "urn:a"}}),
        (
            "<iq a=\"x' xmlns:p='urn:x\" xmlns:p = 'urn:a' ><p:q/><r xmlns='&#117;rn:b'/></iq>",
            {"xmlns": {"p": "urn:z"}},
        ),
    ],
)
def test_namespaces_are_those_of_all_elements(entry: Make, xml: str, values: dict[str, object]) -> None:
    one = entry(xml=xml, **values)
    for expression in ('ns == "urn:a"', 'ns contains "rn:b"', "ns in {x, 'urn:b'}", "ns ~ 'urn:[b]'", "child == q"):
        assert compile_filter(expression)(one), expression
    for expression in ('ns == "urn:c"', 'ns == "urn:x"', 'ns == "urn:z"', "ns != 'urn:a'", "ns not in {'urn:b'}"):
        assert not compile_filter(expression)(one), expression


@pytest.mark.parametrize(
    "xml",
    [
        "<a", "text", "", "<!DOCTYPE a [<!ENTITY b 'hello'>]><a>&b;</a>", "</stream:stream>", "<a:b/>", "<a>\ud800</a>",
        "<?xml version='1.0'?>", "<a" + "x" * (16 << 20) + "/>",
    ],
)  # fmt: skip
def test_what_is_no_element_matches_nothing(entry: Make, xml: str) -> None:
    one = entry(xml=xml, kind="opaque")
    assert not any(compile_filter(expression)(one) for expression in ('xpath("//node()")', "child", "ns", "body"))


def test_prefixes_of_the_entry(entry: Make) -> None:
    test = compile_filter('xpath("//own:a[p:b]")')
    assert test.undeclared == {"own", "p"}
    assert not test(entry(xml="<a xmlns='urn:own'/>"))
    assert test(entry(xml="<own:a xmlns:own='urn:own'><p:b/></own:a>", xmlns={"p": "urn:p"}))
    assert test(entry(xml="<own:a><p:b/></own:a>", xmlns={"p": "urn:q", "own": "urn:o"}))
    assert test.undeclared == set()


def test_an_xpath_that_fails_on_an_element_is_told(entry: Make) -> None:
    test = compile_filter('xpath("//c:body[count(string(.)) > 1]")')
    with pytest.raises(FilterError, match="filter: a bad XPath: "):
        test(entry(xml="<message xmlns='jabber:client'><body/></message>"))
