"""Sizes, durations and counts as the text timeline writes them: short, with a fixed unit for each magnitude."""

from typing import Final

_KILO: Final = 1024


def size(count: int) -> str:
    """Return a number of bytes in at most four columns: ``131``, ``4.4K``, ``1.6M``."""
    if count < 1000:
        return str(count)
    amount = float(count)
    for unit in "KMGT":
        amount /= _KILO
        if amount < 9.95:
            return f"{amount:.1f}{unit}"
        if amount < 999.5:
            return f"{amount:.0f}{unit}"
    return "huge"


def latency(seconds: float) -> str:
    """Return the time between a request and its answer: ``0.3 ms``, ``12 ms``, ``1.2 s``."""
    milliseconds = seconds * 1000
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    return duration(seconds)


def duration(seconds: float) -> str:
    """Return how long something lasted: ``20 ms``, ``0.6 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 0.095:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def plural(count: int, one: str, many: str = "") -> str:
    """Return *count* with its noun: ``1 gap``, ``4 812 packets``, ``2 people``."""
    return f"{grouped(count)} {one if count == 1 else many or one + 's'}"


def grouped(count: int) -> str:
    """Return *count* in groups of three digits: ``4 812``."""
    return f"{count:,}".replace(",", " ")
