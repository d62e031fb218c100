"""WebSocket frames of one direction in, messages out (RFC 6455 §5), as an onlooker needs them.

A message is all its fragments joined, unmasked and inflated, with the range of bytes on the wire that it took. wsproto
would fail the connection at the first fault, keeps no offsets and inflates without a bound, and so is the tests' oracle
only. What a peer does wrong is noted and passed by where the frame's length still tells where the next one is; after a
length that nobody may send, `broken` is set. Bytes that are missing inside a frame whose length is known cost that
message alone; behind any other hole `websocket_search` has to find a frame. Left out: what a message says.
"""

from typing import Final

import msgspec

from xmppscope.framing import bounds
from xmppscope.framing.permessage_deflate import MessageInflater
from xmppscope.framing.websocket_events import FrameEvent, Message, Opcode, Refused, Unread
from xmppscope.framing.websocket_messages import FINAL, TOO_LONG, Joiner

NOT_MASKED: Final = "a frame that is not masked, as a client's must be"  # RFC 6455 §5.1
MASKED: Final = "a frame that is masked, as a server's must not be"  # RFC 6455 §5.1
_WHOLE_TEXT: Final = FINAL | Opcode.TEXT
_MASK: Final = 0x80
_NEGATIVE: Final = 1 << 63


class _Frame(msgspec.Struct, gc=False):
    """A frame whose header is known: its first byte, its range on the wire."""

    first: int
    start: int
    end: int


class FrameReader:
    """Reads the frames of one direction from the wire offset *at* on.

    *masks* tells whether its frames have to be masked, None where the first one is to tell. *inflater* is there where
    the two ends agreed on compression, or may have.
    """

    def __init__(self, *, masks: bool | None, inflater: MessageInflater | None, at: int = 0) -> None:
        self.at = at
        """Wire offset behind the last byte received."""
        self.broken = False
        self.masks = masks
        self._joiner = Joiner(inflater)
        self._held = bytearray()
        self._need = 0
        self._frame: _Frame | None = None
        self._passing: _Frame | None = None

    @property
    def open(self) -> bool:
        """Whether fragments of a message have come whose last one has not."""
        return self._joiner.start >= 0

    @property
    def between(self) -> bool:
        """Whether no message is unfinished."""
        return not self._held and self._passing is None and self._joiner.start < 0

    def feed(self, data: bytes) -> list[FrameEvent]:
        """Take the next bytes; return what they complete."""
        out: list[FrameEvent] = []
        self._joiner.out = out
        self.at += len(data)
        if self._passing is not None:
            data = self._pass(self._passing, data)
        if self._held:
            self._held += data
            if len(self._held) < self._need:
                return out
            data = bytes(self._held)
            self._held.clear()
        begin, size = 0, len(data)
        while size - begin >= 2 and not self.broken:
            end = self._read(data, begin, size)
            if not end:
                break
            begin = end
        if size - begin < 2:
            self._need, self._frame = 2, None
        if begin < size and not self.broken:
            self._held += data[begin:] if begin else data
        return out

    def lost(self, length: int) -> list[FrameEvent]:
        """Note that *length* bytes are missing; `broken` is set where nobody knows what comes behind them."""
        out: list[FrameEvent] = []
        self._joiner.out = out
        frame = self._passing or self._frame
        self.at += length
        if frame is None or self.at > frame.end:
            start = self._begin()
            captured = self.at - length
            if captured > start and not self.broken and not self._joiner.told:
                out.append(Unread(start, captured, "frames behind which bytes are missing"))
            self._joiner.lost()
            self._held.clear()
            self._passing = self._frame = None
            self.broken = True
        elif self._passing is None:
            self._begin_passing(frame, "a message of which bytes are missing", told=False)
            self._pass(frame, b"")
        return out

    def close(self) -> list[FrameEvent]:
        """Take the end: what is not whole is torn."""
        out: list[FrameEvent] = []
        self._joiner.out = out
        start = self._begin()
        if start < self.at and not self.broken and not (self._joiner.told or self.between):
            out.append(Unread(start, self.at, "a message that was never completed"))
        self._held.clear()
        self.broken = True
        return out

    def _begin(self) -> int:
        """Return where what is not whole begins."""
        if self._joiner.start >= 0:
            return self._joiner.start
        return self._passing.start if self._passing is not None else self.at - len(self._held)

    def _read(self, data: bytes, begin: int, size: int) -> int:
        """Read the frame that begins at *begin*; return the index behind it, or 0 where it is not whole yet."""
        second = data[begin + 1]
        length = second & 0x7F
        inner = begin + 2
        if length >= 126:
            inner += 2 if length == 126 else 8
            length = int.from_bytes(data[begin + 2 : inner])
        if second & _MASK:
            inner += 4
        if inner > size:
            self._need, self._frame = inner - begin, None
            return 0
        end = inner + length
        start = self.at - size + begin
        if length > bounds.STANZA:
            self._refuse(_Frame(data[begin], start, start + end - begin), length)
            return min(end, size)
        if end > size:
            self._need, self._frame = end - begin, _Frame(data[begin], start, start + end - begin)
            return 0
        self._frame = None
        payload = data[inner:end]
        if second & _MASK:
            payload = unmask(payload, data[inner - 4 : inner])
        flaws = () if (second >= _MASK) is self.masks else self._judge_mask(masked=second >= _MASK)
        joiner = self._joiner
        # Most messages are one frame of text in the clear.
        if data[begin] == _WHOLE_TEXT and joiner.start < 0:
            joiner.out.append(Message(start, start + end - begin, payload, flaws))
        else:
            joiner.take(data[begin], payload, start, start + end - begin, flaws)
        return end

    def _judge_mask(self, *, masked: bool) -> tuple[str, ...]:
        if self.masks is None:
            self.masks = masked
            return ()
        return (MASKED,) if masked else (NOT_MASKED,)

    def _refuse(self, frame: _Frame, length: int) -> None:
        """Refuse a frame for its length; where one that long could be sent, pass over it."""
        out = self._joiner.out
        if length >= _NEGATIVE:
            # RFC 6455 §5.2: "the most significant bit MUST be 0"
            reason = f"a frame of {length} bytes: the most significant bit of a length must be 0"
            out.append(Refused(frame.start, self.at, reason))
            self.broken = True
            return
        out.append(Refused(frame.start, min(frame.end, self.at), f"{TOO_LONG}: a frame of {length} bytes"))
        self._begin_passing(frame, "", told=True)
        self._pass(frame, b"")

    def _begin_passing(self, frame: _Frame, why: str, *, told: bool) -> None:
        """Read no more of *frame*, nor of the message that it is a part of."""
        self._passing, self._frame = frame, None
        self._held.clear()
        joiner = self._joiner
        if not frame.first & 0x08 and joiner.begins(frame.first, frame.start, min(frame.end, self.at)):
            joiner.spoilt, joiner.told = why, told or joiner.told

    def _pass(self, frame: _Frame, data: bytes) -> bytes:
        """Pass over what is left of *frame*, *data* being the last bytes received; return what lies behind it."""
        behind = self.at - frame.end
        if behind < 0:
            return b""
        self._passing = None
        if frame.first & FINAL and not frame.first & 0x08 and self._joiner.start >= 0:
            self._joiner.finish(frame.end)
        return data[len(data) - behind :] if behind else b""


def unmask(payload: bytes, key: bytes) -> bytes:
    """Return *payload* without its mask (RFC 6455 §5.3): one XOR of two long numbers."""
    size = len(payload)
    stream = (key * ((size + 3) // 4))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(stream)).to_bytes(size)
