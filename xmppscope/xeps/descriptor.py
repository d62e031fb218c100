"""How an extension is plugged in: its descriptor, and what its handlers are given.

One extension is one module with one `Extension` in it. Its handlers are found by the expanded name of an element: of a
child of a stanza (`elements`), or of a first-level element that is no stanza (`nonzas`). A handler is called with what
was met and the element; it adds to the entry what this element's content tells, or says nothing. What it has to
remember stands in a tracker: a class that is made without arguments, when it is first asked for, once for each
connection (`Met.of`) or once for the whole capture (`Met.capture.of`). Handlers never raise for what a peer sends.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

import msgspec

from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry
from xmppscope.session.account import Account
from xmppscope.session.changes import Changes
from xmppscope.session.notes import annotate, link
from xmppscope.session.seen import About


class Tracker(Protocol):
    """Whatever remembers, within bounds."""

    @property
    def forgotten(self) -> int:
        """How many things it has not kept."""


T = TypeVar("T", bound=Tracker)


class Shelf:
    """One tracker of each kind, made when it is first asked for."""

    def __init__(self) -> None:
        self._trackers: dict[type[Tracker], Tracker] = {}

    def of(self, kind: type[T]) -> T:
        """Return the tracker of this kind."""
        found = self._trackers.get(kind)
        if found is None:
            found = self._trackers[kind] = kind()
        return found  # type: ignore[return-value]

    def put(self, tracker: Tracker) -> None:
        """Put a tracker in its place that cannot be made without arguments."""
        self._trackers[type(tracker)] = tracker

    @property
    def forgotten(self) -> int:
        """How many things its trackers did not keep."""
        return sum(tracker.forgotten for tracker in self._trackers.values())


class Followed(Protocol):
    """A connection that is followed: what handlers may ask of it, and tell it."""

    about: About
    capture: Shelf
    changes: Changes

    @property
    def jid(self) -> str:
        """The full JID of a client, the domain of a component, or nothing."""

    @property
    def account(self) -> Account:
        """The account that the connection is of."""

    def of(self, kind: type[T]) -> T:
        """Return the connection's tracker of this kind."""

    def expect(self, entry: int, handler: "Handler") -> None:
        """Have *handler* called with the result or error that answers the iq request *entry*."""

    def item(self, met: "Met", item: Element) -> None:
        """Send a pubsub item to whom its payload concerns."""


class Met:
    """An element where it was met: the `entry` of the stanza (or nonza) `stanza`, on the connection `place`."""

    __slots__ = ("entry", "place", "stanza")

    def __init__(self, entry: Entry, stanza: Element, place: Followed) -> None:
        self.entry = entry
        self.stanza = stanza
        self.place = place

    @property
    def sent(self) -> bool:
        """Whether the initiating entity sent it: a client, a component."""
        return self.entry.sender == INITIATING

    @property
    def received(self) -> bool:
        """Whether the receiving entity sent it: a server."""
        return self.entry.sender == RECEIVING

    @property
    def c2s(self) -> bool:
        """Whether the stream is one between a client and its server."""
        return self.place.about.negotiation.kind == "c2s"

    @property
    def jid(self) -> str:
        """The full JID of the client, if it is known."""
        return self.place.jid

    @property
    def account(self) -> Account:
        """The account that the connection is of."""
        return self.place.account

    @property
    def capture(self) -> Shelf:
        """The trackers that all connections share."""
        return self.place.capture

    def of(self, kind: type[T]) -> T:
        """Return the connection's tracker of this kind."""
        return self.place.of(kind)

    def note(self, text: str, spec: str) -> None:
        """Add one short fact with its section; *text* must have been cut and made visible (`model.plaintext`)."""
        annotate(self.entry, text, spec)

    def link(self, rel: str, to: int) -> None:
        """Relate the entry to an earlier one."""
        link(self.entry, rel, to)

    def expect(self, handler: "Handler") -> None:
        """Have *handler* called with the result or error that answers this iq request, and its payload.

        The payload of an answer that has none is the stanza itself.
        """
        self.place.expect(self.entry.entry, handler)

    def change(self, machine: str, value: str, because: Iterable[int] = (), subject: str = "") -> bool:
        """Note that this entry sets a machine of the connection to *value*; tell whether that is a change."""
        return self.place.changes.change(machine, value, self.entry.entry, because, subject)


Handler = Callable[[Met, Element], None]
Handlers = Mapping[str, Handler]


class Extension(msgspec.Struct, kw_only=True):
    """One extension: `number` ("0030"), `title`, its `namespaces`, and what to do with which elements.

    All handlers go by expanded name (``namespace\\nlocal``): `elements` of the children of stanzas, but for those of
    errors, which are an echo; `errors` of what stands inside the `<error/>` of one; `nonzas` of first-level elements;
    `items` of the payloads of pubsub items (XEP-0060), which get the item, published, notified or fetched. Several
    extensions may name the same element: all are called, in the order of the registry. `tracker` is the class that
    remembers for one connection, if any.
    """

    number: str
    title: str
    namespaces: tuple[str, ...]
    elements: Handlers = msgspec.field(default_factory=dict)
    errors: Handlers = msgspec.field(default_factory=dict)
    nonzas: Handlers = msgspec.field(default_factory=dict)
    items: Handlers = msgspec.field(default_factory=dict)
    tracker: type[Tracker] | None = None
