"""The recording: what the proxy tells of its connections in, a pcapng out that Wireshark and `xmppscope read` take.

Each leg is a TCP connection of its own, on the interface of its name, made of packets that were never sent as such
(`packets`). Marks are comments of packets without payload (`capture.comments`), keys stand before the packets that need
them. Left out: `Clear` and `Sealed`, which the ciphertext and the keys say already.
"""

from typing import Final

from xmppscope.model.marks import LegMark
from xmppscope.model.wire import Ciphertext, Data, Ended, Keys, Marked, Opened, ProxyEvent, Released
from xmppscope.proxy.growing import GrowingFile
from xmppscope.proxy.packets import LegPackets, ends
from xmppscope.proxy.pcapng import INTERFACES, beginning, mark_options, secrets, whole

_BATCH: Final = 1 << 18
_HANDSHAKE: Final = 22
_KNOWN: Final = frozenset({5222, 5269})
_STILL: Final = 900 * 1_000_000_000
"""Nanoseconds after which legs that had no packet get one. A reader gives a connection up after an hour without any."""


class PcapngLegs:
    """Turns the proxy's events into the bytes of a recording, whole blocks of it, from `beginning` on.

    `ports` are those of legs that did not begin with TLS, where Wireshark does not look for XMPP by itself.
    """

    def __init__(self) -> None:
        self.ports: set[int] = set()
        self._legs: dict[int, LegPackets] = {}
        self._awaited: dict[int, Opened] = {}  # legs whose name, and so their interface, is not known yet
        self._keys: set[bytes] = set()
        self._since = 0

    @property
    def beginning(self) -> bytes:
        """What the file begins with."""
        return beginning()

    def feed(self, event: ProxyEvent) -> bytes:
        """Take the next event; return the blocks that it makes."""
        if isinstance(event, Data | Ciphertext):
            block = self._leg_data(event)
            return block if self._since <= event.time < self._since + _STILL else block + self._stir(event.time)
        if isinstance(event, Keys):
            return secrets(event.data) if event.data else b""
        if isinstance(event, Opened):
            self._awaited[event.flow] = event
            return b""
        if isinstance(event, Marked | Ended | Released):
            return self._rare(event)
        return b""

    def _leg_data(self, event: Data | Ciphertext) -> bytes:
        leg = self._legs.get(event.flow)
        if leg is not None:
            if leg.unspoken:
                self._note_port(leg, event.data)
            return leg.data(event.side, event.time, event.data)
        begun = self._begin(event.flow)
        return begun + self._leg_data(event) if begun else b""

    def _note_port(self, leg: LegPackets, data: bytes) -> None:
        """Note where a leg leads, if its first bytes are neither TLS nor HTTP, which Wireshark knows on any port."""
        leg.unspoken = not data
        port = int.from_bytes(leg.keys[0][-2:])
        if data and data[0] != _HANDSHAKE and not data[:1].isupper() and port not in _KNOWN:
            self.ports.add(port)

    def _rare(self, event: Marked | Ended | Released) -> bytes:
        if isinstance(event, Marked):
            return self._mark(event)
        begun = self._begin(event.flow)
        leg = self._legs.get(event.flow)
        if leg is None:
            return b""
        if isinstance(event, Ended):
            return begun + leg.end(event.side, event.time, event.reset)
        del self._legs[event.flow]
        self._keys.difference_update(leg.keys)
        return begun

    def _mark(self, event: Marked) -> bytes:
        begun = self._begin(event.flow, event)
        leg = self._legs.get(event.flow)
        if leg is None:
            return b""
        return begun + leg.acknowledge(event.side, event.time, mark_options(event.mark))

    def _begin(self, flow: int, marked: Marked | None = None) -> bytes:
        """Return the handshake of a leg that waits, if it does; without its third packet if *marked* is to be that."""
        opened = self._awaited.pop(flow, None)
        if opened is None:
            return b""
        leg = self._legs[flow] = self._leg(opened)
        if marked is not None and isinstance(marked.mark, LegMark):
            leg.interface = INTERFACES[marked.mark.leg]
            if marked.side == 0:
                return leg.open(opened.time)
        return leg.open(opened.time) + leg.acknowledge(0, opened.time)

    def _leg(self, opened: Opened) -> LegPackets:
        """Make a leg, on the next free port if a leg with the same two ends is still there."""
        first, second = ends(opened.first, opened.second)
        leg = LegPackets(first, second, opened.flow)
        while not self._keys.isdisjoint(leg.keys):
            port = int.from_bytes(first[-2:]) % 0xFFFF + 1
            first = first[:-2] + port.to_bytes(2)
            leg = LegPackets(first, second, opened.flow)
        self._keys.update(leg.keys)
        return leg

    def _stir(self, time: int) -> bytes:
        """Return an acknowledgement of every leg that had no packet since the last time this was asked."""
        self._since = time
        blocks = [leg.acknowledge(0, time) for leg in self._legs.values() if leg.quiet and not leg.over]
        for leg in self._legs.values():
            leg.quiet = True
        return b"".join(blocks)


class Recording:
    """A recording in a file, which must not exist unless *force* is given; raises an error if it cannot be created.

    Blocks are gathered: `flush` is to be called at least once a second, and when nothing more comes for the moment.
    `problem` says, in one line, why the recording ended early, if it did.
    """

    def __init__(self, path: str, *, force: bool = False) -> None:
        self._file = GrowingFile(path, "recording", whole, force=force)
        self._legs = PcapngLegs()
        self._gathered = bytearray(self._legs.beginning)
        self.flush()

    @property
    def problem(self) -> str | None:
        """Why nothing more is recorded."""
        return self._file.problem

    @property
    def ports(self) -> list[int]:
        """The ports of which Wireshark has to be told that they speak XMPP."""
        return sorted(self._legs.ports)

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return self._file.size

    def feed(self, event: ProxyEvent) -> None:
        """Record the next event."""
        if self._file.problem is not None:
            return
        self._gathered += self._legs.feed(event)
        if len(self._gathered) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        if self._gathered:
            self._file.write(self._gathered)
            self._gathered = bytearray()

    def close(self) -> None:
        """Write what is left and close the file."""
        self.flush()
        self._file.close()
