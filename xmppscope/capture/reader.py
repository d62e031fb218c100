"""A capture file in, as it comes, TCP segments out: tells the formats apart and keeps what is not yet whole.

Every packet comes out of the `feed` that brings its last byte. Opening files, unpacking gzip and zstd, and standard
input are the work of `sources`.
"""

from typing import Final

from xmppscope.capture.dissector import Dissector
from xmppscope.capture.events import CaptureEvent
from xmppscope.capture.pcap import HEADER_SIZE, MAGICS, PcapRecords
from xmppscope.capture.pcapng import BYTE_ORDERS, SECTION_HEADER, PcapngBlocks
from xmppscope.capture.sink import Sink
from xmppscope.model.errors import CaptureError
from xmppscope.model.wire import FILE_SHIFT

_SNIFFED: Final = 12
_START_EARLIER: Final = "if tcpdump still writes, start it with -U and add --follow"
_UNPACK: Final = "; unpack it first: gzip and zstd are read as they are"
_KNOWN: Final = {
    b"CLIENT_": "a key log; name it with --keylog",
    b"SERVER_": "a key log; name it with --keylog",
    b"# SSL": "a key log; name it with --keylog",
    b"\xfd7zXZ": f"xz data{_UNPACK}",
    b"BZh": f"bzip2 data{_UNPACK}",
    b"PK\x03\x04": f"a zip archive{_UNPACK}",
    b"7z\xbc\xaf": f"a 7z archive{_UNPACK}",
    b'{"record"': "a timeline in JSON Lines; give the pcap or pcapng file that it came from",
}
"""What is mistaken for a capture, by its first bytes."""


class CaptureReader:
    """Reads one capture file; *file* counts them from 0, *name* is how notices call it.

    `feed` and `close` raise `CaptureError` if this is no capture, and nothing else, whatever the bytes.
    """

    def __init__(self, file: int = 0, name: str = "") -> None:
        self._sink = Sink(name or "the capture")
        self._dissector = Dissector(self._sink)
        self._base = file << FILE_SHIFT
        self._format: PcapRecords | PcapngBlocks | None = None
        self._pending = bytearray()
        self._needed = _SNIFFED

    @property
    def packets(self) -> int:
        """How many frames have been counted so far, of whatever protocol."""
        return 0 if self._format is None else self._format.packet - self._base

    @property
    def digits(self) -> int:
        """How many digits of a second the time stamps have: 9 if any is finer than a microsecond, else 6."""
        return 6 if self._format is None else self._format.digits

    def feed(self, data: bytes) -> list[CaptureEvent]:
        """Take the next bytes of the file, in pieces of any size."""
        if self._format is not None and self._format.damaged:
            return []
        # Nothing is looked at before there is enough for one step on, so that tiny pieces cost no more than large ones.
        if self._pending or len(data) < self._needed:
            self._pending += data
            if len(self._pending) < self._needed:
                return []
            data = bytes(self._pending)
        if self._format is None:
            data = self._begin(data)
        if self._format is not None:
            data = data[self._format.scan(data) :] if len(data) >= self._format.needed else data
            self._needed = self._format.needed
        self._pending = bytearray(b"" if self._format is not None and self._format.damaged else data)
        return self._sink.take()

    def close(self) -> list[CaptureEvent]:
        """End the file; returns notices about what it ends without."""
        if self._format is None:
            raise CaptureError(_unusable(bytes(self._pending)))
        if not self._format.damaged:
            self._format.close(len(self._pending))
        self._dissector.close()
        self._sink.close()
        return self._sink.take()

    def _begin(self, data: bytes) -> bytes:
        """Recognise the format; returns what comes after a file header."""
        if data[:4] in MAGICS:
            if len(data) < HEADER_SIZE:
                self._needed = HEADER_SIZE
                return data
            self._format = PcapRecords(data[:HEADER_SIZE], self._base, self._sink, self._dissector)
            return data[HEADER_SIZE:]
        if data[:4] == SECTION_HEADER and data[8:12] in BYTE_ORDERS:
            self._format = PcapngBlocks(self._base, self._sink, self._dissector)
            return data
        raise CaptureError(_unusable(data))


def _unusable(data: bytes) -> str:
    """Say why a file that begins with *data* is no capture, and what to do."""
    if not data:
        return f"empty file; {_START_EARLIER}"
    if data[:4] in MAGICS or (data[:4] == SECTION_HEADER and (len(data) < _SNIFFED or data[8:12] in BYTE_ORDERS)):
        return f"ends inside its file header, after {len(data)} bytes; {_START_EARLIER}"
    for beginning, advice in _KNOWN.items():
        if data.startswith(beginning):
            return f"not a capture but {advice}"
    begin = data[:7].decode("latin-1")
    shown = f'"{begin}"' if begin.isascii() and begin.isprintable() else f"the bytes {data[:7].hex(' ')}"
    return f"not a capture (it begins with {shown}); give a pcap or pcapng file"
