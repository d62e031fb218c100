"""What the annotations of extensions are made of: names of elements, and text of others cut and made visible."""

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.namespaces import CONTENT
from xmppscope.model.plaintext import cut
from xmppscope.model.timeline import Entry

_JID: Final = 80
_ID: Final = 12
_WORD: Final = 40
_LISTED: Final = 6
_MOST_BYTES: Final = 4_000_000


def content(local: str) -> frozenset[str]:
    """Return the expanded names of a child such as `body` in every content namespace."""
    return frozenset(f"{ns}{SEPARATOR}{local}" for ns in CONTENT)


BODY: Final = content("body")
SUBJECT: Final = content("subject")
MESSAGE: Final = content("message")


def address(jid: str) -> str:
    """Return an address to be shown."""
    return cut(jid, _JID)


def short(identity: str) -> str:
    """Return the beginning of an id."""
    return cut(identity, _ID)


def word(text: str) -> str:
    """Return a name or value to be shown: a node, a type, a condition."""
    return cut(text.strip(), _WORD)


def listed(items: Iterable[str], most: int = _LISTED) -> str:
    """Return the first of *items*, each cut, and how many more there are."""
    found = list(items)
    more = len(found) - most
    return ", ".join(word(one) for one in found[:most]) + (f" and {more} more" if more > 0 else "")


def number(text: str | None) -> int | None:
    """Return an unsigned number of at most 15 digits, None for anything else."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def size(bytes_: int) -> str:
    """Return a number of bytes as people read it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if bytes_ >= 10 * factor or (bytes_ >= factor and unit != "kB"):
            return f"{bytes_ / factor:.1f} {unit}".replace(".0 ", " ")
    return "1 byte" if bytes_ == 1 else f"{bytes_} bytes"


def span(seconds: float) -> str:
    """Return a span of time in words, with the digits that matter."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "less than 1 ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"


def at(entry: Entry) -> float:
    """Return the time of an entry in seconds since the epoch."""
    return nanoseconds(entry.time) / 1e9


def instant(stamp: str) -> float | None:
    """Return a date and time of XEP-0082 in seconds since the epoch, None for anything else."""
    try:
        found = datetime.fromisoformat(stamp.strip())
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def children(element: Element, name: str) -> list[Element]:
    """Return the children of this expanded name."""
    return [child for child in element.children if child.name == name]


def decoded(text: str) -> bytes | None:
    """Return the bytes of a Base64 text, with white space anywhere; None where it is none or far too long."""
    joined = "".join(text.split())
    if len(joined) > _MOST_BYTES:
        return None
    try:
        return base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return None
