"""Findings as text: by connection and, within one, by rule, the gravest first.

A rule that says the same of a connection as it said of one before is not told again, only named. Everything is written
in the end, since a connection may still get findings then; what is kept is one line for each connection and rule.
"""

from typing import Final

from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Record, Severity
from xmppscope.render.terminal.blocks import Blocks
from xmppscope.render.terminal.glyphs import ASCII, UNICODE
from xmppscope.render.terminal.palette import CONNECTIONS, QUIET, RED, WARNING, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.timeline import Style
from xmppscope.render.terminal.width import width, wrap

_STYLES: Final[dict[Severity, str]] = {"error": RED, "warning": WARNING, "info": ""}
_ORDER: Final[dict[Severity, int]] = {"error": 0, "warning": 1, "info": 2}
_SHOWN: Final = 3
_NARROW: Final = 28
_HANGING: Final = 13
_LONGEST: Final = 60


class _Told:
    """What one rule found on one connection."""

    def __init__(self, finding: Finding) -> None:
        self.first = finding
        self.entries: list[int] = []
        self.count = 0

    def add(self, finding: Finding) -> None:
        """Count one more finding."""
        self.count += 1
        if len(self.entries) < _SHOWN:
            self.entries += finding.entries[-1:]


class TextFindings:
    """Renders findings as lines of text; with *everything*, one line for each instead of one for each rule.

    With *why*, what ended a session badly is told whole under its heading, which otherwise only names it.
    """

    def __init__(self, style: Style, *, everything: bool = False, why: bool = False) -> None:
        self._style = style
        self._glyphs = ASCII if style.ascii else UNICODE
        self._palette = Palette(colour=style.colour)
        self._legible = Legible(self._glyphs.words, style.encoding)
        self.blocks = Blocks(style.width, self._glyphs, self._palette, self._legible)
        self._everything = everything
        self._connections: dict[int, Connection] = {}
        self._whose: dict[int, str] = {}
        self._ended: dict[int, str] = {}
        self._why = why
        self._found: dict[int, dict[tuple[str, ...], _Told]] = {}

    @property
    def gravest(self) -> str | None:
        """The rule of the gravest finding; None if there is none."""
        told = [one for by_rule in self._found.values() for one in by_rule.values()]
        return min(told, key=lambda one: _ORDER[one.first.severity]).first.rule if told else None

    def look(self, record: Connection | Entry | Diagnosis) -> None:
        """Learn whose connection it is (a server sends a client what is addressed to it), and how it ended."""
        if isinstance(record, Connection):
            self._connections[record.connection] = record
            return
        if isinstance(record, Diagnosis):
            self._ended[record.connection] = record.text
            return
        to, number = record.to, record.connection
        if to and number not in self._whose and record.sender == "receiving" and record.kind == "stanza":
            known = self._connections.get(number)
            if "@" in to and "/" in to and known is not None and known.kind == "c2s":
                self._whose[number] = to

    def name(self, connection: int) -> str:
        """Return what a connection is called: the client's address, else both ends."""
        record = self._connections.get(connection)
        whose = self._whose.get(connection)
        if record is None:
            return whose or ""
        kind = "XMPP" if record.kind == "unknown" else record.kind
        event = self._event(connection)
        if whose and event.startswith("the client"):
            event = ""
        ends = event or whose or f"{record.initiating} {self._glyphs.to} {record.receiving}"
        return f"{kind} {self._glyphs.dot} {ends}"

    def _event(self, connection: int) -> str:
        """Return who it was and what became of him: the first clause of a diagnosis, if it is short enough to head."""
        clause, colon, _ = self._ended.get(connection, "").partition(": ")
        if not colon or ". " in clause or len(clause) > _LONGEST:
            return ""
        return f"the {clause[4:]}" if clause.startswith("The ") else clause

    def render(self, records: list[Record]) -> bytes:
        """Take *records*; the lines come in the end."""
        for record in records:
            if isinstance(record, Connection):
                self.look(record)
            elif isinstance(record, Finding):
                self._note(record)
        return b""

    def close(self) -> bytes:
        """Return the lines of all findings."""
        lines: list[str] = []
        before: set[tuple[str, str]] = set()
        for connection, by_rule in sorted(self._found.items()):
            told = sorted(by_rule.values(), key=lambda one: (_ORDER[one.first.severity], one.entries[:1]))
            new = [one for one in told if self._everything or (one.first.rule, one.first.text) not in before]
            before.update((one.first.rule, one.first.text) for one in told)
            lines.append(self._heading(connection))
            lines += self._told_whole(connection)
            column = max((width(one.first.rule) for one in new), default=0)
            for one in new:
                lines += self._line(one, min(column, _NARROW))
            known = [one for one in told if one not in new]
            if known:
                named = f" {self._glyphs.dot} ".join(f"{one.first.rule} {_numbers(one)}".strip() for one in known)
                first, *more = wrap(named, self._style.width - _HANGING) or [""]
                lines += [f"  {'as above':<{_HANGING - 2}}{first}", *(" " * _HANGING + line for line in more)]
        if not lines:
            return b""
        return "\n".join([*lines, ""]).encode(self._style.encoding, "backslashreplace")

    def _told_whole(self, connection: int) -> list[str]:
        text = self._ended.get(connection, "") if self._why else ""
        return [f"  {line}" for line in wrap(self._legible(text), self._style.width - 2)] if text else []

    def _heading(self, connection: int) -> str:
        """Return the rule that begins a connection, with its number in its colour."""
        dash, paint = self._glyphs.rule, self._palette.paint
        colour = CONNECTIONS[(connection - 1) % len(CONNECTIONS)]
        number, name = str(connection), self._legible(self.name(connection))
        room = max(self._style.width - width(f"{dash * 2} {number} {dash * 2} {name} "), 2)
        return f"{paint(dash * 2, QUIET)} {paint(number, colour)} {paint(f'{dash * 2} {name} {dash * room}', QUIET)}"

    def _note(self, finding: Finding) -> None:
        key = (finding.rule, finding.severity, *(map(str, finding.entries) if self._everything else ()))
        by_rule = self._found.setdefault(finding.connection, {})
        if key not in by_rule:
            by_rule[key] = _Told(finding)
        by_rule[key].add(finding)

    def _line(self, told: _Told, column: int) -> list[str]:
        finding = told.first
        sign = self._glyphs.marks[finding.severity]
        numbers = _numbers(told)
        begin = f"  {sign} {finding.severity:<7}  {finding.rule:<{column}}  {numbers:<4}  "
        text = self._legible(finding.text)
        room = self._style.width - width(begin)
        if room < _NARROW:
            begin, rest = begin.rstrip(), wrap(text, self._style.width - _HANGING)
            lines = [begin, *(" " * _HANGING + line for line in rest)]
        else:
            first, *more = wrap(text, room) or [""]
            lines = [begin + first, *(" " * width(begin) + line for line in more)]
        return [self._palette.paint(line, _STYLES[finding.severity]) for line in lines]


def _numbers(told: _Told) -> str:
    """Return the entries: ``#20``, ``#20 #24``, ``#20 and 14 more``."""
    if told.count > _SHOWN:
        return f"#{told.entries[0]} and {told.count - 1} more" if told.entries else f"{told.count} times"
    return " ".join(f"#{number}" for number in told.entries)
