"""Where the data of a live source goes: whoever reads it slowly, or not at all, holds nothing up.

A pipe is filled only as far as it takes bytes at once; what it does not take waits here, within a bound. Left out:
Windows, which cannot tell whether a pipe would.
"""

import select
import sys
from typing import Final

from xmppscope.cli.output import Output, ReaderGone
from xmppscope.model.errors import XmppscopeError

MOST: Final = 64 << 20
"""Bytes that wait for a reader at the most."""

_LAST_SECONDS: Final = 1.0
_ON_A_TERMINAL: Final = 256
_NOBODY: Final = "standard output: nobody reads it, and {} MB wait"


class Unhurried(Output):
    """An output that never waits for its reader, until it is closed.

    `waits` says that there is something to be written by `drain`, once `descriptor` takes more.
    """

    def __init__(self, name: str | None) -> None:
        super().__init__(name)
        self._backlog = bytearray()
        self._may_block = self.name is None and hasattr(select, "poll")
        # As much can be written without waiting where poll says that anything can.
        self._piece = _ON_A_TERMINAL if self.is_terminal else getattr(select, "PIPE_BUF", 512)

    @property
    def waits(self) -> bool:
        """Whether something is left to be written."""
        return bool(self._backlog)

    @property
    def descriptor(self) -> int:
        """The file descriptor to be watched while something waits."""
        return sys.stdout.fileno()

    def write(self, data: bytes) -> None:
        """Write *data* as far as it is taken at once. Raises an error where too much waits already."""
        if not self._may_block:
            super().write(data)
            return
        self._backlog += data
        self.drain()
        if len(self._backlog) > MOST:
            self._backlog.clear()
            raise XmppscopeError(_NOBODY.format(MOST >> 20))

    def drain(self, seconds: float = 0.0) -> None:
        """Write what waits as far as it is taken, waiting so many seconds each time; after an error nothing waits."""
        poll = None
        while self._backlog:
            if poll is None:
                poll = select.poll()
                poll.register(self.descriptor, select.POLLOUT)
            if not poll.poll(seconds * 1000):
                return
            piece = bytes(self._backlog[: self._piece])
            del self._backlog[: self._piece]
            try:
                super().write(piece)
            except (ReaderGone, XmppscopeError):
                self._backlog.clear()
                raise

    def close(self) -> None:
        """Write what waits if it is taken soon, and close the file."""
        try:
            self.drain(_LAST_SECONDS)
        finally:
            super().close()
