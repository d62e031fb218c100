"""Compiles an expression to a function over entries: closures that call one another, made once.

Names are looked up and values checked here, so that whatever is wrong is told before the first entry is read.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

from xmppscope.filter.comparison import NEGATIONS, Test, make_test
from xmppscope.filter.error import FilterError, meant, quoted
from xmppscope.filter.fields import ALIASES, FIELDS, NOTES, Field, Get, Type
from xmppscope.filter.mistakes import KEYWORDS
from xmppscope.filter.parse import Bare, Both, Call, Comparison, Either, Literal, Node, Not, parse
from xmppscope.filter.scope import Scope, stand_in
from xmppscope.filter.words import NOTES as NOTE_WORDS
from xmppscope.filter.words import WORDS
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding

Predicate = Callable[[Entry], object]

_FUNCTIONS: Final = ("xpath",)
_HINTED: Final = frozenset({"==", "contains", "in"})


def compile_filter(expression: str) -> "Filter":
    """Return the filter that *expression* describes; raise `FilterError` with the place of what is wrong."""
    compiler = _Compiler()
    try:
        test = compiler.compile(parse(expression))
    except FilterError as error:
        error.expression = expression
        raise
    return Filter(test, compiler.scope, compiler.undeclared, asks_for_notes=compiler.asks_for_notes)


class Filter:
    """Tells whether an entry matches an expression; for one timeline, since it remembers when that began.

    `asks_for_notes` says that the expression speaks of findings or diagnoses; `undeclared` are prefixes of its XPaths
    that no entry has declared so far.
    """

    def __init__(self, test: Predicate, scope: Scope, undeclared: set[str], *, asks_for_notes: bool) -> None:
        self.asks_for_notes = asks_for_notes
        self.undeclared = undeclared
        self._test = test
        self._scope = scope

    @property
    def origin(self) -> int | None:
        """Nanoseconds since the epoch from which plain times count; the first entry's, unless it is set."""
        return self._scope.origin

    @origin.setter
    def origin(self, time: int | None) -> None:
        self._scope.origin = time

    def __call__(self, entry: Entry, findings: Sequence[Finding] = (), connection: Connection | None = None) -> bool:
        """Return whether *entry* matches, with the findings that it decided and the record of its connection."""
        scope = self._scope
        if scope.origin is None:
            scope.begin(entry.time)
        scope.findings = findings
        scope.connection = connection
        return bool(self._test(entry))

    def matches_note(self, note: Finding | Diagnosis, connection: Connection | None = None) -> bool:
        """Return whether a finding or diagnosis matches by itself."""
        scope = self._scope
        scope.diagnosis = note if isinstance(note, Diagnosis) else None
        try:
            return self(stand_in(note), () if isinstance(note, Diagnosis) else (note,), connection)
        finally:
            scope.diagnosis = None


class _Compiler:
    """Compiles one expression; notes on the way whether it speaks of findings."""

    def __init__(self) -> None:
        self.scope = Scope()
        self.asks_for_notes = False
        self.undeclared: set[str] = set()

    def compile(self, node: Node) -> Predicate:
        if isinstance(node, Not):
            part = self.compile(node.part)
            return lambda entry: not part(entry)
        if isinstance(node, Both):
            return _all([self.compile(part) for part in node.parts])
        if isinstance(node, Either):
            return _any([self.compile(part) for part in node.parts])
        if isinstance(node, Bare):
            return self._word(node.word)
        return self._call(node) if isinstance(node, Call) else self._comparison(node)

    def _word(self, literal: Literal) -> Predicate:
        word = WORDS.get(literal.text)
        if word is not None:
            self.asks_for_notes |= literal.text in NOTE_WORDS
            return word.read(self.scope)
        _, field = self._field(literal, "field or kind", (*WORDS, *FIELDS, *ALIASES))
        get = field.read(self.scope)
        if field.many or field.type is Type.FLAG:
            return get
        return lambda entry: get(entry) is not None

    def _field(self, literal: Literal, what: str, names: tuple[str, ...]) -> tuple[str, Field]:
        text = literal.text
        name = ALIASES.get(text, text)
        field = FIELDS.get(name)
        if field is None:
            raise FilterError(_unknown(text, what, names), literal.column, literal.length)
        self.asks_for_notes |= name in NOTES
        return name, field

    def _comparison(self, node: Comparison) -> Predicate:
        name, field = self._field(node.field, "field", (*FIELDS, *ALIASES))
        test = make_test(node, name, field, self.scope)
        get = field.read(self.scope)
        denied = node.operator.text in NEGATIONS
        if not field.many:
            return _one(get, test, denied=denied)
        predicate = _many(cast(Callable[[Entry], list[object]], get), test, denied=denied)
        if field.may_hold is None or node.operator.text not in _HINTED:
            return predicate
        return _hinted(predicate, field.may_hold, [literal.text for literal in node.values])

    def _call(self, node: Call) -> Predicate:
        if node.name.text not in _FUNCTIONS:
            problem = f"no function is called {quoted(node.name.text)}{meant(node.name.text, _FUNCTIONS)}"
            raise FilterError(problem, node.name.column, node.name.length)
        from xmppscope.filter.xpath import make_xpath

        holds, tree = make_xpath(node.argument, self.undeclared), self.scope.tree
        return lambda entry: (root := tree(entry)) is not None and holds(root)


def _unknown(text: str, what: str, names: tuple[str, ...]) -> str:
    """Return what to say about a name that is none."""
    if text in KEYWORDS:
        return f"something is missing before {quoted(text)}"
    if what == "field" and any(name.startswith(f"{text}.") for name in FIELDS):
        parts = [name for name in FIELDS if name.startswith(f"{text}.")]
        return f"{text} has parts: compare {', '.join(parts[:3])}{', …' if len(parts) > 3 else ''}"
    if what == "field" and text in WORDS:
        return f"{quoted(text)} stands alone: there is nothing in it to compare"
    hint = meant(text, names)
    if not hint and what != "field":
        hint = f"; an element is found by name == {quoted(text)}"
    return f"no {what} is called {quoted(text)}{hint}"


def _one(get: Get, test: Test, *, denied: bool) -> Predicate:
    if denied:
        return lambda entry: (value := get(entry)) is not None and not test(value)
    return lambda entry: (value := get(entry)) is not None and test(value)


def _many(get: Callable[[Entry], list[object]], test: Test, *, denied: bool) -> Predicate:
    """Test a field of several values: one must fit; if the operator denies, there must be some and none may."""
    if denied:
        return lambda entry: bool(values := get(entry)) and not any(map(test, values))
    return lambda entry: any(map(test, get(entry)))


def _hinted(predicate: Predicate, may_hold: Callable[[Entry, str], bool], texts: list[str]) -> Predicate:
    """Look into the XML only if one of the texts can be there."""
    if len(texts) == 1:
        text = texts[0]
        return lambda entry: may_hold(entry, text) and predicate(entry)
    return lambda entry: any(may_hold(entry, text) for text in texts) and predicate(entry)


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        one, other = parts
        return lambda entry: one(entry) and other(entry)
    return lambda entry: all(part(entry) for part in parts)


def _any(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        one, other = parts
        return lambda entry: one(entry) or other(entry)
    return lambda entry: any(part(entry) for part in parts)
