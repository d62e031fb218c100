"""Walks through a lesson in a terminal, key by key, and asks its questions at the end."""

import shutil

import click

from xmppscope.cli.lesson_page import LessonPage
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson
from xmppscope.lessons.topic import Question

_NEXT = frozenset({"\r", "\n", " ", "n", "\x1b[C", "\x1b[B", "\x1b[6~"})
_BACK = frozenset({"b", "p", "\x7f", "\x08", "\x1b[D", "\x1b[A", "\x1b[5~"})
_QUIT = frozenset({"q", "\x1b", "\x04"})
_HELP = ("helpnext", "helpback", "helpxml", "helpstate", "helpquit", "helphelp")


def rows() -> int:
    """Return how many lines the terminal has, at least enough to show something."""
    return max(shutil.get_terminal_size((80, 24)).lines, 10)


class Quit(Exception):  # noqa: N818 (it is no error: the reader has seen enough)
    """The reader wants to leave."""


class Tour:
    """One walk: where it stands, and what is shown besides the step."""

    def __init__(self, page: LessonPage, lesson: Lesson, steps: list[Shown], asked: list[Question]) -> None:
        self._page = page
        self._lesson = lesson
        self._steps = steps
        self._asked = asked
        self._at = 0
        self._top = 0
        self._more = False
        self._full = False
        self._states = False
        self._help = False

    def walk(self) -> int:
        """Show step after step, then ask; return the exit status."""
        try:
            while self._at < len(self._steps):
                self._show()
                self._obey(click.getchar())
            self._ask()
        except (Quit, EOFError):
            click.echo()
        return 0

    def _show(self) -> None:
        page, number = self._page, self._at + 1
        lines = page.step(
            self._lesson, self._steps[self._at], number, len(self._steps), full=self._full, states=self._states
        )
        if self._at == 0 and not self._help:
            lines = [page.rule(self._lesson.title), *page.prose(self._lesson.about), "", *lines]
        if self._help:
            lines += ["", *(line for name in _HELP for line in page.prose(page.words[name]))]
        room = rows() - 2
        self._more = self._top + room < len(lines)
        lines = lines[self._top : self._top + room]
        keys = page.words["scroll" if self._more else "keys"]
        click.clear()
        click.echo("\n".join([*lines, page.rule(keys)]))

    def _obey(self, key: str) -> None:
        if key in _QUIT:
            raise Quit
        if key == "?":
            self._help = not self._help
            return
        self._help = False
        if key in _NEXT and self._more:
            # A step that is longer than the screen comes in pieces, with two lines in common.
            self._top += rows() - 4
            return
        back = key in _BACK and self._top > 0
        self._top = 0
        if key in _NEXT:
            self._at += 1
        elif key in _BACK and not back:
            self._at = max(self._at - 1, 0)
        elif key == "x":
            self._full = not self._full
        elif key == "s":
            self._states = not self._states

    def _ask(self) -> None:
        page, right = self._page, 0
        if self._asked:
            click.clear()
        for number, question in enumerate(self._asked, 1):
            place = page.words("question", number=number, count=len(self._asked))
            click.echo("\n".join([page.rule(self._lesson.title, place), *page.question(question, number)]))
            right += self._answered(question)
        if self._asked:
            score = page.words("score", right=right, count=len(self._asked))
            click.echo(page.rule(score))

    def _answered(self, question: Question) -> bool:
        """Let the reader answer one question; tell what is right, and what proves it."""
        page = self._page
        click.echo(page.palette.paint(f"  {page.words['answering']}", "90"))
        given = click.prompt("  ", prompt_suffix="> ", default="", show_default=False).strip()
        if given == "q":
            raise Quit
        if question.accepts(given):
            click.echo(page.right(page.words["right"]))
            click.echo("\n".join([*page.labelled("proof", question.because), ""]))
            return True
        answer = f"{question.letter}, {question.answer}" if question.choices else question.answer
        verdict = page.words("wrong" if given else "skipped", answer=answer)
        click.echo("\n".join([*page.wrong(verdict), *page.proof(question), ""]))
        return False
