"""What the grammar refuses, in words: which part of the expression is meant and what is missing or too much there."""

import re
from typing import Final, NamedTuple

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from xmppscope.filter.error import FilterError, quoted

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "contains", "matches"})
"""Words of the language; as values they must stand in quotes."""

_OPERATORS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "~", "contains", "matches"})
_CONNECTIVES: Final = frozenset({"and", "or", "&&", "||"})
_TOKEN: Final = re.compile(
    r""" "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s"'(){},!&|=<>~]+ | == | != | <= | >= | && | \|\| | \S """,
    re.VERBOSE | re.DOTALL,
)
_VALUE: Final = frozenset({"STRING", "BARE"})


class _Place(NamedTuple):
    """A token of the expression."""

    text: str
    column: int


def mistake(error: UnexpectedInput, expression: str) -> FilterError:
    """Return what to say about the place where the grammar could not go on."""
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    at = len(expression) if ended else error.pos_in_stream or 0
    before = [_Place(found[0], found.start()) for found in _TOKEN.finditer(expression, 0, at)]
    found = _TOKEN.search(expression, at)
    wanted = _wanted(error)
    if found is None:
        return _at_the_end(wanted, before)
    here = _Place(found[0], found.start())
    return _on(before[-1], before[:-1]) if _is_misplaced(before, wanted) else _at(here, wanted, before)


def _wanted(error: UnexpectedInput) -> frozenset[str]:
    """Return the names of what the grammar would have taken."""
    if isinstance(error, UnexpectedToken):
        return frozenset(error.expected)
    return frozenset(error.allowed or ()) if isinstance(error, UnexpectedCharacters) else frozenset()


def _about(token: _Place, problem: str) -> FilterError:
    return FilterError(problem, token.column, len(token.text))


def _unclosed(tokens: list[_Place], opening: str, closing: str) -> _Place | None:
    """Return the last bracket that is still open."""
    open_ones: list[_Place] = []
    for token in tokens:
        if token.text == opening:
            open_ones.append(token)
        elif token.text == closing and open_ones:
            open_ones.pop()
    return open_ones[-1] if open_ones else None


def _at_the_end(wanted: frozenset[str], before: list[_Place]) -> FilterError:
    last = before[-1]
    if brace := _unclosed(before, "{", "}"):
        return _about(brace, "this brace is not closed")
    if wanted >= _VALUE:
        return _about(last, f"a value is missing after {quoted(last.text)}")
    if "STRING" in wanted:
        return _about(last, f"a text in quotes is missing after {quoted(last.text)}")
    if "_BEGIN" in wanted:
        return _about(last, f"a set is missing after {quoted(last.text)}, as in {{get, set}}")
    if "WORD" in wanted:
        return _about(last, f"something is missing after {quoted(last.text)}")
    parenthesis = _unclosed(before, "(", ")")
    if "_CLOSE" in wanted and parenthesis:
        return _about(parenthesis, "this parenthesis is not closed")
    return _about(last, f"something is missing after {quoted(last.text)}")


def _is_misplaced(before: list[_Place], wanted: frozenset[str]) -> bool:
    """Return whether the token before was taken for a name or a value only because a connective can't stand there."""
    return bool(before) and before[-1].text in KEYWORDS | _CONNECTIVES and "_AND" in wanted


def _on(token: _Place, before: list[_Place]) -> FilterError:
    if before and before[-1].text in _OPERATORS:
        return _about(token, f"a value is missing before {quoted(token.text)}")
    return _about(token, f"something is missing before {quoted(token.text)}")


def _at(here: _Place, wanted: frozenset[str], before: list[_Place]) -> FilterError:
    text = here.text
    if text in {'"', "'"}:
        return _about(here, "this quote is not closed")
    if text == "=":
        return _about(here, 'to compare, write "=="')
    if text in {"&", "|"}:
        return _about(here, f'write "{text * 2}"')
    if wanted >= _VALUE:
        return _about(here, f"a value is missing before {quoted(text)}")
    if "STRING" in wanted:
        return _about(here, f"a text in quotes is expected, not {quoted(text)}")
    if "_BEGIN" in wanted:
        return _about(here, 'a set is expected after "in", as in {get, set}')
    if "IN" in wanted and "_AND" not in wanted:
        return _about(before[-1], 'after a word write "and not", or "not in" and a set')
    return _instead_of_name(here, before) if "WORD" in wanted else _instead_of_connective(here, before)


def _instead_of_name(here: _Place, before: list[_Place]) -> FilterError:
    text = here.text
    if text[0] in "\"'":
        return _about(here, 'a text stands to the right of an operator, as in body contains "hello"')
    if text == ")" and before and before[-1].text == "(":
        return _about(before[-1], "there is nothing in the parentheses")
    if text in {")", *_CONNECTIVES, *_OPERATORS}:
        return _about(here, f"something is missing before {quoted(text)}")
    return _about(here, f"a field or a kind is expected, not {quoted(text)}")


def _instead_of_connective(here: _Place, before: list[_Place]) -> FilterError:
    text = here.text
    if _unclosed(before, "{", "}"):
        return _about(here, f'"," or "}}" is missing before {quoted(text)}')
    if text == ")":
        return _about(here, "this parenthesis was never opened")
    if text.lower() in KEYWORDS and text not in KEYWORDS:
        return _about(here, f"write {quoted(text.lower())} in small letters")
    if text in _OPERATORS:
        return _about(here, 'a comparison has one operator; join several with "and"')
    return _about(here, f'"and" or "or" is missing before {quoted(text)}')
