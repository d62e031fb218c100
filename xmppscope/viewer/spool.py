"""Lines in a temporary file, found again by number: the timeline of a large capture need not stay in memory."""

import tempfile
import threading
from array import array
from typing import Final

_BUFFER: Final = 1 << 20


class Spool:
    """Lines of bytes without a line feed in them; one thread may append while others read."""

    def __init__(self) -> None:
        # Without a name in the file system, where there is such a thing: nobody finds what is not masked in it.
        self._file = tempfile.TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 (closed by close)
        self._starts = array("Q", [0])
        self._lock = threading.Lock()
        self._at_end = True

    def __len__(self) -> int:
        return len(self._starts) - 1

    def append(self, lines: list[bytes]) -> None:
        """Add *lines* at the end."""
        with self._lock:
            if not self._at_end:
                self._file.seek(0, 2)
                self._at_end = True
            end = self._starts[-1]
            for line in lines:
                end += len(line) + 1
                self._starts.append(end)
            self._file.write(b"\n".join([*lines, b""]))

    def read(self, first: int, count: int, most: int = 1 << 23) -> list[bytes]:
        """Return up to *count* lines from *first* on; of very long ones fewer, but one at least if there is one."""
        with self._lock:
            last = min(len(self), first + count)
            if first >= last:
                return []
            begin = self._starts[first]
            while last > first + 1 and self._starts[last] - begin > most:
                last -= max(1, (last - first) // 2)
            self._file.seek(begin)
            self._at_end = False
            data: bytes = self._file.read(self._starts[last] - begin - 1)
        return data.split(b"\n")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()
