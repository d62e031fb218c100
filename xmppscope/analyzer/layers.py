"""Which layer some bytes begin, told by the bytes alone, for where the answer that would tell it was not captured.

TLS begins with a record header (RFC 8446 §5.1), zlib with a header of two bytes (RFC 1950 §2.2) that may also be text;
so it counts as zlib only if it inflates to what a stream begins with. Left out: everything behind the first bytes.
"""

import re
import zlib
from typing import Final

from xmppscope.session.states import Action

SPACES: Final = b" \t\r\n"
_RECORD_TYPES: Final = range(0x14, 0x18)
_RECORD: Final = re.compile(rb"[\x14-\x17](?:\x03|\Z)")
_ZLIB: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_LOOKED_AT: Final = 1024


def layer_of(data: bytes) -> str:
    """Return the layer that *data* begins, as `Action` spells it, or nothing: no other side has said that it may."""
    if _RECORD.match(data.lstrip(SPACES)):
        return Action.TLS.value
    return Action.DEFLATE.value if _inflates(data) else ""


def begins(layer: str, data: bytes) -> bool:
    """Tell whether *data* begins the *layer* that the other side has granted; a single byte must do."""
    if layer == Action.TLS.value:
        return data.lstrip(SPACES)[:1] != b"" and begins_record(data.lstrip(SPACES))
    return data == b"\x78" or _inflates(data)


def begins_record(data: bytes) -> bool:
    """Tell whether *data*, which is not empty, begins with the type of a TLS record; XML never has these characters."""
    return data[0] in _RECORD_TYPES


def _inflates(data: bytes) -> bool:
    if not _ZLIB.match(data):
        return False
    try:
        clear = zlib.decompressobj().decompress(data[:_LOOKED_AT], _LOOKED_AT)
    except zlib.error:
        return False
    return clear.lstrip(SPACES)[:1] in (b"", b"<")
