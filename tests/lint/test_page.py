"""The reference of the rules is what the rules say."""

from pathlib import Path

import pytest

from xmppscope.lint.page import page
from xmppscope.lint.registry import FAMILIES, RULES

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "lint-rules.md"
PAGE = page()


def test_the_file_is_the_page() -> None:
    assert REFERENCE.read_text() == PAGE, "run docs/make_lint_rules.py"


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_rule_has_its_headings(rule) -> None:
    part = PAGE.partition(f"### {rule.id}\n")[2].partition("\n### ")[0]
    headings = ["What it checks", "Why it matters", "Example", "Reference"]
    assert [part.count(f"**{heading}.**") for heading in headings] == [1, 1, 1, 1]
    assert [part.index(f"**{heading}.**") for heading in headings] == sorted(
        part.index(f"**{heading}.**") for heading in headings
    )


def test_every_family_has_its_place() -> None:
    assert all(f"\n## {family}\n" in PAGE for family in FAMILIES)
