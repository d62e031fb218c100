"""The timeline as JSON Lines, schema version 1 (docs/reference/jsonl.md): one record a line, in UTF-8.

The records are the contract, field for field, so there is nothing to do but encode them, a batch at a time.
"""

import msgspec

from xmppscope.model.timeline import Record


class JsonLines:
    """Renders records as JSON Lines."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def render(self, records: list[Record]) -> bytes:
        """Return the lines of *records*, each ended by a line feed."""
        return self._encoder.encode_lines(records)

    def close(self) -> bytes:
        """Return what was held back, which is nothing: a line of this format is written at once."""
        return b""
