"""The search for a WebSocket frame where nobody knows where one begins: behind a hole, or in the middle of a capture.

Frames carry no mark of their own. A frame is taken for one only where a segment or TLS record begins with it, as most
do, and its message proves it: a whole document of XMPP, with the mask that its sender uses, in the length that the
header tells. Pings and the like may precede it. What was passed over is told as unread. Where nothing is ever proven,
everything is; nothing is guessed.
"""

from collections.abc import Callable
from typing import Final

from xmppscope.framing import bounds
from xmppscope.framing.permessage_deflate import Deflate, MessageInflater
from xmppscope.framing.websocket import FrameReader, unmask
from xmppscope.framing.websocket_events import FrameEvent, Message, Opcode, Refused, Unread
from xmppscope.framing.websocket_messages import COMPRESSED, FINAL, LONGEST_CONTROL

_DATA: Final = (FINAL | Opcode.TEXT, FINAL | Opcode.TEXT | COMPRESSED, FINAL | Opcode.BINARY)
_CONTROL: Final = (FINAL | Opcode.CLOSE, FINAL | Opcode.PING, FINAL | Opcode.PONG)
_SHORTEST: Final = {126: 126, 127: 1 << 16}
_UNREAD: Final = "frames that nothing tells the beginning of: not read"
_MOST: Final = 64


class FrameSearch:
    """Looks for a frame from the wire offset *at* on.

    `found` is the reader to go on with, once there is one. *proves* tells whether a message can be nothing but XMPP.
    *masks* is that of `FrameReader`; *deflate* says how messages may be compressed.
    """

    def __init__(
        self, *, masks: bool | None, deflate: Deflate | None, proves: Callable[[bytes], bool], at: int = 0
    ) -> None:
        self.found: FrameReader | None = None
        self.at = at
        self.begin = at
        """Where what was passed over begins."""
        self._masks = masks
        self._deflate = deflate
        self._proves = proves
        self._trial: FrameReader | None = None
        self._trial_at = at
        self._tentative: list[FrameEvent] = []

    def feed(self, data: bytes) -> list[FrameEvent]:
        """Take the bytes of one segment or record; return what they prove."""
        at = self.at
        self.at += len(data)
        if self._trial is None:
            if not begins_frame(data, self._masks):
                return []
            self._trial, self._trial_at = self._begin(at), at
        return self._judge(self._trial, data)

    def lost(self, length: int) -> list[FrameEvent]:
        """Note that bytes are missing: what was on trial is not proven."""
        self._trial = None
        self._tentative.clear()
        self.at += length
        return []

    def close(self) -> list[FrameEvent]:
        """Take the end: all that was passed over is unread."""
        return [Unread(self.begin, self.at, _UNREAD)] if self.at > self.begin else []

    def _begin(self, at: int) -> FrameReader:
        inflater = None
        if self._deflate is not None:
            inflater = MessageInflater(self._deflate)
            inflater.miss()
        return FrameReader(masks=self._masks, inflater=inflater, at=at)

    def _judge(self, trial: FrameReader, data: bytes) -> list[FrameEvent]:
        self._tentative += trial.feed(data)
        for event in self._tentative:
            if isinstance(event, Message) and not event.flaws and self._proves(event.data):
                self.found = trial
                passed: list[FrameEvent] = []
                if self._trial_at > self.begin:
                    passed.append(Unread(self.begin, self._trial_at, _UNREAD))
                return passed + self._tentative
            if isinstance(event, Message | Refused | Unread) or event.flaws:
                self._trial = None
                break
        if trial.broken or len(self._tentative) > _MOST:
            self._trial = None
        if self._trial is None:
            self._tentative.clear()
        return []


def begins_frame(data: bytes, masks: bool | None = None) -> bool:
    """Tell whether *data* may begin with a frame of XMPP, or with a control frame.

    Header bytes that are not there yet are not held against it.
    """
    if not data or data[0] not in (*_DATA, *_CONTROL):
        return False
    if len(data) < 2:
        return True
    length, masked = data[1] & 0x7F, data[1] >= 0x80
    if masks is not None and masked is not masks:
        return False
    inner = 2 + {126: 2, 127: 8}.get(length, 0)
    if data[0] in _CONTROL:
        return length <= LONGEST_CONTROL
    if length > LONGEST_CONTROL:
        if len(data) < inner:
            return True
        shortest, length = _SHORTEST[length], int.from_bytes(data[2:inner])
        if not shortest <= length <= bounds.STANZA:
            return False
    if not length:
        return False
    first = inner + 4 * masked
    if data[0] & COMPRESSED or len(data) <= first:
        return True
    return (unmask(data[first : first + 1], data[inner:first]) if masked else data[first : first + 1]) == b"<"
