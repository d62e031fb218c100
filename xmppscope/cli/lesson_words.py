"""Lines of prose in any language: Chinese breaks between any two signs, but none begins or ends where it may not."""

import re
from typing import Final

from xmppscope.render.terminal.width import chop, width

_NOT_FIRST: Final = "，。、；：？！）】》」』”’…,.;:?!)]}%"
_NOT_LAST: Final = "（【《「『“‘([{<"
_WIDE: Final = "\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE: Final = re.compile(rf" +|[{_WIDE}]|[^ {_WIDE}]+")


def flow(text: str, columns: int) -> list[str]:
    """Break *text* into lines of at most *columns*: at blanks, and between signs that have no blanks between them."""
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
    for piece in _PIECE.findall(text):
        before = pieces[-1] if pieces else ""
        sticks = before[-1:] in _NOT_LAST if before else False
        if before and (piece[0] in _NOT_FIRST or sticks or piece[0] == " "):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
