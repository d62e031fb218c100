"""XML laid out for paper: one element a line, set in by depth, text on the line of its element.

Only what passed a parser comes here, and only line feeds and blanks between elements are added.
"""

import re
from typing import Final

_TOKEN: Final = re.compile(r"""<!\[CDATA\[.*?\]\]>|<(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>|[^<]+|<""", re.DOTALL)
_STEP: Final = 2


def laid_out(xml: str) -> list[str]:
    """Return *xml* in lines; an element without elements in it stays on one line."""
    lines: list[str] = []
    depth = 0
    open_line = False
    for token in _TOKEN.findall(xml.strip()):
        closes, opens = token.startswith("</"), token.startswith("<") and token[1:2] not in {"/", "!", "?"}
        if closes:
            depth = max(depth - 1, 0)
        if not token.startswith("<") or (closes and open_line) or token.startswith("<!"):
            if token.strip():
                lines[-1:] = [(lines[-1] if lines else "") + token]
            open_line = not closes
            continue
        lines.append(" " * (_STEP * depth) + token)
        open_line = opens and not token.endswith("/>")
        if open_line:
            depth += 1
    return lines
