"""How much of a timeline is in its file: messages that have passed must be there, and soon."""

import time
from pathlib import Path
from typing import Final

PATIENCE: Final = 60.0
MESSAGE: Final = b'"name":"message"'


class Timeline:
    """A file of JSON Lines that grows; messages in it are counted as far as whole lines are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._messages = 0

    def wait(self, messages: int) -> float:
        """Return the seconds that it takes until the file has so many messages in all."""
        started = time.perf_counter()
        while (found := self._count()) < messages:
            if time.perf_counter() - started > PATIENCE:
                raise RuntimeError(f"{messages} messages have passed, {found} are in the timeline")
            time.sleep(0.005)
        if found > messages:
            raise RuntimeError(f"{messages} messages have passed, {found} are in the timeline")
        return time.perf_counter() - started

    def _count(self) -> int:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._messages += MESSAGE in line
        return self._messages
