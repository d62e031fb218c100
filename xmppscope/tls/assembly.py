"""Puts handshake messages together again: several may share a record, one may span many (RFC 8446 §5.1).

Messages are bounded; behind lost bytes the next record that begins with a whole message is taken as a new beginning.
"""

from typing import Final

import msgspec

from xmppscope.tls.records import Record

HELLO_REQUEST: Final = 0
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2
NEW_SESSION_TICKET: Final = 4
END_OF_EARLY_DATA: Final = 5
ENCRYPTED_EXTENSIONS: Final = 8
CERTIFICATE: Final = 11
SERVER_KEY_EXCHANGE: Final = 12
CERTIFICATE_REQUEST: Final = 13
SERVER_HELLO_DONE: Final = 14
CLIENT_KEY_EXCHANGE: Final = 16
FINISHED: Final = 20
KEY_UPDATE: Final = 24

_HEADER_SIZE: Final = 4
_MOST: Final = 0x40000
_TYPES: Final = frozenset((0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25))


class Message(msgspec.Struct, gc=False):
    """A handshake message, with its four bytes of header, and the packets of its first and last byte."""

    kind: int
    raw: bytes
    time: int
    packet: int
    end_time: int
    end_packet: int

    @property
    def body(self) -> bytes:
        """The message without its header."""
        return self.raw[_HEADER_SIZE:]


class MessageAssembler:
    """The handshake messages of one direction; `fault` says what made it give up the message it was at."""

    __slots__ = ("_broken", "_data", "_packet", "_time", "fault")

    def __init__(self) -> None:
        self.fault = ""
        self._data = bytearray()
        self._broken = False
        self._time = 0
        self._packet = 0

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._data)

    def feed(self, content: bytes, record: Record) -> list[Message]:
        """Take the content of a handshake record; return the messages that it completes."""
        if self._broken:
            if not _begins_message(content):
                return []
            self._broken = False
        if not self._data:
            self._time, self._packet = record.time, record.packet
        self._data += content
        messages: list[Message] = []
        at = 0
        while len(self._data) - at >= _HEADER_SIZE:
            length = int.from_bytes(self._data[at + 1 : at + _HEADER_SIZE], "big")
            if length > _MOST or self._data[at] not in _TYPES:
                self.fault = f"handshake message of type {self._data[at]} with {length} bytes"
                self.lost()
                return messages
            end = at + _HEADER_SIZE + length
            if end > len(self._data):
                break
            raw = bytes(self._data[at:end])
            messages.append(Message(raw[0], raw, self._time, self._packet, record.end_time, record.end_packet))
            self._time, self._packet = record.time, record.packet
            at = end
        del self._data[:at]
        return messages

    def lost(self) -> None:
        """Note that bytes are missing."""
        self._data.clear()
        self._broken = True


def _begins_message(content: bytes) -> bool:
    """Tell whether a record looks like the beginning of a message that it also ends."""
    length = int.from_bytes(content[1:_HEADER_SIZE], "big")
    return len(content) >= _HEADER_SIZE and content[0] in _TYPES and _HEADER_SIZE + length <= len(content)
