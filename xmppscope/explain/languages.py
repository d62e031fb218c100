"""Which languages there are, and which one is meant by the name of a language or of a locale."""

from typing import Final

ENGLISH: Final = "en"
CHINESE: Final = "zh-Hans"
LANGUAGES: Final = (ENGLISH, CHINESE)

_SIMPLIFIED: Final = frozenset({"zh", "zh-cn", "zh-sg", "zh-my", "zh-hans"})


def nearest(name: str) -> str | None:
    """Return the language that *name* (``zh_CN.UTF-8``, ``zh-Hans``, ``en_GB``) stands for; None if there is none."""
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    if tag in _SIMPLIFIED or tag.startswith("zh-hans"):
        return CHINESE
    return ENGLISH if tag in {"", "c", "posix"} or tag.partition("-")[0] == "en" else None
