"""Ctrl-C ends a timeline in good order: what was read is shown, with its summary.

The first signal only breaks off waiting; analysis and output go on to the next safe place. A second one stops at once.
"""

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

T = TypeVar("T")


class Interruption:
    """Notes SIGINT and SIGTERM while it is entered; `stopped` tells that one came."""

    def __init__(self) -> None:
        self.stopped = False
        self._waits = False
        self._former: list[Any] = []

    def __enter__(self) -> Self:
        self._former = [signal.signal(number, self._note) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, former in zip(_SIGNALS, self._former, strict=True):
            signal.signal(number, former)

    def wait_for(self, call: Callable[[], T]) -> T | None:
        """Return what *call* returns; a signal breaks it off, and then nothing comes back."""
        self._waits = True
        try:
            return None if self.stopped else call()
        except KeyboardInterrupt:
            return None
        finally:
            self._waits = False

    def sleep(self, seconds: float) -> None:
        """Wait for *seconds*, or until a signal comes."""
        self.wait_for(lambda: time.sleep(seconds))

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        again = self.stopped
        self.stopped = True
        if self._waits or again:
            raise KeyboardInterrupt
