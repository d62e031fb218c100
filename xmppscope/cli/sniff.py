"""`xmppscope sniff`: the timeline of what passes on a network interface, as it passes."""

import click
import msgspec

from xmppscope.cli.options import WithOptionalValues, common, knowing, selecting
from xmppscope.cli.read import ReadOptions, looks

_LARGEST_PORT = 65535


class SniffOptions(ReadOptions, frozen=True, kw_only=True):
    """What the user asked for: what `read` has, and what is to be listened to."""

    interface: str | None
    ports: tuple[int, ...]
    record: str | None
    force: bool


@click.command(cls=WithOptionalValues, short_help="The same, live from a network interface.")
@click.option("-i", "--interface", metavar="IFACE", help="The interface to listen to; on Linux also any.")
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, _LARGEST_PORT),
    metavar="N",
    multiple=True,
    help="Look only at TCP port N; may be repeated. By default XMPP is recognised on every port.",
)
@click.option("--record", metavar="FILE", help="Keep what was captured, as pcapng.")
@click.option("--force", is_flag=True, help="Overwrite the file of --record.")
@common
@knowing
@selecting
@looks
@click.pass_context
def sniff(context: click.Context, /, **options: object) -> None:
    """Print the timeline of what passes on a network interface, as it passes, until Ctrl-C.

    It takes the right to listen, which root has. A key log is read as it grows:

    \b
        sudo xmppscope sniff -i eth0 --port 5222 --keylog client.keys
    """
    from xmppscope.cli.sniffing import run

    context.exit(run(msgspec.convert(options, SniffOptions)))
