"""Patterns: what `re` finds is found, and nothing takes longer than the text is long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.filter import automaton
from xmppscope.filter.automaton import searcher
from xmppscope.filter.pattern import PatternError

PIECES = [
    "a", "b", "A", ".", r"\w", r"\W", r"\d", r"\s", r"\b", "^", "$", r"\A", r"\Z", "(", "(?:", "(?P<n>", ")", "|", "*",
    "+", "?", "*?", "{1,2}", "{2}", "{,1}", "{1,}", "{", "}", "{}", "[ab]", "[^a]", "[]a]", r"[^]\]]", r"\.", r"\n",
    r"\x61", r"\141", r"\0", r"\u0061", "é", " ",
]  # fmt: skip
POSSESSIVE = re.compile(r"[*+?}]\+")
FLAGS = ["", "(?i)", "(?s)", "(?a)", "(?is)"]


@given(
    st.sampled_from(FLAGS),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.text("abAé1. \n}", max_size=8), max_size=4),
)
def test_the_same_is_found_as_by_re(flags: str, pattern: str, texts: list[str]) -> None:
    try:
        expected = re.compile(flags + pattern)
    except re.error:
        with pytest.raises(PatternError):
            searcher(flags + pattern)
        return
    if POSSESSIVE.search(pattern):
        return
    found = searcher(flags + pattern)
    assert [found(text) for text in texts] == [expected.search(text) is not None for text in texts]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^alice@", "alice@example.org", True),
        ("^alice@", "malice@example.org", False),
        ("alice|bob", "x bob", True),
        (r"(?i)^ALICE@.*\.ORG$", "alice@example.org", True),
        (r"^(\w+\.)+org$", "a.b.c.org", True),
        ("hello$", "hello\n", True),
        (r"hello\Z", "hello\n", False),
        ("", "", True),
        ("a*", "", True),
        ("x{0}y", "y", True),
        (r"\bping\b", "do ping me", True),
        (r"\bping\b", "mapping", False),
        (r"o\Bp", "op", True),
        (r"\N{BLACK SMILING FACE}+", "☻☻", True),
    ],
)
def test_found(pattern: str, text: str, found: bool) -> None:
    assert searcher(pattern)(text) is found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 50_000 + "b"),
        ("(a|a)*b", "a" * 50_000),
        ("(a*)*(a*)*c", "a" * 50_000),
        (".*a.*a.*a.*b", "a" * 50_000),
        ("a?" * 60 + "a" * 60, "a" * 59 + "b"),
        (r"^(\w+\s?)*$", "word " * 10_000 + "!"),
        ("(x+x+)+y", "x" * 50_000),
    ],
)
def test_what_would_take_re_for_ever(pattern: str, text: str) -> None:
    assert searcher(pattern)(text) is False


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "REMEMBERED", 50)
    found = searcher("(a|b)*c.{3}d")
    text = "".join(map(chr, range(0x100, 0x900)))
    assert not found(text)
    assert found(text + "abcxyzd" + text)


@pytest.mark.parametrize(
    ("pattern", "problem", "position"),
    [
        ("a(?!b)", "of groups only", 1),
        ("(?<=a)b", "of groups only", 0),
        ("(?P<n>a)(?P=n)", "of groups only", 8),
        ("(?>a)", "of groups only", 0),
        ("(?i:a)", "of groups only", 0),
        (r"(a)\1", "a reference to a group", 3),
        ("(?m)a", "the flag m is not known here", 0),
        ("a" * 1001, "a pattern has at most 1000 characters", 1000),
        ("(" * 51 + ")" * 51, "groups nest deeper than 50", 50),
        ("a{1001}", "too large", None),
        ("a{99999999999}", "the repetition number is too large", None),
        ("a)", "unbalanced parenthesis", 1),
        ("(?i", "missing", 3),
    ],
)
def test_what_is_refused(pattern: str, problem: str, position: int | None) -> None:
    with pytest.raises(PatternError, match=problem) as caught:
        searcher(pattern)
    assert caught.value.position == position
