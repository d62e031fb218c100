"""`xmppscope proxy`: put a debugging proxy between a client and a server.

The timeline goes to standard output, everything else to standard error; `listening on` is the last line of what is said
at the start, once for each address, for scripts to wait for.
"""

from typing import Literal

import click
import msgspec

from xmppscope.cli.options import OptionalValue, WithOptionalValues, knowing, selecting
from xmppscope.cli.terminal import ColourChoice
from xmppscope.render.terminal.clock import TimeForm
from xmppscope.render.terminal.layout import SMALLEST

DEFAULT_LISTEN = "127.0.0.1:5322"


class ProxyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    listen: tuple[str, ...] = (DEFAULT_LISTEN,)
    upstream: str | None = None
    upstream_urls: tuple[str, ...] = ()
    s2s: bool = False
    component: bool = False
    mode: Literal["named", "transparent"] = "named"
    resolver: str | None = None
    ca_dir: str | None = None
    server_cert: str | None = None
    server_key: str | None = None
    upstream_ca: str | None = None
    insecure_upstream: bool = False
    client_cert: str | None = None
    client_key: str | None = None
    keep_channel_binding: bool = False
    record: str | None = None
    write_keylog: str | None = None
    force: bool = False
    web: str | None = None
    form: Literal["text", "jsonl"] = "text"
    output: str | None = None
    show_secrets: bool = False
    passwords: tuple[str, ...] = ()
    color: ColourChoice = "auto"
    quiet: bool = False
    verbose: int = 0
    time: TimeForm = "relative"
    xml: Literal["pretty", "raw"] | None = None
    explain: bool = False
    ascii: bool = False
    width: int | None = None
    expression: str | None = None
    after: int | None = None
    before: int | None = None
    context: int | None = None


@click.command(cls=WithOptionalValues, short_help="Put a debugging proxy between a client and a server.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    multiple=True,
    default=(DEFAULT_LISTEN,),
    help=f"Where clients connect ({DEFAULT_LISTEN}); may be repeated, port 0 is any free one.",
)
@click.option(
    "--upstream",
    metavar="[MODE:]HOST:PORT",
    help="The server; with starttls:, tls: or plain: before it where its leg shall differ from the client's. "
    "Without it: the server of the domain that the client names (SRV).",
)
@click.option(
    "--upstream-url",
    "upstream_urls",
    metavar="URL",
    multiple=True,
    help="Where WebSocket (ws, wss) or BOSH (http, https) is; may be given once for each. "
    "Without it: what the host-meta of the domain names that the client asks for.",
)
@click.option("--s2s", is_flag=True, help="Servers come, not clients; they are asked for their certificate.")
@click.option("--component", is_flag=True, help="Gateways and other components come (XEP-0114); needs --upstream.")
@click.option(
    "--mode",
    type=click.Choice(["named", "transparent"]),
    default="named",
    help="transparent: go where redirected connections were meant to go (Linux).",
)
@click.option("--resolver", metavar="ADDRESS:PORT", help="The DNS server to ask, instead of the system's.")
@click.option("--ca-dir", metavar="DIR", help="Where the proxy's authority is kept (see: xmppscope ca).")
@click.option("--server-cert", metavar="FILE", help="Show clients this certificate (PEM) instead of a made one.")
@click.option("--server-key", metavar="FILE", help="The key of --server-cert (PEM).")
@click.option("--upstream-ca", metavar="FILE", help="Trust this authority (PEM) too when verifying the server.")
@click.option("--insecure-upstream", is_flag=True, help="Go on with servers whose certificate does not hold.")
@click.option("--client-cert", metavar="FILE", help="A certificate (PEM) for servers that ask for one.")
@click.option("--client-key", metavar="FILE", help="The key of --client-cert (PEM), if it is not in the same file.")
@click.option("--keep-channel-binding", is_flag=True, help="Leave channel binding in the features.")
@click.option("--record", metavar="FILE", help="Record both legs, keys inside, as pcapng.")
@click.option("--write-keylog", metavar="FILE", help="Write the TLS secrets of both legs, for Wireshark.")
@click.option("--force", is_flag=True, help="Overwrite the files of --record and --write-keylog.")
@click.option(
    "--web",
    metavar="HOST:PORT",
    is_flag=False,
    flag_value="127.0.0.1:0",
    help="Show it live in a browser too; alone, on a free port of 127.0.0.1.",
)
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", help="What to print.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option("--show-secrets", is_flag=True, help="Print passwords, proofs and tokens instead of masking them.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("-q", "--quiet", is_flag=True, help="No timeline: only relay, and record if asked to.")
@click.option("-v", "--verbose", count=True, help="Add annotations and changes of state; -vv traces errors.")
@click.option(
    "--time",
    type=click.Choice(["relative", "absolute", "delta"]),
    default="relative",
    help="Times since the first connection, of the day (UTC), or since the line above.",
)
@click.option(
    "--xml",
    cls=OptionalValue,
    type=click.Choice(["pretty", "raw"]),
    is_flag=False,
    flag_value="pretty",
    help="Print each element below its line, laid out or as it was sent.",
)
@click.option("--explain", is_flag=True, help="Add what an entry means, where it is the first of its kind.")
@click.option("--ascii", is_flag=True, help="Draw with ASCII signs only.")
@click.option("--width", type=click.IntRange(SMALLEST), metavar="COLUMNS", help="Columns of a line.")
@knowing
@selecting
@click.pass_context
def proxy(context: click.Context, /, **options: object) -> None:
    """Put a debugging proxy between XMPP clients and their server, and watch what they say to each other.

    Point the client at the proxy's address, leave its JID as it is, and let it trust the proxy's authority
    (xmppscope ca trust). Ctrl-C ends it in good order.

    \b
        xmppscope proxy                               # to the server of the domain that the client names
        xmppscope proxy --upstream 127.0.0.1:5222     # to this one
        xmppscope proxy --record trace.pcapng         # and keep it: xmppscope read trace.pcapng, Wireshark
    """
    from xmppscope.cli.proxying import run

    context.exit(run(msgspec.convert(options, ProxyOptions)))
