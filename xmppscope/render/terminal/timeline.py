"""The text timeline: records in, lines out.

It keeps nothing but what the next line needs: the time of the line above, each connection's state where states are
shown, and a run of keepalives, which is folded once something else comes.
"""

from typing import Final, Literal

import msgspec

from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Record
from xmppscope.render.terminal.blocks import Blocks
from xmppscope.render.terminal.clock import Clock, TimeForm
from xmppscope.render.terminal.entries import EntryLines
from xmppscope.render.terminal.glyphs import ASCII, UNICODE
from xmppscope.render.terminal.keepalives import Keepalives
from xmppscope.render.terminal.layout import INDENT, Layout, layout
from xmppscope.render.terminal.markup import hard_wrap, pretty, raw
from xmppscope.render.terminal.palette import QUIET, WARNING, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.voice import Voice
from xmppscope.render.terminal.width import width

_MASKED: Final = "masked"
_LAST_STATES: Final = frozenset({"closed", "broken"})


_OPENED: Final = 1 << 14
"""How many connections are remembered as announced; one that is forgotten may be announced in full once more."""


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """How the timeline is to look.

    `wrap_xml` breaks long XML at the width; `details` adds annotations and each change of state, `explain` what entries
    mean, in `language`. `encoding` is what the lines are encoded in: what it can't express is escaped.
    """

    width: int = 80
    colour: bool = False
    ascii: bool = False
    encoding: str = "utf-8"
    time: TimeForm = "relative"
    xml: Literal["pretty", "raw", ""] = ""
    wrap_xml: bool = False
    packets: bool = False
    details: bool = False
    explain: bool = False
    language: str = "en"


