"""The parts of the text timeline by themselves."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Connection, Entry
from xmppscope.render.terminal.clock import Clock
from xmppscope.render.terminal.markup import hard_wrap, pretty, raw
from xmppscope.render.terminal.numbers import duration, grouped, latency, plural, size
from xmppscope.render.terminal.timeline import Style, TextTimeline
from xmppscope.render.terminal.width import chop, fit, width, wrap

SGR = re.compile(r"\x1b\[[0-9;]*m")
Make = Callable[..., Entry]


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("ﾊﾝ", 2), ("🎉", 2), ("→…·", 3), ("\u1112\u1161", 2)],
)
def test_width_is_what_a_terminal_draws(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("abcdef", 6, "abcdef"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日… "),
        ("日本語", 6, "日本語"),
        ("a" * 100 + "日", 3, "aa…"),
        ("abc", 0, ""),
    ],
)
def test_fit(text: str, columns: int, expected: str) -> None:
    assert fit(text, columns) == expected


@given(st.text(), st.integers(1, 60))
def test_fit_is_exact(text: str, columns: int) -> None:
    assert width(fit(text, columns)) == columns


@given(st.text(), st.integers(2, 30))
def test_chop_loses_nothing(text: str, columns: int) -> None:
    pieces = chop(text, columns)
    assert "".join(pieces) == text
    assert all(width(piece) <= columns for piece in pieces)


@given(st.lists(st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"])), max_size=20))
def test_wrap_keeps_the_words(words: list[str]) -> None:
    lines = wrap(" ".join(words), 12)
    assert all(width(line) <= 12 for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(words)


def test_numbers() -> None:
    assert [size(n) for n in (0, 999, 1000, 4500, 10_188, 10_189, 1_700_000, 10**9)] == [
        "0", "999", "1.0K", "4.4K", "9.9K", "10K", "1.6M", "954M",
    ]  # fmt: skip
    assert [latency(s) for s in (0.0003, 0.0043, 0.012, 0.4, 1.23)] == ["0.3 ms", "4.3 ms", "12 ms", "400 ms", "1.2 s"]
    assert [duration(s) for s in (0.02, 0.6, 41, 200, 240, 7500)] == [
        "20 ms", "0.6 s", "41 s", "3 min 20 s", "4 min 0 s", "2 h 5 min",
    ]  # fmt: skip
    assert [plural(1, "gap"), plural(2, "gap"), grouped(1204118)] == ["1 gap", "2 gaps", "1 204 118"]


def test_size_never_outgrows_its_column() -> None:
    assert all(len(size(10**power - 1)) <= 4 for power in range(1, 17))


def test_clock_marks_only_steps_back_that_can_be_seen() -> None:
    clock = Clock("relative", "↑")
    times = ["2026-11-20T23:59:59.500000Z", "2026-11-21T00:00:00.600000Z", "2026-11-20T23:59:59.999000Z"]
    assert [clock.tick(time) for time in times] == ["0.000", "1.100", "↑0.499"]
    assert clock.tick("2026-11-20T23:59:59.999499Z") == "0.499"
    assert clock.tick("2026-11-20T23:59:59.999000Z") == "0.499"


def test_clock_rounds_into_the_next_day() -> None:
    clock = Clock("absolute", "↑")
    assert clock.tick("2026-11-20T23:59:59.999499Z") == "23:59:59.999"
    assert clock.tick("2026-11-20T23:59:59.999500Z") == "00:00:00.000"
    assert clock.date("2026-11-20T23:59:59.999500Z") == "2026-11-21 00:00:00.000 UTC"
    assert clock.since_origin("2026-11-20T23:59:59.999999Z") == "+0.001"


def test_clock_reads_nanoseconds() -> None:
    clock = Clock("delta", "↑", origin=0)
    clock.digits = 6
    assert clock.tick("1970-01-01T00:00:01.000000499Z") == "1.000000"
    assert clock.tick("1970-01-01T00:00:01.000001999Z") == "0.000002"
    assert clock.tick("1970-01-01T00:00:01.123456789Z") == "0.123455"


@pytest.mark.parametrize(
    ("xml", "lines"),
    [
        ("<presence/>", ["<presence/>"]),
        ("<iq type='get'><ping/></iq>", ["<iq type='get'>", "  <ping/>", "</iq>"]),
        ("<message>\n <body>a &lt; b</body>\n</message>", ["<message>", "  <body>a &lt; b</body>", "</message>"]),
        ("<body>  </body>", ["<body>  </body>"]),
        ("<p>one <b>two</b> three</p>", ["<p>one <b>two</b> three</p>"]),
        ("<a><b><![CDATA[<x>]]></b><c>]]</c></a>", ["<a>", "  <b><![CDATA[<x>]]></b>", "  <c>]]</c>", "</a>"]),
        ("<a b='>'/>", ["<a b='>'/>"]),
        ("<?xml version='1.0'?><s:stream to='x'>", ["<?xml version='1.0'?>", "<s:stream to='x'>"]),
        ("</stream:stream>", ["</stream:stream>"]),
        ("<a>\x1b[2J\n\\</a>", [r"<a>\x1b[2J\n\\</a>"]),
        ("<m to='abcdefghij' from='klmnopqrstuvw'>t</m>", ["<m to='abcdefghij'", "   from='klmnopqrstuvw'>t</m>"]),
    ],
)  # fmt: skip
def test_pretty(xml: str, lines: list[str]) -> None:
    assert pretty(xml, 36) == lines


@given(st.recursive(st.text("ab<&'\" \n"), lambda inner: st.lists(inner, max_size=4)), st.integers(5, 60))
def test_pretty_changes_nothing_but_white_space(tree: object, columns: int) -> None:
    def write(node: object) -> str:
        if isinstance(node, str):
            return node.replace("&", "&amp;").replace("<", "&lt;")
        assert isinstance(node, list)
        return f"<n a='1' bb='2'>{''.join(map(write, node))}</n>"

    xml = f"<m>{write(tree)}</m>"
    squeezed = re.sub(r"\s+", "", visible(xml).replace("\\n", ""))
    assert re.sub(r"\s+", "", "".join(pretty(xml, columns)).replace("\\n", "")) == squeezed


@given(st.text("<>/!?[]'\"= ab\n\x1b-"))
def test_markup_takes_anything_and_shows_no_control(text: str) -> None:
    for lines in (pretty(text, 40), raw(text), hard_wrap(raw(text), 40)):
        assert all(line.isprintable() for line in lines)


def test_deep_and_wide_xml_takes_no_long_time() -> None:
    deep = "<a>" * 20_000 + "</a>" * 20_000
    assert len(pretty(deep, 80)) == 39_999
    assert len(pretty(f"<a>{'<b/>' * 50_000}</a>", 80)) == 50_002
    assert pretty("<a " + "b='" * 20_000, 80)
    assert pretty("<" * 50_000, 80)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(), st.booleans())
def test_no_text_reaches_the_terminal_with_its_controls(summary: str, name: str, colour: bool) -> None:
    entry = Entry(
        entry=1, connection=1, stream=1, sender="initiating", kind="stanza", time="2026-11-20T09:24:56.436000Z",
        end_time="", summary=summary, state="open", protection="none", name=name or None, type=name, xml=summary,
    )  # fmt: skip
    timeline = TextTimeline(Style(colour=colour, xml="raw"))
    lines = SGR.sub("", timeline.render([entry]).decode()).removesuffix("\n").split("\n")
    assert len(lines) == 2
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b\u2028" for line in lines for c in line)


def test_escapes_are_set_off_in_reverse_video(make: Make) -> None:
    timeline = TextTimeline(Style(colour=True))
    line = timeline.render([make(1, 0, 1, "initiating", "stanza:message", r'"\x1b[2J \\n"')]).decode()
    assert "\x1b[7m\\x1b\x1b[27m[2J \x1b[7m\\\\\x1b[27mn" in line


def test_colour_changes_nothing_but_colour(login: list[Entry]) -> None:
    plain, coloured = TextTimeline(Style()), TextTimeline(Style(colour=True))
    shown = SGR.sub("", coloured.render(list(login)).decode())
    assert [line.rstrip() for line in shown.splitlines()] == plain.render(list(login)).decode().splitlines()


def test_keepalives_of_one_connection_do_not_break_the_run_of_another(make: Make) -> None:
    timeline = TextTimeline(Style())
    beats = [make(n, n / 10, n % 2 + 1, "initiating", "keepalive:", "keepalive", size=1) for n in range(1, 7)]
    assert timeline.render(beats) == b""
    text = timeline.close().decode().splitlines()
    assert [re.sub(r" +", " ", line).strip() for line in text] == [
        "1 0.000 2 → keepalive 3 keepalives in 0.4 s 3",
        "2 0.100 1 → keepalive 3 keepalives in 0.4 s 3",
    ]


def test_long_addresses_take_a_second_line(connect: Callable[..., Connection]) -> None:
    ends = {"initiating": "[2001:db8:85a3::8a2e:370:7334]:44420", "receiving": "[2001:db8:85a3::8a2e:370:1]:5222"}
    for columns, lines in ((80, 2), (120, 1), (60, 3)):
        text = TextTimeline(Style(width=columns)).render([connect(1, 0, 1, **ends)]).decode().splitlines()
        assert len([line for line in text if "#" not in line]) == lines
        assert all(end in "\n".join(text) for end in ends.values())
        assert max(map(width, text)) <= columns


def test_another_width_in_the_middle(make: Make) -> None:
    timeline = TextTimeline(Style())
    timeline.render([make(1, 0, 1, "initiating", "x", "y" * 300)])
    timeline.resize(61)
    assert width(timeline.render([make(2, 0, 1, "initiating", "x", "y" * 300)]).decode().rstrip()) == 61
