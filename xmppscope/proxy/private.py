"""Files that hold secrets and are no business of others: kept in the memory, without a name that anyone could find.

OpenSSL, through Python, wants names of files for keys and for the log of TLS secrets. Linux can give a file in the
memory such a name (`memfd_create`). Elsewhere it is a temporary file of mode 0600, which `close` empties and removes.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_OWN: Final = Path("/proc/self/fd")
_PIECE: Final = 1 << 20


class PrivateFile:
    """A file that begins with *data*; `path` leads to it, in this process only, until it is closed."""

    def __init__(self, data: bytes = b"") -> None:
        self._named = not _has_nameless_files()
        if self._named:
            self._file, self.path = tempfile.mkstemp(prefix="xmppscope-")
        else:
            self._file = os.memfd_create("xmppscope")
            os.fchmod(self._file, 0o600)
            self.path = str(_OWN / str(self._file))
        with memoryview(data) as rest:
            written = 0
            while written < len(data):
                written += os.write(self._file, rest[written:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, offset: int) -> bytes:
        """Return what stands behind *offset*, whoever wrote it."""
        os.lseek(self._file, offset, os.SEEK_SET)
        pieces: list[bytes] = []
        while piece := os.read(self._file, _PIECE):
            pieces.append(piece)
        return b"".join(pieces)

    def clear(self) -> None:
        """Remove all that stands in it."""
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Empty the file and give it up; those who have it open by its path can go on writing, for nobody."""
        if self._file < 0:
            return
        self.clear()
        os.close(self._file)
        self._file = -1
        if self._named:
            # Windows keeps the name while somebody has the file open; it is empty then.
            with suppress(PermissionError):
                os.unlink(self.path)  # noqa: PTH108


def _has_nameless_files() -> bool:
    return hasattr(os, "memfd_create") and _OWN.is_dir()
