"""Packet comments that hold a mark of the proxy (`model.marks`): split where one is too long for an option, and joined.

Spec: draft-ietf-opsawg-pcapng, opt_comment ("MAY be repeated") and the 16-bit length of options. Comments that anybody
else wrote are left out, and only the first mark of a packet counts: the proxy never writes more.
"""

from typing import Final

from xmppscope.capture.interface import options
from xmppscope.model.marks import MOST, PREFIX, Mark, comment, mark_of

COMMENT: Final = 1
"""The code of the option."""

BEGINNING: Final = PREFIX.encode()
CONTINUATION: Final = b"xmppscope+"
"""What the comments begin with that hold the rest of a mark."""

_PIECE: Final = 65_000
_TOO_LONG: Final = "xmppscope: a mark of {} characters is left out"


def comments(mark: Mark) -> list[bytes]:
    """Return the comments that hold *mark*, each short enough for an option and valid UTF-8 by itself."""
    text = comment(mark)
    if len(text) > MOST:
        return [_TOO_LONG.format(len(text)).encode()]
    rest = text.encode()
    pieces: list[bytes] = []
    while rest:
        end = len(rest) if len(rest) <= _PIECE else _PIECE
        while end < len(rest) and rest[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(CONTINUATION + rest[:end] if pieces else rest[:end])
        rest = rest[end:]
    return pieces


def mark_in(described: bytes, order: str) -> Mark | None:
    """Return the mark in the options of a packet, or None where there is none, or what claims to be one is none."""
    pieces: list[bytes] = []
    for code, value in options(described, order):
        if code == COMMENT and not pieces and value.startswith(BEGINNING):
            pieces.append(value)
        elif code == COMMENT and pieces and value.startswith(CONTINUATION):
            pieces.append(value[len(CONTINUATION) :])
    if not pieces:
        return None
    try:
        return mark_of(b"".join(pieces).decode())
    except (UnicodeDecodeError, RecursionError):  # the latter where a hostile one is nested a thousand deep
        return None
