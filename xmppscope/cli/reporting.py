"""Runs `xmppscope report`: reads captures as `read` does, and writes the page."""

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import click

from xmppscope.cli.captures import Given, Messages, check_named, given, status
from xmppscope.cli.extensions import installed
from xmppscope.cli.histories import Histories
from xmppscope.cli.observers import observers
from xmppscope.cli.output import ReaderGone
from xmppscope.cli.passwords import passwords
from xmppscope.cli.report import ReportOptions
from xmppscope.cli.selecting import narrowed, nothing_matched, selection
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.instant import iso
from xmppscope.model.timeline import Record, Summary
from xmppscope.render.html.report import HtmlReport
from xmppscope.render.terminal.numbers import plural
from xmppscope.sources.names import display
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.xeps.trackers import Trackers

if TYPE_CHECKING:
    pass

_SECRETS: Final = "secrets are shown as they were sent (--show-secrets); mind who gets the page"


def run(options: ReportOptions) -> int:
    """Write the report that *options* ask for; return the exit status."""
    check_named(options.files)
    selected = selection(options.expression, options.after, options.before, options.context, traced=options.verbose > 1)
    with given(options, options.files, selected) as what:
        if what.output.is_terminal:
            raise XmppscopeError("a page is not for a terminal; name a file with --output")
        return _Run(options, what).run()


class _Run:
    """One run of the command."""

    def __init__(self, options: ReportOptions, what: Given) -> None:
        self._options = options
        self._output = what.output
        self._keylogs = what.keylogs
        self._interruption = what.interruption
        self._selected = what.selected
        trackers = Trackers(installed())
        self._histories = Histories(trackers)
        known = observers(trackers, passwords(options.passwords))
        self._pipeline = Pipeline(
            what.keys, files=len(options.files), show_secrets=options.show_secrets, observers=[*known, self._histories]
        )
        self._messages = Messages(options, what.output)
        self._reading = Reading(
            list(options.files), self._pipeline, what.keylogs, what.interruption, self._messages.report
        )
        self._report = HtmlReport()
        self._summary: Summary | None = None

    def run(self) -> int:
        """Read everything and write the page; return the exit status."""
        if self._options.show_secrets:
            self._messages.warn([_SECRETS])
        try:
            for records in self._reading.records():
                self._take(records)
            if self._summary is not None:
                self._report.meta = self._meta()
                self._report.states = self._histories.changes()
                self._output.write(self._report.close())
            self._output.close()
        except ReaderGone:
            return 0
        finally:
            self._messages.clear()
            self._keylogs.close()
        self._conclude()
        return status(self._reading, self._interruption)

    def _take(self, records: list[Record]) -> None:
        """Write a batch and say what there is to say about it."""
        if records:
            if isinstance(records[-1], Summary):
                self._summary = records[-1]
            records = narrowed(self._selected, records, self._pipeline.first)
            data = self._report.render(records)
            self._messages.clear()
            self._output.write(data)
        self._messages.keep_up(self._keylogs, self._pipeline, self._reading.current)

    def _meta(self) -> dict[str, object]:
        """Return what the page says about itself."""
        files = [display(name) for name in self._options.files]
        called = ", ".join(PurePath(name).name for name in files)
        meta: dict[str, object] = {"title": self._options.title or called, "files": files}
        if self._pipeline.first is not None:
            meta["origin"] = iso(self._pipeline.first, 9)
        if self._histories.full:
            meta["states_end"] = True
        return meta

    def _conclude(self) -> None:
        """Write the closing line, and what to do if there was nothing to see."""
        summary = self._summary
        if summary is None or self._options.quiet:
            return
        if self._selected is not None and summary.entries and not self._selected.matched:
            self._messages.warn([nothing_matched(self._selected)])
        if not summary.xmpp_connections:
            keyless = not (self._options.keylogs or self._options.rsa_keys)
            hint = "; if it is under TLS, add --keylog FILE" if keyless else ""
            self._messages.warn([f"no XMPP in {plural(summary.packets, 'packet')}{hint}"])
        if self._output.name is not None:
            count = plural(summary.entries if self._selected is None else self._selected.matched, "entry", "entries")
            click.echo(f"{self._output.name}: {count}", file=sys.stderr)
