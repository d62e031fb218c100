"""Where the authority is kept: one file of mode 0600, key and certificate together, in a folder of mode 0700.

One file cannot be half there. It is written under another name and then linked, which fails where the name is taken: so
of two processes that start at once, one creates the file and both read the same. Nothing here ever replaces a file. A
folder that others can enter is closed if only the authority is in it; if not, it may be open for a reason, and the user
decides. Windows has no modes: there the user's profile keeps others out.
"""

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from xmppscope.model.errors import XmppscopeError

NAME: Final = "authority.pem"

_DRAFT: Final = ".authority-"
_BOUND: Final = 1 << 16
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES: Final = os.name != "nt"


def default_directory() -> Path:
    """Return the folder of the user's own authority."""
    from platformdirs import user_data_path

    return user_data_path("xmppscope", appauthor=False)


def read(directory: Path) -> bytes | None:
    """Return what the file of the authority holds, or None if there is none; raise an error if others can read it."""
    path = directory / NAME
    try:
        with path.open("rb") as file:
            _refuse_what_is_not_private(path, os.fstat(file.fileno()))
            _close(directory)
            data = file.read(_BOUND + 1)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise XmppscopeError(f"{directory}: not a directory; name another --ca-dir") from error
    except OSError as error:
        raise XmppscopeError(f"{error.filename or path}: {_why(error)}; see to it, or name another --ca-dir") from error
    if len(data) > _BOUND:
        raise XmppscopeError(f"{path}: far too long for an authority; name another --ca-dir, or move the file away")
    return data


def create(directory: Path, data: bytes) -> bool:
    """Write the file of the authority, unless there is one; return whether it was written."""
    try:
        _make(directory)
        _close(directory)
        return _write(directory, data)
    except OSError as error:
        name = error.filename or directory
        raise XmppscopeError(f"{name}: {_why(error)}; the authority needs a folder, name one with --ca-dir") from error


def _make(directory: Path) -> None:
    """Create the folder and those above it, each for the user only, whatever the umask is.

    XDG Base Directory Specification: "If, when attempting to write a file, the destination directory is non-existent an
    attempt should be made to create it with permission 0700."
    """
    if directory.is_dir():
        return
    if directory.parent != directory:
        _make(directory.parent)
    try:
        directory.mkdir(0o700)
    except FileExistsError:
        if not directory.is_dir():
            raise
    else:
        directory.chmod(0o700)


def _close(directory: Path) -> None:
    """See to it that nobody else can enter the folder."""
    if not _HAS_MODES or not directory.stat().st_mode & _OTHERS:
        return
    others = (entry.name for entry in directory.iterdir() if entry.name != NAME and not entry.name.startswith(_DRAFT))
    if next(others, None) is not None:
        raise XmppscopeError(
            f"{directory}: others can enter this folder, and it holds more than the authority; "
            "chmod 700 it, or name another --ca-dir"
        )
    directory.chmod(0o700)


def _write(directory: Path, data: bytes) -> bool:
    # mkstemp gives mode 0600 less the umask, and chmod takes the umask out of it.
    descriptor, draft = tempfile.mkstemp(prefix=_DRAFT, dir=directory)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (it is open already)
            Path(draft).chmod(0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.link(draft, directory / NAME)
    except FileExistsError:
        return False
    finally:
        os.unlink(draft)  # noqa: PTH108
    return True


def _refuse_what_is_not_private(path: Path, status: os.stat_result) -> None:
    if not _HAS_MODES:
        return
    if status.st_uid != os.geteuid():
        raise XmppscopeError(f"{path}: belongs to another user, who knows its key; name another --ca-dir")
    if status.st_mode & _OTHERS:
        raise XmppscopeError(
            f"{path}: others can read the authority's key; chmod 600 it if nobody has, else move it away and begin anew"
        )


def _why(error: OSError) -> str:
    words = os.strerror(error.errno) if error.errno else str(error)
    return words[:1].lower() + words[1:]
