"""Text of others made safe to show: no control, no direction override and nothing invisible reaches the reader raw.

What is hidden becomes a backslash escape (``\\x1b``, ``\\n``, ``\\u202e``), a backslash becomes two, so that an escape
cannot be forged, and a character keeps at most two combining marks. Colours and widths are a renderer's business.
"""

import re
import unicodedata
from typing import Final

QUOTED: Final = 200
"""How many characters of a quoted text are shown; the element itself holds the rest."""

_HIDDEN: Final = re.compile(
    "[\\\\\x00-\x1f\x7f-\x9f"  # backslash, C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # blank letters and soft hyphen
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, line separators, bidirectional controls
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # surrogates, tags
)
_NAMED: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKS: Final = 2
_LOOK_CLOSER: Final = re.compile(
    "[\\\\\u0300-\u1fff\u20d0-\u20ff\u2c00-\u2dff\u3000-\u31ff\ua000-\uabff\ufb1e\ufe00-\ufe2f\uffa0"
    "\U00010000-\U0001efff\U000e0100-\U000e01ef]"
)
"""What `str.isprintable` accepts and is to be looked at all the same: blocks with combining marks and blank letters."""

_FIRST_MARK: Final = "\u0300"


def visible(text: str) -> str:
    """Return *text* with everything escaped that would not be seen, or would change how other text is seen."""
    if text.isprintable() and (("\\" not in text) if text.isascii() else not _LOOK_CLOSER.search(text)):
        return text
    shown = _HIDDEN.sub(_escape, text)
    return _few_marks(shown) if _LOOK_CLOSER.search(shown) else shown


def quote(text: str, limit: int = QUOTED) -> str:
    """Return *text* visible and in straight quotes, cut with ``…`` behind *limit* characters."""
    if len(text) > limit:
        return f'"{visible(text[:limit])}…"'
    # What `visible` finds first, without the call: most bodies end here.
    if text.isascii() and text.isprintable() and "\\" not in text:
        return f'"{text}"'
    return f'"{visible(text)}"'


def cut(text: str, limit: int) -> str:
    """Return *text* visible, cut with ``…`` behind *limit* characters."""
    return f"{visible(text[:limit])}…" if len(text) > limit else visible(text)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if code < 0x100:
        return _NAMED.get(character) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _few_marks(text: str) -> str:
    """Drop combining marks behind the second one of each character: towers of them climb into other lines."""
    kept: list[str] = []
    marks = 0
    for character in text:
        if character >= _FIRST_MARK and unicodedata.category(character).startswith("M"):
            marks += 1
            if marks > _MARKS:
                continue
        else:
            marks = 0
        kept.append(character)
    return "".join(kept)
