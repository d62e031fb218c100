"""HTTP/1.1 as far as it comes to the proxy's port: CONNECT (RFC 9110 §9.3.6), and GET for the page of the authority.

One request a connection, one answer, then the end of it or the tunnel. h11 reads; what it would let pass and another
reader might take differently (folded fields, bare line ends, a body where none belongs: RFC 9112 §11.2) is refused
before. What may be WebSocket, BOSH or a question for host-meta is left to `web_relay`. Nothing of a request appears in
an answer.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

import h11

from xmppscope.proxy.destination import Refusal, Reply, authority
from xmppscope.proxy.page import Page, Resource
from xmppscope.proxy.web_message import ENDS, FOLD, HEAD_BOUND, TWO_WAYS

_BEGINNING: Final = re.compile(rb"[A-Z]{1,20}(?: [^\n]*)?")
_REQUEST_LINE: Final = re.compile(rb"[A-Z]{1,20} [^\n]* HTTP/\d\.\d\r?")
_PAGE_METHODS: Final = frozenset({b"GET", b"HEAD"})
_OTHER_METHODS: Final = frozenset({b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"})
_PASSED_METHODS: Final = frozenset({b"POST", b"OPTIONS"})
_STATUSES: Final[dict[Refusal, int]] = {"failed": 502, "not allowed": 403, "unreachable": 502, "refused": 502}
_ALLOW: Final = (("allow", "GET, HEAD, CONNECT"),)
_PLAIN: Final = (("content-type", "text/plain; charset=utf-8"),)
_ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("connection", "close"),
)

HOST_META: Final = frozenset({"/.well-known/host-meta", "/.well-known/host-meta.json"})  # XEP-0156 §3


class Answer(NamedTuple):
    """An answer of the proxy's own: a sentence or a resource; behind it the connection ends."""

    status: int
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    resource: Resource | None = None

    @property
    def phrase(self) -> str:
        """The status in words."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    def written(self, *, body: bool = True) -> bytes:
        """Return the answer as it is sent; without its *body* it answers HEAD."""
        resource = self.resource or Resource(f"{self.text}\n".encode(), _PLAIN)
        headers = [*resource.headers, *self.headers, *_ALWAYS, ("content-length", str(len(resource.body)))]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return f"HTTP/1.1 {self.phrase}\r\n{head}\r\n".encode("latin-1") + (resource.body if body else b"")


def is_request(data: bytes) -> bool | None:
    """Tell whether a connection that begins with *data* speaks HTTP/1; None while that is open."""
    line, newline, _ = data.partition(b"\n")
    if newline:
        return _REQUEST_LINE.fullmatch(line) is not None
    return None if len(line) <= HEAD_BOUND and _BEGINNING.fullmatch(line) else False


class Http:
    """One request; after a destination, `rest` holds the bytes behind its head, until `accept` or `reject`.

    `passes` are all bytes of a request that is not for the proxy itself.
    """

    def __init__(self, page: Page) -> None:
        self.rest = self.passes = b""
        self._page = page

    def feed(self, data: bytes) -> Reply:
        """Take the next bytes of the client."""
        searched = max(len(self.rest) - 3, 0)
        self.rest += data
        end = self.rest.find(b"\r\n\r\n", searched)
        head = self.rest if end < 0 else self.rest[: end + 4]
        if ENDS.search(head) or FOLD.search(head):
            return _reply(Answer(400, f"The request {TWO_WAYS}."))
        if len(head) > HEAD_BOUND:
            return _reply(Answer(431, f"The head of the request is longer than {HEAD_BOUND} bytes."))
        if end < 0:
            return Reply()
        self.rest = self.rest[end + 4 :]
        return self._read(head)

    def accept(self) -> bytes:
        """Return the answer to CONNECT that begins the tunnel."""
        return b"HTTP/1.1 200 Connection established\r\n\r\n"

    def reject(self, refusal: Refusal, text: str) -> bytes:
        """Return the answer to CONNECT that says why there is no tunnel, with *text* as its sentence."""
        return Answer(_STATUSES[refusal], text).written()

    def _read(self, head: bytes) -> Reply:
        request = read_request(head)
        if isinstance(request, Answer):
            return _reply(request)
        if request.method == b"CONNECT":
            destination = authority(request.target.decode("ascii"))
            if destination is not None:
                return Reply(destination=destination)
            return _reply(Answer(400, "CONNECT wants a host and a port."))
        answer = answer_to(request, self._page)
        if answer is not None:
            return _reply(answer, body=request.method != b"HEAD")
        self.passes, self.rest = head + self.rest, b""
        return Reply()


def read_request(head: bytes) -> h11.Request | Answer:
    """Return the request of a whole head, or the answer to what no HTTP/1 reader should take up."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * HEAD_BOUND)
    connection.receive_data(head)
    try:
        request = connection.next_event()
    except h11.RemoteProtocolError as error:
        return Answer(error.error_status_hint, "This is not a request of HTTP/1.1.")
    if not isinstance(request, h11.Request):
        raise TypeError(f"a whole head gave {request!r}")
    return _fault(request) or request


def wants_websocket(request: h11.Request) -> bool:
    """Tell whether a request is the beginning of a WebSocket (RFC 6455 §4.1)."""
    return any(b"websocket" in value.lower() for name, value in request.headers if name == b"upgrade")


def answer_to(request: h11.Request, page: Page) -> Answer | None:
    """Return the answer to anything but CONNECT, None for what is to be passed on, or looked up."""
    target = request.target.decode("ascii")
    path = target.partition("?")[0]
    own = page.find(path)
    if not target.startswith("/") and request.method in _PAGE_METHODS:
        return Answer(501, "This proxy passes on XMPP, not the web: it takes CONNECT alone.")
    if wants_websocket(request):
        if request.method == b"GET":
            return None
        return Answer(400, "A WebSocket begins with GET.")
    if request.method in _PASSED_METHODS and own is None and path not in HOST_META and target.startswith("/"):
        return None
    if request.method not in _PAGE_METHODS:
        other = request.method in _OTHER_METHODS
        return Answer(405 if other else 501, "Only GET, HEAD and CONNECT are answered here.", _ALLOW if other else ())
    if path in HOST_META:
        return None
    return Answer(404, "There is nothing here but /.") if own is None else Answer(200, resource=own)


def _reply(answer: Answer, *, body: bool = True) -> Reply:
    """Tell of *answer*, which is to be sent."""
    return Reply(answer.written(body=body), end=f"{answer.phrase}: {answer.text}".removesuffix(": "))


def _fault(request: h11.Request) -> Answer | None:
    """Return the answer to what no HTTP/1 reader should take up, None for a proper request."""
    fields = dict(request.headers)
    coded = b"transfer-encoding" in fields
    if request.http_version not in (b"1.0", b"1.1"):
        return Answer(505, "HTTP/1.1 is spoken here.")
    if coded and (b"content-length" in fields or request.http_version == b"1.0"):
        return Answer(400, "The request states its length in two ways.")  # RFC 9112 §6.1
    has_body = coded or fields.get(b"content-length", b"0").strip(b"0") != b""
    if has_body and request.method in (*_PAGE_METHODS, b"CONNECT"):
        return Answer(400, "A request of this kind has no body.")
    return None
