"""The head of an HTTP/1 message: its first line, its fields, and where its body ends (RFC 9112 §2 to §6).

Ours and not h11's because a bystander does not know beforehand which side asks, may begin in the middle, must say what
it refuses and read on elsewhere, and has a few microseconds for each of the thousands of small messages of a BOSH
session. It is stricter than either end: what two readers could read in two ways ends the reading, with a reason.
`tests/framing/http` holds it against h11.
"""

import re
from enum import Enum, auto
from typing import Final

import msgspec

from xmppscope.framing.http import bounds
from xmppscope.framing.http.events import Headers

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client of HTTP/2 sends first; made to be refused as HTTP/1 (RFC 9113 §3.4)."""

REQUEST_LINE: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e\x80-\xff]{1,8000}) HTTP/1\.([01])(?=\r\n)"
)
STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([^\r\n\0]{0,1000}))?(?=\r\n)")
START_LINES: Final = re.compile(
    rb"(?:\A|\n)(?=(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|DELETE|PATCH) [\x21-\x7e\x80-\xff]{1,8000} HTTP/1\.[01]\r\n"
    rb"|HTTP/1\.[01] [1-9][0-9][0-9][ \r])"
)
"""Where a head may begin, for whoever has lost his place."""

_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}):[ \t]*([^\r\n\0]*)")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "upgrade"})
_NO_BODY: Final = frozenset({204, 304})
_MOST_KNOWN: Final = 2048
_known: dict[bytes, tuple[str, str]] = {}
"""Lines that were met before: a client sends the same ones with every request. Emptied when there are too many."""


class Ends(Enum):
    """What tells where a body ends."""

    NOTHING = auto()
    LENGTH = auto()
    CHUNKS = auto()
    CLOSE = auto()


class Head(msgspec.Struct, gc=False):
    """A head that was understood; `status` is 0 for a request."""

    method: str
    target: str
    version: str
    status: int
    reason: str
    headers: Headers
    ends: Ends
    length: int
    encoding: str
    upgrade: str


class Refused(msgspec.Struct, gc=False):
    """A head that is none, or that could be read in two ways."""

    reason: str


def parse(raw: bytes) -> Head | Refused:
    """Read a head, without the empty line behind it but with the line end before that."""
    if line := STATUS_LINE.match(raw):
        version, code, phrase = line.groups()
        method = target = ""
        status, reason = int(code), (phrase or b"").decode("latin-1")
    elif line := REQUEST_LINE.match(raw):
        name, path, version = line.groups()
        method, target = name.decode("ascii"), path.decode("latin-1")
        status, reason = 0, ""
    else:
        return Refused("no HTTP: neither a request line nor a status line")
    headers: Headers = []
    special: dict[str, list[str]] = {}
    for text in raw[line.end() + 2 : -2].split(b"\r\n") if len(raw) > line.end() + 2 else ():
        field = _known.get(text) or _field(text)
        if isinstance(field, Refused):
            return field
        headers.append(field)
        if field[0] in _FRAMING:
            special.setdefault(field[0], []).append(field[1])
    if len(headers) > bounds.FIELDS:
        return Refused(f"more than {bounds.FIELDS} header fields")
    one = version == b"1"
    ends = _ends(special, status, one=one)
    if isinstance(ends, Refused):
        return ends
    encoding, upgrade = ", ".join(special.get("content-encoding", ())), ", ".join(special.get("upgrade", ()))
    return Head(method, target, "1.1" if one else "1.0", status, reason, headers, ends[0], ends[1], encoding, upgrade)


def _field(text: bytes) -> tuple[str, str] | Refused:
    found = _FIELD.fullmatch(text)
    if found is None:
        return Refused(_why(text))
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    field = found[1].decode("ascii").lower(), found[2].rstrip(b" \t").decode("latin-1")
    _known[text] = field
    return field


def _why(text: bytes) -> str:
    if b"\n" in text or b"\r" in text:
        return "a line of the head that does not end in CRLF (RFC 9112 §2.2)"
    if text[:1] in b" \t":
        return "a folded header line (RFC 9112 §5.2)"
    if re.match(rb"[^:]*[ \t]:", text):
        return "white space before a colon (RFC 9112 §5.1)"
    return "a header line that is none (RFC 9112 §5)"


def _ends(special: dict[str, list[str]], status: int, *, one: bool) -> tuple[Ends, int] | Refused:
    """RFC 9112 §6.3: where the body ends, as far as the head alone can tell."""
    lengths, codings = special.get("content-length"), special.get("transfer-encoding")
    length: int | Refused = 0 if lengths is None else _length(lengths)
    if isinstance(length, Refused):
        return length
    if codings is not None:
        if lengths is not None:
            # RFC 9112 §6.1: "a server MAY reject a request that contains both"; "ought to be handled as an error"
            return Refused("both Content-Length and Transfer-Encoding (RFC 9112 §6.3)")
        names = [name.strip().lower() for name in ",".join(codings).split(",")]
        if names == ["chunked"] and one:
            return Ends.CHUNKS, 0
        return Refused(f"transfer coding {', '.join(names)[:60]!r} cannot be read (RFC 9112 §6.1)")
    if 100 <= status < 200 or status in _NO_BODY:
        return Ends.NOTHING, 0
    if lengths is not None:
        return (Ends.LENGTH, length) if length else (Ends.NOTHING, 0)
    return (Ends.CLOSE if status else Ends.NOTHING), 0


def _length(values: list[str]) -> int | Refused:
    """RFC 9112 §6.3: equal values in a list count as one, anything else invalidates the framing."""
    numbers = {number.strip(" \t") for value in values for number in value.split(",")}
    if len(numbers) > 1:
        return Refused("two different values of Content-Length (RFC 9112 §6.3)")
    number = numbers.pop()
    if not (number.isascii() and number.isdigit()) or len(number) > bounds.LENGTH_DIGITS:
        return Refused(f"Content-Length {number[:40]!r} is no length (RFC 9110 §8.6)")
    return int(number)
