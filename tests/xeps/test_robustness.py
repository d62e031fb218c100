"""Whatever a peer sends, trackers, rules and diagnoses look on: examples as they are, from the wrong end, and torn."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from xmppscope.analyzer import Analyzer
from xmppscope.diagnosis import Diagnoses
from xmppscope.lint import Linter
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.seen import About, Seen
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.registry import EXTENSIONS
from xmppscope.xeps.trackers import Trackers

CONVERSATIONS = (Path(__file__).parent / "conversations.txt").read_text().split("\n\n")[1:]
KINDS = ("open 1 alice@a.example/desk", "s2s 1", "component 1 x.example")


def scripts() -> Iterator[str]:
    for conversation in CONVERSATIONS:
        yield "\n".join(line for line in conversation.splitlines() if not line.startswith("= "))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("swapped", [False, True])
def test_all_look_on_at_every_example(stage, kind: str, swapped: bool) -> None:
    for script in scripts():
        played = stage()
        played.analyzer = Analyzer(KeyStore(), observers=[played.trackers, Linter(), Diagnoses(None)])
        if swapped:
            script = re.sub(r"^[CS]", lambda found: "S" if found[0] == "C" else "C", script, flags=re.M)
        for line in (kind + "\n" + script).splitlines():
            played.line(line)
        assert all(one.entries for tracked in played.trackers._connections.values() for one in tracked.states())
        assert played.records


NAMES = sorted(
    {name for one in EXTENSIONS for table in (one.elements, one.items, one.errors, one.nonzas) for name in table}
)
ODD = ("", "0", "-1", "99999999999999999999", "\u202e", "x" * 5000, "a@b/c", "#", "a#b", "urn:xmpp:caps#sha-1.x")
ATTRIBUTES = (
    "action algo by bytes celsius cid create end execute from hash height host id index jid max-age max_items maxchars "
    "maxstanzas max-file-size mechanism media mode name nick node notify password port previd h queryid resume seconds "
    "seq sid since stamp stanza start status subid subscription to transport type url utc var ver width xid block-size"
)  # fmt: skip


def torn(name: str, value: str) -> Iterator[Element]:
    """An element of this name: bare, full of odd attributes, full of odd children of its own namespace, and nested."""
    ns = name.partition("\n")[0]
    attrs = dict.fromkeys(ATTRIBUTES.split(), value)
    locals_ = ("item", "x", "set", "header", "moderated", "info", "photo", "candidate", "items", "query", "metadata")
    inner = [Element(f"{ns}\n{local}", attrs, [Element(name, attrs, [], value)], value) for local in locals_]
    yield Element(name, {}, [])
    yield Element(name, attrs, [], value)
    yield Element(name, attrs, inner, value)


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_no_handler_raises_for_odd_elements(value: str) -> None:
    trackers, number = Trackers(), 0
    negotiation = Negotiation(start=True)
    negotiation.kind = "c2s"
    about = About(1, "a", "b", True, negotiation, set())
    for name in NAMES:
        for element in torn(name, value):
            for shape in carriers(element):
                number += 1
                sender: Sender = INITIATING if number % 2 else RECEIVING
                entry = made(number, sender, shape, value)
                trackers.see(Seen(entry, shape, about))
                for note in entry.annotations or ():
                    assert len(note.text) < 700
                    assert note.text.isprintable(), note.text


def carriers(element: Element) -> Iterator[Element]:
    yield element
    item = Element("http://jabber.org/protocol/pubsub\nitem", {"id": "i"}, [element])
    items = Element("http://jabber.org/protocol/pubsub\nitems", {"node": "n"}, [item])
    pubsub = Element("http://jabber.org/protocol/pubsub\npubsub", {}, [items])
    error = Element("jabber:client\nerror", {}, [element])
    for local, kinds in (("message", (None, "groupchat")), ("presence", (None, "unavailable")), ("iq", ("get", "set"))):
        for kind in kinds:
            yield Element(f"jabber:client\n{local}", {"type": kind} if kind else {}, [element])
        yield Element(f"jabber:client\n{local}", {"type": "error"}, [error])
    for kind in ("set", "result"):
        yield Element("jabber:client\niq", {"type": kind}, [pubsub])
    yield Element("jabber:client\niq", {"type": "result"}, [element])


def made(number: int, sender: Sender, element: Element, value: str) -> Entry:
    time = "2023-11-14T22:13:20.000000Z"
    stanza = element.name.startswith("jabber:client\n")
    kind = "stanza" if stanza else "nonza"
    entry = Entry(
        number, 1, 1, sender, kind, time, time, "", "open", "none", name=element.local, type=element.attrs.get("type")
    )
    entry.id, entry.from_, entry.to = "q", value or None, "alice@a.example/desk"
    if entry.name == "iq" and entry.type in ("result", "error"):
        entry.answers = number - 1
    return entry
