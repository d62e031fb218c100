"""Time, peak memory and stanzas found of `xmppscope read --format jsonl` against tshark, side by side in one run.

    python -m benchmarks.read_against_tshark                      (half a million stanzas, plain and TLS 1.3)
    python -m benchmarks.read_against_tshark --stanzas 50000 --runs 1
    python -m benchmarks.read_against_tshark --capture my.pcap    (with my.keys beside it, if it needs keys)

The two take turns, so that a machine that is busy for a while is so for both; each figure is the median of its runs.
tshark prints eight fields of every XMPP packet, the three last of which count the stanzas.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.measure import Measured, capture, read_command, run, tshark

FIELDS = ("frame.number", "frame.time_epoch", "ip.src", "ip.dst", "tcp.stream")
STANZAS = ("xmpp.message", "xmpp.presence", "xmpp.iq")


class Contestant(NamedTuple):
    """One of the two programs: its command line and how its output tells the number of stanzas."""

    name: str
    command: list[str]
    count: Callable[[Path], int]


def tshark_command(program: str, path: Path) -> list[str]:
    """Return the command that has tshark print eight fields of each XMPP packet."""
    keys = path.with_suffix(".keys")
    preferences = ["-o", f"tls.keylog_file:{keys}"] if keys.exists() else []
    fields = [word for field in (*FIELDS, *STANZAS) for word in ("-e", field)]
    return [program, "-r", str(path), *preferences, "-Y", "xmpp", "-T", "fields", *fields, "-E", "aggregator=,"]


def count_tshark(output: Path) -> int:
    """Count the stanzas in tshark's output: each shows as one "1" in the last three columns."""
    with output.open() as file:
        return sum(",".join(line.rstrip("\n").split("\t")[-3:]).split(",").count("1") for line in file)


def count_xmppscope(output: Path) -> int:
    """Return the number of stanzas that the summary, which is the last line, states."""
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - 4096))
        last = file.read().splitlines()[-1]
    return int(json.loads(last)["stanzas"])


def compare(path: Path, runs: int) -> None:
    """Measure both programs on one capture, taking turns, and print the table and the ratios."""
    contestants = [Contestant("xmppscope", read_command(path, "--format", "jsonl"), count_xmppscope)]
    if program := tshark():
        contestants.append(Contestant("tshark", tshark_command(program, path), count_tshark))
    measured: dict[str, list[Measured]] = {contestant.name: [] for contestant in contestants}
    found: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        for _ in range(runs):
            for contestant in contestants:
                measured[contestant.name].append(run(contestant.command, output))
                found[contestant.name] = contestant.count(output)
    _print(path, measured, found)


def _print(path: Path, measured: dict[str, list[Measured]], found: dict[str, int]) -> None:
    facts = path.with_suffix(".json")
    sent = json.loads(facts.read_text())["stanzas"] if facts.exists() else None
    sent_text = "" if sent is None else f", {sent} stanzas were sent"
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB{sent_text}")
    print(f"  {'':10} {'seconds':>9} {'processor':>9} {'peak MiB':>9} {'stanzas':>9}")
    medians = {name: [statistics.median(values) for values in zip(*of, strict=True)] for name, of in measured.items()}
    for name, (seconds, processor, memory) in medians.items():
        print(f"  {name:10} {seconds:9.2f} {processor:9.2f} {memory:9.1f} {found[name]:9}")
    if "tshark" in medians:
        time, _, memory = (own / other for own, other in zip(medians["xmppscope"], medians["tshark"], strict=True))
        print(f"  xmppscope needs {time:.2f} of tshark's time and {memory:.2f} of its memory")
        pairs = zip(measured["xmppscope"], measured["tshark"], strict=True)
        print(f"  time ratio of each run: {', '.join(f'{own.seconds / other.seconds:.2f}' for own, other in pairs)}")
    else:
        print("  tshark is not installed: nothing to compare with")


def main() -> None:
    """Read the command line and compare on each capture."""
    parser = argparse.ArgumentParser(description="Compare xmppscope with tshark.")
    parser.add_argument("--stanzas", type=int, default=500_000, help="size of the generated captures")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--capture", type=Path, action="append", help="a capture of your own instead (repeatable)")
    options = parser.parse_args()
    for path in options.capture or [capture(options.stanzas), capture(options.stanzas, "1.3")]:
        compare(path, options.runs)


if __name__ == "__main__":
    main()
