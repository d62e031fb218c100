"""Captures as bytes: files, standard input as it comes, and a file that still grows.

A read never waits to be filled, so that a live capture is shown packet by packet.
"""

import os
import select
import time
from collections.abc import Iterator
from io import FileIO
from typing import Final

from xmppscope.model.errors import CaptureError
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.names import STANDARD_INPUT, display, open_file, size_of, standard_input, trouble

_PIECE: Final = 1 << 16
_POLL: Final = 0.1
_LAST_WORDS: Final = 0.5


class Capture:
    """One capture to be read: `name` as the user wrote it, `read` bytes so far, `size` in all where it is known.

    With *follow* a regular file does not end where it ends now, but when the user says so.
    """

    def __init__(self, name: str, interruption: Interruption, *, follow: bool = False) -> None:
        self.name = display(name)
        self.read = 0
        # Opening waits as well, where it is a FIFO that nobody writes to yet.
        self._file = interruption.wait_for(lambda: _open(name))
        self.size = None if self._file is None else size_of(self._file)
        self._interruption = interruption
        self._follow = follow and self.size is not None
        self.live = self._follow or self.size is None

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the capture as they come, until it ends or the user interrupts."""
        if self._file is None:
            return
        with self._file as file:
            try:
                yield from self._read(file)
            except OSError as error:
                raise CaptureError(f"{self.name}: {trouble(error)}") from error

    def _read(self, file: FileIO) -> Iterator[bytes]:
        while not self._interruption.stopped:
            data = self._next(file)
            if data:
                self.read += len(data)
                yield data
            elif not self._follow:
                return
            else:
                self._await(file)
        if self.size is None and self._interruption.stopped:
            yield from _last_words(file)

    def _next(self, file: FileIO) -> bytes:
        return self._interruption.wait_for(lambda: _some(file)) or b""

    def _await(self, file: FileIO) -> None:
        """Wait a moment for a file to grow."""
        if os.fstat(file.fileno()).st_size < self.read:
            raise CaptureError(f"{self.name}: became shorter while it was followed; start again")
        self._interruption.sleep(_POLL)


def _open(name: str) -> FileIO:
    return standard_input() if name == STANDARD_INPUT else open_file(name, CaptureError)


def _some(file: FileIO) -> bytes:
    """Return what there is to read, waiting for it also where the descriptor itself does not wait."""
    while (data := file.read(_PIECE)) is None:
        select.select([file], [], [])
    return data


def _last_words(file: FileIO) -> Iterator[bytes]:
    """Yield what a program that was interrupted together with this one still writes before it ends."""
    if os.name == "nt":
        return  # Windows can wait for sockets only
    end = time.monotonic() + _LAST_WORDS
    while (left := end - time.monotonic()) > 0 and select.select([file], [], [], left)[0]:
        data = file.read(_PIECE)
        if not data:
            return
        yield data
