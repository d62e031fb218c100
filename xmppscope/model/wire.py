"""Wire events: what a source tells the analyzer about one TCP connection (a *flow* until XMPP is recognised in it).

The capture reader, a live interface and the proxy all speak these and nothing else. Times are nanoseconds since the
Unix epoch. A packet position is ``file << FILE_SHIFT | number``: *number* counts frames from 1 as Wireshark does,
*file* counts capture files from 0, so that for a single capture the position is the packet number itself.

Hot events are `msgspec.Struct` objects without cyclic garbage collection: they cost a quarter of a slots dataclass, and
by agreement nobody changes one after handing it on.
"""

from typing import Final, Literal

import msgspec

FILE_SHIFT: Final = 40
"""How far the file index is shifted left in a packet position."""

NUMBER_MASK: Final = (1 << FILE_SHIFT) - 1
"""Leaves the packet number of a packet position."""

Side = Literal[0, 1]
"""Which end of a flow sent something: 0 is `Opened.first`, 1 is `Opened.second`."""


class Opened(msgspec.Struct, gc=False):
    """A flow was seen for the first time.

    `handshake` tells whether the SYN of `first` was seen; without it which end initiated is a guess that the content
    may correct. `first` and `second` are ``addr:port``, IPv6 addresses in brackets.
    """

    flow: int
    time: int
    packet: int
    first: str
    second: str
    handshake: bool


class Data(msgspec.Struct, gc=False):
    """The next bytes that `side` sent, in stream order, without a hole before them unless `Lost` said so."""

    flow: int
    side: Side
    time: int
    packet: int
    data: bytes


class Lost(msgspec.Struct, gc=False):
    """`length` bytes that `side` sent are not in the capture; what comes next follows after them.

    `time` and `packet` are those of the segment that begins behind the hole (or of the end of the capture).
    """

    flow: int
    side: Side
    time: int
    packet: int
    length: int


class Conflict(msgspec.Struct, gc=False):
    """A retransmission carried other bytes than were seen first; the first ones were kept (RFC 9293 §3.10.7.4).

    `back` is how many bytes before the end of what was delivered so far the difference begins; `data` is what the
    retransmission carried from there on. `earlier` is the packet position that carried the bytes that were kept, or
    0 where it is no longer known.
    """

    flow: int
    side: Side
    time: int
    packet: int
    back: int
    data: bytes
    earlier: int


class Ended(msgspec.Struct, gc=False):
    """`side` sent FIN (all its bytes were handed on before), or RST."""

    flow: int
    side: Side
    time: int
    packet: int
    reset: bool


class Released(msgspec.Struct, gc=False):
    """Nothing more will come for this flow: closed on both sides, idle, replaced by a new one, or the source ended."""

    flow: int
    time: int
    reason: Literal["closed", "idle", "replaced", "bound", "end"]


WireEvent = Opened | Data | Lost | Conflict | Ended | Released
