"""A report: the whole timeline and the viewer in one HTML file that loads nothing.

The records stand in it as JSON Lines with commas, in a block that no browser runs; what explains them follows when all
have come. So it is written as it is read, and no more is held than what the explanations need. In the block there is
no ``<``, hence no end of it either: JSON writes the character as an escape.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from xmppscope.model.timeline import Entry, Finding, Record
from xmppscope.render.html.explained import Explained
from xmppscope.render.html.page import bundle, head, style

_DATA: Final = '<script type="application/json" id="records">\n'
_ABOUT: Final = b'</script>\n<script type="application/json" id="about">'
_SCRIPT: Final = '</script>\n<script type="module">{script}</script>\n</body>\n</html>\n'


class HtmlReport:
    """Renders records as one HTML page; before the end, who knows fills `meta` (title, files, origin) and `states`.

    `states` are the changes of each connection: entry, machine, subject, value, and the entries that led to it.
    """

    def __init__(self) -> None:
        self.meta: dict[str, Any] = {}
        self.states: Mapping[int, Sequence[Sequence[object]]] = {}
        self._encoder = msgspec.json.Encoder()
        self._explained = Explained()
        self._begun = False
        self._script = bundle("report")

    def render(self, records: list[Record]) -> bytes:
        """Return what of the page *records* are; before the first of them, its head."""
        for record in records:
            if isinstance(record, Entry):
                self._explained.entry(record)
            elif isinstance(record, Finding):
                self._explained.finding(record)
        lines = self._encoder.encode_lines(records).replace(b"<", b"\\u003c").replace(b"}\n", b"},\n")
        return self._head() + lines

    def close(self) -> bytes:
        """Return the rest of the page."""
        about = self._explained.about() | {"meta": self.meta, "states": self.states}
        data = self._encoder.encode(about).replace(b"<", b"\\u003c")
        return self._head() + _ABOUT + data + _SCRIPT.format(script=self._script).encode()

    def _head(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return (head(self._script, style()) + _DATA).encode()
