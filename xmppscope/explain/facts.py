"""What an explanation of something that is no element consists of: a line, its annotations, and data for machines."""

from dataclasses import dataclass, field

from xmppscope.model.timeline import Annotation

Value = str | int | bool | list[str]


@dataclass(slots=True)
class Facts:
    """A summary for the timeline, the facts behind it with their sections, and the same for machines (`Entry.tls`)."""

    summary: str
    annotations: list[Annotation] = field(default_factory=list)
    tls: dict[str, Value] = field(default_factory=dict)

    def note(self, text: str, spec: str = "") -> None:
        """Add one annotation."""
        self.annotations.append(Annotation(text, spec))


def bounded(text: str, most: int = 200) -> str:
    """Return *text*, which may come from the wire, cut to *most* characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def listed(words: list[str], most: int = 6) -> str:
    """Return the first *most* of *words* in one line, and how many there are beyond."""
    shown = ", ".join(bounded(word, 100) for word in words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown
