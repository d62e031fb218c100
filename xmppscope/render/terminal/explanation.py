"""Explanations as lines of text: a heading, then what it means, set in below it, then labelled parts."""

import re
from collections.abc import Iterable
from typing import Final

from xmppscope.explain.languages import label as words
from xmppscope.explain.lookup import Explanation
from xmppscope.render.terminal.glyphs import Glyphs
from xmppscope.render.terminal.markup import hard_wrap, pretty
from xmppscope.render.terminal.palette import MESSAGE, QUIET, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import width, wrap

WIDEST: Final = 100
"""Lines longer than this are hard to read, however wide the terminal is."""

_INDENT: Final = 2
_LABEL: Final = 10
_TURN: Final = re.compile(r"[CS]: ")
_SPEAKER: Final = 3


class ExplanationText:
    """Lays explanations out for a terminal of *columns*."""

    def __init__(self, columns: int, glyphs: Glyphs, palette: Palette, legible: Legible, language: str = "en") -> None:
        self._columns = min(columns, WIDEST)
        self._glyphs = glyphs
        self._palette = palette
        self._legible = legible
        self._language = language

    def lines(self, explanations: Iterable[Explanation]) -> list[str]:
        """Return the lines of all *explanations*, with a blank one between two."""
        lines: list[str] = []
        for explanation in explanations:
            if lines:
                lines.append("")
            lines += self._one(explanation)
        return lines

    def table(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Return rows of a kind, how many there are, and names of that kind, cut where the line ends."""
        rows = list(rows)
        first = max(width(kind) for kind, _, _ in rows)
        second = max(len(count) for _, count, _ in rows)
        lines = []
        for kind, count, names in rows:
            begin = f"{kind:<{first}}  {count:>{second}}  "
            more = self._legible(", …")
            shown = wrap(self._legible(names), self._columns - width(begin) - len(more) + 1)
            lines.append((begin + shown[0].rstrip(",") + (more if len(shown) > 1 else "")).rstrip())
        return lines

    def _one(self, explanation: Explanation) -> list[str]:
        dot = f" {self._glyphs.dot} "
        told = [self._legible(part) for part in (explanation.name, explanation.kind, explanation.spec) if part]
        whole = dot.join(told)
        first, *more = [whole] if width(whole) <= self._columns else wrap(whole, self._columns - _INDENT)
        name = told[0]
        if first.startswith(name):
            first = self._palette.paint(name, MESSAGE) + first[len(name) :]
        lines = [first, *(" " * _INDENT + line for line in more)]
        lines += self._prose(explanation.says)
        for paragraph in explanation.paragraphs:
            lines += self._prose(paragraph)
        if explanation.next:
            lines += self._labelled("Next", (explanation.next,))
        for sample in explanation.samples:
            lines += self._labelled(sample.label, sample.lines)
        if explanation.see:
            lines += self._labelled("See also", (dot.join(explanation.see),))
        return lines

    def _prose(self, text: str) -> list[str]:
        return [" " * _INDENT + line for line in wrap(self._legible(text), self._columns - _INDENT)]

    def _labelled(self, label: str, texts: Iterable[str]) -> list[str]:
        """Return *texts*, each on lines of its own, behind a word that says what they are."""
        room = self._columns - _INDENT - _LABEL
        shown = [line for text in texts for line in self._fitted(self._legible(text), room)]
        word = words(label, self._language)
        padded = word + " " * (_LABEL - width(word))
        labels = [self._palette.paint(padded, QUIET), *[" " * _LABEL] * (len(shown) - 1)]
        return [" " * _INDENT + word + line for word, line in zip(labels, shown, strict=True)]

    def _fitted(self, text: str, room: int) -> list[str]:
        """Return *text* in lines of at most *room*; XML that needs more than one is laid out by its elements."""
        if text.startswith("<") and text.endswith(">") and width(text) > room:
            return [line.rstrip() for line in hard_wrap(pretty(text, room), room)]
        if _TURN.match(text):
            first, *more = wrap(text[_SPEAKER:], room - _SPEAKER)
            return [text[:_SPEAKER] + first, *(" " * _SPEAKER + line for line in more)]
        return wrap(text, room)
