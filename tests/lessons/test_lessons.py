"""Every lesson: its steps find their entries, its claims hold, its questions are answered by the recording."""

import re
from collections.abc import Callable

import pytest

from xmppscope.explain.languages import CHINESE, ENGLISH, LANGUAGES
from xmppscope.explain.lookup import explain
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.blocks import parse
from xmppscope.lessons.library import NAMES, Lesson, lesson, recording
from xmppscope.lessons.questions import MAKERS
from xmppscope.lessons.told import tell
from xmppscope.lessons.topic import Question
from xmppscope.lessons.words import words
from xmppscope.session.subscription import Subscription

pytestmark = pytest.mark.real

CHARACTER = re.compile("[\u4e00-\u9fff]")
HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:?!.]")
"""Signs that in Chinese are as wide as a character."""

Ready = Callable[[str, str], tuple[Lesson, list[Shown], list[Question]]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_step_finds_its_entries_and_says_what_it_should(name: str, language: str, ready: Ready) -> None:
    chosen, shown, _ = ready(name, language)
    assert len(shown) == len(chosen.steps) >= 5
    for one in shown:
        told = tell(chosen, one, language)
        assert one.entries
        for part in (told.title, told.means, told.why, told.next, told.risk):
            assert part, (name, one.step.id)
            assert not part.startswith(" ")
        assert told.means.endswith((".", "?", "。", "？"))
        assert told.spec.startswith(("RFC ", "XEP-"))
        assert all(value for _, value in told.computed)


@pytest.mark.parametrize("name", NAMES)
def test_a_question_is_answered_by_what_the_machines_know(name: str, ready: Ready) -> None:
    _, _, asked = ready(name, ENGLISH)
    assert len(asked) >= 4
    for question in asked:
        assert question.proof
        assert all(number in question.recorded.entries for number in question.proof)
        assert question.because
        assert question.accepts(question.answer)
        assert question.accepts(f" {question.answer.upper()} ")
        assert not question.accepts("no idea")
        assert not question.accepts("")
        if question.choices:
            assert len(set(question.choices)) == len(question.choices) >= 2
            assert question.choices.count(question.answer) == 1
            assert question.accepts(question.letter + ")")
            assert not any(question.accepts(other) for other in question.choices if other != question.answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_translation_asks_the_same(name: str, ready: Ready) -> None:
    _, _, english = ready(name, ENGLISH)
    _, _, chinese = ready(name, CHINESE)
    assert [question.kind for question in english] == [question.kind for question in chinese]
    assert [question.proof for question in english] == [question.proof for question in chinese]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_language_has_words_for_every_step(name: str, language: str) -> None:
    chosen, other = lesson(name, language), lesson(name, ENGLISH)
    written = ("title", "means", "why", "next", "risk", "cause")
    for step, original in zip(chosen.steps, other.steps, strict=True):
        assert [bool(getattr(step, part)) for part in written] == [bool(getattr(original, part)) for part in written]
    if language == CHINESE:
        assert all(CHARACTER.search(step.why) for step in chosen.steps)
        assert not any(HALF_WIDTH.search(step.why + step.risk + step.means) for step in chosen.steps)


def test_every_language_has_the_same_words() -> None:
    english, chinese = words(ENGLISH), words(CHINESE)
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        gaps = {part.partition("}")[0] for part in text.split("{")[1:]}
        assert gaps >= {part.partition("}")[0] for part in chinese[name].split("{")[1:]}, name


def test_every_kind_of_question_is_asked_somewhere(ready: Ready) -> None:
    asked = {ask.kind for name in NAMES for ask in ready(name, ENGLISH)[0].asks}
    assert asked == MAKERS.keys()


def test_the_subscription_lesson_shows_eight_of_the_nine_states(ready: Ready) -> None:
    _, shown, _ = ready("subscription", ENGLISH)
    known = shown[0].recorded.known.values()
    seen = {state for knowledge in known for state in knowledge.subscriptions.values()} | {Subscription.NONE.value}
    assert {state.value for state in Subscription} - seen == {Subscription.NONE_BOTH.value}


def test_scram_is_computed_to_what_was_sent(ready: Ready) -> None:
    chosen, shown, _ = ready("scram", ENGLISH)
    values = {name: value for one in shown for name, value in tell(chosen, one, ENGLISH).computed}
    assert values["sent p="].endswith(" = ClientProof")
    assert values["sent v="].endswith(" = ServerSignature")
    assert values["iterations i="] == "10000"


def test_the_wire_shows_nothing_of_what_is_said_under_tls(ready: Ready) -> None:
    _, shown, asked = ready("tls", ENGLISH)
    wire, tap = shown[0].recorded, shown[-1].recorded
    assert not any("Montague" in (entry.xml or "") for entry in wire.entries.values())
    assert any("Montague" in (entry.xml or "") for entry in tap.entries.values())
    clear = next(question for question in asked if question.kind == "clear")
    assert clear.answer == "5"


def test_the_new_login_waits_less_often_than_the_old_one(ready: Ready) -> None:
    chosen, shown, _ = ready("logins", ENGLISH)
    trips = [
        int(value) for one in shown for name, value in tell(chosen, one, ENGLISH).computed if name == "round trips"
    ]
    assert trips == [5, 2]


@pytest.mark.parametrize("name", sorted({view.recording for name in NAMES for view in lesson(name).views.values()}))
def test_recordings_are_small_and_their_secrets_are_of_the_laboratory(name: str) -> None:
    capture, _ = recording(name)
    assert capture[:4] == b"\xd4\xc3\xb2\xa1"
    assert len(capture) < 60_000


def test_a_lesson_in_a_step_names_exists(ready: Ready) -> None:
    for name in NAMES:
        for step in ready(name, ENGLISH)[0].steps:
            for text in (step.why, step.risk, step.means):
                mentioned = text.partition("the lesson ")[2].partition(" ")[0].strip(".,;:")
                assert not mentioned or mentioned in NAMES


def test_specifications_are_known() -> None:
    numbers = {step.spec.split()[0] for name in NAMES for step in lesson(name).steps if step.spec.startswith("XEP")}
    assert all(explain(number) for number in numbers)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("[one]\nx: 1\n[one]\n", "two blocks called one"),
        ("nonsense\n", "neither a title nor a field"),
        ("[One]\n", "neither a title nor a field"),
    ],
)
def test_what_is_written_wrongly_is_refused(source: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(source)


def test_lines_go_on_with_a_blank_but_for_chinese() -> None:
    head, blocks = parse("title: one\n two\n# a remark\n\n[step]\nwhy: 甲，\n 乙\nwhy: 丙\n b\n")
    assert head == {"title": ["one two"]}
    assert blocks == {"step": {"why": ["甲，乙", "丙 b"]}}
