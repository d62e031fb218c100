"""HTTP/1.1 messages of one direction, cut where heads and bodies end; what comes out is what came in, byte for byte.

Heads are read whole and within a bound, bodies pass in the pieces in which they come. What two readers could take
differently is refused (RFC 9112 §11.2): bare line ends, folded fields, a length stated twice or in two ways, a transfer
coding other than chunked, a chunk whose size is no plain number.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

HEAD_BOUND: Final = 16 * 1024
"""Bytes that the head of a message may have."""

ENDS: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")  # RFC 9112 §2.2: a lone CR or LF
FOLD: Final = re.compile(rb"\n[ \t]")  # RFC 9112 §5.2
TWO_WAYS: Final = "is written in a way that can be read in two ways"

_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)")
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,12})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_LENGTH: Final = re.compile(r"\d{1,15}")
_LINE_BOUND: Final = 256

Fields = list[tuple[str, str]]
"""Names in lower case, and values."""

Framing = int | Literal["chunked", "until-end"]
"""How the end of a body is found: by its length, by its chunks, or by the end of the connection."""


class HttpFault(Exception):  # noqa: N818 (it is the peer's, not ours)
    """A message cannot be read, or should not be; the message goes on where "the request" or "the answer" ends."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Piece(NamedTuple):
    """A whole head, some of a body, or the end of a message."""

    kind: Literal["head", "body", "end"]
    data: bytes = b""


class Status(NamedTuple):
    """The head of an answer."""

    version: str
    code: int
    phrase: str
    fields: Fields


def fields_of(head: bytes) -> Fields:
    """Return the fields of a head that `Messages` has cut; raises `HttpFault`."""
    found: Fields = []
    for line in head[:-4].split(b"\r\n")[1:]:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise HttpFault("has a field that is none")
        found.append((match[1].decode("ascii").lower(), match[2].strip(b" \t").decode("latin-1")))
    return found


def values(fields: Fields, name: str) -> list[str]:
    """Return the elements of all fields of a *name*, in lower case (RFC 9110 §5.6.1)."""
    listed = [part for field, value in fields if field == name for part in value.lower().split(",")]
    return [part.strip() for part in listed if part.strip()]


def read_status(head: bytes) -> Status:
    """Return what the head of an answer says; raises `HttpFault`."""
    match = _STATUS.fullmatch(head.partition(b"\r\n")[0])
    if match is None:
        raise HttpFault("does not begin as HTTP/1.1 does")
    phrase = (match[3] or b"").decode("latin-1")
    return Status(f"1.{match[1].decode()}", int(match[2]), phrase, fields_of(head))


def request_framing(fields: Fields, version: str) -> Framing:
    """Return how a request's body ends (RFC 9112 §6.3); raises `HttpFault`."""
    return _stated(fields, version) or 0


def answer_framing(status: Status, method: str) -> Framing:
    """Return how the body of an answer to *method* ends (RFC 9112 §6.3); raises `HttpFault`."""
    stated = _stated(status.fields, status.version)
    if method == "HEAD" or status.code < 200 or status.code in (204, 304):
        return 0
    return "until-end" if stated is None else stated


def _stated(fields: Fields, version: str) -> Framing | None:
    lengths = [value for name, value in fields if name == "content-length"]
    codings = [value.lower() for name, value in fields if name == "transfer-encoding"]
    if len(lengths) + len(codings) > 1 or (codings and version == "1.0"):
        raise HttpFault("states its length in two ways")
    if codings:
        if codings != ["chunked"]:
            raise HttpFault("has a transfer coding other than chunked", 501)
        return "chunked"
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise HttpFault("states a length that is none")
    return int(lengths[0]) if lengths else None


class Messages:
    """Cuts one direction: `feed` it, take `pieces`, and after each head say how its body ends (`begin_body`).

    `between` says that nothing of a message has come since the last one ended.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._state: Literal["head", "decide", "sized", "chunk", "chunked", "break", "trailer", "rest"] = "head"
        self._left = 0
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data

    @property
    def between(self) -> bool:
        """Whether the next byte begins a message."""
        return self._state == "head" and not self._buffer

    @property
    def in_body(self) -> bool:
        """Whether a head was taken whose body has not ended."""
        return self._state not in ("head", "decide")

    @property
    def waiting(self) -> int:
        """How many bytes wait to be taken."""
        return len(self._buffer)

    def begin_body(self, framing: Framing) -> None:
        """Say how the body ends that follows the head just taken."""
        self._left = framing if isinstance(framing, int) else 0
        self._state = "rest" if framing == "until-end" else "chunk" if framing == "chunked" else "sized"

    def rest(self) -> bytes:
        """Take out all that was not cut: it is no HTTP any more."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def pieces(self) -> Iterator[Piece]:
        """Take what is whole by now; raises `HttpFault`."""
        while True:
            piece = self._next()
            if piece is None:
                return
            yield piece

    def _next(self) -> Piece | None:
        if self._state == "head":
            return self._head()
        if self._state == "decide":
            raise RuntimeError("nobody has said how the body ends")
        if self._state == "sized" and not self._left:
            return self._end()
        if not self._buffer:
            return None
        if self._state in ("sized", "chunked"):
            return self._sized()
        return Piece("body", self.rest()) if self._state == "rest" else self._line()

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        return data

    def _end(self) -> Piece:
        self._state = "head"
        return Piece("end")

    def _head(self) -> Piece | None:
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n", max(self._searched - 3, 0))
        size = len(buffer) if end < 0 else end + 4
        head = bytes(buffer[: min(size, HEAD_BOUND)])
        if ENDS.search(head) or FOLD.search(head) or head.startswith(b"\r\n"):
            raise HttpFault(TWO_WAYS)
        if size > HEAD_BOUND:
            raise HttpFault(f"has a head of more than {HEAD_BOUND} bytes", 431)
        if end < 0:
            self._searched = len(buffer)
            return None
        self._state = "decide"
        return Piece("head", self._take(size))

    def _sized(self) -> Piece:
        data = self._take(min(self._left, len(self._buffer)))
        self._left -= len(data)
        if not self._left and self._state == "chunked":
            self._state = "break"
        return Piece("body", data)

    def _line(self) -> Piece | None:
        """Take a line of the chunked coding (RFC 9112 §7.1): a chunk's size, what ends its data, a trailer field."""
        end = self._buffer.find(b"\n", 0, _LINE_BOUND)
        if end < 0:
            if len(self._buffer) >= _LINE_BOUND:
                raise HttpFault("has a chunk whose size is too long")
            return None
        line = self._take(end + 1)
        if self._state == "break":
            if line != b"\r\n":
                raise HttpFault("has a chunk that does not end where it says")
            self._state = "chunk"
        elif self._state == "chunk":
            match = _CHUNK.fullmatch(line)
            if match is None:
                raise HttpFault("has a chunk whose size is no number")
            self._left = int(match[1], 16)
            self._state = "chunked" if self._left else "trailer"
        elif line == b"\r\n":
            self._state, self._left = "sized", 0
        elif not line.endswith(b"\r\n") or _FIELD.fullmatch(line[:-2]) is None:
            raise HttpFault("has a trailer that is none")
        return Piece("body", line)
