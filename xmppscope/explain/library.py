"""The texts of `xmppscope explain`, read from `texts/LANGUAGE/*.txt`: a translation is a folder beside `en`.

A translation has the sentences and paragraphs alone, under the same titles; what it lacks is said in English.

A file is a list of texts with a blank line between them. `[sm:resume]` begins one: a prefix for the family and the name
as people write it. Lines `field: value` follow (spec, says, next, example, see, names, xep, types), then paragraphs.
What a file has in common stands at its head: `@kind`, `@example` (with `{name}` in it), and `@ns PREFIX NAMESPACE`.
"""

import pkgutil
from functools import cache
from typing import Final

import msgspec

from xmppscope.explain.languages import ENGLISH, joined

FILES: Final = (
    "stream",
    "login",
    "management",
    "stanzas",
    "stream_conditions",
    "stanza_conditions",
    "sasl_conditions",
    "own_conditions",
    "rooms",
    "states",
    "entries",
    "extensions",
    "attributes",
)
"""The files of a language, in the order in which texts of the same name are shown."""

EXTENSION: Final = "ext"
_FIELDS: Final = frozenset({"spec", "says", "next", "example", "see", "names", "xep", "types"})


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One text: `says` in a sentence, `paragraphs` in full.

    `prefix` and `name` together are unique. `ns` is the namespace that the prefix stands for, empty if it stands for
    none; `names` are other names for the same; `xep` is the number of the XEP that an extension is; `types` are those
    that a stanza error of this condition has.
    """

    prefix: str
    name: str
    kind: str
    ns: str = ""
    spec: str = ""
    says: str = ""
    next: str = ""
    example: str = ""
    see: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    xep: str = ""
    types: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Prefix and name, by which nothing else is called."""
        return f"{self.prefix}:{self.name}"


@cache
def texts() -> tuple[Text, ...]:
    """Return every text."""
    found: list[Text] = []
    for file in FILES:
        data = pkgutil.get_data(__package__, f"texts/{ENGLISH}/{file}.txt")
        if data is None:
            raise FileNotFoundError(f"the package's texts {file}.txt")
        found += parse(data.decode())
    return tuple(found)


def translated(text: Text, language: str) -> Text:
    """Return *text* in *language*, as far as it is translated."""
    if language == ENGLISH:
        return text
    other = translations(language).get(text.id)
    if other is None:
        return text
    paragraphs = other.paragraphs or text.paragraphs
    return msgspec.structs.replace(text, says=other.says, next=other.next or text.next, paragraphs=paragraphs)


@cache
def translations(language: str) -> dict[str, Text]:
    """Return what is translated into *language*, by prefix and name."""
    found: dict[str, Text] = {}
    for file in FILES:
        try:
            data = pkgutil.get_data(__package__, f"texts/{language}/{file}.txt")
        except FileNotFoundError:
            continue
        found.update((text.id, text) for text in parse((data or b"").decode()))
    return found


def parse(source: str) -> list[Text]:
    """Return the texts of one file; raise `ValueError` for a line that belongs to nothing."""
    common: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    head, *parts = ("\n" + source).split("\n[")
    for line in filter(None, head.split("\n")):
        word, _, value = line.partition(" ")
        if word == "@ns":
            prefix, _, ns = value.partition(" ")
            namespaces[prefix] = ns
        elif word in {"@kind", "@example"}:
            common[word[1:]] = value
        else:
            raise ValueError(f"nothing begins with {line!r}")
    return [_text(part, common, namespaces) for part in parts]


def _text(part: str, common: dict[str, str], namespaces: dict[str, str]) -> Text:
    """Return the text that *part*, the lines behind its bracket, is."""
    title, _, rest = part.partition("]\n")
    prefix, _, name = title.partition(":")
    head, _, body = rest.partition("\n\n")
    fields: dict[str, str] = {}
    for line in head.rstrip("\n").split("\n"):
        field, colon, value = line.partition(": ")
        if not colon or field not in _FIELDS or field in fields:
            raise ValueError(f"{title}: {line!r} is no field")
        fields[field] = value
    types = tuple(fields.get("types", "").split())
    example = fields.get("example") or common.get("example", "")
    return Text(
        prefix=prefix,
        name=name,
        kind=common["kind"],
        ns=namespaces.get(prefix, ""),
        spec=fields.get("spec") or (f"XEP-{fields['xep']}" if "xep" in fields else ""),
        says=fields["says"],
        next=fields.get("next", ""),
        example=example.replace("{name}", name).replace("{type}", types[0] if types else ""),
        see=_listed(fields.get("see", "")),
        names=_listed(fields.get("names", "")),
        xep=fields.get("xep", ""),
        types=types,
        paragraphs=tuple(joined(paragraph.split("\n")) for paragraph in body.split("\n\n") if paragraph.strip()),
    )


def _listed(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in value.split(","))))
