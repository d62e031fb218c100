"""From a field's type, an operator and values to a test of one value that an entry has.

The test does not see absent values: comparing what an entry does not have is false, whatever the operator.
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from xmppscope.filter.automaton import searcher
from xmppscope.filter.error import FilterError, meant_or_listed, quoted
from xmppscope.filter.fields import Field, Type
from xmppscope.filter.mistakes import KEYWORDS
from xmppscope.filter.parse import Comparison, Literal
from xmppscope.filter.pattern import PatternError
from xmppscope.filter.scope import Scope
from xmppscope.filter.values import (
    DURATIONS,
    NO_UNITS,
    SIZES,
    clock_text,
    flag,
    hexadecimal,
    instant,
    is_number,
    number,
    wrong,
    xep_number,
)

Test = Callable[[object], object]

_ORDERS: Final[dict[str, Callable[..., object]]] = {
    "==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED: Final = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATIONS: Final = {"!=": "==", "not in": "in"}
"""Operators that deny another one."""

_SEARCHES: Final = frozenset({"~", "matches"})
_TEXTUAL: Final = ("==", "!=", "contains", "~", "in")
_ORDERED: Final = ("==", "!=", "<", "<=", ">", ">=", "in")
_OPERATORS: Final = {
    Type.TEXT: _TEXTUAL,
    Type.CHOICE: _TEXTUAL,
    Type.FLAG: ("==", "!="),
    Type.HEX: ("==", "!=", "contains", "in"),
}
_UNITS: Final = {Type.DURATION: (DURATIONS, "500ms"), Type.SIZE: (SIZES, "4KB")}


def make_test(comparison: Comparison, name: str, field: Field, scope: Scope) -> Test:
    """Return the test of one value; of `!=` and `not in` the test that they deny."""
    refuse_operator(comparison, name, field)
    asked = NEGATIONS.get(comparison.operator.text, comparison.operator.text)
    for literal in comparison.values:
        if literal.text in KEYWORDS and not literal.quoted:
            raise wrong(literal, f"a value is missing before {quoted(literal.text)}; as a text it stands in quotes")
    if asked in _SEARCHES:
        return _search(comparison.values[0])
    values = [_value(literal, name, field) for literal in comparison.values]
    if asked == "contains":
        part = str(values[0])
        return lambda value: part in cast(str, value)
    if field.type is Type.TIME:
        return _at(asked, cast(list[str | int], values), scope)
    if field.type is Type.SPAN:
        return _span(asked, cast(list[float], values))
    if asked == "in":
        return frozenset(values).__contains__
    return partial(_ORDERS[_MIRRORED[asked]], values[0])


def refuse_operator(comparison: Comparison, name: str, field: Field) -> None:
    """Raise an error if the operator says nothing about a field of this type."""
    allowed = _OPERATORS.get(field.type, _ORDERED)
    asked = {"matches": "~", "not in": "in"}.get(comparison.operator.text, comparison.operator.text)
    if asked in allowed:
        return
    problem = f"{name} is {_what(field)}, which {quoted(asked)} does not fit; it is compared with {', '.join(allowed)}"
    if name == "bytes" and asked in _ORDERED:
        problem = 'bytes is what could not be read, in hex; did you mean "size"?'
    raise FilterError(problem, comparison.operator.column, comparison.operator.length)


def _what(field: Field) -> str:
    return {Type.FLAG: "true or false", Type.SPAN: "numbers", Type.TEXT: "text", Type.HEX: "hex"}.get(
        field.type, f"a {field.type.value}"
    )


def _value(literal: Literal, name: str, field: Field) -> object:
    """Return a value as the field has it."""
    kind = field.type
    if kind is Type.TEXT:
        return _text(literal, name)
    if kind is Type.CHOICE:
        return _choice(literal, name, field.choices)
    if kind is Type.TIME:
        return instant(literal, name)
    if kind is Type.FLAG:
        return flag(literal, name)
    if kind is Type.HEX:
        return hexadecimal(literal, name)
    if kind is Type.XEP:
        return xep_number(literal, name)
    units, example = _UNITS.get(kind, (NO_UNITS, "3"))
    return number(literal, units, name, example)


def _text(literal: Literal, name: str) -> str:
    if not literal.quoted and is_number(literal.text):
        raise wrong(literal, f'{name} is text: write "{literal.text}" in quotes')
    return literal.text


def _choice(literal: Literal, name: str, choices: tuple[str, ...]) -> str:
    if literal.text not in choices:
        what = name.replace(".", " ")
        raise wrong(literal, f"no {what} is called {quoted(literal.text)}{meant_or_listed(literal.text, choices)}")
    return literal.text


def _search(literal: Literal) -> Test:
    try:
        search = searcher(literal.text)
    except PatternError as error:
        if error.position is None:
            raise wrong(literal, f"a bad pattern: {error}") from None
        # Inside the quotes; where a quote was escaped it is a little off.
        column = literal.column + literal.quoted + min(error.position, max(len(literal.text) - 1, 0))
        raise FilterError(f"a bad pattern: {error}", column) from None
    return lambda value: search(cast(str, value))


def _span(asked: str, values: list[float]) -> Test:
    """Test a first and a last number and all between: one of them has to fit."""

    def holds(value: object) -> bool:
        first, last = cast(tuple[int, int], value)
        return any(first <= one <= last for one in values)

    if asked in {"==", "in"}:
        return holds
    order, end = partial(_ORDERS[_MIRRORED[asked]], values[0]), 0 if asked.startswith("<") else 1
    return lambda value: order(cast(tuple[int, int], value)[end])


def _at(asked: str, values: list[str | int], scope: Scope) -> Test:
    """Compare points in time as texts of one length; those counted from time zero are made when it is known."""
    order = _ORDERS["==" if asked == "in" else asked]
    origin: int | None = None
    limits: list[str] = []

    def test(value: object) -> bool:
        nonlocal origin, limits
        if origin != scope.origin or not limits:
            origin = scope.origin
            limits = [one if isinstance(one, str) else clock_text((origin or 0) + one) for one in values]
        digits = cast(str, value)[:-1].ljust(29, "0")
        return any(order(digits, limit) for limit in limits)

    return test
