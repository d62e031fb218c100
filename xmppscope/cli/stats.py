"""`xmppscope stats`: figures about captures, as tables or as JSON.

Data goes to standard output, everything else to standard error, as with `read`.
"""

from typing import Literal

import click
import msgspec

from xmppscope.cli.terminal import ColourChoice


class StatsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...]
    form: Literal["text", "json"]
    output: str | None
    keylogs: tuple[str, ...]
    rsa_keys: tuple[str, ...]
    color: ColourChoice
    quiet: bool
    verbose: int
    progress: bool | None


@click.command(short_help="Print figures: connections, latencies, errors, traffic.")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print.")
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
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("-q", "--quiet", is_flag=True, help="No warnings: only data and errors.")
@click.option("-v", "--verbose", count=True, help="More rows in the tables; -vv traces errors.")
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Say how far a slow file is read; by default on a terminal.",
)
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
