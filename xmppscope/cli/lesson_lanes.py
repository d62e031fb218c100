"""The picture above a step: a lane for each who takes part, an arrow for each entry, double where TLS protects it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from xmppscope.render.terminal.width import width

_MARGIN: Final = 4
_LABEL: Final = 24


class Arrow(NamedTuple):
    """An arrow from one lane to another, with a word on it; `trouble` says that it went wrong."""

    source: str
    target: str
    label: str
    protected: bool
    trouble: bool = False


class _Signs(NamedTuple):
    lane: str
    single: str
    double: str
    right: str
    left: str


_UNICODE: Final = _Signs("│", "─", "═", "▶", "◀")
_ASCII: Final = _Signs("|", "-", "=", ">", "<")


def draw(lanes: Sequence[str], arrows: Sequence[Arrow], columns: int, *, ascii: bool) -> list[str]:  # noqa: A002
    """Return the lines: the names of the lanes, then the arrows from the top down."""
    signs = _ASCII if ascii else _UNICODE
    places = [_MARGIN + number * (columns - 2 * _MARGIN) // max(len(lanes) - 1, 1) for number in range(len(lanes))]
    where = dict(zip(lanes, places, strict=True))
    return [_names(where, columns), *(_arrow(where, arrow, columns, signs) for arrow in arrows)]


def _names(where: dict[str, int], columns: int) -> str:
    line = ""
    for name, place in where.items():
        start = min(max(place - width(name) // 2, 0), columns - width(name))
        line += " " * (start - width(line)) + name
    return line


def _arrow(where: dict[str, int], arrow: Arrow, columns: int, signs: _Signs) -> str:
    cells = [" "] * columns
    for place in where.values():
        cells[place] = signs.lane
    source, target = where[arrow.source], where[arrow.target]
    start, end = min(source, target) + 2, max(source, target) - 1
    shaft = signs.double if arrow.protected else signs.single
    for place in range(start, end):
        cells[place] = shaft
    if target > source:
        cells[end - 1] = signs.right
    else:
        cells[start] = signs.left
    label = f" {arrow.label[: min(_LABEL, end - start - 8)]} "
    begin = start + 2 if target > source else end - 2 - len(label)
    cells[begin : begin + len(label)] = label
    return "".join(cells).rstrip()
