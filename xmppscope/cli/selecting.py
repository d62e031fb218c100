"""From the options of `--filter` to a selection, and what to say about an expression that can't be used.

The filter language and what it needs are loaded only where there is an expression.
"""

import unicodedata
from typing import TYPE_CHECKING, Final

import click

from xmppscope.cli.main import complain, trace
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Record
from xmppscope.render.terminal.width import width

if TYPE_CHECKING:
    from xmppscope.filter.context import Selection
    from xmppscope.filter.error import FilterError

_UNUSABLE: Final = 2
_COLUMNS: Final = 80
_AROUND: Final = 50
_HINT: Final = "all fields: xmppscope explain filter"
_ALONE: Final = "-A, -B and -C show what is around a match; add --filter EXPR"


def selection(
    expression: str | None, after: int | None, before: int | None, context: int | None, *, traced: bool = False
) -> "Selection | None":
    """Return what keeps the entries that match, or None where all are wanted.

    An expression that can't be used is told on standard error, with its place, and ends the command with status 2.
    """
    if expression is None:
        if (after, before, context) != (None, None, None):
            raise click.UsageError(_ALONE)
        return None
    from xmppscope.filter.compile import compile_filter
    from xmppscope.filter.context import Selection
    from xmppscope.filter.error import FilterError

    try:
        chosen = compile_filter(expression)
    except FilterError as error:
        if traced:
            trace(error)
        explain(error)
        raise click.exceptions.Exit(_UNUSABLE) from None
    both = context or 0
    return Selection(chosen, both if before is None else before, both if after is None else after)


def narrowed(selected: "Selection | None", records: list[Record], first: int | None) -> list[Record]:
    """Return the records that are wanted; times in the expression count from *first*, as those of the lines do."""
    if selected is None:
        return records
    if selected.predicate.origin is None:
        selected.predicate.origin = first
    return selected.feed(records)


def explain(error: "FilterError") -> None:
    """Write what is wrong with an expression to standard error: one line, the expression, and a mark below it."""
    complain(str(error))
    for line in marked(error):
        click.echo(line, err=True)


def nothing_matched(chosen: "Selection") -> str:
    """Return what to say where no entry has matched."""
    text = "no entry matches the filter"
    if prefixes := sorted(chosen.predicate.undeclared):
        text += f"; no element declares the XPath prefix {' or '.join(prefixes)}"
    return text


def marked(error: "FilterError") -> list[str]:
    """Return the expression and, below it, carets under the part that is meant; of a long one only that part."""
    start, end = max(error.column - _AROUND, 0), error.column + _AROUND
    before = ("…" if start else "") + _shown(error.expression[start : error.column])
    meant = _shown(error.expression[error.column : min(error.column + error.length, end)])
    after = _shown(error.expression[error.column + error.length : end]) + ("…" if len(error.expression) > end else "")
    whole = f"  {before}{meant}{after}"
    carets = f"  {' ' * width(before)}{'^' * max(width(meant), 1)}"
    if not error.expression.strip():
        return [f"  {_HINT}"]
    room = max(width(whole), len(carets)) + 1
    if room + len(_HINT) > _COLUMNS:
        return [whole, carets, f"  {_HINT}"]
    return [whole, f"{carets:<{room}}{_HINT}"]


def _shown(text: str) -> str:
    """Return a part of the expression as it is, white space as blanks and what can't be seen as escapes."""
    return "".join(" " if c.isspace() else c if unicodedata.category(c)[0] != "C" else visible(c) for c in text)
