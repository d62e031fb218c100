"""A lesson as one HTML page to print and hand out: no script, nothing to load, everything from the wire escaped.

Students get the steps and the questions; with answers it is the teacher's copy, with a key at its end.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from xmppscope.explain.languages import CHINESE
from xmppscope.lessons.binding import Recorded, Shown
from xmppscope.lessons.handout_style import STYLE
from xmppscope.lessons.layout import laid_out
from xmppscope.lessons.library import Lesson
from xmppscope.lessons.picture import svg
from xmppscope.lessons.told import Told, tell
from xmppscope.lessons.topic import LETTERS, Question
from xmppscope.lessons.words import words
from xmppscope.model.plaintext import visible
from xmppscope.model.timeline import Entry

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_LONGEST: Final = 40


class Handout:
    """The page of one lesson in one language."""

    def __init__(
        self, lesson: Lesson, language: str, steps: list[Shown], asked: list[Question], *, answers: bool
    ) -> None:
        self._lesson = lesson
        self._language = language
        self._words = words(language)
        self._steps = steps
        self._asked = asked
        self._answers = answers

    def page(self) -> str:
        """Return the whole page."""
        title = _text(self._lesson.title)
        tag = "zh-Hans" if self._language == CHINESE else "en"
        parts = [
            f'<!doctype html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            f'<header><p class="name">{_text(self._words["blank"])}</p><h1>{title}</h1>',
            f"<p>{_text(self._lesson.about)}</p></header>\n<main>",
            *(self._step(number, shown) for number, shown in enumerate(self._steps, 1)),
            *self._questions(),
            *(self._key() if self._answers and self._asked else ()),
            "</main>",
            f"<footer>{self._source()}</footer>\n</body>\n</html>\n",
        ]
        return "\n".join(parts)

    def _step(self, number: int, shown: Shown) -> str:
        told = tell(self._lesson, shown, self._language)
        reading = f'<p class="reading">{_text(told.reading)}</p>' if told.reading else ""
        rows = [
            self._row(name, f"<p>{_text(text)}</p>")
            for name, text in (("means", told.means), ("why", told.why), ("next", told.next), ("risk", told.risk))
            if text
        ]
        if told.computed:
            rows.append(self._row("computed", self._computed(told)))
        if told.spec:
            rows.append(self._row("spec", f"<p>{_text(told.spec)}</p>"))
        sent = "".join(self._sent(entry, whole=place in shown.step.xml) for place, entry in enumerate(shown.entries))
        return (
            f'<section class="step" id="{_text(shown.step.id)}">\n<h2><span>{number}</span> {_text(told.title)}</h2>'
            f"{svg(shown)}{reading}{sent}<dl>{''.join(rows)}</dl></section>"
        )

    def _row(self, name: str, content: str) -> str:
        return f'<dt class="{name}">{_text(self._words[name])}</dt><dd>{content}</dd>'

    def _sent(self, entry: Entry, *, whole: bool) -> str:
        head = f'<p class="sent"><b>#{entry.entry}</b> <bdi>{_text(entry.summary)}</bdi></p>'
        if entry.xml is None or not whole:
            return head
        lines = laid_out(entry.xml)
        cut = [*lines[:_LONGEST], "…"] if len(lines) > _LONGEST else lines
        return f"{head}<pre><bdi>{_text(chr(10).join(cut), lines=True)}</bdi></pre>"

    def _computed(self, told: Told) -> str:
        rows = "".join(
            f"<tr><th>{_text(name)}</th><td><bdi>{_text(value)}</bdi></td></tr>" for name, value in told.computed
        )
        return f"<table>{rows}</table>"

    def _questions(self) -> Iterable[str]:
        if not self._asked:
            return
        yield f'<section class="questions"><h2>{_text(self._words["questions"])}</h2><ol>'
        for question in self._asked:
            yield f"<li><p>{_text(question.text)}</p>{self._choices(question)}</li>"
        yield "</ol></section>"

    def _choices(self, question: Question) -> str:
        if not question.choices:
            return '<p class="line"></p>'
        pairs = zip(LETTERS, question.choices, strict=False)
        items = "".join(f"<li><span>{letter}</span><bdi>{_text(choice)}</bdi></li>" for letter, choice in pairs)
        return f'<ul class="choices">{items}</ul>'

    def _key(self) -> Iterable[str]:
        yield f'<section class="key"><h2>{_text(self._words["key"])}</h2><p>{_text(self._words["keynote"])}</p><ol>'
        for question in self._asked:
            letter = f"{question.letter}: " if question.choices else ""
            proof = "".join(f"<li>{_proof(question.recorded, number)}</li>" for number in question.proof[:4])
            yield (
                f"<li><p><b>{letter}<bdi>{_text(question.answer)}</bdi></b> <bdi>{_text(question.because)}</bdi></p>"
                f'<ul class="proof">{proof}</ul></li>'
            )
        yield "</ol></section>"

    def _source(self) -> str:
        names = ", ".join(dict.fromkeys(f"{view.recording}.pcap" for view in self._lesson.views.values()))
        return f"xmppscope lesson {_text(self._lesson.name)} · {_text(self._words['recording'])}: {_text(names)}"


def _proof(recorded: Recorded, number: int) -> str:
    entry = recorded.entries[number]
    source, target = recorded.lanes(entry)
    return f"#{number} {_text(source)} → {_text(target)}: <bdi>{_text(entry.summary)}</bdi>"


def _text(text: str, *, lines: bool = False) -> str:
    """Return *text* for HTML: nothing of it is markup, and what can't be seen is written out."""
    shown = "\n".join(_seen(line) for line in text.split("\n")) if lines else _seen(text)
    return escape(shown, quote=True)


def _seen(text: str) -> str:
    return text if text.isprintable() else visible(text)
