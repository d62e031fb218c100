"""What the WebSocket reader hands over, each with the range of bytes on the wire that it took (RFC 6455 §5)."""

from enum import IntEnum

import msgspec


class Opcode(IntEnum):
    """What a frame is (RFC 6455 §5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Message(msgspec.Struct, gc=False):
    """A whole message; `flaws` is what its frames do wrong, `compressed` tells that it was."""

    start: int
    end: int
    data: bytes
    flaws: tuple[str, ...] = ()
    binary: bool = False
    compressed: bool = False


class Control(msgspec.Struct, gc=False):
    """A control frame: close, ping or pong."""

    start: int
    end: int
    opcode: int
    data: bytes
    flaws: tuple[str, ...] = ()


class Refused(msgspec.Struct, gc=False):
    """Frames that no peer may send, or that exceed a bound."""

    start: int
    end: int
    reason: str


class Unread(msgspec.Struct, gc=False):
    """Frames that were captured and cannot be read, since something else is missing."""

    start: int
    end: int
    reason: str


FrameEvent = Message | Control | Refused | Unread
