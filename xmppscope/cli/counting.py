"""Runs `xmppscope stats`: reads captures as `read` does, and prints the figures in the end."""

import os
import sys
from collections import Counter
from typing import Final

import click
import msgspec

from xmppscope import __version__
from xmppscope.cli.main import complain, trace
from xmppscope.cli.observers import observers
from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.progress import Progress
from xmppscope.cli.stats import StatsOptions
from xmppscope.cli.tables import tables
from xmppscope.cli.terminal import columns, wants_ascii, wants_colour
from xmppscope.model.errors import XmppscopeError
from xmppscope.render.terminal.numbers import plural
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.keylogs import KeyLogs, add_rsa_key
from xmppscope.sources.names import STANDARD_INPUT, display
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.stats.figures import Statistics
from xmppscope.stats.report import Report
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.trackers import Trackers

_INTERRUPTED: Final = 130


def run(options: StatsOptions) -> int:
    """Count what *options* say; return the exit status."""
    if not options.files:
        raise click.UsageError("no capture named; give FILE..., or - for standard input")
    twice = [name for name, count in Counter(options.files).items() if count > 1]
    if twice:
        raise XmppscopeError(f"{display(twice[0])}: named twice; name each capture once")
    output = Output(options.output)
    output.refuse((*options.files, *options.keylogs, *options.rsa_keys))
    keys = KeyStore()
    keylogs = KeyLogs(list(options.keylogs), keys, growing=STANDARD_INPUT in options.files)
    for name in options.rsa_keys:
        add_rsa_key(name, keys)
    with Interruption() as interruption:
        return _Run(options, output, keys, keylogs, interruption).run()


class _Run:
    """One run of the command."""

    def __init__(
        self, options: StatsOptions, output: Output, keys: KeyStore, keylogs: KeyLogs, interruption: Interruption
    ) -> None:
        trackers = Trackers()
        self._options = options
        self._output = output
        self._keylogs = keylogs
        self._interruption = interruption
        self._statistics = Statistics(trackers)
        self._pipeline = Pipeline(keys, files=len(options.files), observers=[self._statistics, *observers(trackers)])
        self._reading = Reading(list(options.files), self._pipeline, keylogs, interruption, self._report)
        enabled = options.progress if options.progress is not None else not options.quiet and sys.stderr.isatty()
        self._progress = Progress(enabled=enabled)

    def run(self) -> int:
        """Read everything and print the figures; return the exit status."""
        try:
            for records in self._reading.records():
                self._statistics.records(records)
                self._warn([*self._keylogs.warnings, *self._pipeline.notices])
                self._keylogs.warnings.clear()
                self._pipeline.notices.clear()
                capture = self._reading.current
                if capture is not None and capture.size is not None:
                    self._progress.update(capture.name, capture.read, capture.size, self._pipeline.packets)
            self._progress.clear()
            if self._pipeline.packets or not self._reading.failed:
                self._print(self._statistics.report(__version__))
            self._output.close()
        except ReaderGone:
            return 0
        finally:
            self._progress.clear()
            self._keylogs.close()
        if self._reading.failed:
            return 2
        return _INTERRUPTED if self._interruption.stopped else 0

    def _print(self, report: Report) -> None:
        if self._options.form == "json":
            self._output.write(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
            return
        if not report.connections:
            self._warn(
                [f"no XMPP in {plural(self._pipeline.packets, 'packet')}; if it is under TLS, add --keylog FILE"]
            )
            return
        output, terminal = self._output, self._output.is_terminal
        text = tables(
            report,
            width=80 if output.name else columns(terminal=terminal),
            colour=wants_colour(self._options.color, os.environ, terminal=terminal),
            ascii_only=output.name is None and wants_ascii(os.environ, output.encoding),
            everything=self._options.verbose > 0,
        )
        output.write(text.encode(output.encoding, "backslashreplace"))
        if report.totals.undecrypted and not (self._options.keylogs or self._options.rsa_keys):
            count = plural(report.totals.undecrypted, "connection")
            self._warn([f"{count} not decrypted; to count what is inside TLS: --keylog FILE, which the client writes"])

    def _report(self, error: XmppscopeError) -> None:
        self._progress.clear()
        if self._options.verbose > 1:
            trace(error)
        complain(str(error))

    def _warn(self, warnings: list[str]) -> None:
        if warnings and not self._options.quiet:
            self._progress.clear()
            for text in warnings:
                complain(f"warning: {text}")
