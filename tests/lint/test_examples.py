"""Every rule explains itself, and its examples, played through the analyzer, break that rule and no other."""

from collections.abc import Callable
from typing import Any

import pytest

from xmppscope.lint.preambles import PREAMBLES
from xmppscope.lint.registry import CHECKERS, FAMILIES, RULES
from xmppscope.lint.rule import Rule, talk

by_id = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


@by_id
def test_the_wrong_example_breaks_this_rule_alone(rule: Rule, play_example: Callable[..., Any]) -> None:
    heard = play_example(rule.wrong)
    assert set(heard.rules) == {rule.id}
    assert all(finding.spec == rule.spec for finding in heard.findings)


@by_id
def test_the_right_example_breaks_no_rule(rule: Rule, play_example: Callable[..., Any]) -> None:
    heard = play_example(rule.right)
    assert [(finding.rule, finding.text) for finding in heard.findings] == []


@by_id
def test_a_rule_explains_itself_in_sentences(rule: Rule) -> None:
    assert rule.what[0].isupper()
    assert rule.what.endswith(".")
    assert rule.why[0].isupper()
    assert rule.why.endswith(".")
    assert rule.spec.startswith(("RFC ", "XEP-"))
    assert rule.id == rule.id.lower()


def test_ids_are_unique_and_none_is_called_like_a_family() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(FAMILIES)
    assert all(checker.RULES for checker in CHECKERS)


@pytest.mark.parametrize("name", list(PREAMBLES))
def test_preambles_break_no_rule(name: Any, play_example: Callable[..., Any]) -> None:
    assert play_example(talk(after=name)).rules == []
