"""What a running program has used so far, its child processes included, as Linux tells it."""

import os
import sys
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
KNOWN: Final = sys.platform == "linux"
"""Whether this can be told here."""


def processor(pid: int) -> float:
    """Return the seconds of processor time that the process and its children have used, by threads that still run."""
    # To the nanosecond, where the times in `stat` are in steps of 10 ms.
    threads = [thread for process in _tree(pid) for thread in (process / "task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def resident(pid: int) -> int:
    """Return the kilobytes (of 1000 bytes) of resident memory that the process and its children have."""
    pages = sum(int((process / "statm").read_text().split()[1]) for process in _tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") // 1000


def _tree(pid: int) -> list[Path]:
    process = PROC / str(pid)
    children = [child for task in (process / "task").iterdir() for child in (task / "children").read_text().split()]
    return [process, *(path for child in children for path in _tree(int(child)))]
