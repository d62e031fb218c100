"""How far a slow file has been read, in one line on standard error that is cleared in the end."""

import sys
import time
from typing import Final, TextIO

from xmppscope.render.terminal.numbers import duration, grouped

_AFTER: Final = 1.0
_EVERY: Final = 0.2
_CLEAR: Final = "\r\x1b[2K"


class Progress:
    """Writes the line after a second, then five times a second at the most; does nothing unless *enabled*."""

    def __init__(self, *, enabled: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._enabled = enabled
        self._began = time.monotonic()
        self._next = self._began + _AFTER
        self._name = ""
        self._shown = False

    def update(self, name: str, done: int, size: int | None, packets: int) -> None:
        """Say that *done* of *size* bytes of the capture *name* have been read, with *packets* in all."""
        if not self._enabled:
            return
        now = time.monotonic()
        if name != self._name:
            self._name, self._began = name, now
        if now < self._next:
            return
        self._next = now + _EVERY
        parts = [f"reading {name}"]
        left = ""
        if size:
            share = min(done / size, 1.0)
            parts.append(f"{share * 100:.0f} %")
            seconds = (now - self._began) * (1 / share - 1) if share else 0.0
            left = f"{round(seconds)} s left" if seconds < 60 else f"{duration(seconds)} left"
        parts += [f"{grouped(packets)} packets", left]
        self._stream.write(_CLEAR + "  ".join(filter(None, parts)))
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away, so that other lines may be written."""
        if self._shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._shown = False
