"""How long it takes to the first line that tells something, for a capture of 1 MB; and how long `--help` takes.

usage: python -m benchmarks.first_line
"""

import argparse
import statistics
import subprocess
import time
from typing import Final

from benchmarks.measure import XMPPSCOPE, capture, read_command

STANZAS: Final = 2700
"""As many as make a capture of about 1 MB."""


def first_line(command: list[str], telling: bytes) -> float:
    """Return the milliseconds from the start of *command* to the first line that contains *telling*."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if telling in line:
                milliseconds = (time.perf_counter() - started) * 1000
                break
        else:
            raise RuntimeError(f"{' '.join(command)}: no line contains {telling!r}")
        for _ in process.stdout:
            pass
    return milliseconds


def main() -> None:
    """Read the command line and print the median for each kind of output."""
    parser = argparse.ArgumentParser(description="Measure the time to the first line.")
    parser.add_argument("--runs", type=int, default=9)
    runs = range(parser.parse_args().runs)
    cases = {"--help": ([XMPPSCOPE, "--help"], b"read")}
    for path in (capture(STANZAS), capture(STANZAS, "1.3")):
        size = path.stat().st_size / 1e6
        cases |= {
            f"{path.stem} ({size:.1f} MB), jsonl": (read_command(path, "--format", "jsonl"), b'"record":"entry"'),
            f"{path.stem} ({size:.1f} MB), text": (read_command(path, "--format", "text"), b"stream"),
        }
    for name, (command, telling) in cases.items():
        print(f"{name:32} {statistics.median(first_line(command, telling) for _ in runs):6.0f} ms")


if __name__ == "__main__":
    main()
