"""Values computed before your eyes: what a step's bytes come to, with every intermediate result.

Each function takes a step with its entries and returns names, in the words of the specification, with values. A plan
says `values: NAME ARGUMENT`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from xmppscope.lessons import scram
from xmppscope.lessons.binding import Shown
from xmppscope.lessons.library import Lesson
from xmppscope.model.jid import Jid
from xmppscope.model.timeline import Entry

Pairs = list[tuple[str, str]]
Compute = Callable[[Lesson, Shown, str], Pairs]

_MOST: Final = 14


def computed(value: str, lesson: Lesson, shown: Shown) -> Pairs:
    """Return the values that *value* of a plan asks for; raise `KeyError` if nothing is called so."""
    name, _, argument = value.partition(" ")
    return VALUES[name](lesson, shown, argument)


def _jid(_lesson: Lesson, shown: Shown, which: str) -> Pairs:
    """Return an address of the first entry, or the one that was bound, in its parts."""
    entry = shown.entries[0]
    last = shown.recorded.known[shown.entries[-1].entry]
    jid = last.bound if which == "bound" else (entry.from_ if which == "from" else entry.to) or ""
    parts = Jid.parse(jid)
    pairs = zip(("localpart", "domainpart", "resourcepart"), parts, strict=True)
    return [("JID", jid), *((name, part or "–") for name, part in pairs)]


def _documents(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return what each direction has written so far, document by document."""
    last = shown.entries[-1]
    found: dict[tuple[str, int], list[str]] = {}
    for entry in shown.recorded.entries.values():
        if entry.connection == last.connection and entry.entry <= last.entry and entry.name is not None:
            found.setdefault((entry.sender, entry.stream), []).append(_tag(entry))
    initiating, receiving = shown.recorded.view.ways[last.connection]
    names = {"initiating": initiating, "receiving": receiving}
    return [
        (f"{names[sender]} {stream}", " ".join(_shortened(tags))) for (sender, stream), tags in sorted(found.items())
    ]


def _tag(entry: Entry) -> str:
    if entry.kind == "stream-open":
        return "<stream>"
    return "</stream>" if entry.kind == "stream-close" else f"<{entry.name}/>"


def _shortened(tags: list[str]) -> list[str]:
    return tags if len(tags) <= _MOST else [*tags[:4], "…", *tags[-_MOST + 5 :]]


def _tls(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return the facts of a handshake as its annotations tell them."""
    return [
        (head, value.strip())
        for note in shown.entries[0].annotations or ()
        for head, colon, value in (note.text.partition(":"),)
        if colon
    ]


def _bytes(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return the bytes of what could not be read, as text where they are text."""
    entry = shown.entries[0]
    return [(f"#{entry.entry}", bytes.fromhex(entry.bytes or "").decode("ascii", "backslashreplace"))]


def _counters(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return both counters of stream management after the last entry."""
    entry = shown.entries[-1]
    known = shown.recorded.known[entry.entry]
    way = shown.recorded.view.ways[entry.connection]
    lines: Pairs = []
    for (source, target), counters in zip((way, way[::-1]), known.counters, strict=True):
        if counters is not None:
            text = f"{counters.sent} sent, {counters.acknowledged} acknowledged, {counters.unacknowledged} open"
            lines.append((f"{source} → {target}", text))
    return lines


def _subscriptions(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return the state of the contact, from the side of each account that the entries are of."""
    latest: dict[str, str] = {}
    for entry in shown.entries:
        known = shown.recorded.known[entry.entry]
        owner = known.bound.partition("/")[0]
        latest.update({f"{owner} → {contact}": state for contact, state in known.subscriptions.items()})
    return list(latest.items())


def _trips(_lesson: Lesson, shown: Shown, _argument: str) -> Pairs:
    """Return how often the client had to wait, and what passed, from the first header inside TLS until it is open."""
    connection = shown.entries[-1].connection
    passed: list[Entry] = []
    for entry in shown.recorded.entries.values():
        if entry.connection == connection and entry.name is not None and entry.protection != "none":
            passed.append(entry)
            if entry.state == "open":
                break
    waits = sum(before.sender == "initiating" and after.sender == "receiving" for before, after in pairwise(passed))
    arrows = {"initiating": "→", "receiving": "←"}
    words = " ".join(f"{arrows[entry.sender]} {entry.name}" for entry in passed)
    return [("round trips", str(waits)), ("elements", str(len(passed))), ("in order", words)]


VALUES: Final[dict[str, Compute]] = {
    "jid": _jid,
    "documents": _documents,
    "tls": _tls,
    "scram": scram.computed,
    "bytes": _bytes,
    "counters": _counters,
    "subscriptions": _subscriptions,
    "trips": _trips,
}
"""What computes values, by the name that a plan gives it."""
