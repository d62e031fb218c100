"""`xmppscope read`: print the timeline of captures.

Data goes to standard output, everything else to standard error. What can be read is printed, also when a later capture
can't be, and when the user interrupts.
"""

from typing import Final, Literal

import click
import msgspec

from xmppscope.cli.options import Decorated, OptionalValue, WithOptionalValues, knowing, printing, selecting
from xmppscope.cli.terminal import ColourChoice
from xmppscope.render.terminal.clock import TimeForm
from xmppscope.render.terminal.layout import SMALLEST


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...] = ()
    form: Literal["text", "jsonl", "mermaid"]
    output: str | None
    keylogs: tuple[str, ...]
    rsa_keys: tuple[str, ...]
    expression: str | None
    after: int | None
    before: int | None
    context: int | None
    show_secrets: bool
    passwords: tuple[str, ...] = ()
    color: ColourChoice
    quiet: bool
    verbose: int
    progress: bool | None
    follow: bool = False
    time: TimeForm
    xml: Literal["pretty", "raw"] | None
    explain: bool
    lang: str | None = None
    packets: bool
    ascii: bool
    width: int | None


_LOOKS: Final = (
    click.option(
        "--time",
        type=click.Choice(["relative", "absolute", "delta"]),
        default="relative",
        help="Times since the first packet, of the day (UTC), or since the line above.",
    ),
    click.option(
        "--xml",
        cls=OptionalValue,
        type=click.Choice(["pretty", "raw"]),
        is_flag=False,
        flag_value="pretty",
        help="Print each element below its line, laid out or as it was sent.",
    ),
    click.option("--explain", is_flag=True, help="Add what an entry means, where it is the first of its kind."),
    click.option("--lang", metavar="LANGUAGE", help="Of --explain: en or zh-Hans; by default that of the locale."),
    click.option("--packets", is_flag=True, help="Add the packet numbers, as Wireshark counts them."),
    click.option("--ascii", is_flag=True, help="Draw with ASCII signs only."),
    click.option(
        "--width",
        type=click.IntRange(SMALLEST),
        metavar="COLUMNS",
        help="Columns of a line, instead of the terminal's.",
    ),
)


def looks(command: Decorated) -> Decorated:
    """Add what decides how a timeline of packets looks to a command."""
    for option in reversed(_LOOKS):
        command = option(command)
    return command


@click.command(cls=WithOptionalValues, short_help="Print the timeline of capture files (- is standard input).")
@click.argument("files", metavar="FILE...", nargs=-1)
@printing("text", "jsonl", "mermaid")
@knowing
@selecting
@click.option("--follow", is_flag=True, help="Go on reading the last file as it grows, until Ctrl-C.")
@looks
@click.pass_context
def read(context: click.Context, /, **options: object) -> None:
    """Print the timeline of capture files: pcap or pcapng, also packed with gzip or zstd.

    Several FILEs, in the order of time, make one timeline. The FILE - is standard input, shown as it comes:

    \b
        tcpdump -U -w - port 5222 | xmppscope read -
    """
    from xmppscope.cli.reader import run

    context.exit(run(msgspec.convert(options, ReadOptions)))
