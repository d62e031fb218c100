"""The lessons: their plans, and their texts in a language.

A plan names, for each step, the entries that it is about, by expressions of the filter language: never by a number,
which would shift with the recording. `{name}` in an expression is the number of the entry that step *name* has found,
`{name.2}` that of its second. `find: EXPR` looks through the whole timeline, `find: then EXPR` behind what was found
last.
"""

import pkgutil
from functools import cache
from typing import Final

import msgspec

from xmppscope.explain.languages import ENGLISH
from xmppscope.lessons.blocks import Block, one, parse

NAMES: Final = (
    "first",
    "addresses",
    "stream",
    "tls",
    "scram",
    "stanzas",
    "subscription",
    "room",
    "archive",
    "resumption",
    "federation",
    "gateway",
    "web",
    "logins",
    "broken",
)
"""All lessons, in the order in which they build on one another."""

_STEP: Final = frozenset({"find", "in", "spec", "values", "claim", "xml"})
_BEHIND: Final = "then "
_TEXT: Final = frozenset({"title", "means", "why", "next", "risk", "cause"})


class Find(msgspec.Struct, frozen=True):
    """How an entry of a step is found: an expression, and whether it stands behind what was found before it."""

    expression: str
    behind: bool


class Ask(msgspec.Struct, frozen=True):
    """A question to be made: its kind, and the step whose entry it is about."""

    kind: str
    step: str
    view: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: what it shows (`finds`, in the recording `view`), where that is specified, and its words.

    `xml` are the places of the entries whose XML is shown, from 0; `values` are computed from the entries; `claims` are
    expressions that must hold of the first one. Empty words are those that the explanation of the element has.
    """

    id: str
    view: str
    finds: tuple[Find, ...]
    spec: str
    xml: tuple[int, ...] = (0,)
    values: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    title: str = ""
    means: str = ""
    why: str = ""
    next: str = ""
    risk: str = ""
    cause: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A recording as it is read: `wire` is without its keys, `ways` are the lanes of its connections."""

    name: str
    recording: str
    wire: bool
    lanes: tuple[str, ...]
    ways: dict[int, tuple[str, str]]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson in one language; `passwords` are those of the recordings, by bare JID."""

    name: str
    title: str
    about: str
    views: dict[str, View]
    passwords: dict[str, str]
    secrets: bool
    steps: tuple[Step, ...]
    asks: tuple[Ask, ...]


@cache
def lesson(name: str, language: str = ENGLISH) -> Lesson:
    """Return the lesson called *name*; raise `KeyError` if there is none."""
    if name not in NAMES:
        raise KeyError(name)
    plan, steps = parse(_read(f"plans/{name}.txt"))
    head, texts = parse(_read(f"texts/{language}/{name}.txt"))
    if stray := sorted(texts.keys() - steps.keys()):
        raise ValueError(f"{language}/{name}: no step is called {stray[0]}")
    views = _views(plan)
    first = next(iter(views))
    return Lesson(
        name=name,
        title=one(head, "title"),
        about=one(head, "about"),
        views=views,
        passwords=dict(_pair(value) for value in plan.get("password", [])),
        secrets=bool(plan.get("secrets")),
        steps=tuple(_step(step, block, texts.get(step, {}), first) for step, block in steps.items()),
        asks=tuple(_ask(value, steps, first) for value in plan.get("ask", [])),
    )


def recording(name: str) -> tuple[bytes, bytes]:
    """Return a recording and its key log, which is empty where there is none."""
    capture = pkgutil.get_data(__package__, f"recordings/{name}.pcap")
    if capture is None:
        raise FileNotFoundError(f"the package's recording {name}")
    try:
        keys = pkgutil.get_data(__package__, f"recordings/{name}.keys")
    except FileNotFoundError:
        keys = None
    return capture, keys or b""


def _read(path: str) -> str:
    data = pkgutil.get_data(__package__, path)
    if data is None:
        raise FileNotFoundError(f"the package's {path}")
    return data.decode()


def _views(plan: Block) -> dict[str, View]:
    """Return the recordings of a plan by name; `NAME:wire` is the same without keys.

    `view: NAME; lane, lane, lane; 1 lane lane, 2 lane lane`.
    """
    views = {}
    for value in plan["view"]:
        name, lanes, ways = (part.strip() for part in value.split(";"))
        connections: dict[int, tuple[str, str]] = {}
        for way in ways.split(","):
            number, initiating, receiving = way.split()
            connections[int(number)] = (initiating, receiving)
        stem, _, wire = name.partition(":")
        views[name] = View(
            name=name,
            recording=stem,
            wire=wire == "wire",
            lanes=tuple(lane.strip() for lane in lanes.split(",")),
            ways=connections,
        )
    return views


def _step(name: str, block: Block, text: Block, view: str) -> Step:
    _refuse(name, block, _STEP)
    _refuse(name, text, _TEXT)
    finds = tuple(Find(value.removeprefix(_BEHIND), value.startswith(_BEHIND)) for value in block["find"])
    words = {key: one(text, key) for key in _TEXT}
    return Step(
        id=name,
        view=one(block, "in", view),
        finds=finds,
        spec=one(block, "spec"),
        xml=tuple(int(place) - 1 for place in one(block, "xml", "1").split()),
        values=tuple(block.get("values", ())),
        claims=tuple(block.get("claim", ())),
        **words,
    )


def _ask(value: str, steps: dict[str, Block], view: str) -> Ask:
    """Read `kind step`, or `kind @view` for a question about a whole recording."""
    kind, _, about = value.partition(" ")
    if about.startswith("@") or not about:
        return Ask(kind, "", about[1:] or view)
    return Ask(kind, about, one(steps[about.partition(".")[0]], "in", view))


def _pair(value: str) -> tuple[str, str]:
    jid, _, password = value.partition(" ")
    return jid, password


def _refuse(name: str, block: Block, known: frozenset[str]) -> None:
    if stray := sorted(block.keys() - known):
        raise ValueError(f"{name}: {stray[0]} is no field of a step")
