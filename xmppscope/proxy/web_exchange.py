"""Requests and answers of one HTTP connection: which go to the server, which the proxy answers itself, in their order.

Heads are read whole and passed on with another Host where the server needs it; all other bytes pass as they come, the
frames of a WebSocket unseen. An answer of the proxy's own is the last on its connection: it stands behind those of the
server that were asked for before, and then the connection ends.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

import h11
import msgspec

from xmppscope.model.plaintext import cut
from xmppscope.proxy.http import HOST_META, Answer, answer_to, read_request, wants_websocket
from xmppscope.proxy.way import MOST_WAITING
from xmppscope.proxy.web_head import host_of
from xmppscope.proxy.web_message import (
    Fields,
    HttpFault,
    Messages,
    Piece,
    answer_framing,
    fields_of,
    read_status,
    request_framing,
)
from xmppscope.proxy.web_url import WebKind
from xmppscope.proxy.web_words import refusal

if TYPE_CHECKING:
    from xmppscope.proxy.web_relay import WebRelay

_SHOWN: Final = 60
_OUTSTANDING: Final = 256
"""Requests that may wait for their answers on one connection."""


class Asked(msgspec.Struct):
    """A request that waits for its answer; `what` names it in words, `own` is the proxy's answer, once there is one."""

    kind: WebKind | None
    method: str
    what: str
    own: bytes | None = None


class Request(msgspec.Struct, frozen=True):
    """A request that is to be passed on."""

    kind: WebKind
    head: bytes
    target: str
    fields: Fields
    version: str
    asked: Asked

    @property
    def host(self) -> str:
        """The value of its Host field."""
        return host_of(self.fields)


