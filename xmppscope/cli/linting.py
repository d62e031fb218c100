"""Runs `xmppscope lint`: reads captures as `read` does, and prints what the rules found."""

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from xmppscope.cli.captures import Given, Messages, check_named, given, status
from xmppscope.cli.extensions import installed
from xmppscope.cli.lint import LintOptions
from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.passwords import passwords
from xmppscope.cli.selecting import narrowed, nothing_matched, selection
from xmppscope.cli.terminal import columns, wants_ascii, wants_colour
from xmppscope.diagnosis import Diagnoses
from xmppscope.lint import Linter
from xmppscope.lint.rule import LEVELS
from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Header, Record, Severity, Summary
from xmppscope.render.findings import TextFindings
from xmppscope.render.jsonl import JsonLines
from xmppscope.render.junit import JUnit
from xmppscope.render.terminal.numbers import plural
from xmppscope.render.terminal.timeline import Style
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.xeps.trackers import Trackers

if TYPE_CHECKING:
    pass


class Renderer(Protocol):
    """Makes bytes of records."""

    def render(self, records: list[Record]) -> bytes:
        """Return what can be printed by now."""

    def close(self) -> bytes:
        """Return the rest."""


def run(options: LintOptions) -> int:
    """Lint what *options* say; return the exit status."""
    check_named(options.files)
    selected = selection(options.expression, options.after, options.before, options.context, traced=options.verbose > 1)
    linter = Linter(_words(options.select), _words(options.ignore))
    with given(options, options.files, selected) as what:
        return _Run(options, what, linter).run()


class _Run:
    """One run of the command."""

    def __init__(self, options: LintOptions, what: Given, linter: Linter) -> None:
        self._options = options
        self._output = output = what.output
        self._keylogs = what.keylogs
        self._interruption = what.interruption
        self._selected = what.selected
        self._pipeline = Pipeline(
            what.keys,
            files=len(options.files),
            observers=[Trackers(installed()), linter, Diagnoses(passwords(options.passwords))],
        )
        self._messages = Messages(options, output)
        self._reading = Reading(
            list(options.files), self._pipeline, what.keylogs, what.interruption, self._messages.report
        )
        why = options.verbose > 0 or bool(options.passwords)
        self._text = TextFindings(_style(options, output), everything=options.verbose > 0, why=why)
        self._renderer = self._choose()
        self._count: Counter[Severity] = Counter()
        self._told: set[int] = set()
        self._summary: Summary | None = None
        self._connections: dict[int, Connection] = {}

    def run(self) -> int:
        """Read everything and print the findings; return the exit status."""
        try:
            for records in self._reading.records():
                self._take(records)
            self._output.write(self._renderer.close())
            self._output.close()
        except ReaderGone:
            return 0
        finally:
            self._messages.clear()
            self._keylogs.close()
        self._conclude()
        return status(self._reading, self._interruption, int(self._fails()))

    def _take(self, records: list[Record]) -> None:
        """Print a batch and what there is to say about it."""
        records = narrowed(self._selected, records, self._pipeline.first)
        self._messages.clear()
        self._output.write(self._renderer.render(self._concerned(records)))
        self._messages.keep_up(self._keylogs, self._pipeline, self._reading.current)

    def _concerned(self, records: list[Record]) -> list[Record]:
        """Return what findings are told by: themselves, and the records of their connections before them."""
        kept: list[Record] = []
        for record in records:
            if isinstance(record, Finding):
                self._count[record.severity] += 1
                known = self._connections.get(record.connection)
                if record.connection not in self._told and known is not None:
                    kept.append(known)
                    self._told.add(record.connection)
                kept.append(record)
            elif isinstance(record, Connection):
                self._connections[record.connection] = record
                self._text.look(record)
                if record.connection in self._told:
                    kept.append(record)
            elif isinstance(record, Summary):
                self._summary = record
                record.findings.update({severity: self._count[severity] for severity in LEVELS})
                kept.append(record)
            elif isinstance(record, Header):
                kept.append(record)
            elif isinstance(record, (Entry, Diagnosis)):
                self._text.look(record)
            else:
                kept.append(record)
        return kept

    def _choose(self) -> Renderer:
        if self._options.form == "text":
            return self._text
        return JsonLines() if self._options.form == "jsonl" else JUnit(self._text.name)

    def _fails(self) -> bool:
        if self._options.fail_on == "never":
            return False
        least = LEVELS[self._options.fail_on]
        return any(count and LEVELS[severity] >= least for severity, count in self._count.items())

    def _conclude(self) -> None:
        """Write the closing line, and what to do if there was nothing to see."""
        summary = self._summary
        if summary is None or self._options.quiet:
            return
        if self._selected is not None and summary.entries and not self._selected.matched:
            self._messages.warn([nothing_matched(self._selected)])
        if not summary.xmpp_connections:
            hint = "" if self._options.keylogs or self._options.rsa_keys else "; if it is under TLS, add --keylog FILE"
            self._messages.warn([f"no XMPP in {plural(summary.packets, 'packet')}{hint}"])
        elif self._options.form == "text":
            self._closing(summary)

    def _closing(self, summary: Summary) -> None:
        colour = wants_colour(self._options.color, os.environ, terminal=sys.stderr.isatty())
        style = _style(self._options, self._output, colour=colour)
        blocks = TextFindings(style).blocks
        every = plural(summary.xmpp_connections, "connection")
        found = counted(self._count)
        parts = [f"{found} in {len(self._told)} of {every}" if found else f"nothing found in {every}"]
        if summary.undecrypted:
            parts.append(f"{summary.undecrypted} not decrypted")
        lines = [blocks.summed_up(parts)]
        first = self._text.gravest
        if first is not None:
            lines += blocks.labelled("why", f"xmppscope explain {first}", 11)
        sys.stderr.write("\n".join([*lines, ""]))
        sys.stderr.flush()


def counted(count: Counter[Severity]) -> str:
    """Return how many findings there are of each severity: ``11 errors, 7 warnings``."""
    words: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
    return ", ".join(plural(count[severity], word) for severity, word in words.items() if count[severity])


def _words(values: tuple[str, ...]) -> list[str]:
    """Split lists with commas."""
    return [word.strip() for value in values for word in value.split(",")]


def _style(options: LintOptions, output: Output, *, colour: bool | None = None) -> Style:
    terminal = output.is_terminal
    if colour is None:
        colour = wants_colour(options.color, os.environ, terminal=terminal)
    return Style(
        width=80 if output.name else columns(terminal=terminal),
        colour=colour,
        ascii=output.name is None and wants_ascii(os.environ, output.encoding),
        encoding=output.encoding,
    )
