"""Searches for a pattern in time proportional to the text, whatever the pattern: no expression can hang the program.

Python's `re` goes back and tries again, which takes ``(a+)+$`` years on forty characters. So a pattern becomes a
nondeterministic automaton (Thompson, 1968), of which the deterministic one is made as far as a text needs it: each
step is then one look-up. A pattern of plain characters and classes only is left to `re`, which can't go astray there.
"""

import re
from collections.abc import Callable
from itertools import chain
from typing import Final

from xmppscope.filter.pattern import Assertion, Choice, Item, Part, PatternError, Repeat, Sequence, parse_pattern

STEPS: Final = 1_000
"""States that the nondeterministic automaton may have."""

REMEMBERED: Final = 200_000
"""Places in the states of the deterministic one that are kept, moves counted too; then it begins anew."""

_END: Final = ""
_LAST_NEWLINE: Final = "\n$"
_START, _WORD, _OTHER = range(3)
_TOO_LARGE: Final = f"too large: its repetitions come to more than {STEPS} steps"

Matcher = Callable[[str], object]


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether *pattern* is found in a text; raise `PatternError`."""
    tree, flags = parse_pattern(pattern)
    if _is_plain(tree):
        search = re.compile(pattern).search
        return lambda text: search(text) is not None
    return _Automaton(tree, flags).search


def _is_plain(tree: Part) -> bool:
    """Return whether a try at one place of the text costs no more than the pattern is long."""
    branches = tree.parts if isinstance(tree, Choice) else [tree]
    parts = [part for branch in branches for part in (branch.parts if isinstance(branch, Sequence) else [branch])]
    return all(isinstance(part, (Item, Assertion)) for part in parts)


class _State:
    """A state of the deterministic automaton: where the other one may stand, and what was before; `moves` grows."""

    __slots__ = ("before", "moves", "places")

    def __init__(self, places: frozenset[int], before: int) -> None:
        self.places = places
        self.before = before
        self.moves: dict[str, _State] = {}


class _Automaton:
    """Both automata of one pattern."""

    def __init__(self, tree: Part, flags: re.RegexFlag) -> None:
        self._flags = flags
        self._is_word = re.compile(r"\w", flags & re.ASCII).match
        self._matchers: dict[str, Matcher] = {}
        self._found = _State(frozenset(), _OTHER)
        # One row for each step of the nondeterministic automaton; the first one is the end of the pattern.
        self._items: list[Matcher | None] = [None]
        self._assertions: list[str] = [""]
        self._next: list[tuple[int, ...]] = [()]
        self._first = self._build(tree, 0)
        self._forget()

    def search(self, text: str) -> bool:
        """Return whether the pattern is found in *text*."""
        found = self._found
        state = self._begin
        last = (_LAST_NEWLINE, _END) if text.endswith("\n") else (_END,)
        for symbol in chain(text[:-1] if len(last) > 1 else text, last):
            state = state.moves.get(symbol) or self._move(state, symbol)
            if state is found:
                return True
        return False

    def _forget(self) -> None:
        self._states: dict[tuple[frozenset[int], int], _State] = {}
        self._remembered = 0
        self._begin = self._state(frozenset({self._first}), _START)

    def _state(self, places: frozenset[int], before: int) -> _State:
        return self._states.setdefault((places, before), _State(places, before))

    def _move(self, state: _State, symbol: str) -> _State:
        """Return the state behind *symbol*, and remember it."""
        if self._remembered >= REMEMBERED:
            self._forget()
        reached = self._reached(state, symbol)
        if 0 in reached:
            to = self._found
        else:
            character = symbol[:1]
            places = {self._first}
            for place in reached:
                item = self._items[place]
                if item is not None and character and item(character):
                    places.update(self._next[place])
            to = self._state(frozenset(places), _WORD if self._is_word(character) else _OTHER)
        state.moves[symbol] = to
        self._remembered += 1 + len(to.places)
        return to

    def _reached(self, state: _State, symbol: str) -> set[int]:
        """Return all steps that can be reached without taking a character, *symbol* being the next one."""
        reached = set(state.places)
        waiting = list(reached)
        while waiting:
            place = waiting.pop()
            assertion = self._assertions[place]
            if self._items[place] is not None or (assertion and not self._holds(assertion, state.before, symbol)):
                continue
            fresh = set(self._next[place]) - reached
            reached |= fresh
            waiting += fresh
        return reached

    def _holds(self, assertion: str, before: int, symbol: str) -> bool:
        if assertion in {"^", "\\A"}:
            return before == _START
        if assertion in {"\\Z", "\\z"}:
            return symbol == _END
        if assertion == "$":
            return symbol in {_END, _LAST_NEWLINE}
        is_boundary = (before == _WORD) != bool(self._is_word(symbol))
        return is_boundary == (assertion == "\\b")

    def _build(self, part: Part, then: int) -> int:
        """Add the steps of *part*, which lead to the step *then*; return the first of them."""
        if isinstance(part, Item):
            return self._add(self._matcher(part.text), "", then)
        if isinstance(part, Assertion):
            return self._add(None, part.text, then)
        if isinstance(part, Sequence):
            for one in reversed(part.parts):
                then = self._build(one, then)
            return then
        if isinstance(part, Choice):
            return self._add(None, "", *(self._build(one, then) for one in part.parts))
        return self._repeat(part, then)

    def _repeat(self, repeat: Repeat, then: int) -> int:
        if repeat.most < 0:
            loop = self._add(None, "", then)
            self._next[loop] = (self._build(repeat.part, loop), then)
            then = loop
        else:
            end = then
            for _ in range(repeat.most - repeat.least):
                then = self._add(None, "", self._build(repeat.part, then), end)
        for _ in range(repeat.least):
            then = self._build(repeat.part, then)
        return then

    def _add(self, item: Matcher | None, assertion: str, *following: int) -> int:
        if len(self._next) >= STEPS:
            raise PatternError(_TOO_LARGE, None)
        self._items.append(item)
        self._assertions.append(assertion)
        self._next.append(following)
        return len(self._next) - 1

    def _matcher(self, text: str) -> Matcher:
        """Return what tells whether a character is the one meant: `re` for this single character."""
        return self._matchers.setdefault(text, re.compile(text, self._flags).fullmatch)
