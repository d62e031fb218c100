"""Wire events: what a source tells the analyzer about one TCP connection (a *flow* until XMPP is recognised in it).

The capture reader, a live interface and the proxy all speak these and nothing else; a few are the proxy's alone. Times
are nanoseconds since the Unix epoch. A packet position is ``file << FILE_SHIFT | number``: *number* counts frames from
1 as Wireshark does, *file* counts capture files from 0, so that for a single capture the position is the packet number
itself; the proxy has no packets, and its positions are 0.

Hot events are `msgspec.Struct` objects without cyclic garbage collection: they cost a quarter of a slots dataclass, and
by agreement nobody changes one after handing it on.
"""

from typing import Final, Literal

import msgspec

from xmppscope.model.marks import Mark
from xmppscope.model.timeline import Leg

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


class Marked(msgspec.Struct, gc=False):
    """The proxy has left a mark (`model.marks`) between the bytes of a flow; `side` is the end that bears it."""

    flow: int
    side: Side
    time: int
    packet: int
    mark: Mark


class Clear(msgspec.Struct, gc=False):
    """The content of one TLS record of application data that the proxy has opened itself, on its own leg."""

    flow: int
    side: Side
    time: int
    packet: int
    end_time: int
    end_packet: int
    data: bytes


class Sealed(msgspec.Struct, gc=False):
    """One TLS record, behind a handshake that the proxy took part in, that is not application data, or not whole."""

    flow: int
    side: Side
    time: int
    packet: int
    end_time: int
    end_packet: int
    data: bytes


class Ciphertext(msgspec.Struct, gc=False):
    """Bytes as they were on the wire of one leg, for a recording: what they hold is told by `Clear` and `Sealed`."""

    flow: int
    side: Side
    time: int
    data: bytes


class Keys(msgspec.Struct, gc=False):
    """Lines of a TLS key log, for records that come after; `leg` says whose they are."""

    data: bytes
    leg: Leg


WireEvent = Opened | Data | Lost | Conflict | Ended | Released | Marked
"""What comes out of a capture."""

ProxyEvent = Opened | Data | Clear | Sealed | Ciphertext | Keys | Ended | Released | Marked
"""What the proxy tells of its connections: an analyzer needs all but `Ciphertext`, a recording all but `Clear` and
`Sealed`."""
