"""What `--explain` adds below an entry: what it means, who may speak next, where that is specified.

Nothing is said twice: a text comes with the first entry that it fits.
"""

from typing import Final

from xmppscope.explain.languages import joined, label
from xmppscope.explain.library import Text, translated
from xmppscope.explain.lookup import handle
from xmppscope.explain.voice import voices
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.blocks import Blocks
from xmppscope.render.terminal.glyphs import Glyphs
from xmppscope.render.terminal.palette import QUIET, Palette

_AT_ONCE: Final = 2


def said(text: Text, language: str) -> str:
    """Return what a text says and what may come next, in *language*."""
    text = translated(text, language)
    return joined((text.says, label("Next: ", language) + text.next)) if text.next else text.says


class Voice:
    """Gives entries a voice; it remembers what was said."""

    def __init__(self, blocks: Blocks, glyphs: Glyphs, palette: Palette, language: str) -> None:
        self._blocks = blocks
        self._dot = f" {glyphs.dot} "
        self._palette = palette
        self._language = language
        self._said: set[str] = set()

    def lines(self, entry: Entry) -> list[str]:
        """Return what is to be said about *entry* that was not said before."""
        new = [text for text in voices(entry) if text.id not in self._said][:_AT_ONCE]
        lines: list[str] = []
        for text in new:
            self._said.add(text.id)
            told = said(text, self._language)
            more = f"{label('more', self._language)}: xmppscope explain {handle(text)}"
            source = self._dot.join(filter(None, (text.spec, more)))
            lines += self._blocks.note(told)
            lines += [self._palette.paint(line, QUIET) for line in self._blocks.note(source)]
        return lines
