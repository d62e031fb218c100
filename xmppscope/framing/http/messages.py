"""One side's HTTP/1 messages: heads and bodies cut out of its bytes (RFC 9112), whichever side it turns out to be.

What a message belongs to is asked of the `Link`, which both sides share. A hole is passed where the length of the body
tells how; elsewhere the next line that begins a message is looked for.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

from xmppscope.framing.http import bounds
from xmppscope.framing.http.coding import decode
from xmppscope.framing.http.events import BodyDone, HttpEvent, HttpFault
from xmppscope.framing.http.heads import REQUEST_LINE, START_LINES, STATUS_LINE, Ends, Head, Refused, parse

_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n\0]*)?\r\n")
_SEARCHED: Final = 16 * 1024
_HOLE: Final = "bytes of it are not in the capture"


class Link(Protocol):
    """What the two sides of a connection share."""

    def begun(self, side: int, head: Head, start: int, end: int) -> int | None:
        """Take a head; return its exchange, -1 for an interim response, None while it has to wait for its request."""

    def ends_without_body(self, exchange: int) -> bool:
        """Tell whether the response of *exchange* has no body whatever its head says."""

    def done(self, side: int, exchange: int) -> None:
        """Note that a message is complete."""


class Messages:
    """Cuts one side's bytes into messages and writes events to *out*.

    `at` is the offset of the first byte that has not been used, `rest` what was fed from there on. `held` is set while
    a response waits for its request, or whoever asked for an upgrade for the answer; `over` when nothing more is read.
    """

    def __init__(self, side: int, link: Link, out: list[HttpEvent], *, midstream: bool) -> None:
        self.at = 0
        self.rest = b""
        self.held = False
        self.over = False
        self._side = side
        self._link = link
        self._out = out
        self._step: Callable[[], bool] = self._search if midstream else self._head
        self._found = False
        self._scanned = 0
        self._exchange = 0
        self._parts: list[bytes] = []
        self._kept = 0
        self._left = 0
        self._start = 0
        self._encoding = ""
        self._fault = ""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self.rest = self.rest + data if self.rest else data
        self.pump()

    def pump(self) -> None:
        """Go on as far as the bytes reach."""
        while not (self.held or self.over) and self._step():
            pass
        if self.over:
            self.at += len(self.rest)
            self.rest = b""

    def lost(self, length: int | None) -> bool:
        """Note that bytes are missing; return False if it is not known any more where messages begin."""
        if self.over:
            return True
        if self._step == self._length and length is not None and not self.rest and length <= self._left:
            self.at += length
            self._left -= length
            self._fault = _HOLE
            if not self._left:
                self._finish()
            return True
        if self._step == self._until_close:
            self.at += length or 0
            self._fault = _HOLE
            return True
        self.abandon(_HOLE)
        self.at += len(self.rest) + (length or 0)
        self.rest = b""
        self.held = False
        self._scanned = 0
        self._step = self._search
        return False

    def close(self) -> None:
        """Take the end of this side."""
        if self._step == self._until_close:
            self._finish()
        elif self._step == self._head and self.rest.strip(b"\r\n") and not self.held and not self.over:
            self._refuse("ends inside a head", len(self.rest))
        else:
            self.abandon("ends too soon")
        self.over = True

    def abandon(self, why: str) -> None:
        """Give up the body that is being read, if any."""
        if self._step not in (self._head, self._search) and not self.over:
            self._fault = self._fault or why
            self._finish()

    def _head(self) -> bool:
        rest = self.rest
        if rest[:2] == b"\r\n":
            # RFC 9112 §2.2: "SHOULD ignore at least one empty line (CRLF) received prior to the request-line"
            rest = self._cut(len(rest) - len(rest.lstrip(b"\r\n")))
        end = rest.find(b"\r\n\r\n", self._scanned)
        if end < 0 or end > bounds.HEAD:
            self._scanned = max(len(rest) - 3, 0)
            if len(rest) > bounds.HEAD:
                return self._refuse(f"a head longer than {bounds.HEAD} bytes", bounds.HEAD)
            if b"\n" in rest and not STATUS_LINE.match(rest) and not REQUEST_LINE.match(rest):
                return self._refuse("no HTTP: neither a request line nor a status line", rest.index(b"\n") + 1)
            return False
        self._scanned = 0
        head = parse(rest[: end + 2])
        if isinstance(head, Refused):
            return self._refuse(head.reason, end + 4)
        self._found = False
        exchange = self._link.begun(self._side, head, self.at, self.at + end + 4)
        if exchange is None:
            self.held = True
            return False
        self._cut(end + 4)
        if exchange >= 0 and not self.over:
            self._begin(head, exchange)
        return True

    def _begin(self, head: Head, exchange: int) -> None:
        self._exchange, self._encoding = exchange, head.encoding
        self._start = self.at
        ends = Ends.NOTHING if head.status and self._link.ends_without_body(exchange) else head.ends
        if ends is Ends.NOTHING:
            self._finish()
        elif ends is Ends.LENGTH:
            self._left = head.length
            self._step = self._length
        else:
            self._step = self._chunk if ends is Ends.CHUNKS else self._until_close

    def _length(self) -> bool:
        if not self.rest:
            return False
        self._keep(self._left)
        if not self._left:
            self._finish()
        return True

    def _chunk(self) -> bool:
        line = _CHUNK.match(self.rest)
        if line is None:
            end = self.rest.find(b"\n")
            if end >= 0 or len(self.rest) > bounds.CHUNK_LINE:
                self.abandon("the size of a chunk is none")
                return self._refuse("the size of a chunk is none (RFC 9112 §7.1)", end + 1 or bounds.CHUNK_LINE)
            return False
        size = int(line[1], 16)
        if len(str(size)) > bounds.LENGTH_DIGITS:
            self.abandon("the size of a chunk is absurd")
            return self._refuse(f"a chunk of {size} bytes", line.end())
        self._left = size
        self._cut(line.end())
        self._step = self._in_chunk if self._left else self._trailer
        return True

    def _in_chunk(self) -> bool:
        if self._left:
            if not self.rest:
                return False
            self._keep(self._left)
            return True
        if len(self.rest) < 2:
            return False
        if self.rest[:2] != b"\r\n":
            self.abandon("a chunk that is longer than its size")
            return self._refuse("a chunk that is longer than its size (RFC 9112 §7.1)", 2)
        self._cut(2)
        self._step = self._chunk
        return True

    def _trailer(self) -> bool:
        """Pass the trailer section (RFC 9112 §7.1.2) up to its empty line."""
        end = self.rest.find(b"\r\n")
        if end < 0:
            if len(self.rest) > bounds.HEAD or b"\n" in self.rest:
                self.abandon("the trailer is none")
                return self._refuse("the trailer of a chunked body is none", len(self.rest))
            return False
        self._cut(end + 2)
        if not end:
            self._finish()
        return True

    def _until_close(self) -> bool:
        if self.rest:
            self._keep(len(self.rest))
        return False

    def _search(self) -> bool:
        found = START_LINES.search(self.rest)
        if found is None:
            tail = self.rest.rfind(b"\n") if len(self.rest) < _SEARCHED else len(self.rest) - 1
            self._cut(max(tail, 0))
            return False
        self._cut(found.end())
        self._found = True
        self._step = self._head
        return True

    def _keep(self, most: int) -> None:
        """Take up to *most* bytes of the body, and keep them within bounds."""
        data = self.rest[:most]
        self._left -= len(data)
        self._cut(len(data))
        self._kept += len(data)
        if self._kept > bounds.BODY and not self._fault:
            self._fault = f"longer than {bounds.BODY} bytes"
            self._parts.clear()
        if not self._fault:
            # What follows a hole is not kept: the part before it must not seem to go on there.
            self._parts.append(data)

    def _finish(self) -> None:
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        fault = self._fault
        if self._encoding and not fault:
            data, fault = decode(data, self._encoding)
        self._out.append(BodyDone(self._exchange, self._side, self._start, self.at, data, self._encoding, fault))
        self._fault = ""
        self._kept = self._left = 0
        self._step = self._head
        self._link.done(self._side, self._exchange)

    def _cut(self, size: int) -> bytes:
        self.rest = self.rest[size:]
        self.at += size
        return self.rest

    def _refuse(self, reason: str, size: int) -> bool:
        if self._found:
            # A line that only looked like the beginning of a message: the search goes on behind it.
            self._found = False
            self._scanned = 0
            self._cut(max(self.rest.find(b"\n"), 1))
            self._step = self._search
            return True
        self._out.append(HttpFault(self._side, self.at, self.at + size, reason))
        self.over = True
        return False
