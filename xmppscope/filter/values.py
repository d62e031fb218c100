"""The values of an expression: numbers with their units, points in time, yes and no, hex, numbers of extensions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from xmppscope.filter.error import FilterError, quoted
from xmppscope.filter.parse import Literal
from xmppscope.model.instant import iso

DURATIONS: Final[Mapping[str, float]] = {
    "": 1, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600,
}  # fmt: skip
"""Units of a duration in seconds; without a unit it is in seconds."""

SIZES: Final[Mapping[str, float]] = {
    "": 1, "B": 1, "K": 1 << 10, "KB": 1 << 10, "KIB": 1 << 10, "M": 1 << 20, "MB": 1 << 20, "MIB": 1 << 20,
    "G": 1 << 30, "GB": 1 << 30, "GIB": 1 << 30,
}  # fmt: skip
"""Units of a size in bytes, in steps of 1024 as the timeline counts them."""

NO_UNITS: Final[Mapping[str, float]] = {"": 1}

_NUMBER: Final = re.compile(r"([-+]?)(?:0x([0-9a-fA-F]+)|(\d+(?:\.\d+)?(?:[eE][-+]?\d{1,2})?)([a-zA-Zµ]*))")
_DIGITS: Final = 30
_XEP: Final = re.compile(r"(?:xep-?)?0*(\d{1,4})", re.IGNORECASE)
_HEX: Final = re.compile(r"(?:0x)?((?:[0-9a-f]{2})+)")
_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}
_NANOSECONDS: Final = 1_000_000_000
_FARTHEST: Final = 1_000_000_000
_BEYOND: Final = "a time beyond all captures"
_BELOW_MICROSECONDS: Final = re.compile(r"\.\d{6}(\d{1,3})")


def wrong(literal: Literal, problem: str) -> FilterError:
    """Return the error that says what is wrong with a value."""
    return FilterError(problem, literal.column, literal.length)


def is_number(text: str) -> bool:
    """Return whether a value looks like a number, with a unit or without."""
    return len(text) <= _DIGITS and _NUMBER.fullmatch(text) is not None


def number(literal: Literal, units: Mapping[str, float], field: str, example: str) -> float:
    """Return the value of a number in its base unit; *example* is one that would do."""
    text = literal.text
    found = _NUMBER.fullmatch(text) if len(text) <= _DIGITS else None
    if found is None:
        raise wrong(literal, f"{field} is compared with a number, such as {example}, not with {quoted(text)}")
    if literal.quoted:
        raise wrong(literal, f"{field} is compared with a number: write it without quotes")
    sign, digits, amount, unit = found.groups()
    if digits:
        value: float = int(digits, 16)
    else:
        factor = units.get(unit) or units.get(unit.lower()) or units.get(unit.upper())
        if factor is None:
            raise wrong(literal, _no_unit(unit, units, field, example))
        value = (int(amount) if amount.isdigit() else float(amount)) * factor
    return -value if sign == "-" else value


def _no_unit(unit: str, units: Mapping[str, float], field: str, example: str) -> str:
    if len(units) == 1:
        return f"{field} has no unit: write the number alone"
    return f"{quoted(unit)} is no unit of {field}; such as {example} has"


def instant(literal: Literal, field: str) -> str | int:
    """Return a point in time: nanoseconds since time zero for a number, 29 characters of ISO text for a date."""
    text = literal.text
    if is_number(text) and not literal.quoted:
        seconds = number(literal, DURATIONS, field, "3.5")
        if abs(seconds) > _FARTHEST:
            raise wrong(literal, _BEYOND)
        return round(seconds * _NANOSECONDS)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or "-" not in text[:5]:
        raise wrong(literal, f"{quoted(text)} is no time; write seconds from the start, or 2026-11-20T09:24:56")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return _digits(moment.astimezone(UTC), literal.text)
    except OverflowError:
        raise wrong(literal, _BEYOND) from None


def _digits(moment: datetime, text: str) -> str:
    """Return a moment with nine digits of a second, of which `datetime` leaves out the last three."""
    rest = _BELOW_MICROSECONDS.search(text)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + (rest[1] if rest else "").ljust(3, "0")


def clock_text(nanoseconds: int) -> str:
    """Return nanoseconds since the epoch as 29 characters that are in order as the times are."""
    return iso(nanoseconds, 9)[:-1]


def flag(literal: Literal, field: str) -> bool:
    """Return yes or no."""
    value = _WORDS.get(literal.text.lower())
    if value is None:
        raise wrong(literal, f"{field} is true or false, not {quoted(literal.text)}")
    return value


def hexadecimal(literal: Literal, field: str) -> str:
    """Return hex digits without what people put between them."""
    text = re.sub(r"[\s:]", "", literal.text.lower())
    found = _HEX.fullmatch(text)
    if found is None:
        raise wrong(literal, f"{field} is compared with bytes in hex, such as 1603, not with {quoted(literal.text)}")
    return found[1]


def xep_number(literal: Literal, field: str) -> str:
    """Return the number of an extension in its four digits."""
    found = _XEP.fullmatch(literal.text)
    if found is None:
        raise wrong(literal, f"{field} is compared with a number such as 0198, not with {quoted(literal.text)}")
    return found[1].zfill(4)
