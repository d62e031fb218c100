"""How many lines a second the text timeline renders, and the JSON Lines beside it, from the same records.

usage: python -m benchmarks.text_lines --stanzas 50000

The records are those of a generated capture; only the renderer is measured, fed in batches as a pipeline feeds it.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import msgspec

from benchmarks.measure import capture, read_command, run, spread
from xmppscope.model.timeline import Record
from xmppscope.render.jsonl import JsonLines
from xmppscope.render.terminal.timeline import Style, TextTimeline

BATCH = 64


class Renderer(Protocol):
    """What every renderer of lines offers."""

    def render(self, records: list[Record]) -> bytes:
        """Return the lines of some records."""

    def close(self) -> bytes:
        """Return what was held back."""


def lines_per_second(renderer: Renderer, batches: list[list[Record]]) -> float:
    """Render everything once and return how many lines that made a second."""
    lines = 0
    started = time.perf_counter()
    for batch in batches:
        lines += renderer.render(batch).count(b"\n")
    lines += renderer.close().count(b"\n")
    return lines / (time.perf_counter() - started)


def main() -> None:
    """Read the command line and print one line for each renderer."""
    parser = argparse.ArgumentParser(description="Measure the renderers of lines.")
    parser.add_argument("--stanzas", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    path = capture(options.stanzas)
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        run(read_command(path, "--format", "jsonl"), output)
        records = msgspec.json.Decoder(Record).decode_lines(output.read_bytes())
    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    renderers: dict[str, Callable[[], Renderer]] = {
        "text, 80 columns": lambda: TextTimeline(Style()),
        "text, 80 columns, colour": lambda: TextTimeline(Style(colour=True)),
        "text, 120 columns, colour": lambda: TextTimeline(Style(width=120, colour=True)),
        "JSON Lines": JsonLines,
    }
    for name, renderer in renderers.items():
        rates = [lines_per_second(renderer(), batches) for _ in range(options.rounds)]
        print(f"{name:26} lines/s: {spread(rates)}")


if __name__ == "__main__":
    main()
