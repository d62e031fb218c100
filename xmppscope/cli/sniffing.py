"""Runs `xmppscope sniff`: joins an interface, its recording, and what `read` prints with."""

import sys

import click

from xmppscope.cli.captures import given
from xmppscope.cli.main import complain
from xmppscope.cli.reader import Run
from xmppscope.cli.selecting import selection
from xmppscope.cli.sniff import SniffOptions
from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.growing import GrowingFile
from xmppscope.proxy.pcapng import whole
from xmppscope.sources.interface import Sniffing, open_interface
from xmppscope.sources.port_filter import MOST_PORTS


def run(options: SniffOptions) -> int:
    """Print what passes on the interface that *options* name; return the exit status."""
    _check(options)
    selected = selection(options.expression, options.after, options.before, options.context, traced=options.verbose > 1)
    interface = options.interface or ""
    with given(options, (), selected, growing=True) as what:
        listener = open_interface(interface, options.ports)
        recording = None if options.record is None else Recording(options.record, force=options.force)
        if not options.quiet:
            click.echo(f"listening on {interface}", err=True)
            sys.stderr.flush()
        made = Run(options, what)
        keep = None if recording is None else recording.write
        keylogs, interruption, report = what.keylogs, what.interruption, made.messages.report
        sniffing = Sniffing(interface, listener, made.pipeline, keylogs, interruption, report, keep)
        try:
            return made.through(sniffing)
        finally:
            if recording is not None:
                recording.close()


def _check(options: SniffOptions) -> None:
    if not options.interface:
        raise click.UsageError("no interface named; give -i IFACE, for instance -i lo")
    if len(options.ports) > MOST_PORTS:
        raise XmppscopeError(f"--port: named {len(options.ports)} times, at most {MOST_PORTS} can be; leave it out")
    if options.record is not None and options.record in {options.output, *options.keylogs, *options.rsa_keys}:
        raise XmppscopeError(f"{options.record}: named twice; choose another name for --record")


class Recording:
    """The file that keeps the capture; when it ends early, that is told once, and the timeline goes on."""

    def __init__(self, name: str, *, force: bool) -> None:
        self._file = GrowingFile(name, "recording", whole, force=force)
        self._told = False

    def write(self, data: bytes) -> None:
        """Write whole blocks."""
        self._file.write(bytearray(data))
        self._tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._tell()

    def _tell(self) -> None:
        if self._file.problem is not None and not self._told:
            self._told = True
            complain(f"warning: {self._file.problem}")
