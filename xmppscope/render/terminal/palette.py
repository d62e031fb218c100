"""Colours of the text timeline, in the 16 colours that every terminal lets its user choose.

No colour tells anything alone: each stands beside a sign or a word.
"""

import re
from typing import Final

ERROR: Final = "1;31"
WARNING: Final = "33"
REPAIRED: Final = "32"
EDIT: Final = "95"
QUIET: Final = "90"
MESSAGE: Final = "1"
PRESENCE: Final = "32"
IQ: Final = "34"
NONZA: Final = "36"
RED: Final = "31"

CONNECTIONS: Final = ("36", "35", "34", "32", "96", "95")
"""Colours of connections in turn, for number and arrow only."""

# What model.plaintext writes for a character that must not reach the terminal; a backslash of the text is doubled.
_ESCAPE: Final = re.compile(r"\\(?:\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


class Palette:
    """Paints text, or leaves it as it is where colour is off."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, style: str) -> str:
        """Return *text* in *style* (SGR parameters; none for an empty style)."""
        if self.colour and style and text:
            return f"\x1b[{style}m{text}\x1b[0m"
        return text

    def escapes(self, text: str) -> str:
        """Return *text* with the escapes that stand for hidden characters in reverse video."""
        if self.colour and "\\" in text:
            return _ESCAPE.sub("\x1b[7m\\g<0>\x1b[27m", text)
        return text
