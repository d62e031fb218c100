"""Files that grow while traffic passes: a recording, a key log. Trouble in writing them never troubles the traffic.

They hold secrets, so nobody but their owner may read them (mode 0600). What was written outlives a killed process at
once, and a crash of the machine when the system gets round to it. Left out: when to write.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final

from xmppscope.model.errors import XmppscopeError

Whole = Callable[[bytearray, int], int]
"""Where in a buffer the last whole unit ends that lies before a given place."""

_MODE: Final = 0o600
_FULL: Final = {errno.ENOSPC: "disk full", errno.EDQUOT: "disk quota exceeded"}


class GrowingFile:
    """A new file; with *force* one that exists is emptied first. Raises an error if it cannot be had.

    *what* is its name in words (``recording``). `size` bytes of it are whole. `problem` says, in one line, why it ended
    early, if it did.
    """

    def __init__(self, path: str, what: str, whole: Whole, *, force: bool = False) -> None:
        self.path = path
        self.size = 0
        self.problem: str | None = None
        self._what = what
        self._whole = whole
        self._file = _open(path, force)

    def write(self, data: bytearray) -> None:
        """Write *data*, which ends with a whole unit, or stop for good behind the last unit that there is room for."""
        if self.problem is not None:
            return
        done = 0
        try:
            while done < len(data):
                with memoryview(data) as view:
                    done += self._file.write(view[done:]) or 0
        except OSError as error:
            self._stop(self._whole(data, done), error)
        else:
            self.size += done

    def close(self) -> None:
        """Close the file; a network's file system may tell only now that it has no room."""
        try:
            self._file.close()
        except OSError as error:
            self._stop(0, error)

    def _stop(self, more: int, error: OSError) -> None:
        self.size += more
        cause = _FULL.get(error.errno or 0) or f"{self.path}: {_words(error)}"
        # Without it the file ends inside a unit, which its readers can bear.
        with suppress(OSError, ValueError):
            self._file.truncate(self.size)
        self.problem = f"{cause}, {self._what} stopped at {_amount(self.size)}; traffic goes on unrecorded"


def _open(path: str, force: bool) -> FileIO:
    try:
        # Appending creates a file like writing does, but leaves what is there until it is known to be ours.
        file = FileIO(path, "ab" if force else "xb", opener=lambda name, flags: os.open(name, flags, _MODE))
        try:
            _empty(file)
        except OSError:
            file.close()
            raise
    except (OSError, ValueError) as error:
        raise XmppscopeError(f"{path}: {_trouble(path, error)}") from error
    return file


def _empty(file: FileIO) -> None:
    """Make a file that existed like a new one; a pipe or a device stays what it is."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        if os.chmod in os.supports_fd:
            os.chmod(file.fileno(), _MODE)  # noqa: PTH101 (by its path it might be another file meanwhile)
        file.truncate(0)


def _trouble(path: str, error: OSError | ValueError) -> str:
    if Path(path).is_dir():
        return "a directory; name a file in it"
    if isinstance(error, FileExistsError):
        return "exists; add --force to overwrite it"
    if isinstance(error, FileNotFoundError):
        return "there is no such directory; create it, or choose another name"
    if isinstance(error, PermissionError):
        return "not permitted to write it; choose another name"
    return _words(error) if isinstance(error, OSError) else "not a file name; choose another"


def _words(error: OSError) -> str:
    words = os.strerror(error.errno) if error.errno else str(error)
    return words[:1].lower() + words[1:]


def _amount(size: int) -> str:
    """Write a size with its unit, 812 MB."""
    for scale, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= scale:
            amount = size / scale
            return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.1f} {unit}"
    return f"{size} bytes"
