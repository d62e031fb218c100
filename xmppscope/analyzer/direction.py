"""One direction of a connection: where its bytes go at the moment."""

from typing import Final

import msgspec

from xmppscope.analyzer.stamps import Stamp, StampTrack
from xmppscope.framing.framer import Framer
from xmppscope.framing.inflate import Inflater
from xmppscope.framing.pieces import Piece
from xmppscope.model.marks import EditMark
from xmppscope.model.timeline import Sender
from xmppscope.model.wire import Side
from xmppscope.redact import SENSITIVE
from xmppscope.session.negotiation import STOPS
from xmppscope.session.states import Action

WAITING: Final = 256 * 1024
"""Bytes that may wait for the other side's answer to <starttls/> or <compress/>."""

WAITS: Final = 16
"""How often a side may wait for such an answer; who asks more often is not waited for any more."""

IDLE: Final = 500_000_000
"""Nanoseconds without a byte after which a direction takes less memory."""

Held = list[tuple[bytes, Stamp]]


class Cut(msgspec.Struct, gc=False):
    """Cleartext of one direction that was cut into pieces, from the absolute offset `begin` on.

    `stopped` tells that the framer stopped in it; by the time that it is written the framer may have stopped later on.
    """

    direction: "Direction"
    framer: Framer
    begin: int
    stamp: Stamp
    pieces: list[Piece]
    stopped: bool


class Direction:
    """What has been found out about the bytes that one side sends.

    `framer` is None until the first cleartext bytes are recognised; `early` holds them until then. `web` says that they
    are HTTP, or what became of it. `waiting` holds what came behind a request whose answer decides how to read it.
    `switch` names what is to come next ("tls", "deflate") when the other side has granted it already; `tls_over` says
    that TLS was there and is no more. `looks` is set where the next bytes are looked at for TLS and zlib: they follow a
    hole, or an answer that fell into one. `plain` says that none of this applies and bytes are just split. `edits` are
    what the proxy does to elements that are to come. `at_known` tells whether offsets count from the first byte sent,
    `foreign` that the bytes are no XMPP.
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
        self.plain = False
        self.web = False
        self.tls = False
        self.tls_begun = False
        self.tls_over = False
        self.looks = False
        self.switch = ""
        self.unreadable = ""
        self.foreign = False
        self.ended = False
        self.compression_told = False
        self.edits: list[EditMark] = []
        self.early: Held = []
        self.waiting: Held | None = None
        self.last = Stamp(0, 0, 0, 0)
        self._waiting_size = 0
        self._waits = 0

    def edit_at(self, start: int) -> EditMark | None:
        """Take out what the proxy does to the element that begins at *start*; what was meant for earlier ones goes."""
        while self.edits and self.edits[0].start <= start:
            edit = self.edits.pop(0)
            if edit.start == start:
                return edit
        return None

    @property
    def may_wait(self) -> bool:
        """Whether what follows a request may wait for its answer; nothing is negotiated on top of zlib."""
        return self.inflater is None and self._waits < WAITS

    def may_begin(self, layer: str) -> bool:
        """Tell whether *layer* may begin here: nothing comes twice, and TLS comes before zlib (XEP-0170 §2)."""
        return self.inflater is None and not ((self.tls or self.tls_over) and layer == Action.TLS.value)

    def begin_xml(self, *, midstream: bool) -> None:
        """Read the bytes that follow as XML, from a stream header on unless they begin in *midstream*."""
        self.at_known = self.at_known and not midstream
        self.framer = Framer(STOPS, SENSITIVE, midstream=midstream)
        if not self.tls_begun:
            self.tls = False
        self.settle()

    def rest(self, time: int) -> None:
        """Take less memory if nothing has come for a while."""
        if self.framer is not None and time - self.last.end_time > IDLE:
            self.framer.sleep()

    def begin_waiting(self) -> None:
        """Hold what follows."""
        self.waiting = []
        self.plain = False
        self._waiting_size = 0
        self._waits += 1

    def hold(self, data: bytes, stamp: Stamp) -> bool:
        """Hold *data*; return False once that is more than may wait."""
        if self.waiting is not None and data:
            self.waiting.append((data, stamp))
            self._waiting_size += len(data)
        if self._waiting_size <= WAITING:
            return True
        self._waits = WAITS
        return False

    def release(self) -> Held:
        """Return what waited, and wait no longer."""
        held, self.waiting = self.waiting or [], None
        return held

    def expect(self, layer: str) -> None:
        """Note that *layer* comes next."""
        self.switch = layer
        self.plain = False

    def settle(self) -> None:
        """Find out whether bytes are just split from here on."""
        special = self.tls or self.looks or self.switch or self.inflater is not None or self.waiting is not None
        self.plain = self.framer is not None and not special
