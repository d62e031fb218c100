"""Packets of a network interface by scapy, where there are no packet sockets: macOS and the BSDs.

scapy is loaded when it is needed. Filters are compiled by libpcap, which is part of those systems. Dropped packets
can't be told.
"""

import select
import time
from typing import Any, Final

from xmppscope.sources.sniffed import Packet

_BATCH: Final = 64


class ScapySocket:
    """What passes on the interface *name*, from and to *ports* only, if any are named. Raises `OSError`."""

    dropped = 0

    def __init__(self, name: str, ports: tuple[int, ...] = ()) -> None:
        # Loading it chooses the sockets of this system.
        import scapy.arch
        import scapy.layers.l2
        from scapy.config import conf
        from scapy.error import Scapy_Exception

        wanted = " or ".join(f"tcp port {port}" for port in ports) or None
        try:
            self._socket: Any = conf.L2listen(iface=name, filter=wanted)
        except Scapy_Exception as error:
            raise OSError(str(error)) from error
        self.link: int = conf.l2types.layer2num.get(getattr(self._socket, "LL", scapy.layers.l2.Ether), 1)

    def wait(self, seconds: float) -> None:
        """Wait until packets come, at most *seconds*."""
        select.select([self._socket], [], [], seconds)

    def read(self) -> list[Packet]:
        """Return the packets that have come, oldest first, at most a batch of them."""
        taken: list[Packet] = []
        while len(taken) < _BATCH and select.select([self._socket], [], [], 0)[0]:
            _, data, seconds = self._socket.recv_raw()
            if data:
                taken.append(Packet(time.time_ns() if seconds is None else int(seconds * 10**9), len(data), data))
        return taken

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
