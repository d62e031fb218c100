"""Which columns the text timeline has, by the width of the terminal.

At 80: entry, time, connection, arrow, mark, element, summary, size. From 120 on also microseconds, state and latency;
below 72 no size; below 60 no entry and element either, and no connection while there is only one.
"""

from typing import Final, NamedTuple

from xmppscope.render.terminal.clock import TimeForm

_WIDE: Final = 120
_SIZED: Final = 72
_NUMBERED: Final = 60
SMALLEST: Final = 40
ELEMENT: Final = 9
STATE: Final = 11
LATENCY: Final = 7
PACKETS: Final = 9
INDENT: Final = 5


class Layout(NamedTuple):
    """The columns of one terminal width; a width of 0 leaves the column out.

    `room` is what is left for summary and the columns behind it at the usual lengths: numbers that outgrow their column
    take it from the summary, so that no entry wraps.
    """

    width: int
    entry: int
    time: int
    connection: bool
    element: int
    size: int
    state: int
    latency: int
    packets: int

    @property
    def wide(self) -> bool:
        """Whether this is the wide form, with headings and microseconds."""
        return self.latency > 0


def layout(width: int, form: TimeForm, *, packets: bool, several: bool) -> Layout:
    """Return the columns for *width*; *several* tells that there is more than one connection."""
    width = max(width, SMALLEST)
    wide = width >= _WIDE
    clock = len("09:24:56.436") if form == "absolute" else len("  0.001")
    return Layout(
        width=width,
        entry=(6 if wide else 4) if width >= _NUMBERED else 0,
        time=clock + (3 if wide else 0),
        connection=several or width >= _NUMBERED,
        element=ELEMENT if width >= _NUMBERED else 0,
        size=4 if width >= _SIZED else 0,
        state=STATE if wide else 0,
        latency=LATENCY if wide else 0,
        packets=PACKETS if packets else 0,
    )
