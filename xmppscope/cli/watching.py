"""All that looks on while the proxy relays: recording, key log, analyzer, renderer. None of it may hold that up."""

import asyncio
import contextlib
import os
import shlex
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from xmppscope import __version__
from xmppscope.analyzer import Analyzer
from xmppscope.cli.main import complain
from xmppscope.cli.observers import observers
from xmppscope.cli.output import ReaderGone
from xmppscope.cli.passwords import passwords
from xmppscope.cli.proxy import ProxyOptions
from xmppscope.cli.selecting import nothing_matched, selection
from xmppscope.cli.terminal import columns, wants_ascii, wants_colour
from xmppscope.cli.unhurried import Unhurried
from xmppscope.explain.registry import xep_of
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Header, Record, Summary
from xmppscope.model.wire import Keys, Opened, ProxyEvent
from xmppscope.proxy.keylog import KeyLogFile
from xmppscope.proxy.record import Recording
from xmppscope.render.jsonl import JsonLines
from xmppscope.render.terminal.blocks import Blocks
from xmppscope.render.terminal.timeline import Style, TextTimeline
from xmppscope.session.seen import Observer
from xmppscope.tls.keylog import KeyStore

if TYPE_CHECKING:
    from xmppscope.cli.live_viewer import LiveViewer
    from xmppscope.filter.context import Selection

_FLUSH: Final = 0.25
_AGAIN: Final = 11


