"""Messages a second over many connections and megabytes a second over one: directly, through the proxy and mitmproxy.

    python -m benchmarks.proxy_throughput --connections 50 --rounds 3
    MITMDUMP=/path/to/mitmdump python -m benchmarks.proxy_throughput

All speak direct TLS 1.3 on both legs, since mitmproxy (`reverse:tls`, `-q`, certificates unchecked) does not follow
STARTTLS. Each connection has one message in flight: the server sends it back, and it counts once although it passes
twice. Then one connection pushes messages of 64 KB to the server. The contestants take turns, so that a machine that is
busy for a while is so for all; processor time is that of the program in the middle, of the server where there is none.
Of the JSON Lines every message is counted.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from benchmarks.load import usage
from benchmarks.load.client import Client
from benchmarks.load.crowd import crowd
from benchmarks.load.programs import Bench, Program, bench, mitmdump
from benchmarks.load.script import message
from benchmarks.load.timeline import Timeline
from benchmarks.measure import spread

DIRECT: Final = "direct"
MITMPROXY: Final = "mitmproxy"
WRITTEN: Final = "xmppscope, JSON Lines"
QUIET: Final = "xmppscope -q"
TO_REACH: Final = {WRITTEN: 3, QUIET: 5}
"""Times mitmproxy's messages a second."""

LARGE: Final = 64_000
WARM_UP: Final = 0.5


class Contestant(NamedTuple):
    """A program in the middle, or none, and the timeline that it writes, if it does."""

    name: str
    program: Program
    timeline: Timeline | None = None


class Round(NamedTuple):
    """What one contestant did in its turn; `late` is how long after the last answer its timeline was complete."""

    rate: float
    processor: float
    late: float


class Meter:
    """Measures a contestant's turns, and knows how many messages have passed through it."""

    def __init__(self, contestant: Contestant) -> None:
        self._way = contestant.program.way
        self._process = contestant.program.process.pid
        self._timeline = contestant.timeline
        self._passed = 0

    def messages(self, connections: int, seconds: float) -> Round:
        """Return messages a second, and microseconds of processor time for each."""
        with crowd(self._way, connections) as clients:
            warm = clients.drive(min(WARM_UP, seconds))
            before = self._processor()
            driven = clients.drive(seconds)
            late = self._late(2 * (warm.messages + driven.messages))
            used = self._processor() - before
        return Round(driven.messages / driven.seconds, used / driven.messages * 1e6, late)

    def bulk(self, megabytes: int) -> Round:
        """Return megabytes a second, and microseconds of processor time for each."""
        stanza = message(0, LARGE) % 0
        times = max(megabytes * 1_000_000 // len(stanza), 1)
        with Client(self._way) as client:
            client.push(stanza, 1)
            before = self._processor()
            started = time.perf_counter()
            client.push(stanza, times)
            seconds = time.perf_counter() - started
            late = self._late(times + 1)
            used = self._processor() - before
        size = len(stanza) * times / 1e6
        return Round(size / seconds, used / size * 1e6, late)

    def _processor(self) -> float:
        return usage.processor(self._process) if usage.KNOWN else float("nan")

    def _late(self, passed: int) -> float:
        self._passed += passed
        return self._timeline.wait(self._passed) if self._timeline else 0.0


def contestants(programs: Bench) -> list[Contestant]:
    """Start all that take part."""
    found = [Contestant(DIRECT, programs.direct)]
    if program := mitmdump():
        found.append(Contestant(MITMPROXY, programs.mitmproxy(program)))
    else:
        print("mitmproxy is not installed (no mitmdump on PATH or in MITMDUMP): nothing to compare with but direct")
    output = programs.folder / "timeline.jsonl"
    written = programs.proxy("--format", "jsonl", "-o", str(output))
    found.append(Contestant(WRITTEN, written, Timeline(output)))
    found.append(Contestant(QUIET, programs.proxy("-q")))
    return found


def take_turns(meters: dict[str, Meter], rounds: int, turn: Callable[[Meter], Round]) -> dict[str, list[Round]]:
    """Return what each contestant did in its rounds."""
    done: dict[str, list[Round]] = {name: [] for name in meters}
    for _ in range(rounds):
        for name, meter in meters.items():
            done[name].append(turn(meter))
    return done


def _print(unit: str, done: dict[str, list[Round]], goals: dict[str, int]) -> None:
    rates = {name: [a_round.rate for a_round in rounds] for name, rounds in done.items()}
    for name, rounds in done.items():
        processor = statistics.median(a_round.processor for a_round in rounds)
        print(f"  {name:22} {spread(rates[name])}, {processor:.0f} µs of processor time a {unit}")
        if late := max(a_round.late for a_round in rounds):
            print(f"  {'':22} the timeline was complete {late:.2f} s after the last answer, or sooner")
    for own in TO_REACH:
        for other in (name for name in (MITMPROXY, DIRECT) if name in rates):
            ratios = [rate / theirs for rate, theirs in zip(rates[own], rates[other], strict=True)]
            each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            goal = f"to reach: {goals[own]}; " if other == MITMPROXY and goals else ""
            print(f"  {own}: {statistics.median(ratios):.2f} times {other} ({goal}each round: {each})")


def main() -> None:
    """Read the command line, let the contestants take turns, and print rates and ratios."""
    parser = argparse.ArgumentParser(description="Measure the throughput of the proxy.")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn")
    parser.add_argument("--megabytes", type=int, default=64, help="pushed over one connection in each turn")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with bench(direct_tls=True) as programs:
        meters = {contestant.name: Meter(contestant) for contestant in contestants(programs)}
        small = take_turns(meters, options.rounds, lambda meter: meter.messages(options.connections, options.seconds))
        large = take_turns(meters, options.rounds, lambda meter: meter.bulk(options.megabytes))
    print(f"{options.connections} connections, one message in flight on each; messages a second")
    _print("message", small, TO_REACH)
    print(f"one connection, messages of {LARGE // 1000} KB to the server; MB/s")
    _print("megabyte", large, {})


if __name__ == "__main__":
    main()
