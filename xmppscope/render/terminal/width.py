"""How many columns text fills on a terminal, and how it is cut to them.

Widths follow UAX #11: wide and fullwidth characters fill two columns, combining and formatting characters none, all
others one. What a character is comes from Python's Unicode tables; terminals that know a newer version may differ.
"""

import unicodedata
from typing import Final

_CACHED: Final = 8192


class _Widths(dict[str, int]):
    """The widths of the characters met so far; emptied when a hostile text has filled it."""

    def __missing__(self, character: str) -> int:
        if len(self) >= _CACHED:
            self.clear()
        width = self[character] = _measure(character)
        return width


def _measure(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"} or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


_WIDTHS: Final = _Widths()


def width(text: str) -> int:
    """Return how many columns *text* fills."""
    if text.isascii():
        return len(text)
    return sum(map(_WIDTHS.__getitem__, text))


def fit(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return *text* cut or padded to exactly *columns*; what was cut ends in *ellipsis*."""
    if text.isascii():
        length = len(text)
    elif len(text) > columns * 4:
        # Nothing behind this can be seen, whatever it is: a long text is not measured to its end.
        return cut(text[: columns * 4], columns, ellipsis)
    else:
        length = sum(map(_WIDTHS.__getitem__, text))
    if length <= columns:
        return text + " " * (columns - length)
    return cut(text, columns, ellipsis)


def cut(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return the beginning of *text*, ended by *ellipsis* and padded, in exactly *columns*."""
    room = columns - len(ellipsis)
    if room < 0:
        return ellipsis[:columns]
    if text.isascii():
        return text[:room].ljust(room) + ellipsis
    used = end = 0
    for character in text:
        step = _WIDTHS[character]
        if used + step > room:
            break
        used += step
        end += 1
    return text[:end] + ellipsis + " " * (room - used)


def wrap(text: str, columns: int) -> list[str]:
    """Break *text* into lines of at most *columns*, between words where it can be."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and width(line) + 1 + width(word) <= columns:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *full, line = chop(word, columns)
        lines += full
    return [*lines, line]


def chop(text: str, columns: int) -> list[str]:
    """Break *text* into pieces of at most *columns*, anywhere; at least one piece comes back."""
    if text.isascii():
        return [text[at : at + columns] for at in range(0, len(text), columns)] or [""]
    pieces: list[str] = []
    start = used = 0
    for at, character in enumerate(text):
        step = _WIDTHS[character]
        if used + step > columns:
            pieces.append(text[start:at])
            start, used = at, 0
        used += step
    return [*pieces, text[start:]]
