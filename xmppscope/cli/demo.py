"""`xmppscope demo`: a real session through the real proxy, all on loopback, no server or network needed."""

from typing import Literal

import click
import msgspec

from xmppscope.cli.terminal import ColourChoice


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    fast: bool
    serve: bool
    record: str | None
    force: bool
    ca_dir: str | None
    form: Literal["text", "jsonl"]
    output: str | None
    color: ColourChoice
    ascii: bool
    verbose: int


@click.command(short_help="A real session through the real proxy, all on this machine.")
@click.option("--fast", is_flag=True, help="Without pauses for reading.")
@click.option("--serve", is_flag=True, help="Keep server and proxy running, for clients of your own.")
@click.option("--record", metavar="FILE", help="Where to leave the recording (demo.pcapng).")
@click.option("--force", is_flag=True, help="Overwrite the file of --record.")
@click.option("--ca-dir", metavar="DIR", help="With --serve: where the proxy's authority is kept.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", help="What to print.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("--ascii", is_flag=True, help="Draw with ASCII signs only.")
@click.option("-v", "--verbose", count=True, help="Add annotations and changes of state; -vv traces errors.")
@click.pass_context
def demo(context: click.Context, /, **options: object) -> None:
    """Watch a real session through the real proxy: a small server and two clients, on this machine alone.

    Romeo and Juliet log in, befriend each other and talk; then his line is cut, and he resumes. The recording that it
    leaves can be read again, or opened in Wireshark.

    \b
        xmppscope demo
        xmppscope demo --serve        # and try your own client against it
    """
    from xmppscope.cli.demoing import run

    context.exit(run(msgspec.convert(options, DemoOptions)))
