"""The signs of the text timeline, in Unicode and in ASCII; both fill the same columns."""

from typing import Final, NamedTuple


class Glyphs(NamedTuple):
    """One set of signs.

    `arrows` is looked up by (sender, whether the bytes were protected) and is two columns wide: the left lane starts at
    the initiating, the right lane at the receiving entity. `marks` is looked up by the kind of trouble. `words`
    replaces signs inside summaries.
    """

    arrows: dict[tuple[str, bool], str]
    marks: dict[str, str]
    rule: str
    back: str
    to: str
    ellipsis: str
    dot: str
    words: dict[int, str]


UNICODE: Final = Glyphs(
    arrows={
        ("initiating", False): "→ ",
        ("receiving", False): " ←",
        ("initiating", True): "⇒ ",
        ("receiving", True): " ⇐",
    },
    marks={"": " ", "error": "✗", "warning": "!", "info": "i", "unread": "?", "edit": "~", "repaired": "✓"},
    rule="─",
    back="↑",
    to="→",
    ellipsis="…",
    dot="·",
    words={},
)

ASCII: Final = Glyphs(
    arrows={
        ("initiating", False): "->",
        ("receiving", False): "<-",
        ("initiating", True): "=>",
        ("receiving", True): "<=",
    },
    marks={"": " ", "error": "x", "warning": "!", "info": "i", "unread": "?", "edit": "~", "repaired": "+"},
    rule="-",
    back="^",
    to="->",
    ellipsis="...",
    dot="-",
    words=str.maketrans(
        {"…": "...", "·": "-", "–": "-", "→": "->", "←": "<-", "×": "x", "≥": ">=", "≤": "<=", "’": "'", "§": "sec. "}
    ),
)
