"""Runs `xmppscope stats`: reads captures as `read` does, and prints the figures in the end."""

import os
from typing import TYPE_CHECKING

import msgspec

from xmppscope import __version__
from xmppscope.cli.captures import Given, Messages, check_named, given, status
from xmppscope.cli.counting_some import Matching
from xmppscope.cli.extensions import installed
from xmppscope.cli.observers import observers
from xmppscope.cli.output import ReaderGone
from xmppscope.cli.selecting import nothing_matched, selection
from xmppscope.cli.stats import StatsOptions
from xmppscope.cli.tables import tables
from xmppscope.cli.terminal import columns, wants_ascii, wants_colour
from xmppscope.render.terminal.numbers import plural
from xmppscope.session.seen import Observer
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.stats.figures import Statistics
from xmppscope.stats.report import Report
from xmppscope.xeps.trackers import Trackers

if TYPE_CHECKING:
    pass


def run(options: StatsOptions) -> int:
    """Count what *options* say; return the exit status."""
    check_named(options.files)
    selected = selection(options.expression, None, None, None, traced=options.verbose > 1)
    with given(options, options.files, selected) as what:
        return _Run(options, what).run()


class _Run:
    """One run of the command."""

    def __init__(self, options: StatsOptions, what: Given) -> None:
        trackers = Trackers(installed())
        self._options = options
        self._output = what.output
        self._keylogs = what.keylogs
        self._interruption = what.interruption
        self._statistics = Statistics(trackers)
        self._matching: Matching | None = None
        watching: list[Observer] = [self._statistics, *observers(trackers)]
        if what.selected is not None:
            self._matching = Matching(self._statistics, what.selected, lambda: self._pipeline.first)
            watching = self._matching.observers(observers(trackers))
        self._pipeline = Pipeline(what.keys, files=len(options.files), observers=watching)
        self._messages = Messages(options, what.output)
        self._reading = Reading(
            list(options.files), self._pipeline, what.keylogs, what.interruption, self._messages.report
        )

    def run(self) -> int:
        """Read everything and print the figures; return the exit status."""
        try:
            for records in self._reading.records():
                self._statistics.records(records)
                self._messages.keep_up(self._keylogs, self._pipeline, self._reading.current)
            self._messages.clear()
            if self._pipeline.packets or not self._reading.failed:
                self._print(self._report())
            self._output.close()
        except ReaderGone:
            return 0
        finally:
            self._messages.clear()
            self._keylogs.close()
        return status(self._reading, self._interruption)

    def _report(self) -> Report:
        report = self._statistics.report(__version__)
        return report if self._matching is None else self._matching.totals(report)

    def _print(self, report: Report) -> None:
        if self._options.form == "json":
            self._output.write(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
            return
        if self._matching is not None and self._matching.missed_all:
            self._messages.warn([nothing_matched(self._matching.selected)])
            return
        if not report.connections:
            self._messages.warn(
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
            self._messages.warn(
                [f"{count} not decrypted; to count what is inside TLS: --keylog FILE, which the client writes"]
            )
