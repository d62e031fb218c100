"""A TCP segment as the capture layer hands it to reassembly."""

from typing import Final

import msgspec

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10


class Segment(msgspec.Struct, gc=False):
    """One TCP segment, cut to what the IP length says (Ethernet padding is gone).

    `key` is source address, destination address, source port and destination port as they stand in the packet: 12 bytes
    for IPv4, 36 for IPv6. `missing` counts payload bytes that were on the wire but not captured (snap length); they
    follow `data`. `seq` and `ack` are the raw 32-bit numbers; `flags` the low byte of the TCP flags.
    """

    time: int
    packet: int
    key: bytes
    seq: int
    ack: int
    flags: int
    data: bytes
    missing: int = 0
