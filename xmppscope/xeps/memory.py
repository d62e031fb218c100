"""A bounded memory, as most trackers need no more: the oldest goes first, and what goes is counted."""

from typing import ClassVar, Final, Generic, TypeVar

LONGEST_KEY: Final = 2048
"""How many characters a key may have; a JID has at most 3071 bytes, an id hardly ever more than a hundred."""

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Remembers the newest `most` values by key; `forgotten` counts the others. A subclass says how many."""

    most: ClassVar[int] = 256

    def __init__(self) -> None:
        self.forgotten = 0
        self._kept: dict[K, V] = {}

    def put(self, key: K, value: V) -> None:
        """Remember a value, as the newest; keys of others' text that are absurdly long are not worth their memory."""
        if _length(key) > LONGEST_KEY:
            self.forgotten += 1
            return
        self._kept.pop(key, None)
        self._kept[key] = value
        if len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]
            self.forgotten += 1

    def get(self, key: K) -> V | None:
        """Return what is remembered of *key*."""
        return self._kept.get(key)

    def pop(self, key: K) -> V | None:
        """Return what is remembered of *key*, and forget it: it has served."""
        return self._kept.pop(key, None)


def _length(key: object) -> int:
    """Return how many characters stand in a text, or in the texts of a tuple."""
    if isinstance(key, str):
        return len(key)
    length = 0
    if isinstance(key, tuple):
        for part in key:
            if isinstance(part, str):
                length += len(part)
    return length
