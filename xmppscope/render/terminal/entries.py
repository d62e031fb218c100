"""One entry, one line: columns, arrow, mark and colours.

This is the hot path of the text output: 20,000 lines a second are promised, so a line is put together flat, from
pieces that are made once (arrows, labels) or measured only where they are not ASCII.
"""

from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.glyphs import Glyphs
from xmppscope.render.terminal.labels import Labels, mark, style
from xmppscope.render.terminal.layout import Layout
from xmppscope.render.terminal.numbers import latency, size
from xmppscope.render.terminal.palette import CONNECTIONS, EDIT, QUIET, RED, REPAIRED, WARNING, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import cut, fit, width

_MARK_STYLES = {
    "error": RED,
    "warning": WARNING,
    "unread": WARNING,
    "edit": EDIT,
    "repaired": REPAIRED,
}


class EntryLines:
    """Makes the lines of entries; `layout` may be exchanged between two lines."""

    def __init__(self, layout: Layout, glyphs: Glyphs, palette: Palette, legible: Legible) -> None:
        self.layout = layout
        self._glyphs = glyphs
        self._palette = palette
        self._legible = legible
        self._labels = Labels(glyphs.ellipsis, legible)

    def line(self, entry: Entry, time: str) -> str:
        """Return the line of *entry*; *time* is the text of its time column."""
        layout = self.layout
        glyphs = self._glyphs
        paint = self._palette.paint
        time = time.rjust(layout.time)
        number = f"{entry.entry:>{layout.entry}} " if layout.entry else ""
        connection = f"{entry.connection:>{3 if layout.wide else 2}} " if layout.connection else ""
        arrow = glyphs.arrows[entry.sender, entry.protection != "none"]
        if entry.kind == "proxy":
            arrow = " " * len(arrow)  # it went nowhere
        marked = mark(entry)
        sign = glyphs.marks[marked]
        right, right_width = self._right(entry)
        room = layout.width - len(number) - len(time) - 1 - len(connection) - len(arrow) - 2 - right_width
        element = ""
        if layout.element:
            element = self._labels.label(entry)
            gap = "  " if layout.wide else " "
            room -= len(gap) + 1 + layout.element
        text = self._summary(entry, room)
        if not self._palette.colour:
            if element:
                return f"{number}{time} {connection}{arrow} {sign} {element}{gap}{text}{right}".rstrip()
            return f"{number}{time} {connection}{arrow}{sign} {text}{right}".rstrip()
        text = self._palette.escapes(text if right else text.rstrip())
        ends = paint(connection + arrow, CONNECTIONS[(entry.connection - 1) % len(CONNECTIONS)])
        begin = f"{number}{paint(time, QUIET)} {ends}"
        sign = paint(sign, _MARK_STYLES.get(marked, ""))
        if element:
            return f"{begin} {sign} {paint(element, style(entry, marked))}{gap}{text}{paint(right, QUIET)}"
        return f"{begin}{sign} {text}{paint(right, QUIET)}"

    def heading(self) -> str:
        """Return the names of the columns of the wide form."""
        layout = self.layout
        state = f" {'state':<{layout.state}}"
        packets = f" {'packets':>{layout.packets}}" if layout.packets else ""
        right = f"{state}{packets} {'size':>{layout.size}}  {'latency':>{layout.latency}}"
        left = f"{'#':>{layout.entry}} {'time':>{layout.time}}   c      {'element':<{layout.element}}  summary"
        return self._palette.paint(left + right.rjust(layout.width - len(left)), QUIET)

    def _summary(self, entry: Entry, room: int) -> str:
        """Return the summary in exactly *room* columns; what was asked stays visible when it is cut."""
        text = self._legible(entry.summary)
        glyphs = self._glyphs
        layout = self.layout
        # Where lines bear no numbers, the number of the question helps nobody.
        words = [f"#{entry.answers}"] if layout.entry and entry.answers is not None else []
        if entry.latency is not None and not layout.latency:
            words.append(latency(entry.latency))
        if not words:
            return fit(text, room, glyphs.ellipsis)
        tail = f" {glyphs.dot} {' '.join(words)}"
        left = room - len(tail)
        used = width(text)
        if used > left:
            return cut(text, left, glyphs.ellipsis) + tail
        return text + tail + " " * (left - used)

    def _right(self, entry: Entry) -> tuple[str, int]:
        """Return the columns behind the summary and how wide they are, also where they are blank."""
        layout = self.layout
        if not layout.size:
            return (_packets(entry, layout.packets), layout.packets + 1) if layout.packets else ("", 0)
        amount = "" if entry.size is None else size(entry.size)
        right = f" {amount:>{layout.size}}"
        if layout.packets:
            right = _packets(entry, layout.packets) + right
        if layout.wide:
            waited = "" if entry.latency is None else latency(entry.latency)
            right = f" {entry.state:<{layout.state}}{right}  {waited:>{layout.latency}}"
        elif not right.strip():
            # Nothing stands there: the summary may.
            return "", 0
        return right, len(right)


def _packets(entry: Entry, columns: int) -> str:
    """Return the packet numbers of *entry*, with the file in front where there are several: ``1:61-63``."""
    if entry.packets is None:
        return " " * (columns + 1)
    first, last = entry.packets
    file = "" if entry.file is None else f"{entry.file + 1}:"
    numbers = str(first) if first == last else f"{first}-{last}"
    return f" {file + numbers:>{columns}}"
