"""Where data goes: standard output or a file, each batch handed on at once."""

import os
import stat
import sys
from typing import BinaryIO, Final

from xmppscope.model.errors import XmppscopeError
from xmppscope.sources.names import trouble

_BOTH: Final = "{}: that is an input, and would be lost; choose another name for --output"


class ReaderGone(Exception):  # noqa: N818 (it is no error: `| head` has seen enough)
    """Whoever read standard output has closed it."""


class Output:
    """A stream of bytes; *name* is a file, or None for standard output. Raises `ReaderGone` when nobody reads on."""

    def __init__(self, name: str | None) -> None:
        self.name = None if name == "-" else name
        self._file: BinaryIO | None = None
        if self.name is None and sys.stdout is None:
            raise XmppscopeError("standard output is closed; name a file with --output")

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking at it."""
        return self.name is None and sys.stdout.isatty()

    @property
    def is_pipe(self) -> bool:
        """Whether it goes to another program, which may itself use the terminal."""
        return self.name is None and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)

    @property
    def encoding(self) -> str:
        """What text is to be encoded in; files are UTF-8."""
        return "utf-8" if self.name is not None else (sys.stdout.encoding or "utf-8")

    def refuse(self, inputs: tuple[str, ...]) -> None:
        """Raise an error if the file is one of the *inputs*."""
        for name in inputs:
            if self.name is not None and _same(self.name, name):
                raise XmppscopeError(_BOTH.format(self.name))

    def create(self) -> None:
        """Create the file, if there is to be one, before there is any data."""
        try:
            self._opened()
        except OSError as error:
            raise XmppscopeError(f"{self._shown}: {_why(error)}") from error

    def write(self, data: bytes) -> None:
        """Write *data* so that it is seen at once."""
        if not data:
            return
        try:
            stream = self._opened()
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]
            stream.flush()
        except BrokenPipeError as error:
            _silence()
            raise ReaderGone from error
        except OSError as error:
            if self.name is None:
                _silence()
            raise XmppscopeError(f"{self._shown}: {_why(error)}") from error

    @property
    def _shown(self) -> str:
        return "standard output" if self.name is None else self.name or "--output"

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.name is not None and self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        if self._file is None and self.name is not None:
            # Without a buffer of its own: what a full disk did not take would be tried again when it is closed.
            self._file = open(self.name, "wb", buffering=0)  # noqa: SIM115, PTH123
        return self._file or sys.stdout.buffer


def _why(error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return "a directory; name a file in it"
    if isinstance(error, FileNotFoundError):
        return "there is no such directory"
    return trouble(error)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)  # noqa: PTH121
    except OSError:
        return False


def _silence() -> None:
    """Let the interpreter's last flush of standard output go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
