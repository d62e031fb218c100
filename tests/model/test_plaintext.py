"""Text of others: what would not be seen is escaped, and nothing else changes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.plaintext import cut, quote, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Hello Bob, is the release ready?", "Hello Bob, is the release ready?"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines\r\n\tand a tab", "two\\nlines\\r\\n\\tand a tab"),
        ("C:\\x1b", "C:\\\\x1b"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("half \ud83d of a pair", "half \\ud83d of a pair"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("Ĝis la revido, ☃ 😀", "Ĝis la revido, ☃ 😀"),
        ("日本語のテキスト", "日本語のテキスト"),
        ("no\u00a0break", "no\u00a0break"),
        ("o\u0308\u0323\u0301\u0302x", "o\u0308\u0323x"),
        ("e\u0301e\u0301e\u0301", "e\u0301e\u0301e\u0301"),
        ('he said "no"', 'he said "no"'),
    ],
)
def test_hidden_characters_become_escapes(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_nothing_invisible_comes_out(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
    assert not any(unicodedata.bidirectional(character) in {"RLO", "LRO", "RLI", "LRI", "PDI"} for character in shown)
    shown.encode()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\")))
def test_plain_text_is_itself(text: str) -> None:
    assert visible(text) is text
    assert quote(text, 10_000) == f'"{text}"'


def test_a_long_quotation_is_cut_and_says_so() -> None:
    assert quote("a" * 200) == f'"{"a" * 200}"'
    assert quote("a" * 201) == f'"{"a" * 200}…"'
    assert quote("\n" * 3, 2) == '"\\n\\n…"'
    assert cut("123456789", 8) == "12345678…"
    assert cut("12345678", 8) == "12345678"


def test_a_huge_text_is_not_read_beyond_its_cut() -> None:
    assert len(quote("\u0301" * 5_000_000)) < 300
