"""`xmppscope lesson`: guided walks through the protocol, on recordings that come with the program."""

from typing import Final

import click
import msgspec

from xmppscope.cli.terminal import ColourChoice

_SMALLEST: Final = 60


class LessonOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, one field for each option."""

    name: str | None
    html: bool
    answers: bool
    lang: str | None
    live: bool
    broken: str | None
    output: str | None
    color: ColourChoice
    ascii: bool
    width: int | None


@click.command(short_help="Walk through the protocol, step by step, on real recordings.")
@click.argument("name", required=False)
@click.option("--html", is_flag=True, help="Write a handout that prints well, instead of walking through.")
@click.option("--answers", is_flag=True, help="With the answers, for the teacher.")
@click.option("--lang", metavar="LANGUAGE", help="en or zh-Hans; by default that of the locale, else English.")
@click.option("--live", is_flag=True, help="Play it through the real proxy, with a small server, on this machine.")
@click.option(
    "--break",
    "broken",
    metavar="WHAT",
    help="Live, and something goes wrong: password, starttls, resource or acknowledgement.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("--ascii", is_flag=True, help="Draw with ASCII signs only.")
@click.option("--width", type=click.IntRange(_SMALLEST), metavar="COLUMNS", help="Columns of a line, at most 100.")
@click.pass_context
def lesson(context: click.Context, /, **options: object) -> None:
    """Walk through the lesson NAME: what is sent, what it means, why, who may speak next. Without NAME: all lessons.

    Each lesson ends with questions about what was seen; a wrong answer shows the entry that proves the right one.

    \b
        xmppscope lesson first
        xmppscope lesson first --html -o first.html
    """
    from xmppscope.cli.lessoning import run

    context.exit(run(msgspec.convert(options, LessonOptions)))
