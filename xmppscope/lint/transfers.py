"""Bytes on their way: in-band bytestreams (XEP-0047) and slots for HTTP upload (XEP-0363)."""

import binascii
import re
from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session.seen import Seen

_IBB: Final = "xmlns='http://jabber.org/protocol/ibb' sid='i1'"
_TO: Final = "to='romeo@montague.example/garden'"
_OPEN: Final = f"C: <iq type='set' id='o1' {_TO}><open {_IBB} block-size='8'/></iq>"
_OPENED: Final = "S: <iq type='result' id='o1' from='romeo@montague.example/garden'/>"


def _data(seq: int) -> str:
    return f"C: <iq type='set' id='d{seq}' {_TO}><data {_IBB} seq='{seq}'>cXVvdGg=</data></iq>"


def _slot(url: str) -> str:
    return (
        "S: <iq type='result' id='u1' from='upload.capulet.example'><slot xmlns='urn:xmpp:http:upload:0'>"
        f"<put url='{url}'/><get url='{url}'/></slot></iq>"
    )


_REQUEST: Final = (
    "C: <iq type='get' id='u1' to='upload.capulet.example'><request xmlns='urn:xmpp:http:upload:0' filename='a.png' "
    "size='9'/></iq>"
)

SEQUENCE: Final = Rule(
    "ibb-seq", "transfer", "error", "XEP-0047 §2.2",
    needs="the direction from its header on, without a hole, no resumption, and the <open/> of the bytestream",
    what="The blocks that one side sends in a bytestream are not numbered 0, 1, 2 and so on (65535 is followed by 0), "
    "or one is larger than was agreed.",
    why="A number that is not the next one means a lost block: the receiver must close the bytestream.",
    wrong=talk(_OPEN, _OPENED, _data(0), _data(2)),
    right=talk(_OPEN, _OPENED, _data(0), _data(1)),
)  # fmt: skip
HTTPS: Final = Rule(
    "upload-slot-https", "transfer", "error", "XEP-0363 §4",
    what="A slot for an upload has a URL that is not https, or names a header other than Authorization, Cookie and "
    "Expires.",
    why="Over http the file and the right to upload it are readable on the way.",
    lesser="a warning, if it is a header",
    wrong=talk(_REQUEST, _slot("http://upload.capulet.example/a.png")),
    right=talk(_REQUEST, _slot("https://upload.capulet.example/a.png")),
)  # fmt: skip

_NAMESPACE: Final = "http://jabber.org/protocol/ibb"
_SLOTS: Final = "urn:xmpp:http:upload:0"
_NUMBER: Final = re.compile(r"0*([0-9]{1,5})")
_HEADERS: Final = frozenset({"authorization", "cookie", "expires"})
_WRAP: Final = 1 << 16
_MOST: Final = 256

_Key = tuple[str, str]


class _Bytestream:
    """One bytestream: the largest block, and by who sends it the number that comes next."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.next: dict[Sender, int | None] = {INITIATING: 0, RECEIVING: 0}


class BytestreamChecker(Checker):
    """Follows the bytestreams that were opened on one connection, by the peer and the id."""

    RULES = (SEQUENCE,)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._open: dict[_Key, _Bytestream] = {}

    def opened(self, seen: Seen, request: Element) -> None:
        """Take a request to open a bytestream."""
        size = _NUMBER.fullmatch(request.attrs.get("block-size", ""))
        if self.course.is_client and seen.entry.type == "set" and len(self._open) < _MOST:
            self._open[_key(seen.entry, request)] = _Bytestream(int(size.group(1)) if size else 0)

    def data(self, seen: Seen, data: Element) -> None:
        """Take a block."""
        entry, course = seen.entry, self.course
        stream = self._open.get(_key(entry, data)) if self._open else None
        if stream is None or entry.type == "error" or course.resumed or not course.whole(entry.sender):
            return
        found, due = _NUMBER.fullmatch(data.attrs.get("seq", "")), stream.next[entry.sender]
        if found is None:
            self.report(SEQUENCE, "a block without a number")
            return
        number = int(found.group(1))
        if due is not None and number != due:
            self.report(SEQUENCE, f"block {number} where {due} comes next")
        stream.next[entry.sender] = (number + 1) % _WRAP if due == number else None
        size = _size(data.text)
        if stream.largest and size > stream.largest:
            self.report(SEQUENCE, f"a block of {size} bytes, at most {stream.largest} were agreed upon")

    def close(self, seen: Seen, closed: Element) -> None:
        """Take the end of a bytestream."""
        self._open.pop(_key(seen.entry, closed), None)

    PAYLOADS = table(
        {
            names.expanded(_NAMESPACE, "open"): opened,
            names.expanded(_NAMESPACE, "data"): data,
            names.expanded(_NAMESPACE, "close"): close,
        }
    )


class SlotChecker(Checker):
    """Looks at slots that an upload service gives."""

    RULES = (HTTPS,)

    def slot(self, seen: Seen, slot: Element) -> None:
        """Take a slot; nothing of its URLs is told, since who has them may upload."""
        if seen.entry.type != "result":
            return
        for way in slot.children:
            if way.ns != _SLOTS or way.local not in ("put", "get"):
                continue
            url = way.attrs.get("url", "")
            if url[:8].lower() != "https://":
                self.report(HTTPS, f"the URL of <{way.local}/> is not https")
            for header in way.children:
                name = header.attrs.get("name", "")
                if header.local == "header" and name.strip().lower() not in _HEADERS:
                    self.report(HTTPS, f"the header {name[:40]} beside the slot", None, "warning")

    PAYLOADS = table({names.expanded(_SLOTS, "slot"): slot})


def _key(entry: Entry, element: Element) -> _Key:
    """Return what a bytestream is known by on a client's stream: the other end and the id."""
    peer = entry.to if entry.sender == INITIATING else entry.from_
    return (peer or "").lower(), element.attrs.get("sid", "")


def _size(text: str) -> int:
    """Return how many bytes base64 text stands for; 0 if it does not decode."""
    try:
        return len(binascii.a2b_base64("".join(text.split()), strict_mode=True))
    except (binascii.Error, ValueError):
        return 0
