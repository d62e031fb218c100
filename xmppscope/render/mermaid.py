"""The timeline as a sequence diagram in Mermaid's language, for documents that draw such (Markdown on many sites).

A diagram is small or nobody reads it, and who stands in it is known only in the end: a client is called by the JID that
it has bound. So entries are kept, a bounded number of them, and written at the close. What means something to Mermaid
is written as the character codes that it knows. Left out: sizes, XML, states.
"""

import re
from typing import Final

from xmppscope.model.timeline import INITIATING, Connection, Entry, Finding, Record
from xmppscope.render.terminal.numbers import plural

MOST: Final = 500
"""Entries that are drawn; of more, only their number is told."""

_LABEL: Final = 100
_SPECIAL: Final = re.compile(r'[#;<>{}"%]|[^\S ]+|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]')
_FORMS: Final = {"closed": "--x", "gap": "--x", "opaque": "-->>", "keepalive": "-->>"}
_SIGNS: Final = {"error": "✗", "warning": "!", "info": "i"}


class Mermaid:
    """Renders records as one sequence diagram, which comes in the end."""

    def __init__(self) -> None:
        self._kept: list[Entry | Finding] = []
        self._left = 0
        self._connections: dict[int, Connection] = {}
        self._names: dict[int, str] = {}

    def render(self, records: list[Record]) -> bytes:
        """Take *records*; the diagram comes in the end."""
        for record in records:
            if isinstance(record, Connection):
                self._connections[record.connection] = record
            elif isinstance(record, (Entry, Finding)):
                if isinstance(record, Entry):
                    self._name(record)
                if len(self._kept) < MOST:
                    self._kept.append(record)
                elif isinstance(record, Entry):
                    self._left += 1
        return b""

    def close(self) -> bytes:
        """Return the diagram."""
        if not self._kept:
            return b""
        lines = ["sequenceDiagram"]
        met = dict.fromkeys(record.connection for record in self._kept)
        people: dict[str, str] = {}
        for number in met:
            for alias, name in self._people(number):
                people.setdefault(name, alias)
        lines += [f"    participant {alias} as {_text(name)}" for name, alias in people.items()]
        last = ""
        for record in self._kept:
            if isinstance(record, Entry):
                lines.append(f"    {self._arrow(record, people)}")
                last = self._ends(record.connection, people)
            elif last:
                told = f"{_SIGNS[record.severity]} {record.rule}: {record.text} ({record.spec})"
                lines.append(f"    Note over {last}: {_text(told)}")
        if self._left and last:
            lines.append(f"    Note over {last}: and {plural(self._left, 'more entry', 'more entries')}")
        return "\n".join([*lines, ""]).encode()

    def _name(self, entry: Entry) -> None:
        """Learn whose connection it is: a server sends a client what is addressed to it."""
        known = self._connections.get(entry.connection)
        to = entry.to
        if entry.sender == INITIATING or known is None or known.kind != "c2s" or not to:
            return
        if entry.kind == "stanza" and "@" in to and "/" in to:
            self._names.setdefault(entry.connection, to)

    def _people(self, number: int) -> list[tuple[str, str]]:
        """Return both ends of a connection, each with the word that stands for it in the diagram."""
        connection = self._connections.get(number)
        if connection is None:
            return [(f"i{number}", f"initiating {number}"), (f"r{number}", f"receiving {number}")]
        name = self._names.get(number)
        client = name or connection.initiating
        server = name.partition("/")[0].rpartition("@")[2] if name else connection.receiving
        return [(f"i{number}", client), (f"r{number}", server)]

    def _ends(self, number: int, people: dict[str, str]) -> str:
        return ",".join(people[name] for _, name in self._people(number))

    def _arrow(self, entry: Entry, people: dict[str, str]) -> str:
        (_, initiating), (_, receiving) = self._people(entry.connection)
        ends = [people[initiating], people[receiving]]
        if entry.kind == "proxy":
            return f"Note over {','.join(ends)}: {_text(entry.summary)}"
        if entry.sender != INITIATING:
            ends.reverse()
        form = _FORMS.get(entry.kind, "-->>" if entry.answers is not None else "->>")
        return f"{ends[0]}{form}{ends[1]}: #35;{entry.entry} {_text(f'{_called(entry)} · {entry.summary}')}"


def _called(entry: Entry) -> str:
    """Return what an entry is called: the local name as sent (an iq with its type), else its kind."""
    if entry.kind == "stream-close":
        return f"/{entry.name or 'stream'}"
    if entry.name == "iq" and entry.type:
        return f"iq {entry.type}"
    return entry.name or entry.kind


def _text(text: str) -> str:
    """Return *text* as Mermaid takes it for text: cut, and without what is a sign to it."""
    shown = f"{text[:_LABEL]}…" if len(text) > _LABEL else text
    return _SPECIAL.sub(_code, shown)


def _code(found: re.Match[str]) -> str:
    character = found[0]
    if character.isspace():
        return " "
    return f"#{ord(character[0])};"
