"""What a question is made of, and what it is: its sentence, its choices if there are any, what is right, the proof."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from xmppscope.lessons.binding import Recorded, Shown
from xmppscope.lessons.library import Ask
from xmppscope.lessons.words import Words
from xmppscope.model.timeline import Entry

LETTERS: Final = "abcdefgh"
_CHOICES: Final = 4


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question: `choices` are empty where an answer is to be written; `proof` are entries of `recorded`."""

    kind: str
    text: str
    answer: str
    because: str
    proof: tuple[int, ...]
    recorded: Recorded
    choices: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """The letter of the right choice; empty where there are none."""
        return LETTERS[self.choices.index(self.answer)] if self.choices else ""

    def accepts(self, given: str) -> bool:
        """Tell whether what was typed is right: the letter, or the answer in words; case and `#` do not matter."""
        word = " ".join(given.split()).casefold()
        right = {self.answer.casefold()}
        if self.choices:
            right.add(self.letter)
        if self.answer.startswith("#"):
            right.add(self.answer.partition(" ")[0][1:])
        return not right.isdisjoint({word, word.rstrip(")."), word.removeprefix("#")})


Made = Question | None


class Topic:
    """What one question is to be about; without an entry about the first connection of its recording."""

    def __init__(
        self, entry: Entry | None, recorded: Recorded, steps: Sequence[Shown], ask: Ask, words: Words, language: str
    ) -> None:
        self.recorded = recorded
        self.steps = steps
        self.words = words
        self.language = language
        self.asked = ask
        self._entry = entry

    @property
    def entry(self) -> Entry:
        """The entry that the question is about."""
        if self._entry is None:
            raise LookupError(f"a question {self.asked.kind} needs a step to be about")
        return self._entry

    @property
    def connection(self) -> int:
        """The connection that the question is about."""
        return next(iter(self.recorded.view.ways)) if self._entry is None else self._entry.connection

    def on_connection(self) -> Iterator[Entry]:
        """Yield the entries of the connection."""
        return (one for one in self.recorded.entries.values() if one.connection == self.connection)

    def after(self) -> Iterator[Entry]:
        """Yield the entries behind the one that the question is about."""
        return (one for one in self.recorded.entries.values() if one.entry > self.entry.entry)

    def ask(
        self,
        kind: str,
        answer: str,
        gaps: Mapping[str, object],
        proof: tuple[int, ...],
        because: str,
        choices: tuple[str, ...] = (),
    ) -> Question:
        """Return the question of this kind, with its sentence."""
        return Question(
            kind=kind,
            text=self.words(f"ask{kind}", **gaps),
            answer=answer,
            because=because,
            proof=proof,
            recorded=self.recorded,
            choices=choices,
        )


def choose(right: str, others: Sequence[str], seed: int) -> tuple[str, ...]:
    """Return the right answer among up to three others; the same each time, so that a printed key stays true."""
    wrong = [other for other in dict.fromkeys(others) if other != right]
    start = seed % len(wrong) if wrong else 0
    chosen = (wrong[start:] + wrong[:start])[: _CHOICES - 1]
    chosen.insert(seed % (len(chosen) + 1), right)
    return tuple(chosen)
