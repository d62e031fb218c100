"""Runs `xmppscope lesson`: reads the recordings of a lesson, and shows it in the terminal or writes the handout."""

import difflib
import os
import sys

from xmppscope.cli.lesson import LessonOptions
from xmppscope.cli.lesson_page import Drawing, LessonPage
from xmppscope.cli.observers import observers
from xmppscope.cli.output import Output, ReaderGone
from xmppscope.cli.terminal import chosen_language, columns, wants_ascii, wants_colour
from xmppscope.filter.compile import compile_filter
from xmppscope.lessons.binding import Recorded, Shown, bind
from xmppscope.lessons.library import NAMES, Lesson, View, lesson, recording
from xmppscope.lessons.notebook import Notebook
from xmppscope.lessons.questions import questions
from xmppscope.lessons.topic import Question
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Record
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.trackers import Trackers


def run(options: LessonOptions) -> int:
    """List the lessons, or show one, as *options* say; return the exit status."""
    if options.live or options.broken is not None:
        from xmppscope.cli.lesson_live import run_live

        return run_live(options)
    output = Output(options.output)
    language = chosen_language(options.lang, os.environ, output.encoding)
    if options.name is None:
        return _write(output, page_for(options, output, language).listed([lesson(name, language) for name in NAMES]))
    chosen = found(options.name, language)
    shown, asked = prepared(chosen, language)
    if options.html:
        from xmppscope.lessons.handout import Handout

        handout = Handout(chosen, language, shown, asked, answers=options.answers)
        return _write_bytes(output, handout.page().encode())
    page = page_for(options, output, language)
    if output.is_terminal and sys.stdin is not None and sys.stdin.isatty() and not options.answers:
        from xmppscope.cli.lesson_tour import Tour

        return Tour(page, chosen, shown, asked).walk()
    return _write(output, page.whole(chosen, shown, asked, answers=options.answers))


def found(name: str, language: str) -> Lesson:
    """Return the lesson called *name*; say what was meant if there is none."""
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, 1)
        hint = f"did you mean {close[0]}?" if close else "xmppscope lesson lists them"
        raise XmppscopeError(f"no lesson is called {name or '(nothing)'}; {hint}")
    return lesson(name, language)


def prepared(chosen: Lesson, language: str) -> tuple[list[Shown], list[Question]]:
    """Return the steps of a lesson with their entries, and its questions."""
    recordings = {name: read(view, chosen) for name, view in chosen.views.items()}
    shown = bind(chosen, recordings, compile_filter)
    return shown, questions(chosen, language, shown, recordings)


def read(view: View, chosen: Lesson) -> Recorded:
    """Return a recording as the analyzer tells it, read with its keys unless it is to be seen from the wire."""
    capture, log = recording(view.recording)
    keys = KeyStore()
    if not view.wire:
        keys.add(log, view.recording)
    trackers = Trackers()
    notebook = Notebook(trackers)
    watching = [*observers(trackers, chosen.passwords), notebook]
    pipeline = Pipeline(keys, show_secrets=chosen.secrets, observers=watching)
    pipeline.open(view.recording)
    records: list[Record] = [*pipeline.feed(capture), *pipeline.end(), *pipeline.close()]
    return Recorded(view, records, notebook.known)


def page_for(options: LessonOptions, output: Output, language: str) -> LessonPage:
    """Return what lays lessons out for *output*."""
    terminal = output.is_terminal
    drawing = Drawing(
        width=options.width or (80 if output.name else columns(terminal=terminal)),
        colour=wants_colour(options.color, os.environ, terminal=terminal),
        ascii=options.ascii or (output.name is None and wants_ascii(os.environ, output.encoding)),
        encoding=output.encoding,
    )
    return LessonPage(drawing, language)


def _write(output: Output, lines: list[str]) -> int:
    return _write_bytes(output, "\n".join([*lines, ""]).encode(output.encoding, "backslashreplace"))


def _write_bytes(output: Output, data: bytes) -> int:
    try:
        output.write(data)
    except ReaderGone:
        return 0
    output.close()
    return 0
