"""`xmppscope explain WHAT`: what an element, a condition, a code, a state, a namespace, a XEP or a rule means.

The texts are those of `xmppscope.explain`; lint rules and the filter language bring their own.
"""

import difflib
import importlib
import os
from typing import TYPE_CHECKING, Final, Literal

import click

from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.terminal import ColourChoice, chosen_language, columns, wants_ascii, wants_colour
from xmppscope.model.errors import XmppscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xmppscope.explain.lookup import Explanation
    from xmppscope.lint.rule import Rule

_FILTER: Final = "filter"
_RULES: Final = "xmppscope.lint.registry"
_SMALLEST: Final = 40
_PLURALS: Final = {
    "element": "elements",
    "stream error condition": "stream error conditions",
    "stanza error condition": "stanza error conditions",
    "SASL error condition": "SASL error conditions",
    "condition of an extension": "conditions of extensions",
    "MUC status code": "MUC status codes",
    "state": "states of a connection",
    "kind of entry": "kinds of entries",
    "extension": "extensions",
}


@click.command(short_help="Explain an element, a condition, a namespace, a XEP or a rule.")
@click.argument("what", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: auto is on a terminal, unless NO_COLOR is set.",
)
@click.option("--lang", metavar="LANGUAGE", help="en or zh-Hans; by default that of the locale, else English.")
@click.option("--ascii", is_flag=True, help="Draw with ASCII signs only.")
@click.option("--width", type=click.IntRange(_SMALLEST), metavar="COLUMNS", help="Columns of a line, at most 100.")
def explain(
    what: str | None,
    form: Literal["text", "json"],
    output: str | None,
    color: ColourChoice,
    *,
    lang: str | None,
    ascii: bool,  # noqa: A002 (the option's name)
    width: int | None,
) -> None:
    """Explain WHAT, whatever it is.

    An element (resume, sm:resume), an error condition (item-not-found), a status code of a room (110), a state
    (half-closed), a namespace, a XEP (0198), a lint rule, or filter, the filter language.

    Without WHAT: the kinds of things that are explained, and how many there are.
    """
    target = Output(output)
    language = chosen_language(lang, os.environ, target.encoding)
    data = _json(what, language) if form == "json" else _text(what, target, color, width, language, ascii=ascii)
    try:
        target.write(data)
    except ReaderGone:
        return
    target.close()


def _json(what: str | None, language: str) -> bytes:
    import msgspec

    from xmppscope.explain.lookup import Explanation

    if what is None:
        found: object = [{"kind": kind, "names": names} for kind, names in _kinds().items()]
    elif what == _FILTER:
        from xmppscope.filter.page import page

        found = [Explanation(name=_FILTER, kind="language", says="The filter language.", paragraphs=(page(),))]
    else:
        found = _found(what, language)
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _text(
    what: str | None,
    target: Output,
    color: ColourChoice,
    width: int | None,
    language: str,
    *,
    ascii: bool,  # noqa: A002
) -> bytes:
    from xmppscope.render.terminal.explanation import WIDEST, ExplanationText
    from xmppscope.render.terminal.glyphs import ASCII, UNICODE
    from xmppscope.render.terminal.page import Page
    from xmppscope.render.terminal.palette import Palette
    from xmppscope.render.terminal.safe import Legible

    terminal = target.is_terminal
    plain = ascii or (target.name is None and wants_ascii(os.environ, target.encoding))
    glyphs = ASCII if plain else UNICODE
    palette = Palette(colour=wants_colour(color, os.environ, terminal=terminal))
    legible = Legible(glyphs.words, target.encoding)
    room = min(width or columns(terminal=terminal), WIDEST)
    text = ExplanationText(room, glyphs, palette, legible, language)
    if what is None:
        rows = [(_PLURALS.get(kind, kind), str(len(names)), ", ".join(names)) for kind, names in _kinds().items()]
        lines = [*text.table(rows), "", "xmppscope explain NAME; xmppscope explain filter: the filter language"]
    elif what == _FILTER:
        from xmppscope.filter.page import page

        lines = Page(room, palette, legible).lines(page())
    else:
        lines = text.lines(_found(what, language))
    return "\n".join([*lines, ""]).encode(target.encoding, "backslashreplace")


def _found(what: str, language: str) -> "list[Explanation]":
    """Return all that is called *what*; if nothing is, say what was meant."""
    from xmppscope.explain import lookup

    found = lookup.explain(what, language)
    rules = [_of_rule(rule) for rule in _rules() if rule.id == what.strip().lower()]
    if not found and not rules:
        raise XmppscopeError(_unknown(what))
    return [*found, *rules]


def _unknown(what: str) -> str:
    from xmppscope.explain import lookup

    known = [*lookup.names(), *(rule.id for rule in _rules()), _FILTER]
    close = difflib.get_close_matches(what.strip("<>/ ").lower(), known, 1, 0.7)
    hint = f"did you mean {close[0]}?" if close else "xmppscope explain lists what there is"
    return f"nothing is called {what or '(nothing)'}; {hint}"


def _kinds() -> dict[str, list[str]]:
    """Return every kind of thing with the names of its kind."""
    from xmppscope.explain import lookup, registry

    return {
        **lookup.counts(),
        "lint rules": [rule.id for rule in _rules()],
        "XEPs": [f"XEP-{xep.number}" for xep in registry.all_xeps()],
        "namespaces": registry.all_namespaces(),
    }


def _rules() -> "tuple[Rule, ...]":
    rules: tuple[Rule, ...] = importlib.import_module(_RULES).RULES
    return rules


def _conditions(rule: "Rule") -> "Iterator[str]":
    """Yield when the rule is silent, and when what it finds weighs less."""
    if rule.needs:
        yield f"It stays silent unless this was seen: {rule.needs}."
    if rule.lesser:
        yield f"It weighs less at times: {rule.lesser}."


def _of_rule(rule: "Rule") -> "Explanation":
    """Return what a lint rule says of itself, in the form of every explanation."""
    from xmppscope.explain.lookup import Explanation, Sample

    return Explanation(
        name=rule.id,
        kind=f"lint rule, {rule.severity}",
        spec=rule.spec,
        says=rule.what,
        paragraphs=(rule.why, *_conditions(rule)),
        samples=(Sample("Wrong", rule.wrong.lines), Sample("Right", rule.right.lines)),
    )
