"""What the terminal can do: colour, width, signs. Asked once, here, so that renderers need not know the world."""

import os
import shutil
from collections.abc import Mapping
from typing import Final, Literal

from xmppscope.explain.languages import ENGLISH, LANGUAGES, nearest
from xmppscope.model.errors import XmppscopeError

ColourChoice = Literal["auto", "always", "never"]

_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_PLAIN_TERMINALS: Final = frozenset({"dumb", "linux"})
_C: Final = frozenset({"C", "POSIX"})
_COERCED: Final = frozenset({None, "", "C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"})
# Fonts for these languages draw arrows and box lines two columns wide.
_AMBIGUOUS_WIDE: Final = ("ja", "ko", "zh")


def wants_colour(choice: ColourChoice, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to colour: as chosen, else on a terminal unless NO_COLOR is set or it can't."""
    if choice != "auto":
        return choice == "always"
    return terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def wants_ascii(environment: Mapping[str, str], encoding: str) -> bool:
    """Return whether signs must be ASCII: other encodings than UTF-8, plain terminals, wide ambiguous characters."""
    if encoding.lower().replace("-", "").replace("_", "") != "utf8":
        return True
    if environment.get("TERM") in _PLAIN_TERMINALS:
        return True
    # Python takes these locales for UTF-8 (PEP 538 sets LC_CTYPE, PEP 540); who chose them need not have it.
    every, characters, language = (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if every in _C or (not every and language in _C and characters in _COERCED):
        return True
    locale = every or characters or language or ""
    return locale.startswith(_AMBIGUOUS_WIDE)


def columns(*, terminal: bool) -> int:
    """Return the width of the terminal; 80 where there is none, unless COLUMNS says otherwise."""
    if not terminal and "COLUMNS" not in os.environ:
        return 80
    return shutil.get_terminal_size((80, 24)).columns


def chosen_language(choice: str | None, environment: Mapping[str, str], encoding: str) -> str:
    """Return the language that was asked for, else that of the locale if the output can express it, else English."""
    if choice is not None:
        language = nearest(choice)
        if language is None:
            raise XmppscopeError(f"--lang {choice}: no such translation; there are {' and '.join(LANGUAGES)}")
        return language
    locale = next(filter(None, map(environment.get, _LOCALE)), "")
    return (nearest(locale) or ENGLISH) if "utf" in encoding.lower() else ENGLISH
