"""The time column: relative to the first packet, absolute, or since the line before.

A time that is seen to lie before that of the line above is marked: an element is written when its last missing byte was
captured, so its first byte may be older than what has been written.
"""

from typing import Literal

from xmppscope.model.instant import iso, nanoseconds

TimeForm = Literal["relative", "absolute", "delta"]


class Clock:
    """Turns the times of records into the text of their column.

    `origin` is the time zero of relative times in nanoseconds since the epoch; unless it is set before, the first
    record sets it. `digits` is how many digits of a second are written, 3 or 6.
    """

    def __init__(self, form: TimeForm, back: str, origin: int | None = None) -> None:
        self.form = form
        self.origin = origin
        self.digits = 3
        self.last = -1
        self.stepped_back = False
        self._back = back
        self._second = ""
        self._second_at = 0

    def parse(self, text: str) -> int:
        """Return the nanoseconds since the epoch of a record's time."""
        second = text[:19]
        if second != self._second:
            self._second_at = nanoseconds(second)
            self._second = second
        fraction = text[20:-1]
        return self._second_at + int(fraction) * (1000 if len(fraction) == 6 else 1)

    def tick(self, text: str) -> str:
        """Return the column for an entry at the time *text*, which becomes the line above the next."""
        now = self.parse(text)
        if self.origin is None:
            self.origin = now
        before = self.last if self.last >= 0 else self.origin
        zero = 0 if self.form == "absolute" else self.origin
        self.stepped_back = rounded(now - zero, self.digits) < rounded(self.last - zero, self.digits)
        self.last = now
        mark = self._back if self.stepped_back else ""
        if self.form == "absolute":
            return mark + _of_day(now, self.digits)
        if self.form == "delta":
            return mark + seconds(abs(now - before), self.digits)
        return mark + seconds(now - self.origin, self.digits)

    def since_origin(self, text: str) -> str:
        """Return how long after the origin the time *text* lies, with its sign: ``+0.088``."""
        span = self.parse(text) - (self.origin or 0)
        return f"+{seconds(span)}" if span >= 0 else seconds(span)

    def date(self, text: str) -> str:
        """Return the time *text* in full: ``2026-11-20 09:24:56.436 UTC``."""
        now = self.parse(text)
        return f"{iso(rounded(now, 3) * 1_000_000)[:10]} {_of_day(now, 3)} UTC"


def rounded(span: int, digits: int) -> int:
    """Return *span* nanoseconds in units of the last of *digits*, rounded to the nearest."""
    unit: int = 10 ** (9 - digits)
    return (span + unit // 2) // unit


def seconds(span: int, digits: int = 3) -> str:
    """Return *span* nanoseconds as seconds with *digits* (3 or 6) of a fraction, rounded."""
    whole, fraction = divmod(rounded(abs(span), digits), 10**digits)
    sign = "-" if span < 0 and (whole or fraction) else ""
    return f"{sign}{whole}.{fraction:0{digits}d}"


def _of_day(time: int, digits: int) -> str:
    """Return the time of the day of *time*, rounded to *digits* (3 or 6) of a second."""
    return iso(rounded(time, digits) * 10 ** (9 - digits))[11 : 20 + digits]