class TextTimeline:
    """Renders records as lines of text, encoded; `clock` holds time zero of relative times."""

    def __init__(self, style: Style) -> None:
        glyphs = ASCII if style.ascii else UNICODE
        legible = Legible(glyphs.words, style.encoding)
        self._style = style
        self._glyphs = glyphs
        self._legible = legible
        self._palette = Palette(colour=style.colour)
        self.clock = Clock(style.time, glyphs.back)
        self.blocks = Blocks(style.width, glyphs, self._palette, legible)
        self._voice = Voice(self.blocks, glyphs, self._palette, style.language) if style.explain else None
        self._connections = 0
        self._opened: dict[int, Connection] = {}
        self._lines = EntryLines(self._layout(style.width), glyphs, self._palette, legible)
        self.clock.digits = 6 if self._lines.layout.wide else 3
        self._keepalives = Keepalives(self.clock)
        self._states: dict[int, str] = {}
        self._headed = False
        self._gap_seen = False
        self._back_explained = False

    def resize(self, columns: int) -> None:
        """Go on with lines of another width."""
        if columns != self.blocks.columns:
            self.blocks.columns = columns
            self._lines.layout = self._layout(columns)
            self.clock.digits = 6 if self._lines.layout.wide else 3

    def render(self, records: list[Record]) -> bytes:
        """Return the lines of *records*, each ended by a line feed; keepalives come with what follows them."""
        lines: list[str] = []
        for record in records:
            if isinstance(record, Entry):
                if record.kind == "keepalive":
                    self._keepalives.add(record)
                    continue
                if self._keepalives:
                    self._release(lines)
                self._entry(record, lines)
            else:
                self._release(lines)
                self._between(record, lines)
        return self._encoded(lines)

    def close(self) -> bytes:
        """Return what was held back."""
        lines: list[str] = []
        self._release(lines)
        return self._encoded(lines)

    def _encoded(self, lines: list[str]) -> bytes:
        if not lines:
            return b""
        if self._lines.layout.wide and not self._headed:
            self._headed = True
            lines.insert(0, self._lines.heading())
        lines.append("")
        return "\n".join(lines).encode(self._style.encoding, "backslashreplace")

    def _layout(self, columns: int) -> Layout:
        style = self._style
        return layout(columns, style.time, packets=style.packets, several=self._connections > 1)

    def _release(self, lines: list[str]) -> None:
        for entry in self._keepalives.take():
            self._entry(entry, lines)

    def _entry(self, entry: Entry, lines: list[str]) -> None:
        time = self.clock.tick(entry.time)
        if entry.kind == "gap":
            self._gap_seen = True
        if self.clock.stepped_back and not self._back_explained:
            self._explain_back(lines)
        lines.append(self._lines.line(entry, time))
        if self._style.xml and entry.xml is not None:
            lines += self._markup(entry.xml, redacted=entry.redacted)
        if self._style.details:
            self._details(entry, lines)
        if self._voice is not None:
            lines += self._voice.lines(entry)

    def _explain_back(self, lines: list[str]) -> None:
        """Say once what the sign at a time means."""
        self._back_explained = True
        missing = "bytes are missing: " if self._gap_seen else ""
        text = (
            f"{self._glyphs.marks['warning']} {missing}a time marked {self._glyphs.back} lies before the line above it"
        )
        lines += [self._palette.paint(line, WARNING) for line in self.blocks.note(text)]

    def _markup(self, xml: str, *, redacted: bool) -> list[str]:
        """Return the XML of an entry in lines; a word at the end of the last one says that secrets are masked."""
        columns = self.blocks.columns - INDENT
        shown = pretty(xml, columns) if self._style.xml == "pretty" else raw(xml)
        shown = [self._legible(line) for line in shown]
        if self._style.wrap_xml:
            shown = hard_wrap(shown, columns)
        lines = [" " * INDENT + self._palette.escapes(line) for line in shown]
        if redacted:
            room = self.blocks.columns - INDENT - width(shown[-1])
            if room > len(_MASKED):
                lines[-1] += self._palette.paint(_MASKED.rjust(room), QUIET)
            else:
                lines.append(self._palette.paint(_MASKED.rjust(self.blocks.columns), QUIET))
        return lines

    def _details(self, entry: Entry, lines: list[str]) -> None:
        """Add annotations, and the connection's state where it has changed."""
        dot = f" {self._glyphs.dot} "
        for annotation in entry.annotations or ():
            lines += self.blocks.note(dot.join(filter(None, (annotation.text, annotation.spec))))
        before = self._states.get(entry.connection)
        if entry.state == before or (before is None and entry.state in _LAST_STATES):
            return
        change = f"{before} {self._glyphs.to} {entry.state}" if before else entry.state
        lines += [self._palette.paint(line, QUIET) for line in self.blocks.labelled("state", change)]
        if entry.state in _LAST_STATES:
            del self._states[entry.connection]
        else:
            self._states[entry.connection] = entry.state

    def _between(self, record: Record, lines: list[str]) -> None:
        if isinstance(record, Connection):
            lines += self._opening(record)
        elif isinstance(record, Finding):
            lines += self.blocks.finding(record)
        elif isinstance(record, Diagnosis):
            lines += self.blocks.diagnosis(record)

    def _opening(self, connection: Connection) -> list[str]:
        """Return the rule of a connection: the first bears the date, the others how long after the first packet."""
        clock = self.clock
        if clock.origin is None:
            clock.origin = clock.parse(connection.time)
        first = self._connections == 0
        before = self._opened.get(connection.connection)
        if len(self._opened) >= _OPENED:
            self._opened.clear()
        self._opened[connection.connection] = connection
        if before is not None:
            return self.blocks.known_now(before, connection)
        self._connections += 1
        if self._connections == 2:
            self._lines.layout = self._layout(self.blocks.columns)
        dated = first or clock.form == "absolute"
        when = clock.date(connection.time) if dated else clock.since_origin(connection.time)
        if dated and connection.proxy:
            when = f"{when[11:19]} UTC"  # who looks on knows the day
        return self.blocks.opening(connection, when)
