"""A page of Markdown on the terminal: blocks keep apart, tables fit, nothing is lost."""

import pytest

from xmppscope.render.terminal.page import Page
from xmppscope.render.terminal.palette import Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import width


def laid_out(source: str, columns: int = 40, colour: bool = False) -> list[str]:
    return Page(columns, Palette(colour=colour), Legible({}, "utf-8")).lines(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Title\n\nSome words\nin two lines.", ["Title", "", "  Some words in two lines."]),
        ("A [link](other.md#part) and **much** more.", ["  A link and much more."]),
        ("    $ command -x\n      indented\n\nWords.", ["    $ command -x", "      indented", "", "  Words."]),
        (
            "```text\n# no heading\n| no table\n\n  x\n```\nWords.",
            ["    # no heading", "    | no table", "", "      x", "  Words."],
        ),
        ("| a | b |\n|---|---|\n| one | `x \\|\\| y` |", ["  a    b", "  one  `x || y`"]),
        ("| | |\n|---|---|\n| one | two |", ["  one  two"]),
        ("| a |\n|---|\n| x\x1b[2J |", ["  a", "  x\\x1b[2J"]),
        ("word " * 10, ["  word word word word word word word", "  word word word"]),
    ],
)
def test_blocks(source: str, expected: list[str]) -> None:
    assert [line.rstrip() for line in laid_out(source)] == expected


def test_a_wide_table_wraps_in_its_cells() -> None:
    rows = "| name | type | about |\n|---|---|---|\n| `entry` | number | which of all the entries it is, as shown |"
    assert laid_out(rows, 42) == [
        "  name     type    about",
        "  `entry`  number  which of all the",
        "                   entries it is, as shown",
    ]


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_several_long_columns_share_the_room(columns: int) -> None:
    row = "| " + " | ".join(["some words that go on and on " * 3] * 3) + " |"
    lines = laid_out(f"| a | b | c |\n|---|---|---|\n{row}", columns)
    assert max(map(width, lines)) <= columns
    assert " ".join(lines).split().count("words") == 9


def test_colour_is_only_beside_words() -> None:
    assert laid_out("# Title", colour=True) == ["\x1b[1mTitle\x1b[0m"]
