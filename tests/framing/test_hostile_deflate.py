"""permessage-deflate: a message goes on behind a block that says it is the last one (RFC 7692 §7.2.3.4)."""

import zlib

from xmppscope.framing.permessage_deflate import Deflate, MessageInflater


def block(data: bytes, mode: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(mode)


def test_what_follows_a_last_block_is_read_too() -> None:
    message = block(b"<a/>", zlib.Z_FINISH) + block(b"<b/>", zlib.Z_SYNC_FLUSH)[:-4]
    for deflate in (Deflate(), Deflate(takeover=False)):
        inflater = MessageInflater(deflate)
        assert inflater.inflate(message) == b"<a/><b/>"
        assert inflater.inflate(block(b"<c/>", zlib.Z_FINISH) + b"\0") == b"<c/>"


def test_last_blocks_without_end_are_refused() -> None:
    inflater = MessageInflater(Deflate())
    assert inflater.inflate(block(b"", zlib.Z_FINISH) * 10_000) is None
    assert "more than 16 blocks" in inflater.fault
    assert inflater.inflate(block(b"<c/>", zlib.Z_FINISH) + b"\0") == b"<c/>"
