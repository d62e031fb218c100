"""Which languages there are, which one is meant by the name of a language or of a locale, and how lines are joined."""

from collections.abc import Iterable
from typing import Final

ENGLISH: Final = "en"
CHINESE: Final = "zh-Hans"
LANGUAGES: Final = (ENGLISH, CHINESE)

_SIMPLIFIED: Final = frozenset({"zh", "zh-cn", "zh-sg", "zh-my", "zh-hans"})
_WIDE: Final = "\u2e80"
"""The first of the characters between which no blank is written."""

_SIGNS: Final = "，。、；：？！（）"
"""Signs of full width, which bring the room beside them along."""

_LABELS: Final = {
    CHINESE: {"Next": "接下来", "Example": "例子", "See also": "参见", "Next: ": "接下来：", "more": "更多"}
}
"""The words around explanations, where they are not the English ones."""


def label(word: str, language: str) -> str:
    """Return a word that stands beside explanations in *language*."""
    return _LABELS.get(language, {}).get(word, word)


def nearest(name: str) -> str | None:
    """Return the language that *name* (``zh_CN.UTF-8``, ``zh-Hans``, ``en_GB``) stands for; None if there is none."""
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    if tag in _SIMPLIFIED or tag.startswith("zh-hans"):
        return CHINESE
    return ENGLISH if tag in {"", "c", "posix"} or tag.partition("-")[0] == "en" else None


def joined(lines: Iterable[str]) -> str:
    """Return *lines* as one; between Chinese characters or signs goes no blank."""
    text = ""
    for line in lines:
        wide = text[-1:] >= _WIDE and line[:1] >= _WIDE
        gap = "" if wide or not text or not line or text[-1] in _SIGNS or line[0] in _SIGNS else " "
        text += gap + line
    return text
