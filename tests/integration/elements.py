"""What a client logged, and whether a timeline says the same.

A log is the client's own: the text it wrote of what it sent and received, taken apart here with the standard library's
parser, not with any part of xmppscope. Several clients write their parsed elements anew, so that only what survives
that is compared: order, names, namespaces, ids, types.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import unescape

Record = dict[str, Any]
Direction = Literal["out", "in"]

STREAMS = "http://etherx.jabber.org/streams"
ROOT = f"<stream:stream xmlns='jabber:client' xmlns:stream='{STREAMS}'>"
BORDER = re.compile(r"<\?xml[^>]*\?>|<stream:stream\b[^>]*>|</stream:stream\s*>")
BODY = re.compile(r"<body>(.*?)</body>", re.DOTALL)
ELEMENTS = frozenset({"stream-open", "stanza", "nonza", "stream-error", "stream-close"})
SENDER: dict[Direction, str] = {"out": "initiating", "in": "receiving"}


class Element(NamedTuple):
    """A first-level element, a stream header (``stream-open``) or a closing tag (``stream-close``)."""

    name: str
    ns: str
    id: str
    type: str


OPEN = Element("stream-open", STREAMS, "", "")
CLOSE = Element("stream-close", STREAMS, "", "")


@dataclass
class Connection:
    """One TCP connection as the client saw it; `tls` is the version it says it got."""

    texts: dict[Direction, list[str]] = field(default_factory=lambda: {"out": [], "in": []})
    tls: str | None = None

    def elements(self, direction: Direction) -> list[Element]:
        """Return what passed in one direction."""
        return list(elements_in("".join(self.texts[direction])))


def elements_in(text: str) -> Iterator[Element]:
    """Take streams apart that follow one another, headers and closing tags included.

    A header is what its tag looks like: the bodies of the tests' messages hold none.
    """
    at = 0
    for border in BORDER.finditer(text):
        yield from between(text[at : border.start()])
        at = border.end()
        if not border[0].startswith("<?"):
            yield CLOSE if border[0].startswith("</") else OPEN
    yield from between(text[at:])


def between(text: str) -> Iterator[Element]:
    """Return the elements of a piece of stream that has neither header nor closing tag."""
    for child in ET.fromstring(f"{ROOT}{text}</stream:stream>"):
        namespace, _, name = child.tag[1:].partition("}")
        yield Element(name, namespace, child.get("id", ""), child.get("type", ""))


def bodies_in(text: str) -> list[str]:
    """Return the bodies of the messages in text that may end in the middle of one."""
    return [unescape(body, {"&quot;": '"', "&apos;": "'"}) for body in BODY.findall(text)]


def read_jsonl(path: Path) -> list[Record]:
    """Return the records of JSON Lines, the header checked."""
    records: list[Record] = [json.loads(line) for line in path.read_text().splitlines()]
    assert records, f"{path.name} is empty"
    assert records[0]["record"] == "header"
    return records


def shown(entry: Record) -> Element:
    """Return what an entry of the timeline says in the words of a log."""
    if entry["kind"] in {"stream-open", "stream-close"}:
        return OPEN if entry["kind"] == "stream-open" else CLOSE
    return Element(entry["name"], entry["ns"], entry.get("id", ""), entry.get("type", ""))


def at_client(records: Iterable[Record]) -> list[list[Record]]:
    """Return the entries of elements as the client met them, connection by connection.

    An element that the proxy changed has two entries; the client knows only the one of its own leg.
    """
    found: dict[int, list[Record]] = {}
    for record in records:
        if record["record"] == "connection":
            found.setdefault(record["connection"], [])
        elif record["record"] == "entry" and record["kind"] in ELEMENTS and record.get("leg", "client") == "client":
            found.setdefault(record["connection"], []).append(record)
    return [found[number] for number in sorted(found)]


def without_packets(record: Record) -> Record:
    """Return a record without packet numbers, which only a recording has."""
    return {key: value for key, value in record.items() if key != "packets"}


def changed(shown: Sequence[Record], recorded: Sequence[Record]) -> list[str]:
    """Return how a recording, read again, differs from what was shown live: the first record that is not the same."""
    for one, other in zip_longest(map(without_packets, shown), map(without_packets, recorded), fillvalue=Record()):
        if one != other:
            parts = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
            words = "; ".join(f"{key} was {one.get(key)}, is {other.get(key)}" for key in parts)
            return [f"{one or other}: {words}"]
    return []


def without_close(elements: Sequence[Element]) -> list[Element]:
    """Return the elements without closing tags at the end: not every client logs them, nor waits for the server's."""
    whole = list(elements)
    while whole and whole[-1] == CLOSE:
        whole.pop()
    return whole


def parting(logged: Sequence[Element], entries: Sequence[Element]) -> str | None:
    """Say where two lists part, or None where they do not."""
    for number, (one, other) in enumerate(zip(logged, entries, strict=False), 1):
        if one != other:
            return f"element {number}: logged {one}, shown {other}"
    if len(logged) != len(entries):
        rest = [*logged[len(entries) :], *entries[len(logged) :]]
        return f"logged {len(logged)} elements, shown {len(entries)}; more: {rest}"
    return None


def compare(
    log: Sequence[Connection],
    records: Iterable[Record],
    *,
    directions: Iterable[Direction] = ("out", "in"),
    torn: Iterable[int] = (),
) -> list[str]:
    """Return how a client's log differs from the timeline of its connections; an empty list where it does not.

    `directions` are those that the client logs. In a connection that broke off (`torn`, numbers from 0) the last of
    what one side knows may never have reached the other. Closing tags at the end do not count.
    """
    timeline, broken = at_client(records), set(torn)
    if len(timeline) != len(log):
        return [f"logged {len(log)} connections, shown {len(timeline)}"]
    differences = []
    for number, (connection, entries) in enumerate(zip(log, timeline, strict=True)):
        for direction in directions:
            logged = without_close(connection.elements(direction))
            sent = [entry for entry in entries if entry["sender"] == SENDER[direction]]
            displayed = without_close([shown(entry) for entry in sent])
            if number in broken:
                least = min(len(logged), len(displayed))
                logged, displayed = logged[:least], displayed[:least]
            said = parting(logged, displayed)
            if said:
                differences.append(f"connection {number + 1} {direction}: {said}")
    return differences
