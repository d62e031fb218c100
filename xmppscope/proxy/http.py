"""HTTP/1.1 as far as it comes to the proxy's port: CONNECT (RFC 9110 §9.3.6), and GET for the page of the authority.

One request a connection, one answer, then the end of it or the tunnel. h11 reads and writes; what it would let pass and
another reader might take differently (folded fields, bare line ends, a body where none belongs: RFC 9112 §11.2) is
refused before. WebSocket and BOSH are named and declined. Nothing of a request appears in an answer.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

import h11

from xmppscope.proxy.destination import Refusal, Reply, authority
from xmppscope.proxy.page import Page, Resource

HEAD_BOUND: Final = 16 * 1024
"""Bytes that the head of a request may have."""

_BEGINNING: Final = re.compile(rb"[A-Z]{1,20}(?: [^\n]*)?")
_REQUEST_LINE: Final = re.compile(rb"[A-Z]{1,20} [^\n]* HTTP/\d\.\d\r?")
_ENDS: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")  # RFC 9112 §2.2: a lone CR or LF
_FOLD: Final = re.compile(rb"\n[ \t]")  # RFC 9112 §5.2
_PAGE_METHODS: Final = frozenset({b"GET", b"HEAD"})
_OTHER_METHODS: Final = frozenset({b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"})
_BOSH: Final = frozenset({"/http-bind", "/http-bind/"})
_STATUSES: Final[dict[Refusal, int]] = {"failed": 502, "not allowed": 403, "unreachable": 502, "refused": 502}
_ALLOW: Final = (("allow", "GET, HEAD, CONNECT"),)
_PLAIN: Final = (("content-type", "text/plain; charset=utf-8"),)
_ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("connection", "close"),
)

_NOT_YET: Final = "WebSocket and BOSH are not passed on yet."


class _Answer(NamedTuple):
    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    resource: Resource | None = None


def is_request(data: bytes) -> bool | None:
    """Tell whether a connection that begins with *data* speaks HTTP/1; None while that is open."""
    line, newline, _ = data.partition(b"\n")
    if newline:
        return _REQUEST_LINE.fullmatch(line) is not None
    return None if len(line) <= HEAD_BOUND and _BEGINNING.fullmatch(line) else False


class Http:
    """One request; after a destination, `rest` holds the bytes behind its head, until `accept` or `reject`."""

    def __init__(self, page: Page) -> None:
        self.rest = b""
        self._page = page
        self._is_head = False
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * HEAD_BOUND)

    def feed(self, data: bytes) -> Reply:
        """Take the next bytes of the client."""
        searched = max(len(self.rest) - 3, 0)
        self.rest += data
        end = self.rest.find(b"\r\n\r\n", searched)
        head = self.rest if end < 0 else self.rest[: end + 4]
        if _ENDS.search(head) or _FOLD.search(head):
            return self._give(_Answer(400, "The request is written in a way that can be read in two ways."))
        if len(head) > HEAD_BOUND:
            return self._give(_Answer(431, f"The head of the request is longer than {HEAD_BOUND} bytes."))
        if end < 0:
            return Reply()
        self.rest = self.rest[end + 4 :]
        return self._read(head)

    def accept(self) -> bytes:
        """Return the answer to CONNECT that begins the tunnel."""
        return self._connection.send(h11.Response(status_code=200, headers=[], reason="Connection established")) or b""

    def reject(self, refusal: Refusal, text: str) -> bytes:
        """Return the answer to CONNECT that says why there is no tunnel, with *text* as its sentence."""
        return self._give(_Answer(_STATUSES[refusal], text)).send

    def _read(self, head: bytes) -> Reply:
        self._connection.receive_data(head)
        try:
            request = self._connection.next_event()
        except h11.RemoteProtocolError as error:
            return self._give(_Answer(error.error_status_hint, "This is not a request of HTTP/1.1."))
        if not isinstance(request, h11.Request):
            raise TypeError(f"a whole head gave {request!r}")
        self._is_head = request.method == b"HEAD"
        answer = _fault(request)
        if answer is None and request.method == b"CONNECT":
            destination = authority(request.target.decode("ascii"))
            if destination is not None:
                return Reply(destination=destination)
            answer = _Answer(400, "CONNECT wants a host and a port.")
        return self._give(answer or _answer(request, self._page))

    def _give(self, answer: _Answer) -> Reply:
        """Write *answer* and tell of it."""
        resource = answer.resource or Resource(f"{answer.text}\n".encode(), _PLAIN)
        headers = [*resource.headers, *answer.headers, *_ALWAYS, ("content-length", str(len(resource.body)))]
        phrase = HTTPStatus(answer.status).phrase
        parts = [self._connection.send(h11.Response(status_code=answer.status, headers=headers, reason=phrase))]
        if not self._is_head:
            parts.append(self._connection.send(h11.Data(data=resource.body)))
        parts.append(self._connection.send(h11.EndOfMessage()))
        told = f"{answer.status} {phrase}"
        return Reply(b"".join(part or b"" for part in parts), end=f"{told}: {answer.text}".removesuffix(": "))


def _fault(request: h11.Request) -> _Answer | None:
    """Return the answer to what no HTTP/1 reader should take up, None for a proper request."""
    fields = dict(request.headers)
    coded = b"transfer-encoding" in fields
    if request.http_version not in (b"1.0", b"1.1"):
        return _Answer(505, "HTTP/1.1 is spoken here.")
    if coded and (b"content-length" in fields or request.http_version == b"1.0"):
        return _Answer(400, "The request states its length in two ways.")  # RFC 9112 §6.1
    has_body = coded or fields.get(b"content-length", b"0").strip(b"0") != b""
    if has_body and request.method in (*_PAGE_METHODS, b"CONNECT"):
        return _Answer(400, "A request of this kind has no body.")
    return None


def _answer(request: h11.Request, page: Page) -> _Answer:
    """Return the answer to anything but CONNECT."""
    target = request.target.decode("ascii")
    path = target.partition("?")[0]
    upgrades = any(b"websocket" in value.lower() for name, value in request.headers if name == b"upgrade")
    if upgrades or path in _BOSH:
        return _Answer(501, _NOT_YET)
    if request.method not in _PAGE_METHODS:
        other = request.method in _OTHER_METHODS
        return _Answer(405 if other else 501, "Only GET, HEAD and CONNECT are answered here.", _ALLOW if other else ())
    if not target.startswith("/"):
        return _Answer(501, "This proxy passes on XMPP, not the web: it takes CONNECT alone.")
    resource = page.find(path)
    return _Answer(404, "There is nothing here but /.") if resource is None else _Answer(200, resource=resource)
