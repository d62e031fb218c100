"""What a viewer that looks on costs those who talk through `proxy --web`: latency and throughput, with and without it.

    python -m benchmarks.viewer_live
    python -m benchmarks.viewer_live --seconds 10 --rounds 5

Two proxies with `-q --web` stand before the same server; at one a page is open in a headless Chromium, and beside them
is one with `-q` alone, which keeps no timeline. They take turns over direct TLS 1.3, so that a machine that is busy for
a while is so for all, and each figure is a ratio within one run. A message comes back from the server, so it passes
twice and is two stanzas. Measured are one message in flight; ten at a time, paced to the rate that is asked for; and as
many as will go. Chromium draws on the same processors as all the others: what the proxy itself spends on a page is told
by its own processor time. Without Chromium or Playwright the page is left out.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from benchmarks.load import usage
from benchmarks.load.crowd import crowd
from benchmarks.load.programs import Bench, Program, bench
from benchmarks.measure import spread
from benchmarks.proxy_latency import DIRECT, percentile, round_trips
from benchmarks.proxy_throughput import QUIET, Contestant, Meter, take_turns
from benchmarks.viewer_pages import ADDRESS, PATIENCE, chromium, memory, missing, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALONE: Final = "--web, nobody looks on"
WATCHED: Final = "--web, a page is open"
AT_ONCE: Final = 10
"""Messages sent together when they are paced."""


def addresses(programs: Bench) -> Iterator[str]:
    """Yield the addresses of the viewers, in the order in which their proxies were started."""
    for log in sorted(programs.folder.glob("proxy-*.log")):
        if found := ADDRESS.search(log.read_text()):
            yield found[1]


def paced(program: Program, stanzas: int, seconds: float) -> tuple[list[float], float, float]:
    """Send messages at a steady pace; return the milliseconds of each lot, stanzas a second, the proxy's load."""
    pause = 2 * AT_ONCE / stanzas
    taken = []
    with crowd(program.way, AT_ONCE) as clients:
        before = usage.processor(program.process.pid) if usage.KNOWN else float("nan")
        started = time.perf_counter()
        due = started
        while due < started + seconds:
            # Who is late sends at once and does not catch up: then the rate is lower, and is printed as it was.
            due = max(due + pause, time.perf_counter())
            taken.append(clients.drive(0.0).seconds * 1000)
            time.sleep(max(due - time.perf_counter(), 0.0))
        whole = time.perf_counter() - started
        used = (usage.processor(program.process.pid) if usage.KNOWN else float("nan")) - before
    return taken, 2 * AT_ONCE * len(taken) / whole, used / whole


def _latency(programs: dict[str, Program], messages: int) -> None:
    ways = {name: program.way for name, program in programs.items()}
    taken = round_trips(ways, messages, min(messages, 100))
    print(f"one message in flight, {len(taken[DIRECT])} on each way; microseconds")
    medians = {name: statistics.median(times) for name, times in taken.items()}
    added = {name: (median - medians[DIRECT]) / 2 for name, median in medians.items()}
    for name, times in taken.items():
        late = percentile(times, 0.99)
        print(f"  {name:24} {medians[name]:7.0f}  99 %: {late:7.0f}   added one way: {added[name]:6.0f}")
    if WATCHED in added:
        _ratio("added", added)


def _paced(programs: dict[str, Program], stanzas: int, seconds: float, rounds: int) -> None:
    print(f"{stanzas} stanzas a second, {AT_ONCE} messages at a time; milliseconds until all are back")
    taken: dict[str, list[float]] = {name: [] for name in programs}
    rates: dict[str, list[float]] = {name: [] for name in programs}
    loads: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            times, rate, load = paced(program, stanzas, seconds)
            taken[name] += times
            rates[name].append(rate)
            loads[name].append(load)
    for name, times in taken.items():
        figures = f"{statistics.median(times):7.2f}  99 %: {percentile(times, 0.99):7.2f}"
        print(f"  {name:24} {figures}   at {spread(rates[name])}, {statistics.median(loads[name]):.0%} of a processor")
    if WATCHED in taken:
        _ratio("time", {name: statistics.median(times) for name, times in taken.items()})


def _throughput(programs: dict[str, Program], seconds: float, rounds: int) -> None:
    meters = {name: Meter(Contestant(name, program)) for name, program in programs.items()}
    done = take_turns(meters, rounds, lambda meter: meter.messages(AT_ONCE * 2, seconds))
    print(f"{AT_ONCE * 2} connections, as many messages as will go; stanzas a second")
    for name, turns in done.items():
        processor = statistics.median(turn.processor for turn in turns) / 2
        print(f"  {name:24} {spread([2 * turn.rate for turn in turns])}, {processor:.0f} µs of processor time a stanza")
    if WATCHED in done:
        _ratio("rate", {name: statistics.median(turn.rate for turn in turns) for name, turns in done.items()})
        _ratio(
            "processor time",
            {name: statistics.median(turn.processor for turn in turns) for name, turns in done.items()},
        )


def _ratio(what: str, medians: dict[str, float]) -> None:
    print(f"  {what} with a page: {medians[WATCHED] / medians[ALONE]:.2f} times that without")


def _arrived(browser: "Browser", page: "Page") -> None:
    """Wait until nothing more comes to the page, and print what it has."""
    started = time.monotonic()
    shown, settled = -1, started
    while time.monotonic() < min(settled + 1.5, started + PATIENCE):
        page.wait_for_timeout(250)
        entries, left = page.evaluate("[xmppscope.store.entries.length, xmppscope.store.left || 0]")
        if entries + left != shown:
            shown, settled = entries + left, time.monotonic()
    resident, heap = memory(browser, page)
    print(f"the page had {entries} entries {settled - started:.1f} s after the end, and was told of {left} left out")
    print(f"  {resident:.0f} MiB resident, {heap:.0f} MiB of it JavaScript's heap")


@contextmanager
def contestants() -> Iterator[tuple[dict[str, Program], "tuple[Browser, Page] | None"]]:
    """Start the server, the proxies and, where there is one, the browser that looks on."""
    with bench(direct_tls=True) as programs, ExitStack() as stack:
        found = {DIRECT: programs.direct, QUIET: programs.proxy("-q"), ALONE: programs.proxy("-q", "--web")}
        if reason := missing():
            print(f"no page looks on, skipped: {reason}")
            yield found, None
            return
        found[WATCHED] = programs.proxy("-q", "--web")
        browser = stack.enter_context(chromium())
        page = open_page(browser, list(addresses(programs))[-1])
        yield found, (browser, page)


def main() -> None:
    """Read the command line, let all take turns, and print figures and ratios."""
    parser = argparse.ArgumentParser(description="Measure what a viewer costs the proxy.")
    parser.add_argument("--stanzas", type=int, default=5000, help="a second, when paced")
    parser.add_argument("--messages", type=int, default=1500, help="one at a time, on each way")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with contestants() as (programs, looking):
        _latency(programs, options.messages)
        through = {name: program for name, program in programs.items() if name != DIRECT}
        _paced(through, options.stanzas, options.seconds, options.rounds)
        _throughput(through, options.seconds, options.rounds)
        if looking:
            _arrived(*looking)


if __name__ == "__main__":
    main()
