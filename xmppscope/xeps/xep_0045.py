"""Multi-User Chat (XEP-0045): the rooms that a client enters, as whom, and how it leaves them.

A presence is the user's own where it carries status 110 (§7.2.2). Left out: the other occupants, and subjects.
"""

from typing import Final, Literal

import msgspec

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.jid import bare
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.xeps import muc_course
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.muc_course import MUC, MUC_USER, codes
from xmppscope.xeps.words import word

_ITEM: Final = f"http://jabber.org/protocol/muc#user{SEPARATOR}item"

MOST_ROOMS: Final = 1000
"""How many rooms of a connection are followed."""

_SELF: Final = 110
_BANNED: Final = 301
_NEW_NICK: Final = 303
_KICKED: Final = 307


class Room(msgspec.Struct, omit_defaults=True):
    """A room that a client has asked to enter; `codes` are those of the first presence of its own (§16.6.2)."""

    room: str
    nick: str
    joined: bool
    affiliation: str | None = None
    role: str | None = None
    codes: list[int] = msgspec.field(default_factory=list)
    ended: Literal["left", "kicked", "banned"] | None = None


class Rooms:
    """Follows the rooms of one connection, by bare JID; `forgotten` counts those that were not followed."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.forgotten = 0

    def nick(self, room: str) -> str | None:
        """Return the user's own nickname in a room that it is in."""
        found = self.rooms.get(room.lower())
        return found.nick if found is not None and found.joined and found.ended is None else None

    def presence(self, entry: Entry, extension: Element) -> None:
        """Take a presence that carries an `x` of either namespace, its *extension*."""
        if entry.sender == INITIATING:
            if extension.name == MUC and entry.type is None:
                self._ask(entry.to or "")
        elif extension.name == MUC_USER:
            found = codes(extension)
            if _SELF in found:
                self._own(entry, extension, found)

    def _ask(self, occupant: str) -> None:
        """§7.2.1: to enter, a client sends presence to the room with its nickname as the resource."""
        _, slash, nick = occupant.partition("/")
        room = self._room(bare(occupant), nick) if slash else None
        if room is not None and (room.ended is not None or not room.joined):
            room.nick, room.ended = nick, None

    def _own(self, entry: Entry, extension: Element, found: list[int]) -> None:
        address, _, nick = (entry.from_ or "").partition("/")
        item = extension.child(_ITEM)
        attrs = {} if item is None else item.attrs
        if entry.type == "unavailable":
            room = self.rooms.get(address.lower())
            if room is not None and _NEW_NICK in found:
                room.nick = attrs.get("nick") or room.nick
            elif room is not None:
                room.ended = "banned" if _BANNED in found else "kicked" if _KICKED in found else "left"
        elif entry.type is None:
            room = self._room(address, nick)
            if room is not None:
                room.nick, room.ended = nick, None
                room.affiliation, room.role = attrs.get("affiliation"), attrs.get("role")
                room.codes = room.codes if room.joined else sorted(found)
                room.joined = True

    def _room(self, address: str, nick: str) -> Room | None:
        """Return the room at *address*, which is new if it was not entered before."""
        key = address.lower()
        room = self.rooms.get(key)
        if room is None:
            if len(self.rooms) >= MOST_ROOMS:
                self.forgotten += 1
                return None
            room = self.rooms[key] = Room(address, nick, joined=False)
        return room


def _state(room: Room) -> str:
    if room.ended is not None:
        return room.ended
    standing = f" ({word(room.affiliation or 'none')}, {word(room.role or 'none')})" if room.joined else ""
    return f"{'in' if room.joined else 'entering'} as {word(room.nick)}{standing}"


def _join(met: Met, extension: Element) -> None:
    if met.entry.name == "presence":
        rooms, entry = met.of(Rooms), met.entry
        rooms.presence(entry, extension)
        address = bare((entry.to if met.sent else entry.from_) or "").lower()
        room = rooms.rooms.get(address)
        if room is not None:
            met.change("room", _state(room), met.place.changes.entries("room", address)[-1:], address)
    muc_course.ELEMENTS[extension.name](met, extension)


EXTENSION: Final = Extension(
    number="0045",
    title="Multi-User Chat",
    namespaces=muc_course.NAMESPACES,
    elements={**muc_course.ELEMENTS, MUC: _join, MUC_USER: _join},
    tracker=Rooms,
)