class Exchanges:
    """Both directions of one connection; `upgraded` says that HTTP is over and bytes just pass.

    `pending` is the request that waits for the server leg.
    """

    def __init__(self, relay: "WebRelay") -> None:
        self.upgraded = False
        self.pending: Request | None = None
        self._relay = relay
        self._requests = Messages()
        self._answers = Messages()
        self._asked: deque[Asked] = deque()
        self._upgrading = False
        self._last = False
        self._interim = False

    @property
    def unanswered(self) -> bool:
        """Whether a request waits for an answer that has not begun."""
        return bool(self._asked) and self._answers.between

    @property
    def owes(self) -> bool:
        """Whether the proxy itself is yet to answer."""
        return bool(self._asked) and self._asked[-1].kind is None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._asked and self.pending is None and not self.upgraded

    # From the client

    def up(self, data: bytes, time: int) -> None:
        """Take cleartext from the client."""
        if self.upgraded:
            self._relay.to_server(data, time)
        elif not self._last:
            self._requests.feed(data)
            self.go_on(time)

    def go_on(self, time: int) -> None:
        """Read requests, up to one behind which nothing can be read yet."""
        try:
            for piece in () if self._halted else self._requests.pieces():
                self._request_piece(piece, time)
                if self._halted:
                    break
        except HttpFault as fault:
            self._decline(fault, time)
        if self._requests.waiting > MOST_WAITING * 4:
            self._relay.overrun("client", time)

    @property
    def _halted(self) -> bool:
        return self._last or self._upgrading or self.pending is not None or self._relay.done

    def _request_piece(self, piece: Piece, time: int) -> None:
        if piece.kind == "head":
            self._request(piece.data, time)
        elif piece.data:
            self._relay.to_server(piece.data, time)

    def _request(self, head: bytes, time: int) -> None:
        request = read_request(head)
        if isinstance(request, Answer):
            raise HttpFault(request.text, request.status)
        asked = Asked(None, request.method.decode("ascii"), _what(request))
        answer = Answer(405, "CONNECT is not for here.") if request.method == b"CONNECT" else None
        answer = answer or answer_to(request, self._relay.page)
        if len(self._asked) >= _OUTSTANDING:
            answer = Answer(503, "Too many requests wait for their answers.")
        fields = fields_of(head)
        target = request.target.decode("ascii")
        if answer is None and target.partition("?")[0] in HOST_META and not wants_websocket(request):
            self._answer_last(asked, time)
            self._relay.fetch(target.partition("?")[0], host_of(fields))
        elif answer is not None:
            self._answer_last(asked, time, answer)
        else:
            asked.kind = "websocket" if wants_websocket(request) else "bosh"
            version = request.http_version.decode("ascii")
            self._requests.begin_body(request_framing(fields, version))
            self._pass(Request(asked.kind, head, target, fields, version, asked), time)

    def _pass(self, request: Request, time: int) -> None:
        """Send a request on, at once or when the server leg is there."""
        answer = self._relay.lead(request, time)
        if answer is not None:
            self._answer_last(Asked(None, request.asked.method, request.asked.what), time, answer)
        elif self._relay.ready:
            self._send(request, time)
        else:
            self.pending = request

    def let_pass(self, time: int) -> None:
        """Note that the server leg is there."""
        request, self.pending = self.pending, None
        if request is not None:
            self._send(request, time)
        self.go_on(time)

    def _send(self, request: Request, time: int) -> None:
        path = self._relay.target_of(request).partition("?")[0]
        request.asked.what = f"{request.asked.method} {cut(path, _SHOWN)}"
        self._asked.append(request.asked)
        self._upgrading = request.kind == "websocket"
        self._relay.to_server(self._relay.written(request), time)

    def _decline(self, fault: HttpFault, time: int) -> None:
        """Answer what cannot be read, or should not be."""
        text = str(fault) if str(fault).endswith(".") else f"The request {fault}."
        self._relay.tell_fault(f"client leg: {fault.status} to its request: {text.rstrip('.')}", time)
        answer = Answer(fault.status, text)
        if not self._requests.in_body:
            self._answer_last(Asked(None, "GET", "a request"), time, answer)
        elif not self.refuse(answer, time):  # the server has its head, and waits for a body that will never be whole
            self._relay.ending.finish(time)

    def _answer_last(self, asked: Asked, time: int, answer: Answer | None = None) -> None:
        """Let the proxy answer, now or later; nothing is read behind it."""
        self._last = True
        self._asked.append(asked)
        if answer is not None:
            self.answer(answer, time)

    def answer(self, answer: Answer, time: int) -> None:
        """Give the proxy's own answer to the last request."""
        if self._asked and self._asked[-1].kind is None:
            asked = self._asked[-1]
            asked.own = answer.written(body=asked.method != "HEAD")
            self._flush(time)

    def refuse(self, answer: Answer, time: int) -> bool:
        """Answer the request that waits, in the server's stead; whether that can be done."""
        if self.upgraded or not self._answers.between:
            return False
        waiting = self._asked[0] if self._asked else self.pending.asked if self.pending is not None else None
        if waiting is None:
            return False
        self._last, self.pending = True, None
        self._asked.clear()
        self._asked.append(Asked(None, waiting.method, waiting.what))
        self.answer(answer, time)
        return True

    def _flush(self, time: int) -> None:
        if self._asked and self._asked[0].own is not None:
            own = self._asked.popleft().own or b""
            self._relay.to_client(own, time)
            self._relay.part(time)

    # From the server

    def down(self, data: bytes, time: int) -> None:
        """Take cleartext from the server."""
        if self.upgraded:
            self._relay.to_client(data, time)
            return
        self._answers.feed(data)
        try:
            for piece in self._answers.pieces():
                self._answer_piece(piece, time)
                if self.upgraded:
                    self._begin_frames(time)
                    return
                if self._relay.done or self._relay.parting:
                    return
        except HttpFault as fault:
            self._relay.break_off(f"the server's answer {fault}", time)
            return
        if not self._upgrading:
            self.go_on(time)

    def _begin_frames(self, time: int) -> None:
        """Let pass what came behind the heads already."""
        relay, ahead = self._relay, self._requests.rest()
        if behind := self._answers.rest():
            relay.to_client(behind, time)
        if ahead:
            relay.to_server(ahead, time)

    def _answer_piece(self, piece: Piece, time: int) -> None:
        if piece.kind == "head":
            self._answer_head(piece.data, time)
        elif piece.kind == "body":
            self._relay.to_client(piece.data, time)
        elif self._interim:
            self._interim = False
        else:
            self._asked.popleft()
            self._upgrading = False
            self._flush(time)
            if self._last and not self._asked:
                self._relay.part(time)

    def _answer_head(self, head: bytes, time: int) -> None:
        status = read_status(head)
        if not self._asked or self._asked[0].kind is None:
            # A server may tell an idle client that it will wait no longer (408). Nothing can be asked behind that.
            self._last = True
            self._asked.appendleft(Asked("bosh", "GET", "nothing"))
        asked = self._asked[0]
        self._interim = status.code < 200
        upgrades = status.code == 101
        if upgrades and not (self._upgrading and asked.kind == "websocket" and len(self._asked) == 1):
            raise HttpFault("changes to a protocol that nobody asked for")
        self._relay.to_client(head, time)
        if asked.kind is not None and (not self._interim or upgrades):
            self._relay.judge(refusal(asked.kind, asked.what, self._relay.url, status), time)
        self.upgraded = upgrades
        self._answers.begin_body(answer_framing(status, asked.method))


def _what(request: h11.Request) -> str:
    """Return method and path of a request; its query may hold a secret."""
    path = request.target.decode("ascii").partition("?")[0]
    return f"{request.method.decode('ascii')} {cut(path, _SHOWN)}"
