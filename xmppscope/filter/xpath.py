"""`xpath("…")`: an XPath 1.0 expression that must be true of an element, or find something in it.

Prefixes are the well-known ones below and, for what is not among them, those that the entry itself has. Prefixes and
functions are looked up here, because libxml2 finds out only when it comes to them.
"""

import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from xmppscope.filter.error import FilterError, meant, quoted
from xmppscope.filter.parse import Literal
from xmppscope.filter.prefixes import PREFIXES

FUNCTIONS: Final = frozenset(
    {"last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat", "starts-with"}
    | {"contains", "substring-before", "substring-after", "substring", "string-length", "normalize-space", "translate"}
    | {"boolean", "not", "true", "false", "lang", "number", "sum", "floor", "ceiling", "round"}
)
"""The core function library (XPath 1.0, section 4)."""

_NODE_TESTS: Final = frozenset({"node", "text", "comment", "processing-instruction", "and", "or", "mod", "div"})
_NAME: Final = r"[A-Za-z_][\w.-]*"
_TEXTS: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_PREFIX: Final = re.compile(rf"({_NAME}):(?=[A-Za-z_*])")
_FUNCTION: Final = re.compile(rf"(?<![\w.:-])({_NAME}(?::{_NAME})?)\s*\(")
_CACHED: Final = 64
_FOREIGN: Final = "a bad XPath: it has a character that XML can't have"

Holds = Callable[["etree._Element"], bool]


def make_xpath(literal: Literal, undeclared: set[str]) -> Holds:
    """Return the test of an element; raise `FilterError` for what is no XPath.

    Prefixes that are not known stand in *undeclared* until an entry declares them.
    """
    text = literal.text
    bare = _TEXTS.sub(lambda found: " " * len(found[0]), text)
    _refuse(literal, bare)
    _compiled(literal, text, PREFIXES)
    prefixes = sorted(set(_PREFIX.findall(bare)) - PREFIXES.keys())
    undeclared.update(prefixes)
    return _Own(literal, prefixes, undeclared).holds if prefixes else _fixed(literal, PREFIXES)


def _refuse(literal: Literal, bare: str) -> None:
    if "$" in bare:
        raise _about(literal, bare.index("$"), 1, "an XPath here has no variables")
    for found in _FUNCTION.finditer(bare):
        name = found[1]
        if name not in FUNCTIONS and name not in _NODE_TESTS:
            problem = f"no XPath function is called {quoted(name)}{meant(name, FUNCTIONS)}"
            raise _about(literal, found.start(), len(name), problem)


def _about(literal: Literal, start: int, length: int, problem: str) -> FilterError:
    return FilterError(problem, literal.column + 1 + start, length)


def _bad(literal: Literal, error: Exception) -> FilterError:
    why = str(error)
    return FilterError(f"a bad XPath: {why[:1].lower()}{why[1:]}", literal.column, literal.length)


def _fixed(literal: Literal, namespaces: dict[str, str]) -> Holds:
    """Return the test where all prefixes are known; it is tried once, which shows most other mistakes."""
    find = _compiled(literal, f"boolean({literal.text}\n)", namespaces)

    def holds(root: "etree._Element") -> bool:
        try:
            return bool(find(root))
        except etree.XPathError as error:
            raise _bad(literal, error) from None

    holds(etree.Element("none"))
    return holds


def _compiled(literal: Literal, text: str, namespaces: dict[str, str]) -> etree.XPath:
    """Compile *text*, alone and as an argument: some things are an XPath in one place only."""
    try:
        return etree.XPath(text, namespaces=namespaces, regexp=False, smart_strings=False)
    except etree.XPathError as error:
        raise _bad(literal, error) from None
    except ValueError:
        raise FilterError(_FOREIGN, literal.column, literal.length) from None


class _Own:
    """The test where some prefixes are the entry's own: compiled for each meaning that they have."""

    def __init__(self, literal: Literal, prefixes: list[str], undeclared: set[str]) -> None:
        self._undeclared = undeclared
        self._literal = literal
        self._prefixes = prefixes
        self._made: dict[tuple[str, ...], Holds] = {}
        _fixed(literal, PREFIXES | dict.fromkeys(prefixes, "urn:none"))

    def holds(self, root: "etree._Element") -> bool:
        """Return whether it holds; where a prefix means nothing it does not."""
        meanings = tuple(root.nsmap.get(prefix, "") for prefix in self._prefixes)
        if self._undeclared:
            self._undeclared.difference_update(root.nsmap)
        if not all(meanings):
            return False
        test = self._made.get(meanings)
        if test is None:
            if len(self._made) >= _CACHED:
                self._made.clear()
            own = dict(zip(self._prefixes, meanings, strict=True))
            test = self._made[meanings] = _fixed(self._literal, PREFIXES | own)
        return test(root)
