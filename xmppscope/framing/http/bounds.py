"""Bounds of the HTTP observer: what it keeps of a peer's bytes, however many there are."""

from typing import Final

HEAD: Final = 64 * 1024
"""Bytes that a head may take, and a header block of HTTP/2, before and after decompression."""

FIELDS: Final = 256
"""Header fields of one head."""

BODY: Final = 16 * 1024 * 1024
"""Bytes of one body that are kept, as sent and decoded."""

BODIES: Final = 32 * 1024 * 1024
"""Bytes of all unfinished bodies of one HTTP/2 connection."""

FRAME: Final = 1024 * 1024
"""Bytes of one frame of HTTP/2; without a setting of its own a peer accepts 16 KiB (RFC 9113 §4.2)."""

CHUNK_LINE: Final = 1024
"""Bytes of the line that tells a chunk's size, with its extensions."""

HELD: Final = 64 * 1024
"""Bytes of a response that wait for a request which has not been captured yet."""

PENDING: Final = 1000
"""Requests without an answer on one connection, streams of HTTP/2 included."""

LENGTH_DIGITS: Final = 15
"""Digits of a Content-Length: no body of a petabyte will be sent."""