class Watcher:
    """Gets what the relays tell, in batches; `stopped` is set when the reader of the timeline has gone away.

    *also* are observers beside those that every timeline has.
    """

    def __init__(self, options: ProxyOptions, output: Unhurried, also: Sequence[Observer] = ()) -> None:
        secrets = passwords(options.passwords)
        self.stopped = asyncio.Event()
        self._options = options
        self._output = output
        self._selected: Selection | None = selection(
            options.expression, options.after, options.before, options.context, traced=options.verbose > 1
        )
        self._recording: Recording | None = None
        self._keylog: KeyLogFile | None = None
        self._analyzer: Analyzer | None = None
        self._web = None if options.web is None else _live_viewer(options.web)
        if self._web is not None:
            also = [*also, self._web.histories]
        if not options.quiet or self._web is not None:
            known = observers(None if self._web is None else self._web.trackers, secrets)
            self._analyzer = Analyzer(KeyStore(), show_secrets=options.show_secrets, observers=[*known, *also])
        self._text = TextTimeline(_style(options, output)) if options.form == "text" and not options.quiet else None
        self._renderer = self._text or JsonLines()
        self._first: int | None = None
        self._latest = 0
        self._told: set[str] = set()
        self._drains = False
        self._begun = False

    def begin(self) -> None:
        """Create the files, once it is certain that there is something to watch; raises `XmppscopeError`."""
        if self._begun:
            return
        self._begun = True
        options = self._options
        if self._analyzer is not None:
            self._output.create()
            xep_of("")  # read what it needs to know now: later there may be no file left that could be opened
        if options.record is not None:
            self._recording = Recording(options.record, force=options.force)
        if options.write_keylog is not None:
            self._keylog = KeyLogFile(options.write_keylog, force=options.force)
        if self._web is not None:
            self._web.start(options.record)
        self._print([Header(xmppscope=__version__)])

    def watch(self, events: list[ProxyEvent]) -> None:
        """Take what the relays tell."""
        self.begin()
        if self._recording is not None:
            for event in events:
                self._recording.feed(event)
        if self._keylog is not None:
            for event in events:
                if type(event) is Keys:
                    self._keylog.feed(event)
        if self._analyzer is not None:
            self._note_times(events)
            self._print(self._analyzer.feed_all(events))
            if self._output.waits and not self._drains:
                self._drains = True
                asyncio.get_running_loop().add_writer(self._output.descriptor, self._drain)

    def note(self, text: str) -> None:
        """Say something about a client that is no entry of the timeline."""
        if not self._options.quiet:
            complain(text)

    async def beat(self) -> None:
        """Write to the recording what was gathered, several times a second, and say what is wrong with the files."""
        while True:
            await asyncio.sleep(_FLUSH)
            if self._recording is not None:
                self._recording.flush()
            if self._analyzer is not None:
                self._analyzer.rest(time.time_ns())
            self._tell_problems()

    def conclude(self, connections: int) -> Summary | None:
        """End the timeline with its summary."""
        if self._analyzer is None:
            return None
        records = self._analyzer.close()
        summary = self._analyzer.summary(0, connections)
        self._print([*records, summary])
        self._write(self._renderer.close())
        if self._selected is not None and not self._selected.matched:
            complain(nothing_matched(self._selected))
        return summary

    def close(self) -> None:
        """Complete the files."""
        if self._web is not None:
            self._web.close()
        for file in (self._recording, self._keylog):
            if file is not None:
                file.close()
        self._tell_problems()
        with contextlib.suppress(ReaderGone):
            self._output.close()
        if self._output.waits:
            complain("warning: standard output: nobody reads it; the end of the timeline is lost")

    def warn(self, text: str) -> None:
        """Say what is wrong, once."""
        if text not in self._told:
            self._told.add(text)
            complain(f"warning: {text}")

    def _tell_problems(self) -> None:
        for file in (self._recording, self._keylog):
            if file is not None and file.problem is not None:
                self.warn(file.problem)

    def _print(self, records: list[Record]) -> None:
        if not records or self._analyzer is None:
            return
        if self._web is not None:
            self._web.add(records)
        if self._options.quiet:
            return
        if self._selected is not None:
            records = self._selected.feed(records)
        if self._text is not None and self._output.is_terminal and self._options.width is None:
            self._text.resize(columns(terminal=True))
        self._write(self._renderer.render(records))

    def _write(self, data: bytes) -> None:
        """Write *data*, or nothing more of the timeline if that cannot be; the traffic waits for neither."""
        try:
            self._output.write(data)
        except ReaderGone:
            self._analyzer = None
            self.stopped.set()
        except XmppscopeError as error:
            self._analyzer = None
            complain(f"warning: {error}; the timeline ends here, the traffic goes on")

    def _drain(self) -> None:
        """Write what the reader was too slow for."""
        self._write(b"")
        if not self._output.waits:
            self._drains = False
            asyncio.get_running_loop().remove_writer(self._output.descriptor)

    def _note_times(self, events: list[ProxyEvent]) -> None:
        """Note when the first connection began, which is time zero, and when something happened last."""
        for event in events:
            if isinstance(event, Keys):
                continue
            self._latest = event.time
            if self._first is None and isinstance(event, Opened):
                self._first = event.time
                if self._web is not None:
                    self._web.begin(event.time)
                if self._text is not None:
                    self._text.clock.origin = event.time
                if self._selected is not None:
                    self._selected.predicate.origin = event.time

    @property
    def seconds(self) -> float:
        """How long it took from the first connection to what happened last."""
        return 0.0 if self._first is None else (self._latest - self._first) / 1e9

    @property
    def blocks(self) -> Blocks:
        """What makes lines for standard error, in the looks of the timeline."""
        style = _style(self._options, self._output)
        colour = wants_colour(self._options.color, os.environ, terminal=sys.stderr.isatty())
        plain = Style(width=style.width, colour=colour, ascii=style.ascii, encoding=sys.stderr.encoding)
        return TextTimeline(plain).blocks

    @property
    def decode_as(self) -> str:
        """The options that tell Wireshark where to look for XMPP in the recording, with a space behind each."""
        ports = [] if self._recording is None else self._recording.ports
        return "".join(f"-d tcp.port=={port},xmpp " for port in ports)

    def say_goodbye(self, summary: Summary | None) -> None:
        """Say how it was and how to look at it again."""
        if summary is None or self._text is None or not summary.xmpp_connections:
            return
        blocks = self.blocks
        lines = [blocks.closing(summary, self.seconds)]
        if self._recording is not None:
            name = shlex.quote(self._options.record or "")
            lines += blocks.command("again", f"xmppscope read {name}", _AGAIN)
            lines += blocks.command("Wireshark", f"wireshark {self.decode_as}{name}", _AGAIN)
        for line in lines:
            click.echo(line, err=True)


def _live_viewer(where: str) -> "LiveViewer":
    """Return the viewer of `--web`, for which a web server is loaded."""
    from xmppscope.cli.live_viewer import LiveViewer

    return LiveViewer(where)


def _style(options: ProxyOptions, output: Unhurried) -> Style:
    terminal = output.is_terminal
    return Style(
        width=options.width or (80 if output.name else columns(terminal=terminal)),
        colour=wants_colour(options.color, os.environ, terminal=terminal),
        ascii=options.ascii or (output.name is None and wants_ascii(os.environ, output.encoding)),
        encoding=output.encoding,
        time=options.time,
        xml=options.xml or "",
        wrap_xml=terminal,
        details=options.verbose > 0,
        explain=options.explain,
    )
