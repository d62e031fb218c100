"""Latencies of many requests in bounded memory, and what they come to: median, 95th percentile, the slowest.

Up to `MOST` samples are kept as they are. Beyond, every second one is dropped and only every second one taken from
there on, and so forth: what is kept stays evenly spread over time.
"""

from array import array
from typing import Final

MOST: Final = 8192


class Samples:
    """The latencies of one kind of request, in seconds; `slowest` and its entry are exact, whatever was dropped."""

    def __init__(self) -> None:
        self.slowest = -1.0
        self.slowest_entry = 0
        self._kept = array("d")
        self._stride = 1
        self._skip = 0

    def add(self, seconds: float, entry: int) -> None:
        """Take the latency that *entry*, an answer, shows."""
        if seconds > self.slowest:
            self.slowest, self.slowest_entry = seconds, entry
        if self._skip:
            self._skip -= 1
            return
        self._kept.append(seconds)
        if len(self._kept) >= MOST:
            self._kept = self._kept[::2]
            self._stride *= 2
        self._skip = self._stride - 1

    def quantile(self, share: float) -> float | None:
        """Return the smallest sample that at least this *share* of the samples does not exceed; None without any."""
        if not self._kept:
            return None
        ordered = sorted(self._kept)
        rank = -int(-share * len(ordered) // 1)
        return ordered[max(rank - 1, 0)]
