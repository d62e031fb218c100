"""`xmppscope view`: serve the viewer for a capture on this machine, for captures that are too large for one page."""

import click
import msgspec

from xmppscope.cli.options import knowing


class ViewOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...] = ()
    listen: str = "127.0.0.1:0"
    output: None = None
    keylogs: tuple[str, ...] = ()
    rsa_keys: tuple[str, ...] = ()
    show_secrets: bool = False
    passwords: tuple[str, ...] = ()
    follow: bool = False
    quiet: bool = False
    verbose: int = 0
    progress: bool | None = None


@click.command(short_help="Serve the interactive viewer for a capture, on this machine.")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where to serve it (a free port of 127.0.0.1)."
)
@click.option(
    "--keylog",
    "keylogs",
    metavar="FILE",
    multiple=True,
    help="TLS secrets, as SSLKEYLOGFILE has them; may be repeated.",
)
@click.option(
    "--rsa-key", "rsa_keys", metavar="FILE", multiple=True, help="The server's RSA private key (PEM); may be repeated."
)
@click.option("--show-secrets", is_flag=True, help="Show passwords, proofs and tokens instead of masking them.")
@click.option("--follow", is_flag=True, help="Go on reading the last file as it grows.")
@click.option("-q", "--quiet", is_flag=True, help="No warnings: only the address and errors.")
@click.option("-v", "--verbose", count=True, help="-vv traces errors.")
@click.option("--progress/--no-progress", default=None, help="Say how far a slow file is read.")
@knowing
@click.pass_context
def view(context: click.Context, /, **options: object) -> None:
    """Serve the viewer for captures on this machine and print its address, until Ctrl-C.

    The same page as a report, for large captures: it fetches what is looked at. Only who has the address, with the
    token in it, gets in.

    \b
        xmppscope view trace.pcapng
    """
    from xmppscope.cli.viewing import run

    context.exit(run(msgspec.convert(options, ViewOptions)))
