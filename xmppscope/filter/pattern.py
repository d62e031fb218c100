"""The pattern of `~`: from its text to a tree of what follows what, in the syntax of Python's `re`.

`re` itself is asked first whether a pattern is one, and judges each single character later on (`automaton`), so that
only what lies between must be understood here: sequence, choice, groups, repetition. What can't be matched in linear
time is refused: back-references and looking around.
"""

import re
import warnings
from typing import Final, NamedTuple

LONGEST: Final = 1_000
"""Characters that a pattern may have."""

DEEPEST: Final = 50
"""How deep groups may nest."""

_ENDLESS: Final = -1
_ITEM: Final = re.compile(
    r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|0[0-7]{0,2}|[0-7]{3}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL
)
_REPEAT: Final = re.compile(r"\*|\+|\?|\{(?:(\d+)|(\d*),(\d*))\}")
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]+)\)")
_GROUP: Final = re.compile(r"\((?:\?:|\?P<\w+>)?(?!\?)")
_KNOWN_FLAGS: Final = {"i": re.IGNORECASE, "s": re.DOTALL, "a": re.ASCII}
_BOUNDS: Final = {"*": (0, _ENDLESS), "+": (1, _ENDLESS), "?": (0, 1)}


class PatternError(Exception):
    """A pattern can't be used; `position` is where in it."""

    def __init__(self, problem: str, position: int | None) -> None:
        super().__init__(problem)
        self.position = position


class Item(NamedTuple):
    """What stands for one character: itself, a class, any."""

    text: str


class Assertion(NamedTuple):
    """What stands for a place between characters: ``^ $ \\A \\Z \\z \\b \\B``."""

    text: str


class Sequence(NamedTuple):
    """Parts that follow one another."""

    parts: list["Part"]


class Choice(NamedTuple):
    """Parts of which one is there."""

    parts: list["Part"]


class Repeat(NamedTuple):
    """A part at least `least` and at most `most` times; -1 is without end."""

    part: "Part"
    least: int
    most: int


Part = Item | Assertion | Sequence | Choice | Repeat


def parse_pattern(pattern: str) -> tuple[Part, re.RegexFlag]:
    """Return the tree of a pattern and its flags; raise `PatternError` for what is none, or none for us."""
    if len(pattern) > LONGEST:
        raise PatternError(f"a pattern has at most {LONGEST} characters", LONGEST)
    tree = _Reader(pattern)
    _ask_python(pattern)
    return tree.read()


def _ask_python(pattern: str) -> None:
    try:
        with warnings.catch_warnings():
            # "Possible nested set" and the like: whoever writes that means something else.
            warnings.simplefilter("error")
            re.compile(pattern)
    except re.error as error:
        raise PatternError(error.msg, error.pos) from None
    except (Warning, OverflowError, RecursionError) as error:
        raise PatternError(str(error).partition(" at position")[0], None) from None


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._refuse_depth()

    def read(self) -> tuple[Part, re.RegexFlag]:
        flags = re.RegexFlag(0)
        while found := _FLAGS.match(self._pattern, self._at):
            for letter in found[1]:
                if letter not in _KNOWN_FLAGS:
                    raise PatternError(f"the flag {letter} is not known here; i, s and a are", self._at)
                flags |= _KNOWN_FLAGS[letter]
            self._at = found.end()
        return self._choice(), flags

    def _refuse_depth(self) -> None:
        """Refuse what nests too deep before anything that recurses sees it; a parenthesis too many does no harm."""
        depth = 0
        for at, character in enumerate(self._pattern):
            depth += (character == "(") - (character == ")" and depth > 0)
            if depth > DEEPEST:
                raise PatternError(f"groups nest deeper than {DEEPEST}", at)

    def _choice(self) -> Part:
        parts = [self._sequence()]
        while self._pattern.startswith("|", self._at):
            self._at += 1
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(parts)

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            parts.append(self._repeated(self._one()))
        return parts[0] if len(parts) == 1 else Sequence(parts)

    def _one(self) -> Part:
        at = self._at
        if self._pattern[at] == "(":
            return self._group()
        found = _ITEM.match(self._pattern, at)
        text = found[0] if found else self._pattern[at]
        self._at += len(text)
        if text in {"^", "$", "\\A", "\\Z", "\\z", "\\b", "\\B"}:
            return Assertion(text)
        if len(text) == 2 and text[0] == "\\" and text[1] in "123456789":
            raise PatternError("a reference to a group can't be matched in bounded time", at)
        return Item(text)

    def _group(self) -> Part:
        found = _GROUP.match(self._pattern, self._at)
        if found is None:
            raise PatternError(
                "of groups only (...), (?:...) and (?P<name>...) can be matched in bounded time", self._at
            )
        self._at = found.end()
        inside = self._choice()
        self._at += 1
        return inside

    def _repeated(self, part: Part) -> Part:
        found = _REPEAT.match(self._pattern, self._at)
        if found is None:
            return part
        self._at = found.end()
        if self._pattern.startswith("?", self._at):
            # Whether a repetition takes few or many makes no difference to whether there is a match.
            self._at += 1
        elif self._pattern.startswith("+", self._at):
            raise PatternError("a possessive repetition can't be used", self._at)
        least, most = _BOUNDS.get(found[0]) or _counted(found)
        return Repeat(part, least, most)


def _counted(found: re.Match[str]) -> tuple[int, int]:
    exact, least, most = found.groups()
    if exact:
        return int(exact), int(exact)
    return int(least or 0), int(most) if most else _ENDLESS
