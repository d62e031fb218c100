"""How much is remembered and how long is waited: bounds for memory, patience for packets captured late."""

from typing import Final

import msgspec

SECOND: Final = 1_000_000_000

PATIENCE_PACKETS: Final = 64
"""Packets of its connection after which bytes that were acknowledged but not captured count as lost."""

PATIENCE: Final = SECOND
"""Capture time in nanoseconds after which bytes that were acknowledged but not captured count as lost."""

START_PACKETS: Final = 3
"""Packets of its connection for which a direction without SYN waits for bytes before the first ones seen."""

LINGER_PACKETS: Final = 64
"""Packets of its connection that a closed flow is kept for, so that late retransmissions find it."""

LINGER: Final = 2 * SECOND
"""Capture time in nanoseconds that a closed flow is kept for."""

JUMP: Final = 60 * SECOND
"""A step of the capture's clock beyond this, either way, is a clock that was set or a pause, not time that passed."""

PIECE: Final = 512
"""What a held piece counts beyond its bytes: more than it takes, so that there are never many tiny ones to search."""

EVENT: Final = 192
"""What a delivered event that is kept for comparing takes beyond its bytes."""

RECENT_BYTES: Final = 64 * 1024
"""How many delivered bytes of one direction a retransmission is compared with."""

RECENT_PIECES: Final = 256
"""How many delivered segments of one direction a retransmission is compared with."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of a `Reassembler`: sizes in bytes (overhead counted), `idle` in nanoseconds of capture time."""

    held_per_flow: int = 4 * 1024 * 1024
    held_in_all: int = 64 * 1024 * 1024
    recent_in_all: int = 8 * 1024 * 1024
    flows: int = 16_384
    idle: int = 3600 * SECOND


DEFAULT_LIMITS: Final = Limits()
