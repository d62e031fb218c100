"""A page of Markdown for the terminal: headings, paragraphs, code and tables, as our own references use them.

Code in a paragraph keeps its backticks, which tell it from words. Left out is what those pages do not have: lists,
pictures, nesting.
"""

import re
from typing import Final

from xmppscope.render.terminal.palette import MESSAGE, QUIET, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import width, wrap

_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_BAR: Final = re.compile(r"(?<!\\)\|")
_SEPARATOR: Final = re.compile(r"[|\-: ]+")
_CODE: Final = "    "
_FENCE: Final = "```"
_INDENT: Final = "  "
_NARROWEST: Final = 8


class Page:
    """Lays a page out for a terminal of *columns*."""

    def __init__(self, columns: int, palette: Palette, legible: Legible) -> None:
        self._columns = columns
        self._palette = palette
        self._legible = legible

    def lines(self, source: str) -> list[str]:
        """Return the lines of the page that *source* describes."""
        lines: list[str] = []
        rest = source.splitlines()
        while rest:
            line = rest[0]
            if line.startswith(_FENCE):
                end = rest.index(_FENCE, 1)
                lines += self._code(rest[1:end])
                rest = rest[end + 1 :]
                continue
            size = _block(rest)
            block, rest = rest[:size], rest[size:]
            if line.startswith("#"):
                lines.append(self._palette.paint(self._text(line.lstrip("# ")), MESSAGE))
            elif line.startswith("|"):
                lines += self._table(block)
            elif line.startswith(_CODE):
                lines += self._code([text.removeprefix(_CODE) for text in block])
            elif line:
                lines += [_INDENT + text for text in wrap(self._text(" ".join(block)), self._columns - len(_INDENT))]
            else:
                lines.append("")
        return lines

    def _text(self, source: str) -> str:
        return self._legible(_LINK.sub(r"\1", source).replace("**", "").replace("\\|", "|"))

    def _code(self, block: list[str]) -> list[str]:
        return [self._palette.paint((_CODE + self._legible(line)).rstrip(), QUIET) for line in block]

    def _table(self, block: list[str]) -> list[str]:
        """Return a table without lines: the last column takes what room the others leave."""
        rows = [
            [self._text(cell.strip()) for cell in _BAR.split(line.strip().strip("|"))]
            for line in block
            if not _SEPARATOR.fullmatch(line)
        ]
        rows = [row for row in rows if any(row)]
        count = max(map(len, rows))
        rows = [row + [""] * (count - len(row)) for row in rows]
        room = self._columns - len(_INDENT) - 2 * (count - 1)
        widths = self._widths(rows, room)
        lines: list[str] = []
        for row in rows:
            cells = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
            for at in range(max(map(len, cells))):
                parts = [cell[at] if at < len(cell) else "" for cell in cells]
                padded = (part + " " * (size - width(part)) for part, size in zip(parts, widths, strict=True))
                lines.append((_INDENT + "  ".join(padded)).rstrip())
        return lines

    def _widths(self, rows: list[list[str]], room: int) -> list[int]:
        widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
        share = max(room // len(widths), _NARROWEST)
        while sum(widths) > room and (widest := max(widths)) > share:
            widths[widths.index(widest)] = max(share, widest - (sum(widths) - room))
        return widths


def _block(rest: list[str]) -> int:
    """Return how many lines belong to the block that *rest* begins with."""
    kind = _kind(rest[0])
    if kind in {"", "#"}:
        return 1
    return next((at for at, line in enumerate(rest) if _kind(line) != kind), len(rest))


def _kind(line: str) -> str:
    """Return what kind of block a line belongs to, by how it begins."""
    if line.startswith(_CODE):
        return _CODE
    for mark in ("#", "|", _FENCE):
        if line.startswith(mark):
            return mark
    return "text" if line else ""
