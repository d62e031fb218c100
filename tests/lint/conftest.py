"""Conversations for the linter: the lines of an example in, the findings of all rules out."""

import re
from collections.abc import Callable, Sequence

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.lint import Linter
from xmppscope.lint.preambles import PREAMBLES
from xmppscope.lint.rule import Example, talk
from xmppscope.model.timeline import Entry, Finding, Record
from xmppscope.model.wire import Data, Ended, Lost, Opened
from xmppscope.tls.keylog import KeyStore

START = 1_700_000_000_000_000_000
LINE = re.compile(r"([CS])(?:: (.*)| (fin|rst|gap))", re.DOTALL)


class Heard:
    """What came of a conversation."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.findings = [record for record in records if isinstance(record, Finding)]
        self.entries = [record for record in records if isinstance(record, Entry)]

    @property
    def rules(self) -> list[str]:
        return [finding.rule for finding in self.findings]


def play(example: Example, *, syn: bool = True, select: Sequence[str] = (), analyzer: Analyzer | None = None) -> Heard:
    analyzer = analyzer or Analyzer(KeyStore(), observers=[Linter(select)])
    records = analyzer.feed(Opened(1, START, 0, "192.0.2.1:40001", "192.0.2.2:5222", syn))
    for number, line in enumerate((*PREAMBLES[example.after], *example.lines), 1):
        found = LINE.fullmatch(line)
        assert found is not None, line
        who, xml, event = found.groups()
        side, time = "CS".index(who), START + number * 1_000_000
        if xml is not None:
            records += analyzer.feed(Data(1, side, time, number, xml.encode()))
        elif event == "gap":
            records += analyzer.feed(Lost(1, side, time, number, 20))
        else:
            records += analyzer.feed(Ended(1, side, time, number, event == "rst"))
    return Heard([*records, *analyzer.close()])


@pytest.fixture
def hear() -> Callable[..., Heard]:
    """Play lines behind a preamble and return what the rules say."""

    def run(*lines: str, after: str = "login", syn: bool = True, select: Sequence[str] = ()) -> Heard:
        return play(talk(*lines, after=after), syn=syn, select=select)  # type: ignore[arg-type]

    return run


@pytest.fixture
def play_example() -> Callable[[Example], Heard]:
    """Play an example of a rule."""
    return play
