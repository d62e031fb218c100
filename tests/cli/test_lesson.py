"""`lesson` as a user meets it: the list, a walk by keys, questions answered right and wrong, the handout."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from click.testing import CliRunner, Result

from xmppscope.cli import lesson_tour
from xmppscope.cli.lesson import lesson as command
from xmppscope.cli.lesson_lanes import Arrow, draw
from xmppscope.cli.lesson_page import Drawing, LessonPage
from xmppscope.cli.lesson_tour import Tour
from xmppscope.cli.lessoning import prepared
from xmppscope.lessons.binding import Recorded, Shown
from xmppscope.lessons.handout import Handout
from xmppscope.lessons.library import NAMES, Step, View, lesson
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.width import width, wrap

pytestmark = pytest.mark.real

ENGLISH = {"LC_ALL": "en_US.UTF-8"}
LANES = """\
   juliet                     server                      romeo
      │ ── message ────────────▶ │                          │
      │                          │ ◀════════════ message ══ │
"""


def run(*arguments: object, **env: str) -> Result:
    return CliRunner(env={**ENGLISH, **env}).invoke(command, list(map(str, arguments)), catch_exceptions=False)


def test_without_a_name_it_lists_them_all() -> None:
    lines = run().output.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(NAMES)
    assert "xmppscope lesson NAME" in lines[-1]


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_fits_its_width(name: str, columns: int) -> None:
    for language in ("en", "zh-Hans"):
        output = run(name, "--answers", "--lang", language, "--width", columns).output
        assert [line for line in output.splitlines() if width(line) > columns] == []
        assert "Traceback" not in output


@pytest.mark.parametrize("columns", [1, 2, 5, 12, 20])
def test_a_terminal_too_narrow_for_it_still_gets_the_lesson(columns: int) -> None:
    for language in ("en", "zh-Hans"):
        assert run("scram", "--answers", "--lang", language, COLUMNS=str(columns)).exit_code == 0


def test_the_first_lesson_says_what_the_face_shows() -> None:
    output = run("first").output
    assert "── Juliet speaks ────────────────────────────────────────────── step 12 of 14 ──" in output
    assert "means     Juliet says something to Romeo; her server adds who she is" in output
    assert "answer  " not in output
    assert "answer    " in run("first", "--answers").output


def test_the_language_is_that_of_the_locale_unless_it_is_said() -> None:
    assert "两个人，两个流" in run("first", LC_ALL="zh_CN.UTF-8").output
    assert "两个人，两个流" in run("first", "--lang", "zh").output
    assert "two people" in run("first", LC_ALL="de_DE.UTF-8").output
    assert "two people" in run("first", "--lang", "en", LC_ALL="zh_CN.UTF-8").output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("frist",), "no lesson is called frist; did you mean first?"),
        (("nothing-like-it",), "no lesson is called nothing-like-it; xmppscope lesson lists them"),
        (("first", "--lang", "xx"), "--lang xx: no such translation; there are en and zh-Hans"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: tuple[str, ...], problem: str) -> None:
    with pytest.raises(XmppscopeError) as raised:
        run(*arguments)
    assert str(raised.value) == problem


@pytest.mark.parametrize("name", NAMES)
def test_ascii_only_where_it_is_wanted(name: str) -> None:
    assert run(name, "--answers", "--ascii").output.isascii()


def page(colour: bool = False) -> LessonPage:
    return LessonPage(Drawing(width=80, colour=colour, ascii=False, encoding="utf-8"), "en")


def walk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: str, answers: list[str], lines: int = 200
) -> str:
    chosen = lesson("first")
    shown, asked = prepared(chosen, "en")
    pressed, typed = iter(keys), iter(answers)
    monkeypatch.setattr(lesson_tour, "rows", lambda: lines)
    monkeypatch.setattr(click, "getchar", lambda: next(pressed))
    monkeypatch.setattr(click, "prompt", lambda *_, **__: next(typed))
    assert Tour(page(), chosen, shown, asked).walk() == 0
    return click.unstyle(capsys.readouterr().out)


def test_one_walks_by_keys(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    output = walk(monkeypatch, capsys, "\rnb?xsq", [])
    assert re.findall(r"step (\d+) of", output) == ["1", "2", "3", "2", "2", "2", "2"]
    assert output.count("Enter, Space, n: next step") == 1
    assert "header-both → negotiating" in output.rpartition("step 2")[2]


def test_a_step_longer_than_the_screen_comes_in_pieces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = walk(monkeypatch, capsys, "\r\rb\r\rq", [], lines=14)
    screens = output.split("── Enter ")[:-1]
    assert all(len(screen.splitlines()) <= 13 for screen in screens)
    assert ["step 1 of" in screen for screen in screens] == [True, False, False, True, False, False]
    assert "spec      RFC 6120 §4.2" in output


def test_a_wrong_answer_shows_the_entry_that_proves_the_right_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = walk(monkeypatch, capsys, "\r" * 14, ["negotiating", "b", "", "q"])
    assert output.count("Right.") == 1
    second, third = output.split("question 2 of")[1].split("question 3 of")
    assert "No: it is a, <proceed/> or <failure/>, from the server." in second
    assert "#5 ← proceed: go ahead: TLS begins with the next byte" in second
    assert "It is d, sasl." in third


def test_who_answers_everything_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, asked = prepared(lesson("first"), "en")
    output = walk(monkeypatch, capsys, " " * 14, [question.answer for question in asked])
    assert "8 of 8 right" in output


class Reader(HTMLParser):
    """Collects elements and text, and complains about what is not closed."""

    VOID = frozenset({"meta", "line", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", NAMES)
def test_a_handout_is_one_page_that_loads_nothing(name: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    assert run(name, "--html", "-o", file).exit_code == 0
    html = file.read_text(encoding="utf-8")
    reader = read(html)
    assert not reader.seen & {"script", "img", "iframe", "link", "object", "a", "input"}
    assert "default-src 'none'" in html
    assert "http-equiv" in html
    assert "Answer key" not in reader.text
    assert all(f'id="{step.id}"' in html for step in lesson(name).steps)


def test_the_teachers_copy_has_the_key() -> None:
    text = read(run("first", "--html", "--answers").output).text
    assert "Answer key" in text
    assert "#5 is what came." in text


@pytest.fixture
def hostile() -> Shown:
    """A step whose entry wants to be markup."""
    evil = '</pre><script>alert(1)</script>\x1b[2J\u202e"'
    entry = Entry(
        *(1, 1, 1, "initiating", "stanza", "", "", evil, "open", "none"), name='message"><b>', xml=f"<message>{evil}"
    )
    view = View(name="x", recording="x", wire=False, lanes=("<a>", "b"), ways={1: ("<a>", "b")})
    recorded = Recorded(view, [entry], {})
    return Shown(Step(id="x", view="x", finds=(), spec="RFC 6120 §8", means="m"), recorded, (entry,))


def test_text_from_the_wire_is_never_markup(hostile: Shown) -> None:
    html = Handout(lesson("first"), "en", [hostile], [], answers=False).page()
    reader = read(html)
    assert "script" not in reader.seen
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "<script>" in reader.text


def test_text_from_the_wire_never_reaches_the_terminal_raw(hostile: Shown) -> None:
    lines = page().step(lesson("first"), hostile, 1, 1, full=True)
    assert "\x1b" not in "\n".join(lines)
    assert "\u202e" not in "\n".join(lines)


def test_lanes_are_drawn_with_arrows_between_them() -> None:
    arrows = [Arrow("juliet", "server", "message", False), Arrow("romeo", "server", "message", True)]
    lines = draw(["juliet", "server", "romeo"], arrows, 62, ascii=False)
    assert [line.rstrip() for line in lines] == [line[2:].rstrip() for line in LANES.splitlines()]
    assert draw(["a", "b"], [Arrow("b", "a", "x", True)], 30, ascii=True)[1] == "    | <============= x == |"


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("客户端请求，服务器同意。", 10, ["客户端请", "求，服务器", "同意。"]),
        ("发送 <auth/>，然后等待", 10, ["发送", "<auth/>，", "然后等待"]),
        ("0123456789ab", 5, ["01234", "56789", "ab"]),
        ("", 5, [""]),
    ],
)
def test_prose_breaks_where_its_language_does(text: str, columns: int, lines: list[str]) -> None:
    assert wrap(text, columns) == lines


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--live",), ["Art thou not Ro", "Romeo closes his document", "2 connections"]),
        (("--live", "subscription"), ["now both", "accepted the subscription"]),
        (("--live", "--break", "password"), ["not-authorized", "It broke off, as it had to", "juliet did not get in"]),
        (("--live", "--break", "starttls"), ["offers no STARTTLS", "starttls-absent"]),
        (("--live", "--break", "resource"), ["conflict", "was thrown out"]),
        (("--live", "--break", "acknowledgement"), ["resumed", "sm-ack-missing"]),
    ],
    ids=" ".join,
)
def test_a_lesson_is_played_through_the_proxy(
    arguments: tuple[str, ...], shown: list[str], xmppscope: Callable[..., CompletedProcess[bytes]]
) -> None:
    done = xmppscope("lesson", *arguments)
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, told
    for words in shown:
        assert words in told


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--live", "room"), "--live: room can't be played; there are first, resumption, subscription"),
        (("--break", "pasword"), "--break pasword: nothing breaks so; did you mean password?"),
        (("resumption", "--break", "password"), "--break password: belongs to another lesson; xmppscope lesson first"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(arguments: tuple[str, ...], problem: str) -> None:
    with pytest.raises(XmppscopeError) as raised:
        run(*arguments)
    assert str(raised.value) == problem
