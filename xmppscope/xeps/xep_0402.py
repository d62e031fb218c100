"""PEP Native Bookmarks (XEP-0402): rooms, and which a client enters by itself; their passwords are never told."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import address, word

BOOKMARKS: Final = "urn:xmpp:bookmarks:1"
_TRUE: Final = frozenset({"true", "1"})


def _conference(met: Met, item: Element) -> None:
    """XEP-0402 §3: the id of the item is the room's JID."""
    conference = item.children[0]
    nick = conference.child_text(expanded(BOOKMARKS, "nick"))
    text = f"room {address(item.attrs.get('id', '?'))}"
    text += f" as {word(nick)}" if nick else ""
    text += ", entered at login" if conference.attrs.get("autojoin") in _TRUE else ""
    met.note(text, "XEP-0402 §3")


EXTENSION: Final = Extension(
    number="0402",
    title="PEP Native Bookmarks",
    namespaces=(BOOKMARKS,),
    items={expanded(BOOKMARKS, "conference"): _conference},
)
