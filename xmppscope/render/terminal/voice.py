"""What `--explain` adds below an entry: what it means, who may speak next, where that is specified.

Nothing is said twice: a text comes with the first entry that it fits.
"""

from typing import Final

from xmppscope.explain.lookup import handle
from xmppscope.explain.voice import voices
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.blocks import Blocks
from xmppscope.render.terminal.glyphs import Glyphs
from xmppscope.render.terminal.palette import QUIET, Palette

_AT_ONCE: Final = 2


class Voice:
    """Gives entries a voice; it remembers what was said."""

    def __init__(self, blocks: Blocks, glyphs: Glyphs, palette: Palette) -> None:
        self._blocks = blocks
        self._dot = f" {glyphs.dot} "
        self._palette = palette
        self._said: set[str] = set()

    def lines(self, entry: Entry) -> list[str]:
        """Return what is to be said about *entry* that was not said before."""
        new = [text for text in voices(entry) if text.id not in self._said][:_AT_ONCE]
        lines: list[str] = []
        for text in new:
            self._said.add(text.id)
            told = f"{text.says} Next: {text.next}" if text.next else text.says
            source = self._dot.join(filter(None, (text.spec, f"more: xmppscope explain {handle(text)}")))
            lines += self._blocks.note(told)
            lines += [self._palette.paint(line, QUIET) for line in self._blocks.note(source)]
        return lines
