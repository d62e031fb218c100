"""What a capture yields beside TCP segments: marks, secrets stored in the file, and notices about what it lacks."""

from typing import Final

import msgspec

from xmppscope.model.marks import Mark
from xmppscope.model.segment import Segment
from xmppscope.model.timeline import Severity

TLS_KEY_LOG: Final = 0x544C534B
"""The secrets type of a TLS key log in the format of NSS ("TLSK")."""


class Secrets(msgspec.Struct, gc=False):
    """The content of a Decryption Secrets Block; `kind` is its secrets type, `TLS_KEY_LOG` for a TLS key log."""

    data: bytes
    kind: int


class MarkedSegment(msgspec.Struct, gc=False):
    """A segment whose packet bears a mark of the proxy; the mark comes before what the segment carries."""

    segment: Segment
    mark: Mark


class Notice(msgspec.Struct):
    """Something that the reader of the timeline should know about the capture; `packet` is a packet position.

    `text` is one line that begins with the name of the capture as the user wrote it.
    """

    text: str
    packet: int
    severity: Severity = "warning"


CaptureEvent = Segment | MarkedSegment | Secrets | Notice
