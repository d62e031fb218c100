"""What a step says, in whatever form it is shown: its own words, and those of the explanations where it has none."""

import msgspec

from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson
from xmppscope.lessons.values import computed
from xmppscope.lessons.voices import comes_next, says
from xmppscope.lessons.words import words


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a step; `computed` are names with values, `states` lines about connections, counters, contacts."""

    title: str
    means: str
    why: str
    next: str
    risk: str
    spec: str
    reading: str
    computed: tuple[tuple[str, str], ...]
    states: tuple[str, ...]


def tell(lesson: Lesson, shown: Shown, language: str) -> Told:
    """Return what *shown* says in *language*."""
    step, first = shown.step, shown.entries[0]
    several = len({view.wire for view in lesson.views.values()}) > 1
    reading = words(language)["wire" if shown.recorded.view.wire else "tap"] if several else ""
    return Told(
        title=step.title,
        means=step.means or says(first, language),
        why=step.why,
        next=step.next or comes_next(shown.entries[-1], language),
        risk=step.risk,
        spec=step.spec,
        reading=reading,
        computed=tuple(pair for name in step.values for pair in computed(name, lesson, shown)),
        states=tuple(_states(shown)),
    )


def _states(shown: Shown) -> list[str]:
    lines = []
    for entry in shown.entries:
        before = shown.recorded.before[entry.entry]
        change = entry.state if entry.state == before else f"{before} → {entry.state}"
        lines.append(f"#{entry.entry}  {change}")
        lines += [f"    {note.text}" + (f" ({note.spec})" if note.spec else "") for note in entry.annotations or ()]
    known = shown.recorded.known.get(shown.entries[-1].entry)
    if known is not None:
        for who, counters in zip(("→", "←"), known.counters, strict=True):
            if counters is not None:
                lines.append(f"{who} {counters.sent} sent, {counters.acknowledged} acknowledged")
        lines += [f"{contact}: {state}" for contact, state in known.subscriptions.items()]
    return lines
