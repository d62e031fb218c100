"""A lesson as lines of a terminal: the steps, one at a time or all, the questions, and the list of all lessons.

Explanations and answers are wrapped, XML is cut to a few lines unless all of it is wanted. What comes from the wire is
escaped here like in the timeline.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from xmppscope.cli.lesson_lanes import Arrow, draw
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson
from xmppscope.lessons.told import Told, tell
from xmppscope.lessons.topic import LETTERS, Question
from xmppscope.lessons.words import words
from xmppscope.model.timeline import Entry
from xmppscope.render.terminal.glyphs import ASCII, UNICODE
from xmppscope.render.terminal.labels import mark
from xmppscope.render.terminal.markup import hard_wrap, pretty
from xmppscope.render.terminal.palette import CONNECTIONS, ERROR, MESSAGE, QUIET, REPAIRED, Palette
from xmppscope.render.terminal.safe import Legible
from xmppscope.render.terminal.width import cut, width, wrap

WIDEST: Final = 100
_NARROWEST: Final = 20
_INDENT: Final = 2
_LINES: Final = 8


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What the output can show."""

    width: int
    colour: bool
    ascii: bool
    encoding: str


class LessonPage:
    """Lays out lessons in one language."""

    def __init__(self, drawing: Drawing, language: str) -> None:
        self.words = words(language)
        self.language = language
        self.columns = min(max(drawing.width, _NARROWEST), WIDEST)
        self.palette = Palette(colour=drawing.colour)
        self._ascii = drawing.ascii
        self._glyphs = ASCII if drawing.ascii else UNICODE
        self._legible = Legible(self._glyphs.words, drawing.encoding)
        labels = ("sent", "means", "why", "next", "risk", "spec", "state", "computed", "proof")
        self._column = max(width(self.words[label]) for label in labels) + 2

    def listed(self, lessons: Iterable[Lesson]) -> list[str]:
        """Return the list of lessons, each with its title and the number of its steps."""
        lessons = list(lessons)
        first = max(width(lesson.name) for lesson in lessons) + 2
        lines = [f"{lesson.name:<{first}}{self._legible(lesson.title)}" for lesson in lessons]
        return [self.rule(self.words["listhead"]), *lines, *self._quiet(self.words["listhow"])]

    def whole(self, lesson: Lesson, steps: list[Shown], asked: list[Question], *, answers: bool) -> list[str]:
        """Return the lesson with all steps and questions, one after the other."""
        lines = [self.rule(lesson.title), *self.prose(lesson.about)]
        for number, shown in enumerate(steps, 1):
            lines += ["", *self.step(lesson, shown, number, len(steps))]
        if asked:
            lines += ["", self.rule(self.words["questions"])]
        for number, question in enumerate(asked, 1):
            lines += [*self.question(question, number), *(self.solution(question) if answers else ()), ""]
        if asked and not answers:
            lines += self._quiet(self.words("unasked", name=lesson.name))
        return lines

    def step(
        self, lesson: Lesson, shown: Shown, number: int, count: int, *, full: bool = False, states: bool = False
    ) -> list[str]:
        """Return the lines of a step: the picture, what was sent, and what there is to say about it."""
        told = tell(lesson, shown, self.language)
        place = self.words("step", number=number, count=count)
        lines = [self.rule(told.title, place, f"{number}/{count}"), *self._picture(shown)]
        if told.reading:
            lines += self._quiet(told.reading)
        lines += self._sent(shown, full=full)
        for label, text in (("means", told.means), ("why", told.why), ("next", told.next), ("risk", told.risk)):
            lines += self.labelled(label, text)
        if told.computed:
            lines += self._computed(told)
        if states:
            lines += self._states(told)
        return lines + self.labelled("spec", told.spec)

    def question(self, question: Question, number: int) -> list[str]:
        """Return the lines of a question and its choices."""
        lines = wrap(self._legible(f"{number}. {question.text}"), self.columns - _INDENT)
        lines = [self.palette.paint(line, MESSAGE) for line in self.indented(lines)]
        for letter, choice in zip(LETTERS, question.choices, strict=False):
            first, *more = wrap(self._legible(choice), self.columns - 2 * _INDENT - 3)
            lines += [f"    {letter}  {first}", *(f"       {line}" for line in more)]
        return lines

    def solution(self, question: Question) -> list[str]:
        """Return the lines of the right answer, and what proves it."""
        letter = f"{question.letter}  " if question.choices else ""
        return [*self.labelled("answer", letter + question.answer), *self.proof(question)]

    def proof(self, question: Question) -> list[str]:
        """Return the lines that prove the answer: in words, then the entries."""
        lines = self.labelled("proof", question.because)
        for number in question.proof[:4]:
            entry = question.recorded.entries[number]
            line = self._legible(f"#{number} {self._arrow(entry)} {label(entry)}: {entry.summary}")
            room = self.columns - _INDENT - self._column
            fitted = line if width(line) <= room else cut(line, room, self._glyphs.ellipsis)
            lines.append(" " * (_INDENT + self._column) + fitted)
        return lines

    def rule(self, title: str, end: str = "", short: str = "") -> str:
        """Return a rule with a title in it and perhaps something at its end, the *short* form where room is scarce."""
        dash = self._glyphs.rule
        line = f"{dash * 2} {self._legible(title)} "
        tails = [f" {self._legible(word)} {dash * 2}" for word in (end, short) if word] or [""]
        tail = next((tail for tail in tails if width(line) + width(tail) + 2 <= self.columns), tails[-1])
        return self.palette.paint(line, MESSAGE) + self.palette.paint(
            dash * max(self.columns - width(line) - width(tail), 2) + tail, QUIET
        )

    def prose(self, text: str) -> list[str]:
        """Return *text* in lines, set in a little."""
        return self.indented(wrap(self._legible(text), self.columns - _INDENT))

    def labelled(self, name: str, text: str) -> list[str]:
        """Return *text* behind the label called *name*; nothing if there is no text."""
        if not text:
            return []
        style = ERROR if name == "risk" else QUIET
        return self._beside(self.words[name], wrap(self._legible(text), self._room), style)

    def indented(self, lines: Iterable[str]) -> list[str]:
        """Return *lines* set in a little."""
        return [" " * _INDENT + line for line in lines]

    def right(self, text: str) -> str:
        """Return a word of praise, such as it is."""
        return self.palette.paint(" " * _INDENT + self._legible(text), REPAIRED)

    def wrong(self, text: str) -> list[str]:
        """Return what is said of a wrong answer."""
        return [self.palette.paint(line, ERROR) for line in self.prose(text)]

    @property
    def _room(self) -> int:
        return self.columns - _INDENT - self._column

    def _beside(self, name: str, lines: Sequence[str], style: str = QUIET) -> list[str]:
        head = name + " " * (self._column - width(name))
        blank = " " * self._column
        first, *more = lines or [""]
        return self.indented([self.palette.paint(head, style) + first, *(blank + line for line in more)])

    def _quiet(self, text: str) -> list[str]:
        return [self.palette.paint(line, QUIET) for line in self.prose(text)]

    def _picture(self, shown: Shown) -> list[str]:
        arrows = []
        for entry in shown.entries:
            source, target = shown.recorded.lanes(entry)
            trouble = mark(entry) in {"error", "warning"}
            arrows.append(Arrow(source, target, self._legible(label(entry)), protected(entry), trouble))
        room = self.columns - _INDENT
        names, *lines = self.indented(draw(shown.recorded.view.lanes, arrows, room, ascii=self._ascii))
        painted = [self.palette.paint(names, QUIET)]
        for entry, arrow, line in zip(shown.entries, arrows, lines, strict=True):
            style = ERROR if arrow.trouble else CONNECTIONS[(entry.connection - 1) % len(CONNECTIONS)]
            painted.append(self.palette.paint(line, style))
        return painted

    def _sent(self, shown: Shown, *, full: bool) -> list[str]:
        """Return what was sent: of every entry what it does, and of those that matter the XML, or of all."""
        lines: list[str] = []
        for place, entry in enumerate(shown.entries):
            head = f"#{entry.entry}  {entry.summary}"
            lines += [self.palette.paint(line, QUIET) for line in wrap(self._legible(head), self._room)]
            if entry.xml is not None and (full or place in shown.step.xml):
                lines += self._xml(entry, full=full)
        return self._beside(self.words["sent"], lines)

    def _xml(self, entry: Entry, *, full: bool) -> list[str]:
        lines = hard_wrap(pretty(entry.xml or "", self._room), self._room)
        lines = [self._legible(line) for line in lines]
        if full or len(lines) <= _LINES:
            return lines
        rest = self.words("shortened", count=len(lines) - _LINES + 1)
        return [*lines[: _LINES - 1], self.palette.paint(self._legible(rest), QUIET)]

    def _computed(self, told: Told) -> list[str]:
        lines = []
        wide = max(width(self._legible(name)) for name, _ in told.computed) + 2
        if wide > self._room // 2:
            # Names that long stand above their values.
            stacked = [
                line for name, value in told.computed for line in (self._legible(name), f"  {self._legible(value)}")
            ]
            return self._beside(self.words["computed"], [line for row in stacked for line in wrap(row, self._room)])
        for name, value in told.computed:
            first, *more = wrap(self._legible(value), self._room - wide)
            lines += [f"{self._legible(name):<{wide}}{first}", *(" " * wide + line for line in more)]
        return self._beside(self.words["computed"], lines)

    def _states(self, told: Told) -> list[str]:
        return self._beside(self.words["state"], [self._legible(line) for line in told.states])

    def _arrow(self, entry: Entry) -> str:
        return self._glyphs.arrows[entry.sender, protected(entry)].strip()


def protected(entry: Entry) -> bool:
    """Tell whether TLS protects what *entry* shows; the end of TCP it can't."""
    return entry.protection != "none" and entry.kind != "closed"


def label(entry: Entry) -> str:
    """Return an entry as a word: its tag, an iq with its type, else its kind."""
    if entry.kind == "stream-close":
        return f"/{entry.name or 'stream'}"
    if entry.name is None:
        return entry.kind
    return f"iq {entry.type}" if entry.name == "iq" and entry.type else entry.name
