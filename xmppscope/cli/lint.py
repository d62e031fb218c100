"""`xmppscope lint`: print only what is wrong in captures; exit status 1 if something is.

Data goes to standard output, everything else to standard error, as with `read`.
"""

from typing import Literal

import click
import msgspec

from xmppscope.cli.options import knowing, reading, selecting
from xmppscope.cli.terminal import ColourChoice
from xmppscope.model.timeline import Severity


class LintOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...]
    form: Literal["text", "jsonl", "junit"]
    output: str | None
    fail_on: Severity | Literal["never"]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    keylogs: tuple[str, ...]
    rsa_keys: tuple[str, ...]
    expression: str | None
    after: int | None
    before: int | None
    context: int | None
    passwords: tuple[str, ...]
    color: ColourChoice
    quiet: bool
    verbose: int
    progress: bool | None


@click.command(short_help="Print findings only; the exit status tells whether there are any.")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="error",
    help="The least severity that makes the exit status 1; by default error.",
)
@click.option("--select", multiple=True, metavar="RULE,...", help="Only these rules or families; may be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE,...", help="Not these rules or families; may be repeated.")
@reading("text", "jsonl", "junit", verbose="Every finding on a line of its own; -vv traces errors.")
@knowing
@selecting
@click.pass_context
def lint(context: click.Context, /, **options: object) -> None:
    """Print what breaks the specifications in capture files: pcap or pcapng, also packed with gzip or zstd.

    Findings are grouped by connection and rule. The exit status is 1 if one of them is at or above --fail-on, so
    that a test run can fail by it:

    \b
        xmppscope lint trace.pcapng --ignore sasl2-in-clear --format junit -o lint.xml
    """
    from xmppscope.cli.linting import run

    context.exit(run(msgspec.convert(options, LintOptions)))
