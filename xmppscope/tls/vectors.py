"""Reads the presentation language of TLS (RFC 8446 §3): numbers and length-prefixed vectors out of one bytes object.

Every read is checked against what is left, so that a truncated or lying length raises `HandshakeError` and nothing
else. It leaves out what the values mean.
"""

from collections.abc import Iterator


class HandshakeError(ValueError):
    """A handshake message does not have the form that its specification gives it."""


class Reader:
    """A cursor over *data*; *what* names the structure in error messages."""

    __slots__ = ("_at", "_data", "_end", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._end = len(data)
        self._what = what

    @property
    def left(self) -> int:
        """How many bytes have not been read."""
        return self._end - self._at

    def take(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        end = self._at + count
        if end > self._end:
            raise HandshakeError(f"{self._what} ends early: {count} bytes announced, {self.left} left")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self, size: int) -> int:
        """Return the next unsigned big-endian number of *size* bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int, least: int = 0) -> bytes:
        """Return the contents of the next vector, whose length takes *size* bytes and must be *least* or more."""
        length = self.number(size)
        if length < least:
            raise HandshakeError(f"{self._what} has a vector of {length} bytes where {least} is the least")
        return self.take(length)

    def numbers(self, size: int, least: int = 2) -> list[int]:
        """Return the 16-bit numbers of the next vector, whose length takes *size* bytes."""
        data = self.vector(size, least)
        if len(data) % 2:
            raise HandshakeError(f"{self._what} has a list of 16-bit numbers with an odd length, {len(data)}")
        return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]

    def vectors(self, size: int, least: int = 0) -> Iterator[bytes]:
        """Yield the contents of one vector after another until everything is read."""
        while self.left:
            yield self.vector(size, least)

    def finish(self) -> None:
        """Check that everything has been read."""
        if self.left:
            raise HandshakeError(f"{self._what} has {self.left} bytes too many")
