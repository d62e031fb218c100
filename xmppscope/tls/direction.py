"""What is known of one direction of a TLS connection: where its records stand and which keys protect them."""

from collections import deque
from enum import IntEnum
from typing import Final

import msgspec

from xmppscope.model.wire import Side
from xmppscope.tls.assembly import MessageAssembler
from xmppscope.tls.boundary import BoundarySearch
from xmppscope.tls.openers import Opener
from xmppscope.tls.records import HEADER_SIZE, Record, RecordReader

MOST_HELD: Final = 256 * 1024
"""Bytes of records that may wait for a key or a hello."""

MOST_SKIPPED: Final = 4096
"""How many record numbers are tried at the most behind lost bytes."""

_ALLOWANCE: Final = 32 * 1024 * 1024
_ALLOWANCE_PER_BYTE: Final = 16
_COST_OF_TRY: Final = 2048
_LEAST_SEALED: Final = 17


class Epoch(IntEnum):
    """Which keys protect the records; TLS 1.2 and older know only the first and the last."""

    PLAIN = 0
    EARLY = 1
    HANDSHAKE = 2
    TRAFFIC = 3


class Gap(msgspec.Struct, gc=False):
    """Lost bytes: within the one record `damaged`, or anywhere."""

    lost: int
    damaged: Record | None
    time: int
    packet: int


class Direction:
    """One side's records.

    `number` is that of the next record under the keys of `epoch` and `generation` (which counts KeyUpdates); up to
    `slack` more may have been skipped. `holed` tells that bytes were lost, `skipping` that rejected early data may come
    before the records that `number` counts. `queue` holds records that wait, as long as it is `patient`.
    """

    def __init__(self, side: Side) -> None:
        self.side: Side = side
        self.reader = RecordReader()
        self.search: BoundarySearch | None = None
        self.assembler = MessageAssembler()
        self.epoch = Epoch.PLAIN
        self.generation = 0
        self.opener: Opener | None = None
        self.ahead: dict[tuple[Epoch, int], Opener] = {}
        self.number = 0
        self.slack = 0
        self.holed = False
        self.skipping = False
        self.ended = False
        self.closed = False
        self.not_tls = False
        self.decrypting = False
        self.patient = True
        self.queue: deque[Record | Gap] = deque()
        self.held = 0
        self.unread: dict[str, int] = {}
        self._allowance = _ALLOWANCE

    @property
    def blind(self) -> bool:
        """Whether what has not been seen of the handshake will not come any more."""
        return self.holed or self.ended or self.not_tls

    def advance(self, epoch: Epoch, generation: int = 0) -> None:
        """Go on with other keys, from record number 0."""
        self.epoch = epoch
        self.generation = generation
        self.opener = self.ahead.pop((epoch, generation), None)
        self.ahead.clear()
        self.number = 0

    def skipped(self, lost: int) -> None:
        """Note that *lost* bytes of records were passed over: many whole ones, perhaps, and a part of two more."""
        least = HEADER_SIZE + (_LEAST_SEALED if self.opener is None else self.opener.least)
        self.slack = min(self.slack + lost // least + 2, MOST_SKIPPED)
        self.holed = True
        self.assembler.lost()

    def hold(self, item: Record | Gap) -> None:
        """Let *item* wait behind what waits already."""
        self.queue.append(item)
        self.held += HEADER_SIZE + len(item.fragment) if isinstance(item, Record) else HEADER_SIZE

    def release(self) -> None:
        """Take the first of what waits out of the queue."""
        item = self.queue.popleft()
        self.held -= HEADER_SIZE + len(item.fragment) if isinstance(item, Record) else HEADER_SIZE

    def grant(self, received: int) -> None:
        """Allow for more tries, so that all of them take time in proportion to the bytes received."""
        self._allowance = min(self._allowance + received * _ALLOWANCE_PER_BYTE, _ALLOWANCE)

    def spend(self, size: int) -> bool:
        """Take the cost of trying a record of *size* bytes from the allowance; return whether it was left."""
        self._allowance -= size + _COST_OF_TRY
        return self._allowance > 0
