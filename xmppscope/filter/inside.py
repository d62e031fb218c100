"""What an expression can ask about the inside of an element without an XPath: namespaces, children, bodies, conditions.

Each reader is made for one expression; the XML of an entry is parsed only when a test comes that far. `may_have_…` can
tell beforehand that a name is not there.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from xmppscope.filter.scope import Scope
from xmppscope.model.namespaces import COMPRESS, CONTENT, SASL, STANZA_ERRORS, STREAM_ERRORS
from xmppscope.model.timeline import Entry

if TYPE_CHECKING:
    from lxml import etree

Values = Callable[[Entry], list[str]]

_BODIES: Final = tuple(f"{{{ns}}}body" for ns in CONTENT)
_FAILURES: Final = ("{*}error", "{*}failure", "{*}failed")
_CONDITIONS: Final = frozenset({STREAM_ERRORS, STANZA_ERRORS, SASL, COMPRESS})
_TEXT: Final = "text"
_REFERRING: Final = re.compile(r"""xmlns(?::[^\s=]+)?\s*=\s*(?:"[^"&]*&|'[^'&]*&)""")


def may_have_name(entry: Entry, text: str) -> bool:
    """Return whether a local name, or a part of one, may be in the XML of *entry*; False is certain."""
    return entry.xml is not None and text in entry.xml


def may_have_namespace(entry: Entry, text: str) -> bool:
    """Return whether a namespace, or a part of one, may be in the XML of *entry*; False is certain."""
    xml = entry.xml
    if xml is None:
        return False
    if text in xml or " " in text or any(text in uri for uri in (entry.xmlns or {}).values()):
        return True
    # In a declaration a reference may stand for any character.
    return "&" in xml and _REFERRING.search(xml) is not None


def namespaces(scope: Scope) -> Values:
    """Return the reader of the namespaces of an element and of all elements in it."""
    return _reader(scope, lambda root: [ns for ns, _ in dict.fromkeys(map(_name, root.iter("*"))) if ns])


def children(scope: Scope) -> Values:
    """Return the reader of the local names of an element's children."""
    return _reader(scope, lambda root: [_name(child)[1] for child in root.iterchildren("*")])


def bodies(scope: Scope) -> Values:
    """Return the reader of the text of all message bodies in an element."""
    read = _reader(scope, lambda root: ["".join(map(str, body.itertext())) for body in root.iter(*_BODIES)])
    return lambda entry: read(entry) if entry.xml is not None and "body" in entry.xml else []


def conditions(scope: Scope) -> Values:
    """Return the reader of the conditions of errors (RFC 6120 §4.9.3, §6.5, §8.3.3; XEP-0138 §4)."""
    return _reader(scope, lambda root: [condition for error in root.iter(*_FAILURES) for condition in _of(error)])


def _of(error: "etree._Element") -> list[str]:
    names = (_name(child) for child in error.iterchildren("*"))
    return [local for ns, local in names if ns in _CONDITIONS and local != _TEXT]


def _name(element: "etree._Element") -> tuple[str, str]:
    """Return the namespace and the local name of an element."""
    ns, _, local = str(element.tag).rpartition("}")
    return ns[1:], local


def _reader(scope: Scope, values: Callable[["etree._Element"], list[str]]) -> Values:
    def read(entry: Entry) -> list[str]:
        root = scope.tree(entry)
        return [] if root is None else values(root)

    return read
