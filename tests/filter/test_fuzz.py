"""Whatever is typed is an expression or a mistake with a place; whatever is an expression tells yes or no."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from xmppscope.filter.compile import compile_filter
from xmppscope.filter.error import FilterError
from xmppscope.filter.fields import ALIASES, FIELDS
from xmppscope.filter.words import WORDS
from xmppscope.model.timeline import Entry, Record

NAMES = [*WORDS, *FIELDS, *ALIASES, "typ", "x.y"]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "contains", "~", "matches", "in", "not in", "="]
VALUES = [
    "set", '"a"', "'b'", "3", "0x1f", "500ms", "4KB", "0198", "true", "{get, set}", "{1}", "2026-11-20", "16:03",
    '"(a+)+$"', "stanza", "initiating", "open", "error", "3.5", "-1", "1e99", '"["', '"jabber:client"', "c2s", "tcp",
]  # fmt: skip
TOKENS = [
    *OPERATORS,
    *VALUES,
    *NAMES[:20],
    "and",
    "or",
    "not",
    "!",
    "&&",
    "||",
    "(",
    ")",
    "{",
    "}",
    ",",
    '"',
    "'",
    "xpath(",
]
COMPARISONS = st.builds(
    " ".join, st.tuples(st.sampled_from(NAMES), st.sampled_from(OPERATORS), st.sampled_from(VALUES))
)
XPATHS = st.lists(
    st.sampled_from(
        [
            "//",
            "/",
            "c:body",
            "zz:a",
            "*",
            "[",
            "]",
            "(",
            ")",
            "@id",
            "count(",
            "text()",
            "1",
            "'a'",
            "=",
            "|",
            "$a",
            "::",
        ]
    ),
    max_size=6,
).map(lambda pieces: f'xpath("{"".join(pieces)}")')
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES) | COMPARISONS | XPATHS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "&&"]), inner)
        | st.builds("not {}".format, inner)
    ),
    max_leaves=5,
)
RECORDINGS = ("tls13-starttls-prosody", "c2s-errors-prosody", "s2s-plain-prosody-ejabberd")


def tried(expression: str, entries: list[Entry]) -> bool:
    """Whether it is an expression; each entry is tested with it, and a mistake has its place."""
    error = mistake(expression, entries)
    if error is None:
        return True
    assert 0 <= error.column <= len(expression)
    assert error.length > 0
    assert error.column + error.length <= max(len(expression), 1) + 1
    assert "\n" not in str(error)
    return False


def mistake(expression: str, entries: list[Entry]) -> FilterError | None:
    try:
        test = compile_filter(expression)
        assert {type(test(entry)) for entry in entries} == {bool}
    except FilterError as error:
        return error
    return None


def some(recorded: Callable[[str], list[Record]]) -> list[Entry]:
    return [record for name in RECORDINGS for record in recorded(name) if isinstance(record, Entry)][::7]


@given(expression=EXPRESSIONS)
def test_expressions(recorded: Callable[[str], list[Record]], expression: str) -> None:
    tried(expression, some(recorded))


@given(expression=st.lists(st.sampled_from(TOKENS), max_size=8).map(" ".join))
def test_words_in_any_order(recorded: Callable[[str], list[Record]], expression: str) -> None:
    tried(expression, some(recorded)[:3])


@given(expression=st.text(max_size=30) | st.text("()!{}\"'=<>~&|,. \\\x00ain", max_size=12))
def test_any_text(recorded: Callable[[str], list[Record]], expression: str) -> None:
    tried(expression, some(recorded)[:3])


def test_every_field_has_an_expression(recorded: Callable[[str], list[Record]]) -> None:
    entries = some(recorded)
    for name in NAMES[:-2]:
        assert tried(name, entries)
        if name in FIELDS:
            assert any(tried(f"{name} {operator} {value}", entries) for operator in OPERATORS for value in VALUES)
