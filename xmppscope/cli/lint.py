"""`xmppscope lint`: print only what is wrong in captures; exit status 1 if something is.

Data goes to standard output, everything else to standard error, as with `read`.
"""

from typing import Literal

import click
import msgspec

from xmppscope.cli.options import selecting
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
@click.option("--format", "form", type=click.Choice(["text", "jsonl", "junit"]), default="text", help="What to print.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option(
    "--keylog",
    "keylogs",
    metavar="FILE",
    multiple=True,
    help="TLS secrets, as SSLKEYLOGFILE has them written; may be repeated.",
)
@click.option(
    "--rsa-key",
    "rsa_keys",
    metavar="FILE",
    multiple=True,
    help="The server's RSA private key (PEM), for TLS with RSA key exchange; may be repeated.",
)
@selecting
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("-q", "--quiet", is_flag=True, help="No warnings, no closing line: only data and errors.")
@click.option("-v", "--verbose", count=True, help="Every finding on a line of its own; -vv traces errors.")
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Say how far a slow file is read; by default on a terminal.",
)
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
