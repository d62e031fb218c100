"""Bookmarks (XEP-0048) in private storage or PEP: how many, and which rooms a client enters by itself.

Passwords of rooms are secrets and are never told.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import listed

STORAGE: Final = "storage:bookmarks"
PRIVATE: Final = "jabber:iq:private"
_STORAGE: Final = expanded(STORAGE, "storage")
_ROOM: Final = expanded(STORAGE, "conference")
_TRUE: Final = frozenset({"true", "1"})


def _told(met: Met, storage: Element) -> None:
    rooms = [child for child in storage.children if child.name == _ROOM]
    entered = [child.attrs.get("jid", "?") for child in rooms if child.attrs.get("autojoin") in _TRUE]
    text = f"{counted(len(rooms), 'room')} bookmarked"
    met.note(text + (f", entered at login: {listed(entered, 4)}" if entered else ""), "XEP-0048 §3")


def _private(met: Met, query: Element) -> None:
    storage = query.child(_STORAGE)
    if storage is not None and (met.entry.type == "set" or met.entry.type == "result"):
        _told(met, storage)


def _item(met: Met, item: Element) -> None:
    _told(met, item.children[0])


EXTENSION: Final = Extension(
    number="0048",
    title="Bookmarks",
    namespaces=(STORAGE,),
    elements={expanded(PRIVATE, "query"): _private},
    items={_STORAGE: _item},
)
