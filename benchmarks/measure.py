"""How a command is measured: a process of its own, its time, and the peak memory that the kernel saw."""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

DATA: Final = Path(__file__).resolve().parent / "data"
XMPPSCOPE: Final = str(Path(sys.executable).with_name("xmppscope"))


class Measured(NamedTuple):
    """One run: seconds by the clock on the wall, seconds of processor time, peak resident memory in MiB."""

    seconds: float
    processor: float
    memory: float


def run(command: list[str], output: Path) -> Measured:
    """Run *command* to its end with standard output in the file *output*; a failing command raises OSError."""
    with output.open("wb") as file:
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise OSError(f"{command[0]} ended with status {process.returncode}: {errors.decode(errors='replace')[-300:]}")
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    # Linux hands the parent's peak on to the child at its start, so a lower figure cannot be told from the parent's.
    if usage.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        raise RuntimeError(f"{command[0]} used no more memory than this program: its peak is not known")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def read_command(capture: Path, *options: str) -> list[str]:
    """Return the command line that reads *capture*, with the key log beside it if there is one."""
    keys = capture.with_suffix(".keys")
    keylog = ["--keylog", str(keys)] if keys.exists() else []
    return [XMPPSCOPE, "read", "--no-progress", *options, *keylog, str(capture)]


def capture(stanzas: int, tls: str | None = None) -> Path:
    """Return a generated capture of that size, made once and kept in benchmarks/data."""
    DATA.mkdir(exist_ok=True)
    path = DATA / f"{'tls' + tls if tls else 'plain'}-{stanzas}.pcap"
    if not path.with_suffix(".json").exists():
        # In a process of its own, so that this one stays small (see `run`).
        words = ["--stanzas", str(stanzas), *(["--tls", tls] if tls else []), str(path)]
        subprocess.run([sys.executable, "-m", "benchmarks.make_capture", *words], check=True, stdout=subprocess.PIPE)
    return path


def tshark() -> str | None:
    """Return the path of tshark, None where it is not installed."""
    return shutil.which("tshark")


def spread(values: list[float]) -> str:
    """Return the median of several rounds with the lowest and the highest: one round on a busy machine says little."""
    return f"{statistics.median(values):9.0f}  ({min(values):.0f} to {max(values):.0f} in {len(values)} rounds)"
