"""What commands that read captures have in common: the files and keys that were named, and what is said about them."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import click

from xmppscope.cli.main import complain, trace
from xmppscope.cli.output import Output
from xmppscope.cli.progress import Progress
from xmppscope.model.errors import XmppscopeError
from xmppscope.sources.captures import Capture
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.keylogs import KeyLogs, add_rsa_key
from xmppscope.sources.names import STANDARD_INPUT, display
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.tls.keylog import KeyStore

if TYPE_CHECKING:
    from xmppscope.filter.context import Selection

INTERRUPTED: Final = 130
"""The exit status of a command that the user broke off, as shells expect it."""


class Options(Protocol):
    """The options that all of them have."""

    @property
    def keylogs(self) -> tuple[str, ...]:
        """The key logs."""

    @property
    def rsa_keys(self) -> tuple[str, ...]:
        """The files with RSA private keys."""

    @property
    def output(self) -> str | None:
        """Where data goes."""

    @property
    def quiet(self) -> bool:
        """Whether warnings are not wanted."""

    @property
    def verbose(self) -> int:
        """How much is to be told."""

    @property
    def progress(self) -> bool | None:
        """Whether progress is to be shown, where that was said."""


def check_named(files: Sequence[str]) -> None:
    """Refuse no file at all, and a file that was named twice."""
    if not files:
        raise click.UsageError("no capture named; give FILE..., or - for standard input")
    twice = [name for name, count in Counter(files).items() if count > 1]
    if twice:
        raise XmppscopeError(f"{display(twice[0])}: named twice; name each capture once")


def open_output(options: Options, files: Sequence[str]) -> Output:
    """Return where data goes, which must be none of the inputs."""
    output = Output(options.output)
    output.refuse((*files, *options.keylogs, *options.rsa_keys))
    return output


def open_keys(options: Options, files: Sequence[str] = (), *, growing: bool = False) -> tuple[KeyStore, KeyLogs]:
    """Return the keys that were named; *growing* key logs are read on, and so are all where a capture comes in live."""
    keys = KeyStore()
    keylogs = KeyLogs(list(options.keylogs), keys, growing=growing or STANDARD_INPUT in files)
    for name in options.rsa_keys:
        add_rsa_key(name, keys)
    return keys, keylogs


class Given(NamedTuple):
    """What one run of a command is given beside its options."""

    output: Output
    keys: KeyStore
    keylogs: KeyLogs
    interruption: Interruption
    selected: "Selection | None"


@contextmanager
def given(
    options: Options, files: Sequence[str], selected: "Selection | None" = None, *, growing: bool = False
) -> Iterator[Given]:
    """Open what a run needs, and let Ctrl-C end it in order."""
    output = open_output(options, files)
    keys, keylogs = open_keys(options, files, growing=growing)
    with Interruption() as interruption:
        yield Given(output, keys, keylogs, interruption, selected)


def status(reading: Reading, interruption: Interruption, otherwise: int = 0) -> int:
    """Return the exit status of a run that has read captures to their end, or until it was told to stop."""
    if reading.failed:
        return 2
    return INTERRUPTED if interruption.stopped else otherwise


class Messages:
    """What is said on standard error while captures are read: warnings, errors, progress."""

    def __init__(self, options: Options, output: Output) -> None:
        self._options = options
        self._progress = Progress(enabled=_wants_progress(options, output))

    def clear(self) -> None:
        """Make room for data on a terminal that shows progress."""
        self._progress.clear()

    def report(self, error: XmppscopeError) -> None:
        """Write what is wrong with a capture, and where that was found if it is wanted."""
        self._progress.clear()
        if self._options.verbose > 1:
            trace(error)
        complain(str(error))

    def warn(self, warnings: list[str]) -> None:
        """Write warnings, unless they are not wanted, and empty the list."""
        if warnings and not self._options.quiet:
            self._progress.clear()
            for text in warnings:
                complain(f"warning: {text}")
        warnings.clear()

    def keep_up(self, keylogs: KeyLogs, pipeline: Pipeline, capture: Capture | None) -> None:
        """Write what there is to say after a batch: what was odd, and how far it is."""
        self.warn(keylogs.warnings)
        self.warn(pipeline.notices)
        if capture is not None and capture.size is not None:
            self._progress.update(capture.name, capture.read, capture.size, pipeline.packets)


def _wants_progress(options: Options, output: Output) -> bool:
    """Return whether to show progress: as chosen, else on a terminal that no pager may be using."""
    if options.progress is not None:
        return options.progress
    return not options.quiet and sys.stderr.isatty() and not output.is_pipe
