"""`xmppscope report`: write one HTML file that shows a capture, for any browser, to attach to a bug report."""

import click
import msgspec

from xmppscope.cli.options import knowing, selecting


class ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    files: tuple[str, ...] = ()
    output: str | None = None
    keylogs: tuple[str, ...] = ()
    rsa_keys: tuple[str, ...] = ()
    expression: str | None = None
    after: int | None = None
    before: int | None = None
    context: int | None = None
    show_secrets: bool = False
    passwords: tuple[str, ...] = ()
    title: str | None = None
    quiet: bool = False
    verbose: int = 0
    progress: bool | None = None


@click.command(short_help="Write one self-contained HTML file.")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("-o", "--output", metavar="FILE", help="Where to write the page, instead of to standard output.")
@click.option("--title", metavar="TEXT", help="What the page is called, instead of by its files.")
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
@click.option("-q", "--quiet", is_flag=True, help="No warnings, no closing line: only data and errors.")
@click.option("-v", "--verbose", count=True, help="-vv traces errors.")
@click.option("--progress/--no-progress", default=None, help="Say how far a slow file is read.")
@knowing
@selecting
@click.pass_context
def report(context: click.Context, /, **options: object) -> None:
    """Write one HTML file that shows what captures hold: timeline, sequence, sessions, findings.

    The page loads nothing from anywhere and has all that it needs inside. Secrets are masked, unless --show-secrets.

    \b
        xmppscope report trace.pcapng -o trace.html
        xmppscope report login.pcap --keylog login.keys --filter 'connection == 2' -o login.html
    """
    from xmppscope.cli.reporting import run

    context.exit(run(msgspec.convert(options, ReportOptions)))
