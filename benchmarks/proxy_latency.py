"""What the proxy adds to the time of one message: one connection, one message in flight, TLS 1.3 on both legs.

    python -m benchmarks.proxy_latency --messages 5000

The client sends a message and waits until the server has sent it back, so each passes the proxy twice: a round trip. It
does so directly, through `xmppscope proxy -q`, and through one that writes the whole timeline as JSON Lines, a block of
messages at a time in turn, over connections that stay open. What is added one way is half of what is added to the
round trip: that is the figure to reach, at the median.
"""

import argparse
import gc
import statistics
import time
from contextlib import ExitStack
from typing import Final

from benchmarks.load.client import Client, Way
from benchmarks.load.programs import bench

TO_REACH: Final = 100
"""Microseconds that may be added one way at the median."""

DIRECT: Final = "direct"


def round_trips(ways: dict[str, Way], messages: int, block: int) -> dict[str, list[float]]:
    """Return the microseconds of each round trip on each way; one block before them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with ExitStack() as stack:
        clients = {name: stack.enter_context(Client(way)) for name, way in ways.items()}
        gc.disable()
        stack.callback(gc.enable)
        for counted in (False, *[True] * (messages // block)):
            for name, client in clients.items():
                times = _block(client, block)
                if counted:
                    taken[name] += times
    return taken


def _block(client: Client, block: int) -> list[float]:
    times = []
    for _ in range(block):
        started = time.perf_counter_ns()
        client.round_trip()
        times.append((time.perf_counter_ns() - started) / 1000)
    return times


def _print(taken: dict[str, list[float]], kind: str) -> None:
    count = len(taken[DIRECT])
    print(f"{kind}: {count} messages each way, one in flight; microseconds")
    print(f"  {'round trip':24} {'median':>8} {'99 %':>8}   added: {'median':>8} {'99 %':>8}   one way: {'median':>8}")
    figures = {name: (statistics.median(times), percentile(times, 0.99)) for name, times in taken.items()}
    for name, (median, late) in figures.items():
        line = f"  {name:24} {median:8.0f} {late:8.0f}"
        if name != DIRECT:
            more, later = median - figures[DIRECT][0], late - figures[DIRECT][1]
            line += f"          {more:8.0f} {later:8.0f}            {more / 2:8.0f}  (to reach: {TO_REACH})"
        print(line)


def percentile(values: list[float], part: float) -> float:
    """Return the value that *part* of the values do not exceed."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def main() -> None:
    """Read the command line, measure under STARTTLS and under direct TLS, and print both."""
    parser = argparse.ArgumentParser(description="Measure the latency that the proxy adds.")
    parser.add_argument("--messages", type=int, default=5000, help="on each way")
    parser.add_argument("--block", type=int, default=250, help="messages until the next way's turn")
    options = parser.parse_args()
    if options.messages < options.block:
        parser.error("--messages must not be less than --block")
    for direct_tls in (False, True):
        with bench(direct_tls=direct_tls) as programs:
            timeline = programs.folder / "timeline.jsonl"
            ways = {
                DIRECT: programs.direct.way,
                "xmppscope -q": programs.proxy("-q").way,
                "xmppscope, JSON Lines": programs.proxy("--format", "jsonl", "-o", str(timeline)).way,
            }
            taken = round_trips(ways, options.messages, options.block)
        _print(taken, "direct TLS" if direct_tls else "STARTTLS")


if __name__ == "__main__":
    main()
