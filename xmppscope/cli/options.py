"""Options that several commands have, spelled the same everywhere."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Option = Callable[[Any], Any]

_INPUT: Final = (
    click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output."),
    click.option(
        "--keylog",
        "keylogs",
        metavar="FILE",
        multiple=True,
        help="TLS secrets, as SSLKEYLOGFILE has them written; may be repeated.",
    ),
    click.option(
        "--rsa-key",
        "rsa_keys",
        metavar="FILE",
        multiple=True,
        help="The server's RSA private key (PEM), for TLS with RSA key exchange; may be repeated.",
    ),
)
_COLOUR: Final = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
_PROGRESS: Final = click.option(
    "--progress/--no-progress",
    default=None,
    help="Say how far a slow file is read; by default on a terminal.",
)
_QUIET: Final = "No warnings, no closing line: only data and errors."


def reading(
    *formats: str, quiet: str = _QUIET, verbose: str, more: Sequence[Option] = ()
) -> Callable[[Decorated], Decorated]:
    """Return what adds the options of every command that reads captures; *quiet* and *verbose* say what these mean.

    *more* options stand in the middle, before those that decide how things look.
    """
    options = (
        click.option("--format", "form", type=click.Choice(formats), default="text", help="What to print."),
        *_INPUT,
        *more,
        _COLOUR,
        click.option("-q", "--quiet", is_flag=True, help=quiet),
        click.option("-v", "--verbose", count=True, help=verbose),
        _PROGRESS,
    )

    def add(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def printing(*formats: str) -> Callable[[Decorated], Decorated]:
    """Return what adds the options of commands that print a timeline, in one of *formats*."""
    secrets = click.option(
        "--show-secrets", is_flag=True, help="Print passwords, proofs and tokens instead of masking them."
    )
    return reading(*formats, verbose="Add annotations and changes of state; -vv traces errors.", more=(secrets,))


def common(command: Decorated) -> Decorated:
    """Add the options of commands that print a timeline."""
    return printing("text", "jsonl")(command)


def knowing(command: Decorated) -> Decorated:
    """Add `--password` to a command."""
    option = click.option(
        "--password",
        "passwords",
        metavar="JID:SECRET",
        multiple=True,
        help="Recompute the SCRAM proofs of this account and name the input that differs; may be repeated.",
    )
    return option(command)


_NUMBER: Final = click.IntRange(0)
_FILTER: Final = click.option(
    "--filter", "expression", metavar="EXPR", help="Only entries that match: 'iq and type == \"set\"'."
)
_SELECTING: Final = (
    _FILTER,
    click.option("-A", "--after", type=_NUMBER, metavar="N", help="With --filter: also N entries after each match."),
    click.option("-B", "--before", type=_NUMBER, metavar="N", help="With --filter: also N entries before each match."),
    click.option("-C", "--context", type=_NUMBER, metavar="N", help="With --filter: both."),
)


def selecting(command: Decorated) -> Decorated:
    """Add `--filter` and what goes with it to a command; `selecting.selection` makes a selection of their values."""
    for option in reversed(_SELECTING):
        command = option(command)
    return command


def filtering(command: Decorated) -> Decorated:
    """Add `--filter` alone, for figures, which have no neighbours."""
    return _FILTER(command)


class OptionalValue(click.Option):
    """An option whose value may be left out and, if given, follows an equals sign: ``--xml`` or ``--xml=raw``.

    With a space in between, click would take the next argument, a file name say, for the value.
    """

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Write the option as it is to be typed."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        choices = self.type.choices if isinstance(self.type, click.Choice) else ()
        return f"{self.opts[0]}[={'|'.join(map(str, choices))}]", record[1]


class WithOptionalValues(click.Command):
    """A command that may have options of the class `OptionalValue`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each such option that stands alone its value before click sees it."""
        alone = {
            name: f"{name}={option.flag_value}"
            for option in self.params
            if isinstance(option, OptionalValue)
            for name in option.opts
        }
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [*(alone.get(argument, argument) for argument in args[:end]), *args[end:]])
