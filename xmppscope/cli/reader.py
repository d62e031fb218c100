"""Runs `xmppscope read`, and what is like it: joins a source, keys, renderer, output and messages."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from xmppscope.cli.captures import INTERRUPTED, Given, Messages, check_named, given
from xmppscope.cli.extensions import installed
from xmppscope.cli.observers import observers
from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.passwords import passwords
from xmppscope.cli.read import ReadOptions
from xmppscope.cli.selecting import narrowed, nothing_matched, selection
from xmppscope.cli.terminal import chosen_language, columns, wants_ascii, wants_colour
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Record, Summary
from xmppscope.render.jsonl import JsonLines
from xmppscope.render.mermaid import Mermaid
from xmppscope.render.terminal.numbers import grouped, plural
from xmppscope.render.terminal.timeline import Style, TextTimeline
from xmppscope.sources.captures import Capture
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.xeps.trackers import Trackers

if TYPE_CHECKING:
    pass

_KEYS_HINT: Final = "to read inside TLS: --keylog FILE, which the client writes (SSLKEYLOGFILE)"
_XML_FORMS: Final = frozenset({"pretty", "raw"})
_SECRETS: Final = "secrets are shown as they were sent (--show-secrets); mind who sees this"


def run(options: ReadOptions) -> int:
    """Read and print what *options* say; return the exit status."""
    _check(options)
    selected = selection(options.expression, options.after, options.before, options.context, traced=options.verbose > 1)
    with given(options, options.files, selected, growing=options.follow) as what:
        run = Run(options, what)
        names, report = list(options.files), run.messages.report
        reading = Reading(names, run.pipeline, what.keylogs, what.interruption, report, follow=options.follow)
        return run.through(reading)


def _check(options: ReadOptions) -> None:
    meant = next((name for name in options.files if name in _XML_FORMS and not os.path.exists(name)), None)  # noqa: PTH110
    if meant is not None:
        raise XmppscopeError(f"{meant}: no such file; did you mean --xml={meant}?")
    check_named(options.files)


class Source(Protocol):
    """Where records come from, in batches; `failed` tells that something of it could not be had."""

    failed: bool

    @property
    def current(self) -> Capture | None:
        """The capture that is being read, if it is one."""

    @property
    def live(self) -> bool:
        """Whether what is being read has no end of its own."""

    def records(self) -> Iterator[list[Record]]:
        """Yield the records as they come; a batch may be empty."""


class Run:
    """One run of a command; sources feed its `pipeline` and hand what is wrong to its `messages`."""

    def __init__(self, options: ReadOptions, what: Given) -> None:
        self._options = options
        self._selected = what.selected
        self._output = output = what.output
        self._keylogs = what.keylogs
        self._interruption = what.interruption
        self._trackers = Trackers(installed())
        self.pipeline = Pipeline(
            what.keys,
            files=len(options.files),
            show_secrets=options.show_secrets,
            observers=observers(self._trackers, passwords(options.passwords)),
        )
        self.messages = Messages(options, output)
        self._style = _style(options, output)
        self._timeline = TextTimeline(self._style) if options.form == "text" else None
        self._renderer = self._timeline or (Mermaid() if options.form == "mermaid" else JsonLines())
        self._summary: Summary | None = None

    def through(self, source: Source) -> int:
        """Print everything that comes from *source*; return the exit status."""
        if self._options.show_secrets:
            self.messages.warn([_SECRETS])
        try:
            for records in source.records():
                self._print(records, source.current)
            self._output.write(self._renderer.close())
            self._output.close()
        except ReaderGone:
            return 0
        finally:
            self.messages.clear()
            self._keylogs.close()
        self._conclude(live=source.live)
        if source.failed:
            return 2
        # The user broke off a capture that has an end.
        return INTERRUPTED if self._interruption.stopped and not source.live else 0

    def _print(self, records: list[Record], capture: Capture | None) -> None:
        """Print a batch and what there is to say about it."""
        if records:
            if isinstance(records[-1], Summary):
                self._summary = records[-1]
            records = narrowed(self._selected, records, self.pipeline.first)
            if self._timeline is not None:
                self._prepare(self._timeline)
            data = self._renderer.render(records)
            self.messages.clear()
            self._output.write(data)
        self.messages.keep_up(self._keylogs, self.pipeline, capture)

    def _prepare(self, timeline: TextTimeline) -> None:
        if timeline.clock.origin is None:
            timeline.clock.origin = self.pipeline.first
        if self._output.is_terminal and self._options.width is None:
            timeline.resize(columns(terminal=True))

    def _conclude(self, *, live: bool) -> None:
        """Write the closing line, and what to do if there was nothing to see."""
        summary = self._summary
        if summary is None or self._options.quiet:
            return
        keys_given = bool(self._options.keylogs or self._options.rsa_keys)
        if self._timeline is not None and summary.xmpp_connections:
            self._close(summary, keys_hint=bool(summary.undecrypted) and not keys_given)
        if self._selected is not None and summary.entries and not self._selected.matched:
            self.messages.warn([nothing_matched(self._selected)])
        forgotten = self._trackers.forgotten
        if forgotten:
            self.messages.warn([f"{grouped(forgotten)} ids and states not kept, to bound memory; links may be missing"])
        if not summary.xmpp_connections:
            self.messages.warn([_nothing(summary, live=live, keys_given=keys_given)])

    def _close(self, summary: Summary, *, keys_hint: bool) -> None:
        choice, terminal = self._options.color, sys.stderr.isatty()
        style = msgspec.structs.replace(
            self._style,
            width=self._timeline.blocks.columns if self._timeline else self._style.width,
            colour=wants_colour(choice, os.environ, terminal=terminal),
            encoding=sys.stderr.encoding,
        )
        blocks = TextTimeline(style).blocks
        first, latest = self.pipeline.first, self.pipeline.latest
        lines = [blocks.closing(summary, None if first is None else (latest - first) / 1e9)]
        if keys_hint:
            lines += blocks.note(_KEYS_HINT)
        sys.stderr.write("\n".join([*lines, ""]))
        sys.stderr.flush()


def _nothing(summary: Summary, *, live: bool, keys_given: bool) -> str:
    """Return what to say where there is no XMPP."""
    if not summary.packets:
        return (
            "no packets came in"
            if live
            else "no packets yet; if tcpdump still writes, start it with -U and add --follow"
        )
    hint = "" if keys_given else "; if it is under TLS, add --keylog FILE"
    return f"no XMPP in {plural(summary.packets, 'packet')}{hint}"


def _style(options: ReadOptions, output: Output) -> Style:
    """Return how the text is to look, by the options and by what the output can do."""
    terminal = output.is_terminal
    return Style(
        width=options.width or (80 if output.name else columns(terminal=terminal)),
        colour=wants_colour(options.color, os.environ, terminal=terminal),
        ascii=options.ascii or (output.name is None and wants_ascii(os.environ, output.encoding)),
        encoding=output.encoding,
        time=options.time,
        xml=options.xml or "",
        wrap_xml=terminal,
        packets=options.packets,
        details=options.verbose > 0,
        explain=options.explain,
        language=chosen_language(options.lang, os.environ, output.encoding),
    )
