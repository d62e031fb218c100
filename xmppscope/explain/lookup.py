"""From what the user asks to what there is to say: names, prefixed names, namespaces, XEPs, conditions, codes, states.

A name that several things bear explains each. What is known by number and title only says so, and no more. Lint rules
and the filter language, which stand in higher layers, are found by who calls this.
"""

import re
from functools import cache
from typing import Final

import msgspec

from xmppscope.explain import registry
from xmppscope.explain.languages import ENGLISH
from xmppscope.explain.library import EXTENSION, Text, texts, translated
from xmppscope.model.namespaces import CLIENT, COMPONENT_ACCEPT, CONTENT, SM2, SM3

_NUMBER: Final = re.compile(r"(?:xep[- ]?)?(\d{1,4})", re.IGNORECASE)
_CODE_SIZE: Final = 3
_SHOWN: Final = 8
_ELEMENT: Final = "element"
_CONTENT: Final = frozenset({*CONTENT, ""})
_OLDER: Final = {SM2: SM3}
_PUBLISHED: Final = {"Draft": "Stable"}
"""How a status of the sources of the XEPs is called where they are published."""


class Sample(msgspec.Struct, frozen=True):
    """An example with the word that says what it is an example of."""

    label: str
    lines: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing explained, in parts that every renderer shows in the same order."""

    name: str
    kind: str
    spec: str = ""
    says: str = ""
    paragraphs: tuple[str, ...] = ()
    next: str = ""
    samples: tuple[Sample, ...] = ()
    see: tuple[str, ...] = ()


def explain(what: str, language: str = ENGLISH) -> list[Explanation]:
    """Return all that is called *what*, nothing if it is unknown; in *language*, as far as it is translated."""
    word = _bare(what)
    key = word.lower()
    if number := _NUMBER.fullmatch(word):
        return _numbered(key, number[1], language)
    if found := _by_name().get(key):
        return _told_apart(found, language)
    if registry.specification(word):
        return [_of_namespace(word)]
    return _of_title(key)


def handle(text: Text) -> str:
    """Return what to ask for to get *text* alone: its name, or with its prefix where others bear the name too."""
    return text.name if _by_name()[text.name.lower()] == [text] else text.id


def names() -> list[str]:
    """Return everything that can be asked for, but for numbers."""
    return [*_by_name(), *registry.all_namespaces(), *(xep.title.lower() for xep in registry.all_xeps())]


def counts() -> dict[str, list[str]]:
    """Return the names of the texts, by kind."""
    found: dict[str, list[str]] = {}
    for text in texts():
        found.setdefault(text.kind, []).append(text.name)
    return found


def of_element(ns: str, local: str) -> Text | None:
    """Return the text about an element by its expanded name."""
    if ns in _CONTENT:
        ns = COMPONENT_ACCEPT if local == "handshake" else CLIENT
    return _by_expanded_name().get((_OLDER.get(ns, ns), local))


def of_xep(number: str) -> Text | None:
    """Return the text about the extension with this number of four digits."""
    return next((text for text in texts() if text.prefix == EXTENSION and text.xep == number), None)


def of_condition(ns: str, local: str) -> Text | None:
    """Return the text about an error condition by its expanded name."""
    return next((text for text in texts() if text.ns == ns and text.name == local and text.kind != _ELEMENT), None)


def _bare(what: str) -> str:
    """Return *what* without the brackets of a tag and the blanks around it; a closing tag keeps its slash."""
    word = " ".join(what.split())
    if word.startswith("<"):
        word = word.strip("<>")
        word = word[:-1] if word.endswith("/") else word
    return word.strip()


@cache
def _by_name() -> dict[str, list[Text]]:
    """Return the texts by every name that they answer to, in lower case."""
    found: dict[str, list[Text]] = {}
    for text in texts():
        xep = registry.xep(text.xep)
        titles = (xep.title,) if xep is not None else ()
        for name in dict.fromkeys(word.lower() for word in (text.id, text.name, *text.names, *titles)):
            found.setdefault(name, []).append(text)
    return found


@cache
def _by_expanded_name() -> dict[tuple[str, str], Text]:
    return {(text.ns, text.name): text for text in texts() if text.kind == _ELEMENT}


def _told_apart(found: list[Text], language: str) -> list[Explanation]:
    """Return the explanations of texts of one name; what is of the same kind too goes by its prefix."""
    kinds = [text.kind for text in found]
    return [
        msgspec.structs.replace(told, name=text.id) if kinds.count(text.kind) > 1 else told
        for text in found
        for told in (_of_text(text, language),)
    ]


def _status(xep: registry.Xep) -> str:
    return _PUBLISHED.get(xep.status, xep.status)


def _numbered(key: str, digits: str, language: str) -> list[Explanation]:
    """Return what a number means: three bare digits may be a status code of a room, everything else is a XEP."""
    xep = registry.xep(digits.zfill(4))
    if len(key) == _CODE_SIZE and key in _by_name():
        other = () if xep is None else (f"XEP-{xep.number}",)
        return [
            msgspec.structs.replace(found, see=found.see + other)
            for found in (_of_text(text, language) for text in _by_name()[key])
        ]
    return [] if xep is None else [_of_xep(xep)]


def _of_text(text: Text, language: str) -> Explanation:
    text = translated(text, language)
    xep = registry.xep(text.xep)
    if text.prefix == EXTENSION and xep is not None:
        return _of_xep(xep, text)
    return Explanation(
        name=text.name,
        kind=text.kind,
        spec=text.spec,
        says=text.says,
        paragraphs=(*text.paragraphs, *_types(text)),
        next=text.next,
        samples=_samples(text.example),
        see=(*text.see, *_document(text)),
    )


def _types(text: Text) -> tuple[str, ...]:
    if not text.types:
        return ()
    return (f"The type of the error is usually {' or '.join(text.types)}.",)


def _document(text: Text) -> tuple[str, ...]:
    """Return the XEP that a text rests on, if one does."""
    found = re.match(r"XEP-\d{4}", text.spec)
    return (found[0],) if found else ()


def _samples(example: str) -> tuple[Sample, ...]:
    return (Sample("Example", (example,)),) if example else ()


def _of_xep(xep: registry.Xep, text: Text | None = None) -> Explanation:
    text = text or of_xep(xep.number)
    namespaces = registry.namespaces_of(xep.number)
    told = (f"Its namespaces: {_some(namespaces)}.",) if namespaces else ()
    where = f"XEP-{xep.number}, {_status(xep)}"
    if text is None:
        says = "Known by number, title and namespaces: there is no text about it here."
        return Explanation(name=xep.title, kind="extension", spec=where, says=says, paragraphs=told)
    return Explanation(
        name=xep.title,
        kind=text.kind,
        spec=where,
        says=text.says,
        paragraphs=(*text.paragraphs, *told),
        samples=_samples(text.example),
        see=text.see,
    )


def _of_namespace(ns: str) -> Explanation:
    spec = registry.specification(ns)
    xep = registry.xep(spec)
    said: list[str] = []
    if not registry.is_registered(ns):
        said.append("Not registered as it is: another version, or a part, of a namespace that is.")
    elements = [text for text in texts() if text.kind == _ELEMENT and text.ns == ns]
    if elements:
        said.append(f"Elements: {_some([f'<{text.name}/>' for text in elements])}.")
    text = of_xep(spec)
    where = f"{spec[:3]} {spec[3:]}" if xep is None else f"XEP-{spec}"
    what = f"The namespace of {where}" + ("." if xep is None else f", {xep.title} ({_status(xep)}).")
    return Explanation(
        name=ns,
        kind="namespace",
        spec=where,
        says=what,
        paragraphs=(*((text.says,) if text else ()), *said),
        samples=_samples(text.example if text else ""),
        see=(*(element.id for element in elements[:_SHOWN]), *((where,) if xep is not None else ())),
    )


def _of_title(key: str) -> list[Explanation]:
    """Return what a title of a XEP or the short name of a namespace means."""
    titled = [_of_xep(xep) for xep in registry.all_xeps() if xep.title.lower() == key]
    return titled or [_of_namespace(ns) for ns in registry.all_namespaces() if registry.short_name(ns).lower() == key]


def _some(words: list[str]) -> str:
    """Return *words* in a row, not all of them where there are many."""
    more = len(words) - _SHOWN
    shown = ", ".join(words[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
