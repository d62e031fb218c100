"""Connections a second, directly and through the proxy, and the memory that an open connection takes in the proxy.

    python -m benchmarks.proxy_connections --connections 200 --open 500

A connection is STARTTLS, TLS 1.3 on both legs without resumption, login, and an orderly close; several are made at a
time. For memory, connections are opened one after the other, pass a message, and stay. One was opened and closed before
that, so that what the proxy loads and makes once does not count. Linux only, for the memory.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from benchmarks.load import usage
from benchmarks.load.client import Client, Way
from benchmarks.load.programs import Bench, Program, bench
from benchmarks.measure import spread

TO_REACH: Final = 100
"""Kilobytes a connection."""

AT_ONCE: Final = 8


def connect(way: Way, connections: int) -> float:
    """Return how many connections a second were opened, logged in and closed."""

    def one(_: int) -> None:
        Client(way).close()

    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        # The list meets what was raised in a thread.
        list(threads.map(one, range(connections)))
    return connections / (time.perf_counter() - started)


def memory(program: Program, connections: int) -> float:
    """Return the kilobytes of resident memory that each of so many open connections takes in the proxy."""
    with Client(program.way) as first:
        first.round_trip()
    before = usage.resident(program.process.pid)
    with ExitStack() as stack:
        for _ in range(connections):
            stack.enter_context(Client(program.way)).round_trip()
        return (usage.resident(program.process.pid) - before) / connections


def main() -> None:
    """Read the command line, measure, and print rates, their ratio, and the memory a connection."""
    parser = argparse.ArgumentParser(description="Measure what a connection costs in the proxy.")
    parser.add_argument("--connections", type=int, default=200, help="made in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--open", type=int, default=500, help="kept open at once")
    options = parser.parse_args()
    with bench() as programs:
        ways = {"direct": programs.direct, **_proxies(programs)}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, program in ways.items():
                rates[name].append(connect(program.way, options.connections))
    print(f"connections a second, {AT_ONCE} at a time")
    for name, values in rates.items():
        ratios = [own / direct for own, direct in zip(values, rates["direct"], strict=True)]
        print(f"  {name:22} {spread(values)}, {statistics.median(ratios):.2f} of direct")
    if usage.KNOWN:
        _print_memory(options.open)


def _print_memory(connections: int) -> None:
    print(f"memory of an open connection, both legs, with {connections} open (to reach: {TO_REACH} KB)")
    with bench() as programs:
        for name, program in _proxies(programs).items():
            print(f"  {name:22} {memory(program, connections):9.1f} KB")


def _proxies(programs: Bench) -> dict[str, Program]:
    timeline = str(programs.folder / "timeline.jsonl")
    return {
        "xmppscope -q": programs.proxy("-q"),
        "xmppscope, JSON Lines": programs.proxy("--format", "jsonl", "-o", timeline),
    }


if __name__ == "__main__":
    main()
