"""IP fragments put together again (RFC 791 §3.2, RFC 8200 §4.5), within bounds of number, bytes and age.

What overlaps is given up. RFC 8200 §4.5: "If any of the fragments being reassembled overlap with any other fragments
being reassembled for the same packet, reassembly of that packet must be abandoned". For IPv4, RFC 791 would take "the
more recently arrived copy", but receivers differ and some discard all of it; which bytes the other side saw cannot be
known, so one rule serves both. A fragment seen twice, byte for byte, is no overlap: captures often hold packets twice.
"""

from bisect import bisect_left
from typing import Final

from xmppscope.capture.ip import UDP, Fragment, MalformedError
from xmppscope.capture.sink import Sink, number

MAX_DATAGRAMS: Final = 256
MAX_BYTES: Final = 4 * 1024 * 1024
# RFC 8200 §4.5: "If insufficient fragments are received to complete reassembly of a packet within 60 seconds of the
# reception of the first-arriving fragment of that packet, reassembly of that packet must be abandoned".
MAX_AGE: Final = 60_000_000_000
_LARGEST: Final = 65_535
_OVERHEAD: Final = 100
"""What a stored fragment is counted as beyond its bytes, so that tiny ones are bounded too."""

Piece = tuple[int, int, bytes]
"""A fragment: its offset, its length on the wire, and those of its bytes that were captured."""


class _Partial:
    """A datagram of which some fragments have come; `complete` once it was handed on, `dead` once it was given up.

    Both are kept for a while, so that a fragment that comes again is known.
    """

    __slots__ = ("complete", "dead", "had", "length", "packet", "pieces", "protocol", "quiet", "size", "time")

    def __init__(self, time: int, packet: int, quiet: bool) -> None:
        self.time = time
        self.packet = packet
        self.quiet = quiet
        self.pieces: list[Piece] = []
        self.protocol = 0
        self.length = -1
        self.had = 0
        self.size = 0
        self.complete = False
        self.dead = False

    def place(self, piece: Piece) -> bool:
        """Store *piece* in its place; returns False where it overlaps another one."""
        offset, length, _ = piece
        index = bisect_left(self.pieces, offset, key=_offset)
        if index < len(self.pieces) and self.pieces[index][0] < offset + length:
            return False
        if index and self.pieces[index - 1][0] + self.pieces[index - 1][1] > offset:
            return False
        self.pieces.insert(index, piece)
        self.had += length
        return True

    def holds(self, piece: Piece) -> bool:
        """Tell whether this very fragment has been seen."""
        index = bisect_left(self.pieces, piece[0], key=_offset)
        return index < len(self.pieces) and self.pieces[index] == piece

    def join(self) -> bytes:
        """Return the bytes up to the first that was not captured."""
        parts = []
        for _, length, data in self.pieces:
            parts.append(data)
            if len(data) < length:
                break
        return b"".join(parts)


class Fragments:
    """The datagrams being put together, oldest first."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._partial: dict[tuple[bytes, int, int], _Partial] = {}
        self._held = 0

    def add(
        self, addresses: bytes, protocol: int, fragment: Fragment, length: int, data: bytes, time: int, packet: int
    ) -> tuple[int, int, bytes] | None:
        """Take a fragment of *length* bytes on the wire; *data* is what was captured of it.

        Returns protocol, length and bytes of the datagram (up to the first byte not captured) when this was its last
        fragment, else None. Raises `MalformedError` for a fragment that no datagram can have.
        """
        if not length or fragment.offset + length > _LARGEST or (fragment.more and length & 7):
            raise MalformedError("its length is none that a fragment can have")
        piece = (fragment.offset, length, data)
        # RFC 8200 §4.5 leaves the protocol out of what identifies a datagram: only the first fragment's counts.
        key = (addresses, fragment.identification, protocol if len(addresses) == 8 else -1)
        partial = self._open(key, piece, time, packet, quiet=protocol == UDP)
        if partial is None:
            return None
        if not fragment.offset:
            partial.protocol = protocol
        if not fragment.more and partial.length < 0:
            partial.length = fragment.offset + length
        self._store(partial, piece, fragment.more)
        if partial.dead or partial.had != partial.length:
            return None
        partial.complete = True
        return partial.protocol, partial.length, partial.join()

    def close(self) -> None:
        """Give up what is not complete at the end of the capture."""
        while self._partial:
            self._drop_oldest()

    def _open(
        self, key: tuple[bytes, int, int], piece: Piece, time: int, packet: int, *, quiet: bool
    ) -> _Partial | None:
        """Return the datagram that *piece* belongs to, None if the piece is to be passed over."""
        while self._partial and time - next(iter(self._partial.values())).time > MAX_AGE:
            self._drop_oldest()
        while len(self._partial) >= MAX_DATAGRAMS or self._held > MAX_BYTES:
            self._drop_oldest()
        partial = self._partial.get(key)
        if partial is not None:
            if partial.dead or partial.holds(piece):
                return None
            if not partial.complete:
                return partial
            self._held -= self._partial.pop(key).size  # the identification is used again
        partial = self._partial[key] = _Partial(time, packet, quiet)
        return partial

    def _store(self, partial: _Partial, piece: Piece, more: bool) -> None:
        """Place *piece*, or give the datagram up where it contradicts the others."""
        offset, length, data = piece
        beyond = 0 <= partial.length < offset + length or (more and offset + length == partial.length)
        last = partial.pieces[-1] if partial.pieces else piece
        if beyond or 0 <= partial.length < last[0] + last[1] or not partial.place(piece):
            self._give_up(partial, "they contradict each other")
            partial.dead = True
            return
        partial.size += len(data) + _OVERHEAD
        self._held += len(data) + _OVERHEAD

    def _drop_oldest(self) -> None:
        partial = self._partial.pop(next(iter(self._partial)))
        self._held -= partial.size
        if not (partial.complete or partial.dead):
            self._give_up(partial, "some are missing")

    def _give_up(self, partial: _Partial, reason: str) -> None:
        # Fragmented UDP is only watched for tunnels; what else it carries is no loss to the reader.
        if not partial.quiet:
            text = f": IP fragments from packet {number(partial.packet)} on are left out: {reason}"
            self._sink.once("fragmented datagrams left out", text, partial.packet)


def _offset(piece: Piece) -> int:
    return piece[0]
