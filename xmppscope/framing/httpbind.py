"""The `<body/>` of BOSH: its attributes, and the exact bytes of the elements in it (XEP-0124 §5, XEP-0206 §3).

Each body is an XML document of its own, small, and one of thousands. A parser for each would cost more than the stanza
inside, so the start tag of the usual form is read by its bytes, and what is inside goes to a splitter that has met the
same namespace declarations before; bodies of all sessions share it. Whatever is unusual is read again, alone, by a
splitter of its own, which then says what is wrong with it.
"""

import re
from typing import Final

import msgspec

from xmppscope.framing import bounds
from xmppscope.framing.pieces import SHOWN, Bad, Foot, Head, Item, Piece, Space, Torn
from xmppscope.framing.splitter import Splitter
from xmppscope.model.element import SEPARATOR, Element
from xmppscope.model.namespaces import HTTPBIND

BODY: Final = HTTPBIND + SEPARATOR + "body"
XBOSH: Final = "urn:xmpp:xbosh" + SEPARATOR
"""Of the attributes that XEP-0206 adds."""

BAD_RID: Final = "a request without a valid rid"
OTHER_CONTENT: Final = "sent again with other content"
FAR_RID: Final = "far out of the window"
MISSING_RID: Final = "not in the capture: rid"
"""What reasons of entries hold or begin with, for rules to find."""

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_NAME: Final = rb"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?"
_VALUE: Final = rb"(?:\"[^\"<&\t\r\n]*\"|'[^'<&\t\r\n]*')"
_HEAD: Final = re.compile(rb"[ \t\r\n]*<body((?:[ \t\r\n]+" + _NAME + rb"=" + _VALUE + rb"){0,40})[ \t\r\n]*(/?)>")
_ATTRIBUTE: Final = re.compile(r"([^\s=:]+)(?::([^\s=]+))?=(?:\"([^\"]*)\"|'([^']*)')")
_TAIL: Final = re.compile(rb"</body[ \t\r\n]*>[ \t\r\n]*\Z")
_LONGEST_TAIL: Final = 64
_MOST_KNOWN: Final = 32


class HttpBody(msgspec.Struct, gc=False):
    """A body: its start tag, and the pieces inside, with offsets that count from its first byte.

    `header` is None where not even the start tag can be read.
    """

    header: Head | None
    pieces: list[Piece]
    size: int

    @property
    def attrs(self) -> dict[str, str]:
        """The attributes of the start tag."""
        return {} if self.header is None else self.header.element.attrs


class BodyReader:
    """Reads bodies; *sensitive* are the names that set `Item.sensitive`."""

    def __init__(self, sensitive: frozenset[str]) -> None:
        self._sensitive = sensitive
        self._known: dict[bytes, Splitter] = {}

    def read(self, data: bytes) -> HttpBody | None:
        """Return what *data*, a whole HTTP body, holds; None if it is no body of BOSH."""
        usual = self._usual(data)
        if usual is not None:
            return usual if usual.header is not None and usual.header.element.name == BODY else None
        return self._alone(data)

    def _usual(self, data: bytes) -> HttpBody | None:
        """Read a body of the usual form; None if it is of another one."""
        found = _HEAD.match(data)
        header = None if found is None or found.end() > bounds.HEADER else _header(found)
        if found is None or header is None:
            return None
        end = found.end()
        if found[2]:
            return None if data[end:].strip() else HttpBody(header, [], len(data))
        tail = _TAIL.search(data, max(len(data) - _LONGEST_TAIL, end))
        if tail is None:
            return None
        pieces = self._inside(header, data[end : tail.start()], end)
        return None if pieces is None else HttpBody(header, pieces, len(data))

    def _inside(self, header: Head, inside: bytes, at: int) -> list[Piece] | None:
        """Cut what is inside; None if anything but whole elements is there."""
        if not inside:
            return []
        prime = _prime(header.xmlns)
        splitter = self._known.pop(prime, None) or Splitter(frozenset(), self._sensitive, prime=prime)
        shift = at - splitter.at
        pieces = splitter.feed(inside)
        if splitter.broken or splitter.unfinished:
            return None
        elements: list[Piece] = []
        for piece in pieces:
            if type(piece) is Item:
                piece.start += shift
                piece.end += shift
                elements.append(piece)
            elif type(piece) is not Space:
                return None
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[prime] = splitter
        return elements

    def _alone(self, data: bytes) -> HttpBody | None:
        """Read a body with a splitter of its own."""
        splitter = Splitter(frozenset(), self._sensitive)
        pieces = splitter.feed(data)
        header = next((piece for piece in pieces if isinstance(piece, Head)), None)
        if header is not None and header.element.name != BODY:
            splitter.dismiss()
            return None
        foot = next((number for number, piece in enumerate(pieces) if isinstance(piece, Foot)), len(pieces))
        inside: list[Piece] = [piece for piece in pieces[:foot] if isinstance(piece, Item | Bad)]
        ended = foot < len(pieces)
        done = pieces[foot].end if ended else splitter.done
        rest = data[done:]
        if rest.strip() or not (ended or splitter.broken):
            reason = "bytes behind the end of a body" if ended else "part of a body that is not complete"
            inside.append(Torn(done, len(data), reason, rest[:SHOWN]))
        splitter.dismiss()
        return HttpBody(header, inside, len(data))


def _prime(xmlns: dict[str, str]) -> bytes:
    """Return a start tag with these declarations; a value never holds both kinds of quotes."""
    parts = ["<body"]
    for prefix, uri in xmlns.items():
        quote = "'" if '"' in uri else '"'
        parts.append(f" xmlns{':' if prefix else ''}{prefix}={quote}{uri}{quote}")
    return f"{''.join(parts)}>".encode()


def _header(found: re.Match[bytes]) -> Head | None:
    """Return a start tag of the usual form; None if expat had better look at it."""
    try:
        text = found[1].decode()
    except UnicodeDecodeError:
        return None
    xmlns: dict[str, str] = {}
    plain: dict[str, str] = {}
    prefixed: list[tuple[str, str, str]] = []
    count = 0
    for first, second, double, single in _ATTRIBUTE.findall(text):
        value = double or single
        count += 1
        if first == "xmlns":
            xmlns[second] = value
        elif second:
            prefixed.append((first, second, value))
        else:
            plain[first] = value
    for prefix, local, value in prefixed:
        uri = _XML if prefix == "xml" else xmlns.get(prefix)
        if not uri:
            return None
        plain[uri + SEPARATOR + local] = value
    if len(plain) + len(xmlns) != count or "" not in xmlns or not all(xmlns.values()):
        return None
    element = Element(xmlns[""] + SEPARATOR + "body", plain, [])
    raw = found[0].lstrip()
    return Head(element, xmlns, found.end() - len(raw), found.end(), raw)
