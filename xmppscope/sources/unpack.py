"""Compressed captures are unpacked as they come: gzip (RFC 1952) and zstd (RFC 8878), told by their first bytes.

A compressed file may be cut or damaged like any other: what came out before is shown. What one piece of input can
expand to is bounded, so that a hostile file fills no memory.
"""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Protocol

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_MAGIC_SIZE: Final = 4
_MOST_OUT: Final = 1 << 18

# One zstd block of 4 bytes may expand to 128 KiB; its decoder can't be told to stop in between.
_ZSTD_SLICE: Final = 1024
_ZSTD_WINDOW: Final = 1 << 27


class Unpacker:
    """Unpacks one file; what is not compressed passes as it is."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder: _Decoder | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes of the file; yield what they contain, in pieces."""
        if self._decoder is None:
            self._head += data
            if len(self._head) < _MAGIC_SIZE:
                return
            data = self._begin()
        yield from self._chosen().feed(data)

    def close(self) -> Iterator[bytes]:
        """Yield what was held back: of a file too short to tell, all of it."""
        if self._decoder is None:
            yield from self.feed(b"") if len(self._head) >= _MAGIC_SIZE else self._short()

    @property
    def problem(self) -> str:
        """What is wrong with the compressed data so far, in words; empty if it is whole."""
        return "" if self._decoder is None else self._decoder.problem

    def _short(self) -> Iterator[bytes]:
        data = self._begin()
        if data:
            yield from self._chosen().feed(data)

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        if head.startswith(_GZIP):
            self._decoder = _Gzip()
        elif head.startswith(_ZSTD):
            self._decoder = _Zstd()
        else:
            self._decoder = _Plain()
        return head

    def _chosen(self) -> "_Decoder":
        assert self._decoder is not None
        return self._decoder


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...

    @property
    def problem(self) -> str: ...


class _Plain:
    problem = ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Gzip:
    """gzip, with as many members as the file has."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)
        self._damage = ""
        self._inside = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._damage:
            if self._object.eof:
                # "A gzip file consists of a series of 'members'" (RFC 1952 §2.2); padding may follow the last one.
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._object = zlib.decompressobj(wbits=31)
                self._inside = True
            before = self._object.copy()
            try:
                out = self._object.decompress(data, _MOST_OUT)
            except zlib.error:
                self._damage = "gzip data is damaged"
                yield _up_to_damage(before, data)
                return
            if out:
                yield out
            data = self._object.unused_data if self._object.eof else self._object.unconsumed_tail
            self._inside = not self._object.eof

    @property
    def problem(self) -> str:
        return self._damage or ("gzip data ends too early" if self._inside else "")


def _up_to_damage(decoder: "zlib._Decompress", data: bytes) -> bytes:
    """Return what *decoder* makes of *data* before it fails; the call that fails gives nothing, so byte by byte."""
    out = bytearray()
    with suppress(zlib.error):
        for at in range(len(data)):
            out += decoder.decompress(data[at : at + 1])
    return bytes(out)


class _Zstd:
    """zstd, with as many frames as the file has."""

    def __init__(self) -> None:
        # Loading it takes a while, and few captures need it.
        import zstandard

        self._errors = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._object: zstandard.ZstdDecompressionObj | None = None
        self._damage = ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        parts: list[bytes] = []
        size = 0
        for at in range(0, len(data), _ZSTD_SLICE):
            for out in self._slice(data[at : at + _ZSTD_SLICE]):
                parts.append(out)
                size += len(out)
            if size >= _MOST_OUT:
                yield b"".join(parts)
                parts, size = [], 0
        if parts:
            yield b"".join(parts)

    def _slice(self, data: bytes) -> Iterator[bytes]:
        while data and not self._damage:
            if self._object is None:
                self._object = self._decompressor.decompressobj()
            try:
                out = self._object.decompress(data)
            except self._errors:
                self._damage = "zstd data is damaged"
                return
            if out:
                yield out
            if not self._object.eof:
                return
            data = self._object.unused_data
            self._object = None

    @property
    def problem(self) -> str:
        return self._damage or ("zstd data ends too early" if self._object is not None else "")
