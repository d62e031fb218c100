"""Which specification defines a namespace, and how people call it.

The facts are the XMPP registrar's and those of the XEPs' own schemas and registrar sections (`data/namespaces.tsv`:
namespace, XEP or RFC number; `data/xeps.tsv`: number, status, title). Namespaces that only examples show are left out.
Both tables are loaded with the first question.
"""

import pkgutil
from functools import cache
from operator import attrgetter
from typing import Final, NamedTuple

from xmppscope.model.element import SEPARATOR, Element

_NAME: Final = attrgetter("name")
_CHILDREN: Final = attrgetter("children")
_CACHED: Final = 4096
_WRAPPED: Final = 32
_FORWARD: Final = f"urn:xmpp:forward:0{SEPARATOR}forwarded"
_PREFIXES: Final = (
    "http://jabber.org/protocol/",
    "http://jabber.org/features/",
    "jabber:iq:",
    "jabber:x:",
    "urn:ietf:params:xml:ns:xmpp-",
    "urn:xmpp:",
)

_by_name: dict[str, str] = {}
_by_names: dict[tuple[str, ...], list[str] | None] = {}


class Xep(NamedTuple):
    """An XMPP Extension Protocol: its number of four digits, its title and its status."""

    number: str
    title: str
    status: str


def specification(ns: str) -> str:
    """Return what defines a namespace: four digits of a XEP, ``RFC`` and a number, or nothing if it is not known.

    It is looked for as it is, then as another version or part of a known one, then by its longest known beginning.
    """
    known, families = _namespaces()
    found = known.get(ns)
    if found is not None:
        return found
    stem = _stem(ns)
    while stem:
        found = known.get(stem) or families.get(stem)
        if found is not None:
            return found
        stem = stem[: max(0, *(stem.rfind(mark) for mark in ":#/?"))]
    return ""


def xep_of(ns: str) -> str:
    """Return the number of the XEP that defines a namespace; empty for an RFC's and for unknown ones."""
    found = specification(ns)
    return "" if found.startswith("RFC") else found


def xep(number: str) -> Xep | None:
    """Return the XEP with this number of four digits."""
    return _xeps().get(number)


def is_registered(ns: str) -> bool:
    """Tell whether a namespace is known as it is, not only by its beginning or in another version."""
    return ns in _namespaces()[0]


def namespaces_of(spec: str) -> list[str]:
    """Return the namespaces that a specification, as `specification` names it, defines; in alphabetical order."""
    return sorted(ns for ns, found in _namespaces()[0].items() if found == spec)


def all_xeps() -> list[Xep]:
    """Return every XEP, in the order of numbers."""
    return list(_xeps().values())


def all_namespaces() -> list[str]:
    """Return every known namespace."""
    return list(_namespaces()[0])


def short_name(ns: str) -> str:
    """Return the short name of a known namespace (``disco#info``, ``roster``), an unknown one in full."""
    if not specification(ns):
        return ns
    short = ns
    for prefix in _PREFIXES:
        if ns.startswith(prefix):
            short = ns[len(prefix) :]
            break
    head, colon, version = short.rpartition(":")
    return head if colon and version.isdigit() else short


def xeps_of(element: Element) -> list[str] | None:
    """Return the numbers of the XEPs that an element, its children and what they wrap belong to, or None.

    A forwarded stanza inside is not looked into: it is what the element tells of, not what it is.
    """
    children = element.children
    if len(children) > _WRAPPED:
        children = children[:_WRAPPED]
    names = (element.name, *map(_NAME, children))
    if any(map(_CHILDREN, children)):
        names = (element.name, *_wrapped(element))
    try:
        return _by_names[names]
    except KeyError:
        return _learn(names)


def _wrapped(element: Element) -> list[str]:
    """Return the names of what stands below *element*, breadth first, within bounds and outside forwarded stanzas."""
    names: list[str] = []
    level = element.children
    while level and len(names) < _WRAPPED:
        level = level[: _WRAPPED - len(names)]
        names += [node.name for node in level]
        level = [child for node in level if node.name != _FORWARD for child in node.children[:_WRAPPED]]
    return names


def _learn(names: tuple[str, ...]) -> list[str] | None:
    found: dict[str, None] = {}
    for name in names:
        number = _by_name.get(name)
        if number is None:
            if len(_by_name) >= _CACHED:
                _by_name.clear()
            number = _by_name[name] = xep_of(name.rpartition(SEPARATOR)[0])
        if number:
            found[number] = None
    if len(_by_names) >= _CACHED:
        _by_names.clear()
    numbers = _by_names[names] = list(found) or None
    return numbers


def _stem(ns: str) -> str:
    """Return *ns* without one trailing ``#…`` or ``:N``."""
    base, mark, _ = ns.rpartition("#")
    if mark:
        return base
    base, mark, version = ns.rpartition(":")
    return base if mark and version.isdigit() else ns


@cache
def _namespaces() -> tuple[dict[str, str], dict[str, str]]:
    """Load the known namespaces; also what those that differ only by their version have in common."""
    known: dict[str, str] = {}
    for line in _lines("namespaces"):
        ns, _, number = line.partition("\t")
        known[ns] = number
    families: dict[str, str] = {}
    for ns, number in known.items():
        stem = _stem(ns)
        if stem != ns and families.setdefault(stem, number) != number:
            families[stem] = ""
    return known, families


@cache
def _xeps() -> dict[str, Xep]:
    found: dict[str, Xep] = {}
    for line in _lines("xeps"):
        number, status, title = line.split("\t")
        found[number] = Xep(number, title, status)
    return found


def _lines(table: str) -> list[str]:
    data = pkgutil.get_data(__package__, f"data/{table}.tsv")
    if data is None:
        raise FileNotFoundError(f"the package's table {table}.tsv")
    return data.decode().splitlines()
