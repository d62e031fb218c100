"""Files by the names that the user gave, and what to say when one can't be used: the problem and the way out."""

import difflib
import os
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Final

from xmppscope.model.errors import CaptureError, XmppscopeError
from xmppscope.model.plaintext import visible

STANDARD_INPUT: Final = "-"

_ALIKE: Final = 0.75


def open_file(name: str, kind: type[XmppscopeError]) -> FileIO:
    """Open the file *name* for reading, unbuffered; raise *kind* with words that say what to do."""
    try:
        return FileIO(name)
    except (OSError, ValueError) as error:
        raise kind(f"{name}: {_trouble(name, error)}") from error


def display(name: str) -> str:
    """Return what messages call the file *name*."""
    return "standard input" if name == STANDARD_INPUT else name


def standard_input() -> FileIO:
    """Return standard input as bytes, unbuffered, so that a read returns what there is."""
    if sys.stdin is None:
        raise CaptureError("standard input is closed; name a file")
    return FileIO(0, closefd=False)


def size_of(file: FileIO) -> int | None:
    """Return the size of a regular file, None for what has none."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def trouble(error: OSError) -> str:
    """Return why reading or writing failed, in the system's words but without capitals."""
    words = os.strerror(error.errno) if error.errno else str(error)
    return words[:1].lower() + words[1:]


def _trouble(name: str, error: OSError | ValueError) -> str:
    if not name:
        return "an empty name; name a file"
    if isinstance(error, FileNotFoundError):
        return f"no such file{_meant(name)}"
    if isinstance(error, IsADirectoryError):
        return "a directory; name the files in it"
    if isinstance(error, PermissionError):
        return "not permitted to read it; run as the user who owns it, or let them change its mode"
    return trouble(error) if isinstance(error, OSError) else "not a file name"


def _meant(name: str) -> str:
    """Return a question about the name in the same directory that comes closest, if one does."""
    path = Path(name)
    try:
        neighbours = [neighbour.name for neighbour in path.parent.iterdir()]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, neighbours, 1, _ALIKE)
    return f"; did you mean {visible(str(path.with_name(close[0])))}?" if close else ""
