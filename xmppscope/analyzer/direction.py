"""One direction of a connection: where its bytes go at the moment."""

from typing import Final

from xmppscope.analyzer.stamps import Stamp, StampTrack
from xmppscope.framing.framer import Framer
from xmppscope.framing.inflate import Inflater
from xmppscope.model.timeline import Sender
from xmppscope.model.wire import Side

WAITING: Final = 256 * 1024
"""Bytes that may wait for the other side's answer to <starttls/> or <compress/>."""


class Direction:
    """What has been found out about the bytes that one side sends.

    `framer` is None until the first cleartext bytes are recognised; `early` holds them until then. `waiting` holds what
    came behind a request whose answer decides how to read it. `switch` names what is to come next ("tls", "deflate")
    when the other side has granted it already. `at_known` tells whether offsets count from the first byte sent.
    """

    def __init__(self, side: Side, sender: Sender) -> None:
        self.side: Side = side
        self.sender: Sender = sender
        self.protection = "none"
        self.framer: Framer | None = None
        self.inflater: Inflater | None = None
        self.stamps = StampTrack()
        self.stream = 0
        self.xmlns: dict[str, str] | None = None
        self.at_known = True
        self.midstream = False
        self.plain = False
        self.tls = False
        self.tls_begun = False
        self.after_hole = False
        self.switch = ""
        self.unreadable = ""
        self.ended = False
        self.compression_told = False
        self.early: list[tuple[bytes, Stamp]] = []
        self.waiting: list[tuple[bytes, Stamp]] | None = None
        self.last = Stamp(0, 0, 0, 0)

    @property
    def waiting_size(self) -> int:
        """How many bytes wait."""
        return sum(len(data) for data, _ in self.waiting or ())
