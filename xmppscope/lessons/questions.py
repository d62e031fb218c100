"""Questions about a recording, with the answers and the entries that prove them, made by the state machines.

Nothing here is written by hand but the sentences: states come from the negotiation, counters from stream management,
contacts from the table of subscriptions, violations from the rules, answers from what belongs together.
"""

from collections.abc import Callable, Iterable
from typing import Final

from xmppscope.lessons.binding import Recorded, Shown
from xmppscope.lessons.library import Ask, Lesson
from xmppscope.lessons.questions_more import MAKERS as MORE
from xmppscope.lessons.topic import Made, Question, Topic, choose
from xmppscope.lessons.voices import comes_next, named
from xmppscope.lessons.words import words
from xmppscope.model.timeline import Entry
from xmppscope.session.states import State

_MOST_NAMED: Final = 12


def questions(lesson: Lesson, language: str, steps: list[Shown], recordings: dict[str, Recorded]) -> list[Question]:
    """Return the questions that the plan of *lesson* asks for."""
    by_id = {shown.step.id: shown for shown in steps}
    made = []
    for ask in lesson.asks:
        topic = Topic(_entry(ask, by_id), recordings[ask.view], steps, ask, words(language), language)
        question = MAKERS[ask.kind](topic)
        if question is None:
            raise LookupError(f"{lesson.name}: the recording has no answer to {ask.kind} {ask.step or ask.view}")
        made.append(question)
    return made


def _entry(ask: Ask, steps: dict[str, Shown]) -> Entry | None:
    """Return the entry that the question is about: of a step the first, or the one that `step.2` names."""
    name, _, place = ask.step.partition(".")
    return steps[name].entries[int(place or 1) - 1] if name else None


def _state(topic: Topic) -> Made:
    entry = topic.entry
    around = [state.value for state in State if state.value != "unknown"]
    choices = choose(entry.state, around, entry.entry)
    gaps = {"entry": entry.entry, "connection": entry.connection}
    return topic.ask(
        "state", entry.state, gaps, (entry.entry,), topic.words("saystate", answer=entry.state, **gaps), choices
    )


def _forward(topic: Topic) -> Made:
    """Ask what may come next: right is what the explanation of the element says, and what came shows it."""
    entry = topic.entry
    right = comes_next(entry, topic.language)
    followers = (one for one in topic.after() if one.connection == entry.connection and one.kind != "keepalive")
    came = next(followers, None)
    if not right or came is None:
        return None
    others = {comes_next(one, topic.language) for one in topic.recorded.entries.values()} - {right, ""}
    choices = choose(right, sorted(others), entry.entry)
    because = topic.words("sayforward", proof=came.entry)
    gaps = {"entry": entry.entry, "what": named(entry)}
    return topic.ask("forward", right, gaps, (came.entry,), because, choices)


def _request(topic: Topic) -> Made:
    entry = topic.entry
    if entry.answers is None:
        return None
    because = topic.words("sayrequest", id=entry.id)
    return topic.ask("request", str(entry.answers), {"entry": entry.entry}, (entry.answers, entry.entry), because)


def _delivery(topic: Topic) -> Made:
    entry = topic.entry
    for other in topic.after():
        if other.sender == "receiving" and (other.name, other.id) == (entry.name, entry.id):
            because = topic.words("saydelivery", proof=other.entry, connection=other.connection)
            return topic.ask("delivery", str(other.entry), {"entry": entry.entry}, (other.entry,), because)
    return None


def _pushed(topic: Topic) -> Made:
    """Ask how much came unasked on the first connection."""
    answers = {"result", "error"}
    found = [
        one.entry
        for one in topic.on_connection()
        if one.kind == "stanza" and one.sender == "receiving" and one.type not in answers
    ]
    return _counted(topic, "pushed", found)


def _clear(topic: Topic) -> Made:
    found = [one.entry for one in topic.on_connection() if one.name is not None and one.protection == "none"]
    return _counted(topic, "clear", found)


def _counted(topic: Topic, kind: str, found: list[int]) -> Made:
    because = topic.words(f"say{kind}", entries=_numbers(found))
    return topic.ask(kind, str(len(found)), {"connection": topic.connection}, tuple(found), because)


def _stream(topic: Topic) -> Made:
    entry = topic.entry
    headers = [
        one.entry
        for one in topic.on_connection()
        if one.kind == "stream-open" and one.sender == entry.sender and one.entry <= entry.entry
    ]
    because = topic.words("saystream", entries=_numbers(headers))
    return topic.ask("stream", str(entry.stream), {"entry": entry.entry}, tuple(headers), because)


def _opened(topic: Topic) -> Made:
    for one in topic.on_connection():
        if one.state == "open":
            because = topic.words("sayopened", proof=one.entry)
            return topic.ask("opened", str(one.entry), {"connection": topic.connection}, (one.entry,), because)
    return None


def _numbers(found: Iterable[int]) -> str:
    numbers = [f"#{number}" for number in found]
    return ", ".join(numbers[:_MOST_NAMED]) + (", …" if len(numbers) > _MOST_NAMED else "")


MAKERS: Final[dict[str, Callable[[Topic], Made]]] = {
    "state": _state,
    "forward": _forward,
    "request": _request,
    "delivery": _delivery,
    "pushed": _pushed,
    "clear": _clear,
    "stream": _stream,
    "opened": _opened,
    **MORE,
}
"""What makes a question, by its kind in a plan."""
