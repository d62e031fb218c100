"""From the text of an expression to its tree, by the grammar in grammar.lark.

What the grammar refuses is told in words at its column. Whether a field exists and what it may be compared with is not
known here.
"""

import pkgutil
import re
from functools import cache
from typing import Final, NamedTuple, cast

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from xmppscope.filter.error import FilterError
from xmppscope.filter.mistakes import mistake

LONGEST: Final = 10_000
"""Characters that an expression may have."""

DEEPEST: Final = 64
"""How deep `not` and alternating `and` and `or` may nest: each level is a call when an entry is tested."""

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class Literal(NamedTuple):
    """A word or value and where it stands; of a quoted text `column` and `length` include the quotes."""

    text: str
    column: int
    length: int
    quoted: bool = False


class Bare(NamedTuple):
    """A word that stands alone: a kind, a test, or a field that is to be present."""

    word: Literal
    depth: int = 0


class Comparison(NamedTuple):
    """A field, an operator and the values it is compared with: several for `in` and `not in`."""

    field: Literal
    operator: Literal
    values: tuple[Literal, ...]
    depth: int = 0


class Call(NamedTuple):
    """A function of one text."""

    name: Literal
    argument: Literal
    depth: int = 0


class Not(NamedTuple):
    """The opposite of a part."""

    part: "Node"
    depth: int


class Both(NamedTuple):
    """Parts that must all hold."""

    parts: tuple["Node", ...]
    depth: int


class Either(NamedTuple):
    """Parts of which one must hold."""

    parts: tuple["Node", ...]
    depth: int


Node = Bare | Comparison | Call | Not | Both | Either


def parse(expression: str) -> Node:
    """Return the tree of an expression; raise `FilterError` for what is none."""
    if len(expression) > LONGEST:
        raise FilterError(f"longer than {LONGEST} characters", LONGEST)
    if not expression.strip():
        raise FilterError("the expression is empty", 0)
    try:
        tree = cast(Node, _parser().parse(expression))
    except UnexpectedInput as error:
        raise mistake(error, expression) from None
    if tree.depth > DEEPEST:
        raise FilterError(f"nested deeper than {DEEPEST} levels", 0, len(expression))
    return tree


@cache
def _parser() -> Lark:
    grammar = (pkgutil.get_data("xmppscope.filter", "grammar.lark") or b"").decode()
    return Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _literal(token: Token) -> Literal:
    return Literal(str(token), token.start_pos or 0, len(token))


def _string(token: Token) -> Literal:
    """Take off the quotes: a backslash stands for itself, but before a quote of the same kind it is left out."""
    quote, text = token[0], token[1:-1]
    text = _ESCAPED.sub(lambda found: quote if found[1] == quote else found[0], text)
    return Literal(text, token.start_pos or 0, len(token), quoted=True)


def _depth(parts: tuple[Node, ...]) -> int:
    return 1 + max(part.depth for part in parts)


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Makes the tree from the leaves up, while the text is parsed: no recursion, however deep it nests."""

    def string(self, token: Token) -> Literal:
        return _string(token)

    def plain(self, token: Token) -> Literal:
        return _literal(token)

    def members(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    def bare(self, word: Token) -> Node:
        return Bare(_literal(word))

    def comparison(self, word: Token, operator: Token, value: Literal) -> Node:
        return Comparison(_literal(word), _literal(operator), (value,))

    def inside(self, word: Token, operator: Token, values: tuple[Literal, ...]) -> Node:
        return Comparison(_literal(word), _literal(operator), values)

    def outside(self, word: Token, operator: Token, values: tuple[Literal, ...]) -> Node:
        return Comparison(_literal(word), _literal(operator)._replace(text="not in"), values)

    def call(self, name: Token, argument: Token) -> Node:
        return Call(_literal(name), _string(argument))

    def negation(self, part: Node) -> Node:
        return Not(part, _depth((part,)))

    def both(self, *parts: Node) -> Node:
        return Both(parts, _depth(parts))

    def either(self, *parts: Node) -> Node:
        return Either(parts, _depth(parts))
