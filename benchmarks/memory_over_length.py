"""Whether memory depends on the length of a capture: peak memory for one capture and for one that is four times longer.

usage: python -m benchmarks.memory_over_length --stanzas 100000

Both lengths must have as many connections open at a time, or the ratio tells of those: that takes at least
AT_ONCE * PER_CONNECTION stanzas (`make_capture`), and fewer are refused.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.make_capture import AT_ONCE, PER_CONNECTION
from benchmarks.measure import capture, read_command, run


def main() -> None:
    """Read the command line, measure both lengths, in the clear and under TLS, and print the ratios."""
    parser = argparse.ArgumentParser(description="Measure peak memory over the length of a capture.")
    parser.add_argument("--stanzas", type=int, default=100_000, help="of the shorter one")
    stanzas = parser.parse_args().stanzas
    if stanzas < AT_ONCE * PER_CONNECTION:
        parser.error(f"--stanzas must be {AT_ONCE * PER_CONNECTION} or more")
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        for tls in (None, "1.3"):
            peaks = []
            for count in (stanzas, stanzas * 4):
                path = capture(count, tls)
                peaks.append(run(read_command(path, "--format", "jsonl"), output).memory)
                print(f"{path.name:24} {path.stat().st_size / 1e6:7.1f} MB, peak {peaks[-1]:6.1f} MiB")
            print(f"four times the length: {peaks[1] / peaks[0]:.2f} times the memory")


if __name__ == "__main__":
    main()
