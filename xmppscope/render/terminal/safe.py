"""The last guard before the terminal: no control character and no hidden one gets through, whatever a record says.

Summaries come escaped already (model.plaintext); a record may also come from elsewhere. Backslashes stay as they are,
since here they stand for themselves or for an escape that was made before. What the output's encoding can't express is
escaped here as well, before anything is measured, and signs are replaced where only ASCII is wanted.
"""

import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Legible:
    """Makes text fit for one output; `words` replaces signs, *encoding* is what the text will be encoded in."""

    def __init__(self, words: dict[int, str], encoding: str) -> None:
        self._words = words
        self._encoding = "" if encoding.lower().replace("-", "") == "utf8" else encoding

    def __call__(self, text: str) -> str:
        """Return *text* without anything that the terminal would obey or could not show."""
        if not text.isprintable():
            text = "".join(map(_shown, text))
        if text.isascii():
            return text
        if self._words:
            text = text.translate(self._words)
        if self._encoding:
            text = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        return text


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
