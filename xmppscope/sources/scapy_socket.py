"""Packets of a network interface by scapy, where there are no packet sockets: macOS and the BSDs.

scapy is loaded when it is needed. Filters are compiled by libpcap, which is part of those systems. Dropped packets
can't be told.
"""

import time
from typing import Any, Final

from xmppscope.capture.link import ETHERNET
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
            self._socket: Any = conf.L2listen(iface=name, filter=wanted, promisc=False)
        except Scapy_Exception as error:
            raise OSError(str(error)) from error
        # Under BPF the class of a packet is known as guessed_cls, elsewhere as LL.
        kind: Any = getattr(self._socket, "guessed_cls", None) or getattr(self._socket, "LL", scapy.layers.l2.Ether)
        self.link: int = conf.l2types.layer2num.get(kind, ETHERNET)

    def wait(self, seconds: float) -> None:
        """Wait until packets come, at most *seconds*."""
        self._ready(seconds)

    def read(self) -> list[Packet]:
        """Return the packets that have come, oldest first, at most a batch of them."""
        taken: list[Packet] = []
        while len(taken) < _BATCH and self._ready(0):
            _, data, seconds = self._socket.recv_raw()
            if data:
                taken.append(Packet(time.time_ns() if seconds is None else int(seconds * 10**9), len(data), data))
        return taken

    def _ready(self, seconds: float) -> bool:
        """Tell whether there are packets; a BPF device gives many at once, of which scapy keeps those not yet read."""
        return bool(type(self._socket).select([self._socket], seconds))

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
