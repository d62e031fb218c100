"""Whether a message costs the proxy more the longer a connection lasts: processor time of its first and last messages.

    python -m benchmarks.proxy_over_length --messages 1000000

One connection, one message in flight, the whole timeline written as JSON Lines. Processor time is that of the proxy
alone, its child processes included; the first tenth of the blocks of messages is compared with the last. Linux only.
"""

import argparse
import statistics
from typing import Final

from benchmarks.load import usage
from benchmarks.load.client import Client
from benchmarks.load.programs import Program, bench

BLOCK: Final = 10_000


def main() -> None:
    """Read the command line, send the messages, and print the cost of the first and of the last."""
    parser = argparse.ArgumentParser(description="Measure the cost of a message over the length of a connection.")
    parser.add_argument("--messages", type=int, default=10 * BLOCK)
    parser.add_argument("--block", type=int, default=BLOCK)
    options = parser.parse_args()
    if not usage.KNOWN:
        parser.exit(message="processor time of another program is known on Linux only\n")
    if options.messages < 2 * options.block:
        parser.error("--messages must be twice --block or more")
    with bench() as programs:
        program = programs.proxy("--format", "jsonl", "-o", str(programs.folder / "timeline.jsonl"))
        with Client(program.way) as client:
            for _ in range(options.block // 10):
                client.round_trip()
            blocks = [_block(program, client, options.block) for _ in range(options.messages // options.block)]
    used, memory = zip(*blocks, strict=True)
    tenth = max(len(used) // 10, 1)
    first, last = statistics.median(used[:tenth]), statistics.median(used[-tenth:])
    print(f"{options.messages} messages there and back over one connection; microseconds of processor time for each")
    # So few messages that the clock has not moved tell nothing.
    ratio = f"{last / first:.2f} times" if first else "too few messages to tell"
    print(f"  first {first:.0f}, last {last:.0f}: {ratio}")
    print(f"  each block of {options.block}: {' '.join(f'{value:.0f}' for value in used)}")
    print(f"  resident memory after the first block {memory[0]:.1f} MB, after the last {memory[-1]:.1f} MB")


def _block(program: Program, client: Client, messages: int) -> tuple[float, float]:
    """Return the microseconds of processor time for each message, and the memory after them in megabytes."""
    before = usage.processor(program.process.pid)
    for _ in range(messages):
        client.round_trip()
    used = usage.processor(program.process.pid) - before
    return used / messages * 1e6, usage.resident(program.process.pid) / 1000


if __name__ == "__main__":
    main()
