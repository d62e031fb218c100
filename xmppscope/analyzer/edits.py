"""Elements that the proxy changed or made, as its marks give them: parsed as the stream's own would be."""

import msgspec

from xmppscope.analyzer.direction import Direction
from xmppscope.analyzer.stamps import Stamp
from xmppscope.framing.framer import ASSUMED, Framer
from xmppscope.framing.pieces import Piece
from xmppscope.model.marks import EditMark
from xmppscope.model.timeline import INITIATING, Edit, Entry, Leg
from xmppscope.redact import SENSITIVE


class Made(msgspec.Struct, frozen=True):
    """Where what the proxy made goes: in whose stead, on which leg and under which protection, by whose decision."""

    source: Direction
    leg: Leg | None
    by: str
    protection: str
    stamp: Stamp


def mark_edited(entry: Entry, edit: EditMark) -> None:
    """Note on the entry of an element what the proxy does to it: what it changes has an entry of its own for that."""
    entry.leg = "client" if entry.sender == INITIATING else "server"
    entry.summary = f"{entry.leg} leg: {entry.summary}"
    if not edit.data:
        entry.edit = Edit(edit.by, edit.action)


def pieces_of(data: bytes, source: Direction) -> list[Piece]:
    """Return the pieces of *data*, which stands in the stream of *source* unless it begins one of its own."""
    framer = Framer(frozenset(), SENSITIVE)
    if data.lstrip().startswith((b"<?xml", b"<stream:stream")):
        return framer.feed(data)
    framer.feed(_header(source.xmlns or ASSUMED))
    return framer.feed(data)


def _header(xmlns: dict[str, str]) -> bytes:
    """Return a stream header that declares what the stream's own does."""
    declared = {**ASSUMED, **xmlns}
    names = (f'xmlns{":" if prefix else ""}{prefix}="{_escaped(uri)}"' for prefix, uri in declared.items())
    return f"<stream:stream {' '.join(names)}>".encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
