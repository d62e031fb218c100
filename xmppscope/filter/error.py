"""What is wrong with an expression, and where in it."""

import difflib
from collections.abc import Iterable
from typing import Final

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.plaintext import cut

_NAMED: Final = 40
_LISTED: Final = 4


class FilterError(XmppscopeError):
    """An expression can't be used; `column` (from 0) and `length` say which part of `expression` is meant.

    The text is the one line that tells what is wrong. `expression` is filled in by who knows the whole of it.
    """

    def __init__(self, problem: str, column: int, length: int = 1, expression: str = "") -> None:
        super().__init__(f"filter: {problem}")
        self.problem = problem
        self.column = column
        self.length = length
        self.expression = expression


def quoted(text: str) -> str:
    """Return a word of the expression as a message shows it."""
    shown = cut(text, _NAMED)
    return shown if shown.startswith(('"', "'")) else f'"{shown}"'


def meant(text: str, names: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the closest known one; nothing if none is close."""
    close = difflib.get_close_matches(text[:_NAMED].lower(), names, 1)
    return f"; did you mean {quoted(close[0])}?" if close else ""


def meant_or_listed(text: str, names: tuple[str, ...]) -> str:
    """Return the closest known name as a question, or all names where they are few."""
    hint = meant(text, names)
    if hint or len(names) > _LISTED:
        return hint
    return f"; it is {', '.join(names[:-1])} or {names[-1]}"
