"""How many columns text fills on a terminal, and how it is cut to them.

Widths follow UAX #11: wide and fullwidth characters fill two columns, combining and formatting characters none, all
others one. What a character is comes from Python's Unicode tables; terminals that know a newer version may differ.
"""

import re
import unicodedata
from typing import Final

_CACHED: Final = 8192
_NOT_FIRST: Final = "，。、；：？！）】》」』”’…,.;:?!)]}%"
_NOT_LAST: Final = "（【《「『“‘([{<"
_WIDE: Final = "\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_IDEOGRAPHS: Final = re.compile(f"[{_WIDE}]")
_PIECES: Final = re.compile(rf" +|[{_WIDE}]|[^ {_WIDE}]+")


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
    if not text.isascii() and _IDEOGRAPHS.search(text):
        return _wrap_ideographs(text, columns)
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


def _wrap_ideographs(text: str, columns: int) -> list[str]:
    """Break text of which some has no blanks between words: anywhere there, but for signs that stick to others."""
    lines: list[str] = []
    line = ""
    for piece in _glued(text):
        if width(line) + width(piece.rstrip(" ")) <= columns:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip(" "))
        *full, line = chop(piece.lstrip(" "), columns)
        lines += full
    return [*lines, line.rstrip(" ")]


def _glued(text: str) -> list[str]:
    """Return the pieces between which a line may break; signs that may not begin or end a line stick to others."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        before = pieces[-1] if pieces else ""
        if before and (piece[0] in _NOT_FIRST or piece[0] == " " or before[-1] in _NOT_LAST):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


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
