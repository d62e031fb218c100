"""What a running program has used so far, its child processes included, as Linux tells it."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
KNOWN: Final = sys.platform == "linux"
"""Whether this can be told here."""


def processor(pid: int) -> float:
    """Return the seconds of processor time that the process and its children have used, in steps of 10 ms."""
    ticks = 0
    for process in _tree(pid):
        # The name in brackets may hold spaces.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Return the kilobytes (of 1000 bytes) of resident memory that the process and its children have."""
    pages = sum(int((process / "statm").read_text().split()[1]) for process in _tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") // 1000


def _tree(pid: int) -> list[Path]:
    """Return the folder of the process and those of its children, and theirs."""
    process = PROC / str(pid)
    children = ""
    for thread in (process / "task").iterdir():
        # A thread may end while it is looked at.
        with suppress(FileNotFoundError, ProcessLookupError):
            children += (thread / "children").read_text()
    return [process, *(path for child in children.split() for path in _tree(int(child)))]
