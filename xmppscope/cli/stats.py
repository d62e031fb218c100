"""`xmppscope stats`: figures about captures, as tables or as JSON.

Data goes to standard output, everything else to standard error, as with `read`.
"""

from typing import Literal

import click
import msgspec

from xmppscope.cli.options import filtering, reading
from xmppscope.cli.terminal import ColourChoice


class StatsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...]
    form: Literal["text", "json"]
    output: str | None
    keylogs: tuple[str, ...]
    rsa_keys: tuple[str, ...]
    expression: str | None
    color: ColourChoice
    quiet: bool
    verbose: int
    progress: bool | None


@click.command(short_help="Print figures: connections, latencies, errors, traffic.")
@click.argument("files", metavar="FILE...", nargs=-1)
@reading(
    "text", "json", quiet="No warnings: only data and errors.", verbose="More rows in the tables; -vv traces errors."
)
@filtering
@click.pass_context
def stats(context: click.Context, /, **options: object) -> None:
    """Print figures about capture files: pcap or pcapng, also packed with gzip or zstd.

    Who logged in and how, what was asked and how soon it was answered, which errors came, what was resumed. Several
    FILEs, in the order of time, are counted as one.

    \b
        xmppscope stats trace.pcap --format json | jq '.connections[] | .jid'
    """
    from xmppscope.cli.counting import run

    context.exit(run(msgspec.convert(options, StatsOptions)))
