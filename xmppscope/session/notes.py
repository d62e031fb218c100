"""Adds facts and relations to an entry: all that an observer may change of it."""

from xmppscope.model.timeline import Annotation, Entry, Link


def annotate(entry: Entry, text: str, spec: str) -> None:
    """Add one fact, with the section that it rests on."""
    note = Annotation(text, spec)
    if entry.annotations is None:
        entry.annotations = [note]
    else:
        entry.annotations.append(note)


def link(entry: Entry, rel: str, to: int) -> None:
    """Relate *entry* to an earlier one, once; to itself there is no relation."""
    relation = Link(rel, to)
    if to == entry.entry:
        return
    if entry.links is None:
        entry.links = [relation]
    elif relation not in entry.links:
        entry.links.append(relation)


def counted(count: int, noun: str) -> str:
    """Return *count* and *noun*, with the plural s where it needs one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
