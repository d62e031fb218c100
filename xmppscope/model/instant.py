"""Points in time: integer nanoseconds since the Unix epoch inside, ISO 8601 UTC with ``Z`` outside.

The text has six digits of a second, or nine where the capture has them.
"""

from datetime import UTC, datetime

_NANOSECONDS = 1_000_000_000
_began = -_NANOSECONDS
_second_text = ""


def iso(time: int, digits: int = 6) -> str:
    """Return *time* (nanoseconds since the epoch) as ISO 8601 text with *digits* (6 or 9) of a second."""
    global _began, _second_text
    fraction = time - _began
    if not 0 <= fraction < _NANOSECONDS:
        second, fraction = divmod(time, _NANOSECONDS)
        _second_text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        _began = time - fraction
    if digits == 9:
        return f"{_second_text}{fraction:09d}Z"
    return f"{_second_text}{fraction // 1000:06d}Z"


def nanoseconds(text: str) -> int:
    """Return the nanoseconds since the epoch of an ISO 8601 text that `iso` wrote."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    second = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return second * _NANOSECONDS + int(fraction.ljust(9, "0"))
