"""The entries of one connection: held back until XMPP is recognised, then numbered and written."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypedDict, Unpack

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.recorder import Recorder
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.pieces import SHOWN
from xmppscope.model.element import Element
from xmppscope.model.timeline import (
    INITIATING,
    RECEIVING,
    Annotation,
    Diagnosis,
    Entry,
    Kind,
    Leg,
    Link,
    Sender,
    Transport,
)
from xmppscope.model.timeline import Connection as ConnectionRecord
from xmppscope.model.wire import Opened
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.seen import About

_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")

_SIDES: Final = (INITIATING, RECEIVING)

BACKLOG: Final = 1000
"""Entries held at the most while it is not certain that a connection carries XMPP."""


class More(TypedDict, total=False):
    """The fields of an entry that not every entry has."""

    size: int
    annotations: list[Annotation] | None
    reason: str
    bytes: str | None
    tls: dict[str, str | int | bool | list[str]]
    links: list[Link]
    leg: Leg | None


class Ledger:
    """Writes what one connection has to tell.

    `number` is 0 until `claim`; until then the entries wait in `backlog` and their sender may still be corrected. Where
    a proxy stands between, `proxy` is the address that was dialled; while the one that the proxy dials is not known
    yet, a claim waits for it. `handshakes` counts those of TLS that have begun and are not done, `offered` says what
    the client offered in its own. `heir` is the session that the connection carries, if that has a ledger of its own.
    """

    def __init__(self, opened: Opened, recorder: Recorder, negotiation: Negotiation) -> None:
        self.opened = opened
        self.recorder = recorder
        self.negotiation = negotiation
        self.number = 0
        self.transport: Transport = "tcp"
        self.backlog: list[tuple[Entry, Element | None]] = []
        self.about = About(0, opened.first, opened.second, opened.handshake, negotiation, set())
        self.swapped = False
        self.handshakes = 0
        self.offered = ""
        self.proxy: str | None = None
        self.heir: tuple[Ledger, Mapping[Sender, Direction]] | None = None
        self._target = ""
        self._led: list[Ledger] = []
        self._claimed = False
        self._announced: tuple[str, str] | None = None
        self._diagnoses: list[tuple[Entry, str, str]] = []
        self._undecrypted = False
        self._ended: set[Sender] = set()
        self._over = False
        self._dropped: Entry | None = None
        self._drops = 0

    @property
    def claimed(self) -> bool:
        """Whether it is certain that XMPP is carried, even if the number still waits for the proxy's target."""
        return self._claimed

    def mark_undecrypted(self) -> None:
        """Note that a part of this connection could not be decrypted, for the summary."""
        if self.number and not self._undecrypted:
            self.recorder.undecrypted += 1
        self._undecrypted = True

    def claim(self) -> None:
        """Note that this connection carries XMPP: write its record and what was held back."""
        self._claimed = True
        if self.number or (self.proxy is not None and not self._target):
            return
        self.recorder.connections += 1
        self.number = self.recorder.connections
        self.recorder.undecrypted += self._undecrypted
        self.announce()
        for entry, element in self.backlog:
            self._put(entry, element)
        self.backlog.clear()
        if self._dropped is not None:
            self._tell_dropped(self._dropped)

    def note_end(self, sender: Sender) -> None:
        """Note that *sender* has ended its side; when both have, nothing more comes."""
        self._ended.add(sender)
        if len(self._ended) == len(_SIDES):
            self.end()

    def end(self) -> None:
        """Let observers know, once, that nothing more comes."""
        if self.number and not self._over:
            self._over = True
            self.recorder.ended(self.about)

    def _tell_dropped(self, first: Entry) -> None:
        """Write that more was held back than the backlog takes, in the place of the *first* entry concerned."""
        reason = f"{self._drops} entries from before XMPP was recognised were not kept"
        self.write(
            Entry(
                entry=0,
                connection=0,
                stream=first.stream,
                sender=first.sender,
                kind="opaque",
                time=first.time,
                end_time=first.end_time,
                summary=reason,
                state=first.state,
                protection=first.protection,
                packets=first.packets,
                file=first.file,
                reason=reason,
            )
        )

    def announce(self) -> None:
        """Write the connection record, again where its kind has become known."""
        known = self.negotiation.kind, self._target
        if not self.number or known == self._announced:
            return
        self._announced = known
        opened, about = self.opened, self.about
        ends = (opened.second, opened.first) if self.swapped else (opened.first, self._target or opened.second)
        about.number, about.initiating, about.receiving = self.number, *ends
        about.proxied, about.transport = self.proxy is not None, self.transport
        self.recorder.connection(
            ConnectionRecord(
                connection=self.number,
                time=self.recorder.text(opened.time),
                initiating=ends[0],
                receiving=ends[1],
                kind=self.negotiation.kind,
                transport=self.transport,
                proxy=self.proxy,
            )
        )

    def aim(self, target: str) -> None:
        """Note the address that the proxy dials."""
        self._target = target
        if self._claimed and not self.number:
            self.claim()
        self.announce()
        led, self._led = self._led, []
        for ledger in led:
            ledger.aim(target)

    def lead(self, ledger: "Ledger", directions: Mapping[Sender, Direction]) -> None:
        """Note that this connection carries a session that has a *ledger* of its own; it goes the same way."""
        self.heir = ledger, directions
        ledger.proxy = self.proxy
        if self._target:
            ledger.aim(self._target)
        elif self.proxy is not None:
            self._led.append(ledger)

    def diagnose(self, entry: Entry, why: str, advice: str) -> None:
        """Write *entry*, which ends a session badly, and behind it why and what to try."""
        self._diagnoses.append((entry, why, advice))
        self.write(entry)

    def swap(self) -> None:
        """Exchange the roles of the two ends; only while nothing has been written."""
        self.swapped = not self.swapped
        for entry, _ in self.backlog:
            entry.sender = RECEIVING if entry.sender == INITIATING else INITIATING

    def write(self, entry: Entry, element: Element | None = None) -> None:
        """Write *entry*, which *element* is told by, or hold it while the connection is not claimed."""
        if self.number:
            self._put(entry, element)
        elif len(self.backlog) < BACKLOG:
            self.backlog.append((entry, element))
        else:
            self._dropped = self._dropped or entry
            self._drops += 1

    def withdraw(self, entries: Iterable[Entry]) -> None:
        """Take back *entries* that are held: they turned out to belong to something else."""
        gone = {id(entry) for entry in entries}
        self.backlog = [held for held in self.backlog if id(held[0]) not in gone]

    def _put(self, entry: Entry, element: Element | None) -> None:
        entry.connection = self.number
        self.recorder.entry(entry, element, self.about)
        if self._diagnoses and self._diagnoses[0][0] is entry:
            _, why, advice = self._diagnoses.pop(0)
            diagnosis = Diagnosis(connection=self.number, entries=[entry.entry], text=why, advice=advice)
            self.recorder.note([diagnosis])

    def make(
        self,
        direction: Direction,
        kind: Kind,
        summary: str,
        first: Stamp,
        last: Stamp | None = None,
        offset: tuple[int, int] | None = None,
        **more: Unpack[More],
    ) -> Entry:
        """Return an entry with what all entries have; *offset* also gives its size."""
        told = self.recorder.told(first, last or first)
        if offset is not None:
            more.setdefault("size", offset[1] - offset[0])
        return Entry(
            entry=0,
            connection=0,
            stream=direction.stream,
            sender=direction.sender,
            kind=kind,
            time=told.time,
            end_time=told.end_time,
            summary=summary,
            state=self.negotiation.state,
            protection=direction.protection,
            compression=None if direction.inflater is None else direction.inflater.method,
            packets=told.packets,
            file=told.file,
            offset=offset if direction.at_known else None,
            **more,
        )

    def tell(
        self,
        direction: Direction,
        kind: Kind,
        summary: str,
        first: Stamp,
        last: Stamp | None = None,
        offset: tuple[int, int] | None = None,
        **more: Unpack[More],
    ) -> None:
        """Write an entry that is no element."""
        self.write(self.make(direction, kind, summary, first, last, offset, **more))


def shown(raw: bytes) -> str | None:
    """Return the hex of the first bytes of what cannot be read, if there are any to show."""
    return raw[:SHOWN].hex() or None


def binary(raw: bytes) -> bytes:
    """Return the beginning of *raw* that is no text: in text that cannot be read could be a secret."""
    found = _BINARY.match(raw)
    return found.group() if found else b""
