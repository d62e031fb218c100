"""The command `xmppscope`: finds the command, loads only that, and turns errors into one line that says what to do.

Exit status: 0 done, 1 findings or a difference, 2 unusable input or arguments. A reader that went away is no error; a
second Ctrl-C ends at once, with 130 as shells expect. A fault of the program itself gives 70 (sysexits.h).
"""

import difflib
import gc
import importlib
import os
import re
import sys
import traceback
from typing import Final

import click

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.plaintext import visible

COMMANDS: Final = {
    "demo": ("xmppscope.cli.demo", "A real session through the real proxy, all on this machine."),
    "proxy": ("xmppscope.cli.proxy", "Put a debugging proxy between a client and a server."),
    "read": ("xmppscope.cli.read", "Print the timeline of capture files (- is standard input)."),
    "sniff": ("xmppscope.cli.sniff", "The same, live from a network interface."),
    "view": ("xmppscope.cli.view", "Serve the interactive viewer for a capture, on this machine."),
    "report": ("xmppscope.cli.report", "Write one self-contained HTML file."),
    "lesson": ("xmppscope.cli.lesson", "Walk through the protocol, step by step, on real recordings."),
    "explain": ("xmppscope.cli.explain", "Explain an element, a condition, a namespace, a XEP or a rule."),
    "lint": ("xmppscope.cli.lint", "Print findings only; the exit status tells whether there are any."),
    "stats": ("xmppscope.cli.stats", "Print figures: connections, latencies, errors, traffic."),
    "ca": ("xmppscope.cli.ca", "Create, show and export the proxy's certificate authority."),
}
"""Each command with its module and its line in the help, so that the help loads no module."""

_INTERRUPTED: Final = 130
_FAULT: Final = 70
_HINT: Final = re.compile(r"\.? \(?Did you mean (?:one of: )?(.+?)\??\)?$")
_RANGE: Final = re.compile(r"not in the range x>=(\d+)")
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; it has the command under the command's name."""
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"no command is called {cmd_name}{hint}", _ctx)
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and their lines from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings=_CONTEXT, invoke_without_command=True)
@click.option("--version", is_flag=True, help="Print the version; with -v all that a bug report needs.")
@click.option("-v", "--verbose", is_flag=True, help="With --version: Python, libraries and platform too.")
@click.pass_context
def xmppscope(context: click.Context, *, version: bool, verbose: bool) -> None:
    """See what XMPP clients and servers really say to each other."""
    if version:
        from xmppscope.cli.version import version_text

        click.echo(version_text(details=verbose))
        context.exit()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
    elif verbose:
        raise click.UsageError(f"-v stands behind the command: xmppscope {context.invoked_subcommand} -v")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stderr is None:
        # It was closed by who started us: nobody wants to know.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    # Entries are kept by the thousand and hardly ever in cycles: to look through them often finds nothing.
    gc.set_threshold(50_000, 10, 10)
    try:
        status = xmppscope.main(arguments, prog_name="xmppscope", standalone_mode=False)
    except click.ClickException as error:
        complain(_usage(error))
        status = 2
    except XmppscopeError as error:
        if _wants_trace(arguments):
            trace(error)
        complain(str(error))
        status = 2
    except (KeyboardInterrupt, click.Abort):
        status = _INTERRUPTED
    except Exception as error:
        # Left to Python, the status would be 1, which means findings.
        if _wants_trace(arguments):
            trace(error)
        complain(f"a fault of xmppscope itself: {type(error).__name__}: {error}; run it again with -vv and report it")
        status = _FAULT
    sys.exit(status if isinstance(status, int) else 0)


def complain(line: str) -> None:
    """Write one line about what went wrong to standard error."""
    click.echo(f"xmppscope: {_harmless(line)}", err=True)


def _harmless(line: str) -> str:
    """Return *line* without control characters, which a file's name may have; a backslash stays as it is."""
    return "\\".join(map(visible, line.split("\\")))


def trace(error: Exception) -> None:
    """Write where *error* came from to standard error, for who asked with -vv."""
    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)


def _usage(error: click.ClickException) -> str:
    """Return click's message about arguments in our manner: one line, no capitals, and where to look."""
    text = " ".join(error.format_message().split()).rstrip(".")
    text = _HINT.sub(r"; did you mean \1?", text)
    if isinstance(error, click.NoSuchOption):
        close = difflib.get_close_matches(error.option_name, error.possibilities or (), 1)
        text = f"no such option {error.option_name}" + (f"; did you mean {close[0]}?" if close else "")
    text = _RANGE.sub(r"less than \1", text).replace("valid integer range", "whole number")
    if text[1:2].islower():
        text = text[:1].lower() + text[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return text
    return f"{text}; see {context.command_path} --help"


def _wants_trace(arguments: list[str]) -> bool:
    return "-vv" in arguments or arguments.count("-v") > 1
