"""The reference of the filter language, one page of Markdown: docs/reference/filter.md and what the program shows.

What can be told from the tables of the language is; the rest stands in page.md beside this file.
"""

import pkgutil
from collections.abc import Iterable
from typing import Final

from xmppscope.filter.fields import ALIASES, FIELDS, Field
from xmppscope.filter.prefixes import PREFIXES
from xmppscope.filter.words import WORDS

_MADE: Final = frozenset({"ns", "child", "body", "condition", "jid", "domain"})
_TLS: Final = "tls."


def page() -> str:
    """Return the whole page."""
    text = (pkgutil.get_data("xmppscope.filter", "page.md") or b"").decode()
    tables = {
        "words": _rows((f"`{name}`", word.about) for name, word in WORDS.items()),
        "fields": _rows(_field(name, field) for name, field in FIELDS.items() if not name.startswith(_TLS)),
        "choices": _rows((f"`{name}`", _listed(field.choices)) for name, field in FIELDS.items() if field.choices),
        "tls": _rows(_field(name, field) for name, field in FIELDS.items() if name.startswith(_TLS)),
        "prefixes": _rows((f"`{prefix}`", f"`{ns}`") for prefix, ns in PREFIXES.items()),
    }
    for name, rows in tables.items():
        text = text.replace(f"{{{name}}}", rows)
    return text


def _field(name: str, field: Field) -> tuple[str, str, str]:
    mark = " *" if name in _MADE else ""
    spellings = [name, *(alias for alias, meant in ALIASES.items() if meant == name)]
    several = ", several" if field.many else ""
    return f"{_listed(spellings)}{mark}", f"{field.type.value}{several}", field.about


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
