"""`xmppscope ca`: create, show and export the proxy's certificate authority, and how to trust it.

What these commands need is imported when they run, since the cryptographic library is slow to load. The private key
leaves its file by none of them.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.terminal import wants_ascii
from xmppscope.model.errors import XmppscopeError

if TYPE_CHECKING:
    from xmppscope.proxy.authority import Authority
    from xmppscope.proxy.trust import Step, Steps

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_NAME: Final = 13
_MARK: Final = 8
_WIDTH: Final = 80
_FORMS: Final = {"pem": "PEM", "der": "DER", "p12": "PKCS #12"}


def _common(command: Decorated) -> Decorated:
    for option in (
        click.option("-v", "--verbose", count=True, expose_value=False, help="-vv traces errors."),
        click.option("--ca-dir", metavar="DIR", help="The folder of the authority, instead of the user's own."),
    ):
        command = option(command)
    return command


@click.group(short_help="Create, show and export the proxy's certificate authority.", invoke_without_command=True)
@click.pass_context
def ca(context: click.Context) -> None:
    """Create, show and export the proxy's certificate authority.

    The proxy shows clients certificates that this authority signs, so it can read what they say. It is made on first
    use, for this user only, and never replaced.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@ca.command(short_help="Create the authority, unless there is one.")
@_common
def create(ca_dir: str | None) -> None:
    """Create the authority. One that is there already stays as it is."""
    authority = _opened(ca_dir, announce=False)
    said = "created" if authority.created else "there is one already, which stays as it is"
    _print(f"{authority.name}: {said}", *_facts(authority), f"  to trust it  {_command('trust', ca_dir)}")


@ca.command(short_help="Show the authority: fingerprint, validity, where it is.")
@_common
def show(ca_dir: str | None) -> None:
    """Show the authority: its fingerprint, how long it is valid, and where it is kept."""
    from xmppscope.proxy.authority import Authority

    directory = _directory(ca_dir)
    authority = Authority.find(directory)
    if authority is None:
        raise XmppscopeError(f"{directory}: no authority in it yet; {_command('create', ca_dir)} makes one")
    _print(authority.name, *_facts(authority))


@ca.command(short_help="Write the authority's certificate, never its key.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMS)),
    default="pem",
    help="PEM, DER, or a trust store for Java (PKCS #12 without a password).",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@_common
def export(form: str, output: str | None, ca_dir: str | None) -> None:
    """Write the authority's certificate, never its key; if there is no authority yet, create it."""
    target = Output(output)
    if form != "pem" and target.is_terminal:
        raise XmppscopeError(f"{_FORMS[form]} is no text for a terminal; name a file with --output")
    authority = _opened(ca_dir)
    target.refuse((str(authority.path),))
    with contextlib.suppress(ReaderGone):
        target.write({"pem": authority.pem, "der": authority.der, "p12": authority.p12}[form])
    target.close()


@ca.command(short_help="Tell how to trust the authority, for this system and each client.")
@_common
def trust(ca_dir: str | None) -> None:
    """Tell how to trust the authority: the steps for this system and for each client, and whether they were tried."""
    from xmppscope.proxy.trust import all_steps

    authority = _opened(ca_dir)
    rows = all_steps(shlex.quote(ca_dir) if ca_dir else "")
    _print(
        f"{authority.name} · valid to {authority.not_after:%Y-%m-%d} · its key never leaves ca-dir",
        *(line for row in rows for line in _row(row)),
        f"xmppscope.crt is what this writes: {_command('export', ca_dir)} -o xmppscope.crt",
    )


def _directory(ca_dir: str | None) -> Path:
    from xmppscope.proxy.authority import default_directory

    if ca_dir == "":
        raise XmppscopeError("--ca-dir: an empty name; name a folder")
    return Path(ca_dir) if ca_dir else default_directory()


def _opened(ca_dir: str | None, *, announce: bool = True) -> Authority:
    from xmppscope.proxy.authority import Authority

    authority = Authority.open(_directory(ca_dir))
    if announce and authority.created:
        click.echo(f"xmppscope: created {authority.name} in {authority.path.parent}", err=True)
    return authority


def _command(name: str, ca_dir: str | None) -> str:
    return f"xmppscope ca {name}" + (f" --ca-dir {shlex.quote(ca_dir)}" if ca_dir else "")


def _facts(authority: Authority) -> list[str]:
    # The fingerprint is on one line, however long, so that it can be compared with that of another program.
    return [
        f"  SHA-256      {authority.fingerprint.upper()}",
        f"  key id       {authority.key_id.upper()}",
        f"  valid        {authority.not_before:%Y-%m-%d} to {authority.not_after:%Y-%m-%d}",
        f"  kept in      {authority.path}",
    ]


def _row(row: Steps) -> list[str]:
    mark = "tried" if row.tried else "untried"
    indent = " " * (2 + _NAME + 1 + _MARK + 1)
    lines = [line for step in row.steps for line in _lines(step, _WIDTH - len(indent))]
    return [f"  {row.name:<{_NAME}} {mark:<{_MARK}} {lines[0]}", *(indent + line for line in lines[1:])]


def _lines(step: Step, width: int) -> list[str]:
    """Return the lines of a step; a command stays whole, so that it can be pasted."""
    return [step.text] if step.command else textwrap.wrap(step.text, width, subsequent_indent="  ")


def _print(*lines: str) -> None:
    output = Output(None)
    text = "\n".join([*lines, ""])
    if wants_ascii(os.environ, output.encoding):
        text = text.replace("·", "-")
    with contextlib.suppress(ReaderGone):
        output.write(text.encode(output.encoding, "backslashreplace"))
