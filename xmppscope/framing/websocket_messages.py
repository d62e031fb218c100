"""Joins the frames of one direction to messages (RFC 6455 §5.4), and inflates those that are compressed (RFC 7692)."""

from typing import Final

from xmppscope.framing import bounds
from xmppscope.framing.permessage_deflate import MISSED, MessageInflater
from xmppscope.framing.websocket_events import Control, FrameEvent, Message, Opcode, Refused, Unread

FINAL: Final = 0x80
COMPRESSED: Final = 0x40
TOO_LONG: Final = f"a message longer than {bounds.STANZA} bytes"
LONGEST_CONTROL: Final = 125
_OTHER_RESERVED: Final = 0x30
_DATA: Final = (Opcode.TEXT, Opcode.BINARY)
_CONTROL: Final = (Opcode.CLOSE, Opcode.PING, Opcode.PONG)


class Joiner:
    """Takes frames, and gives what they complete to `out`.

    `start` is where the message begins that is not whole yet, -1 between messages. `told` is set where it cannot be
    read any more and that has been said; what was not said is kept as `spoilt`.
    """

    def __init__(self, inflater: MessageInflater | None) -> None:
        self.out: list[FrameEvent] = []
        self.start = -1
        self.spoilt = ""
        self.told = False
        self._inflater = inflater
        self._opcode = 0
        self._compressed = False
        self._parts = bytearray()
        self._flaws: tuple[str, ...] = ()

    def take(self, first: int, payload: bytes, start: int, end: int, flaws: tuple[str, ...]) -> None:
        """Take a frame, unmasked; *first* is its first byte."""
        opcode = first & 0x0F
        if first & _OTHER_RESERVED or (first & COMPRESSED and (self._inflater is None or opcode not in _DATA)):
            # RFC 6455 §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
            self.out.append(Refused(start, end, "a reserved bit is set, to which no agreed extension gives a meaning"))
        elif opcode in _CONTROL:
            self._control(first, payload, start, end, flaws)
        elif self.begins(first, start, end):
            self._flaws = (*self._flaws, *(flaw for flaw in flaws if flaw not in self._flaws))
            if len(self._parts) + len(payload) > bounds.STANZA and not self.told:
                self.out.append(Refused(self.start, end, TOO_LONG))
                self.told = True
            if not (self.told or self.spoilt):
                self._parts += payload
            if first & FINAL:
                self.finish(end)

    def begins(self, first: int, start: int, end: int) -> bool:
        """Begin a message with a frame, or go on with one; return False if the frame can do neither."""
        opcode = first & 0x0F
        if opcode == Opcode.CONTINUATION:
            if self.start < 0:
                self.out.append(Refused(start, end, "a continuation of no message"))
            return self.start >= 0
        if opcode not in _DATA:
            self.out.append(Refused(start, end, f"a frame with the reserved opcode {opcode}"))
            return False
        if self.start >= 0 and not self.told:
            self.out.append(Refused(self.start, start, "a message that was not completed before the next one"))
            self._miss()
        self.start, self._opcode, self._compressed = start, opcode, bool(first & COMPRESSED)
        self.spoilt, self.told, self._flaws = "", False, ()
        self._parts.clear()
        return True

    def finish(self, end: int) -> None:
        """End the present message."""
        start, self.start = self.start, -1
        data = bytes(self._parts)
        self._parts.clear()
        if self.told or self.spoilt:
            if not self.told:
                self.out.append(Unread(start, end, self.spoilt))
            self._miss()
            return
        if self._compressed and self._inflater is not None:
            clear = self._inflater.inflate(data)
            if clear is None:
                fault = self._inflater.fault
                self.out.append((Unread if fault == MISSED else Refused)(start, end, fault))
                return
            data = clear
        self.out.append(Message(start, end, data, self._flaws, self._opcode == Opcode.BINARY, self._compressed))

    def lost(self) -> None:
        """Note that frames are missing: what was begun ends with them."""
        self.start = -1
        self._parts.clear()
        if self._inflater is not None:
            self._inflater.miss()

    def _miss(self) -> None:
        if self._compressed and self._inflater is not None:
            self._inflater.miss()

    def _control(self, first: int, payload: bytes, start: int, end: int, flaws: tuple[str, ...]) -> None:
        # RFC 6455 §5.5: "MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
        if not first & FINAL:
            flaws = (*flaws, "a control frame in fragments")
        if len(payload) > LONGEST_CONTROL:
            flaws = (*flaws, f"a control frame of {len(payload)} bytes, where {LONGEST_CONTROL} are allowed")
        self.out.append(Control(start, end, first & 0x0F, payload[:LONGEST_CONTROL], flaws))
