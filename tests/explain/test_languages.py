"""Translations: the core is there in Chinese, under the titles of the English texts; locales lead to languages."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from xmppscope.cli.explain import explain as command
from xmppscope.explain.languages import CHINESE, ENGLISH, joined, nearest
from xmppscope.explain.library import Text, texts, translated, translations
from xmppscope.explain.lookup import explain
from xmppscope.lessons import library

RECORDINGS = Path(library.__file__).with_name("recordings")
CORE = {"element", "state", "kind of entry", "stream error condition", "stanza error condition", "SASL error condition"}
HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:?!.]")
"""Signs that in Chinese are as wide as a character."""

TRANSLATED = list(translations(CHINESE).values())


def test_what_is_translated_is_there_in_english_and_the_core_is_translated() -> None:
    english = {text.id: text for text in texts()}
    assert not translations(CHINESE).keys() - english.keys()
    assert {text.kind for text in TRANSLATED} == CORE
    missing = {text.id for text in texts() if text.kind in CORE} - translations(CHINESE).keys()
    assert not missing


@pytest.mark.parametrize("text", TRANSLATED, ids=lambda text: text.id)
def test_a_translation_has_the_parts_of_the_text(text: Text) -> None:
    english = next(other for other in texts() if other.id == text.id)
    assert text.kind == english.kind
    assert bool(text.next) == bool(english.next)
    for part in (text.says, *text.paragraphs, *([text.next] if text.next else [])):
        assert part.endswith("。")
        assert not HALF_WIDTH.search(part)
    assert len(text.paragraphs) <= len(english.paragraphs)


def test_what_is_not_translated_is_said_in_english() -> None:
    text = next(text for text in texts() if text.id not in translations(CHINESE))
    assert translated(text, CHINESE) == text
    assert translated(text, ENGLISH) is text


def test_explain_speaks_the_language_that_is_asked_for() -> None:
    (found,) = explain("starttls:proceed", CHINESE)
    assert found.says == "可以了：每个方向的下一个字节都属于 TLS。"
    assert found.spec == "RFC 6120 §5.4.2.3"
    output = CliRunner().invoke(command, ["proceed", "--lang", "zh"]).output
    assert "  接下来    发起方的 TLS ClientHello。\n" in output
    assert "  参见      starttls" in output
    assert "Next" in CliRunner(env={"LC_ALL": "zh_CN.UTF-8"}).invoke(command, ["proceed", "--lang", "en"]).output


def test_read_explains_in_that_language_too(xmppscope: Callable[..., CompletedProcess[bytes]]) -> None:
    capture = RECORDINGS / "first.pcap"
    lines = xmppscope("read", "--explain", "--lang", "zh-Hans", capture).stdout.decode().splitlines()
    assert "     可以了：每个方向的下一个字节都属于 TLS。接下来：发起方的 TLS ClientHello。" in lines
    assert "     RFC 6120 §5.4.2.3 · 更多: xmppscope explain proceed" in lines


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh_CN.UTF-8", CHINESE),
        ("zh", CHINESE),
        ("zh-Hans-CN", CHINESE),
        ("zh_TW.UTF-8", None),
        ("en_GB.UTF-8", ENGLISH),
        ("C.UTF-8", ENGLISH),
        ("de_DE@euro", None),
        ("", ENGLISH),
    ],
)
def test_a_locale_leads_to_a_language(name: str, language: str | None) -> None:
    assert nearest(name) == language


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (["one", "two"], "one two"),
        (["甲", "乙"], "甲乙"),
        (["甲，", "乙"], "甲，乙"),
        (["甲", "b", "丙"], "甲 b 丙"),
        (["甲：", "b", "（丙"], "甲：b（丙"),
        ([], ""),
    ],
)
def test_lines_are_joined_as_the_language_does(lines: list[str], whole: str) -> None:
    assert joined(lines) == whole
