"""In-Band Bytestreams (XEP-0047): the sequence of chunks in each direction, and how much went over a stream.

A stream is known by its sid. Whether a chunk is missing is told only where no bytes of the connection are.
"""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.notes import counted
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import number, size

IBB: Final = "http://jabber.org/protocol/ibb"
_WRAP: Final = 65_536


class Band:
    """One in-band stream, by direction: the next number that is due, and how much went over it."""

    def __init__(self, entry: int) -> None:
        self.entry = entry
        self.due: dict[str, int] = {}
        self.bytes: dict[str, int] = {}
        self.chunks = 0


class Bands(Memory[str, Band]):
    """The in-band streams of one connection, by sid."""

    most = 128


def _open(met: Met, element: Element) -> None:
    if met.entry.type != "set":
        return
    sid, block = element.attrs.get("sid", ""), number(element.attrs.get("block-size"))
    met.of(Bands).put(sid, Band(met.entry.entry))
    kind = element.attrs.get("stanza", "iq")
    if block is not None:
        met.note(f"blocks of at most {size(block)}, in {'messages' if kind == 'message' else 'iqs'}", "XEP-0047 §2.1")


def _data(met: Met, element: Element) -> None:
    if met.entry.name == "iq" and met.entry.type != "set":
        return
    band = met.of(Bands).get(element.attrs.get("sid", ""))
    seq = number(element.attrs.get("seq"))
    text = "".join(element.text.split())
    length = len(text) * 3 // 4 - text.count("=")
    met.note(size(length), "XEP-0047 §2.2")
    if band is None or seq is None:
        return
    who = met.entry.sender
    due = band.due.get(who, 0)
    if seq != due and not met.place.about.lost:
        met.note(f"chunk {due} was due", "XEP-0047 §2.2")
    band.due[who] = (seq + 1) % _WRAP
    band.bytes[who] = band.bytes.get(who, 0) + length
    band.chunks += 1


def _close(met: Met, element: Element) -> None:
    band = met.of(Bands).pop(element.attrs.get("sid", "")) if met.entry.type == "set" else None
    if band is not None:
        total = size(sum(band.bytes.values()))
        met.note(f"{total} in {counted(band.chunks, 'chunk')} since #{band.entry}", "XEP-0047 §2.3")


EXTENSION: Final = Extension(
    number="0047",
    title="In-Band Bytestreams",
    namespaces=(IBB,),
    elements={expanded(IBB, "open"): _open, expanded(IBB, "data"): _data, expanded(IBB, "close"): _close},
    tracker=Bands,
)
