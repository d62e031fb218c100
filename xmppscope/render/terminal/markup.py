"""The XML of an entry below its line: laid out for reading, or as it was sent.

Layout works on the text as it was sent, tag by tag, and breaks lines only where a break can't be taken for content:
between elements whose parent has no text of its own, and between attributes. Quotes, entities and CDATA sections stay
as they are. Nothing is resolved, so this is no parser; what it is given has passed one. Hidden characters, line feeds
too, become visible escapes and a backslash becomes two, so that no text can pass for a line of the timeline.
"""

import re
from typing import Final

from xmppscope.model.plaintext import visible
from xmppscope.render.terminal.width import chop, width

_TOKEN: Final = re.compile(r"""<!\[CDATA\[.*?\]\]>|<(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|[^<]+|<""", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""[^\s=]++\s*=\s*(?:"[^"]*"|'[^']*')""")
_BLANK: Final = " \t\r\n"
_STEP: Final = 2
_DEEPEST: Final = 40


def pretty(xml: str, columns: int) -> list[str]:
    """Return *xml* in lines, indented by depth; a line is longer than *columns* only where content is."""
    tokens = _TOKEN.findall(xml)
    ends = _inline_ends(tokens)
    lines: list[str] = []
    at = depth = 0
    while at < len(tokens):
        token = tokens[at]
        end = ends.get(at, at)
        if _closes(token):
            depth = max(depth - 1, 0)
        indent = " " * min(depth * _STEP, _DEEPEST)
        if not _opens(token):
            if token.strip(_BLANK):
                lines.append(indent + visible(token))
        else:
            lines += _element(token, "".join(tokens[at + 1 : end + 1]), indent, columns)
            if at not in ends:
                depth += 1
        at = end + 1
    return lines


def raw(xml: str) -> list[str]:
    """Return *xml* as it was sent, as one line."""
    return [visible(xml)]


def hard_wrap(lines: list[str], columns: int) -> list[str]:
    """Break what is longer than *columns*, so that no piece of it can begin a line of the terminal."""
    return [piece for line in lines for piece in chop(line, columns)]


def _opens(token: str) -> bool:
    return token[0] == "<" and token[1:2] not in {"/", "!", "?", ""}


def _closes(token: str) -> bool:
    return token.startswith("</")


def _inline_ends(tokens: list[str]) -> dict[int, int]:
    """Return, for each element that is written on one line, the indexes of its first and its last token.

    These are elements that hold text, with whatever else is in them, and those that hold no element.
    """
    ends: dict[int, int] = {}
    path: list[tuple[int, bool, bool]] = []
    for at, token in enumerate(tokens):
        if _closes(token):
            if path:
                start, text, elements = path.pop()
                if text or not elements:
                    ends[start] = at
        elif _opens(token):
            if path:
                path[-1] = (path[-1][0], path[-1][1], True)
            if token.endswith("/>"):
                ends[at] = at
            else:
                path.append((at, False, False))
        elif path and token.strip(_BLANK):
            path[-1] = (path[-1][0], True, path[-1][2])
    return ends


def _element(tag: str, content: str, indent: str, columns: int) -> list[str]:
    """Return the lines of a start tag with what follows it on the same line."""
    rest = visible(content)
    attributes = [visible(found) for found in _ATTRIBUTE.findall(tag)]
    close = "/>" if tag.endswith("/>") else ">"
    name = visible((tag[1 : -len(close)].split(None, 1) or [""])[0])
    line = f"{indent}<{name}"
    whole = " ".join([line, *attributes]) + close + rest
    if len(attributes) < 2 or width(whole) <= columns:
        return [whole]
    hanging = " " * (len(line) + 1)
    # What follows the last attribute on its line counts only where a line of its own would make room for it.
    last = width(hanging + attributes[-1] + close + rest)
    follows = width(close + rest) if last <= columns else len(close)
    lines = [f"{line} {attributes[0]}"]
    for number, attribute in enumerate(attributes[1:], 2):
        needed = width(lines[-1]) + 1 + width(attribute) + (follows if number == len(attributes) else 0)
        if needed <= columns:
            lines[-1] += f" {attribute}"
        else:
            lines.append(hanging + attribute)
    lines[-1] += close + rest
    return lines
