"""What each tracker and each family of rules adds to the price of a stanza, in processor time.

    python -m benchmarks.observer_prices                      (100,000 stanzas, in the clear)
    python -m benchmarks.observer_prices --stanzas 20000 --rounds 3

The same capture is read in one process with nobody looking on, with each observer alone, and with all. A tracker's
price is what it adds to trackers that follow nothing else; a family's is what it adds to a linter with a single rule.
All take turns in each round and the lowest time of each counts, since what else the machine does can only add to it.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import capture
from xmppscope.diagnosis import Diagnoses
from xmppscope.lint import Linter
from xmppscope.lint.registry import FAMILIES
from xmppscope.session.seen import Observer
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.registry import EXTENSIONS
from xmppscope.xeps.trackers import Trackers

BLOCK = 64 * 1024
CHEAPEST = "features-missing"
"""A rule that sees one element a connection: a linter that has it alone is one that does next to nothing."""

Observers = Callable[[], list[Observer]]


class Case(NamedTuple):
    """Who looks on, and the name of the case whose price is the ground that this one stands on."""

    name: str
    over: str
    observers: Observers


def cases() -> list[Case]:
    """Return what is measured, in the order in which it is printed."""
    found = [
        Case("nobody", "", list),
        Case("all trackers", "nobody", lambda: [Trackers()]),
        Case("all rules", "nobody", lambda: [Linter()]),
        Case("diagnoses", "nobody", lambda: [Diagnoses()]),
        Case("everything", "nobody", lambda: [Trackers(), Linter(), Diagnoses()]),
        Case("no tracker", "nobody", lambda: [Trackers([])]),
        Case("no rule", "nobody", lambda: [Linter([CHEAPEST])]),
    ]
    for extension in EXTENSIONS:
        name = f"XEP-{extension.number}" if extension.number else extension.title
        found.append(Case(f"  {name} {extension.title}"[:38], "no tracker", partial(_tracker, extension)))
    found += [Case(f"  rules: {family}", "no rule", partial(_rules, family)) for family in FAMILIES]
    return found


def _tracker(extension: object) -> list[Observer]:
    return [Trackers([one for one in EXTENSIONS if one is extension])]


def _rules(family: str) -> list[Observer]:
    return [Linter([family, CHEAPEST])]


def cost(path: Path, observers: Observers) -> float:
    """Return the processor time of one reading, in seconds."""
    pipeline = Pipeline(KeyStore(), observers=observers())
    pipeline.open(path.name)
    began = time.process_time()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            pipeline.feed(block)
    pipeline.end()
    pipeline.close()
    return time.process_time() - began


def main() -> None:
    """Measure and print, one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--stanzas", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    path = capture(arguments.stanzas)
    measured: dict[str, float] = {}
    for _ in range(arguments.rounds):
        for case in cases():
            seconds = cost(path, case.observers)
            measured[case.name] = min(seconds, measured.get(case.name, seconds))
    print(f"{arguments.stanzas} stanzas, microseconds a stanza, lowest of {arguments.rounds} rounds")
    for case in cases():
        price = (measured[case.name] - measured.get(case.over, 0.0)) / arguments.stanzas * 1e6
        print(f"  {case.name:40} {price:6.2f}{'' if case.over else '  (the reading itself)'}")


if __name__ == "__main__":
    main()
