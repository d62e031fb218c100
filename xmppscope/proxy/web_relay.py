"""One proxied connection of the web, for WebSocket (RFC 7395) and BOSH (XEP-0124). No socket here.

It stands beside `relay`, which is for streams, and is driven in the same way: what comes from client and server in,
what is to be sent, done and told out. `web_exchange` reads requests and answers, `web_security` makes TLS on both legs,
`web_ending` says how it ends. Where the server is shows in the first request that is for one: what `--upstream-url`
names, the destination of a tunnel, or what the host-meta of the domain lists that Host names.
"""

from typing import Final

from xmppscope.model.marks import LegMark, Mark, TargetMark, ToldMark
from xmppscope.model.wire import Data, Marked, Opened, ProxyEvent
from xmppscope.proxy.http import Answer
from xmppscope.proxy.leg import Leg
from xmppscope.proxy.page import Page
from xmppscope.proxy.settings import Destination, Settings, Tools
from xmppscope.proxy.web_commands import Fetch, Hold, WebCommand, WebDial
from xmppscope.proxy.web_ending import WebEnding
from xmppscope.proxy.web_exchange import Exchanges, Request
from xmppscope.proxy.web_head import domain_of, named, rewritten, with_query
from xmppscope.proxy.web_security import WebSecurity
from xmppscope.proxy.web_url import KINDS, WebUrl
from xmppscope.proxy.web_words import NAME_IT, wanted

_NOWHERE: Final = WebUrl("bosh", False, "", 0)


class WebRelay:
    """Relays one connection; its methods take what happens and fill `events`, `commands` and the legs' `out`.

    `deadline` and `done` are as in `relay.Relay`. `url` is where the server leg leads, once that is known, `ready` that
    it is there; `parting` says that the client was told all it will be.
    """

    def __init__(
        self,
        settings: Settings,
        tools: Tools,
        page: Page,
        *,
        pair: int,
        flows: tuple[int, int],
        client: str,
        dialled: str,
        time: int,
        destination: Destination | None = None,
        direct_tls: bool = False,
    ) -> None:
        self.events: list[ProxyEvent] = []
        self.commands: list[WebCommand] = []
        self.settings = settings
        self.tools = tools
        self.page = page
        self.pair = pair
        self.dialled = dialled
        self.url = _NOWHERE
        self.connected = False
        self.ready = False
        self.address = ""
        self.name = ""
        self.client = Leg("client", flows[0], self.tell, tools.secrets, records=settings.records)
        self.server = Leg("server", flows[1], self.tell, tools.secrets, records=settings.records)
        self.exchanges = Exchanges(self)
        self.ending = WebEnding(self)
        self.security = WebSecurity(self)
        self.client.deliver, self.server.deliver = self.exchanges.up, self.exchanges.down
        self._destination = destination
        self._asked: WebDial | None = None
        self._holds = False
        self.tell(Opened(self.client.flow, time, 0, client, dialled, True))
        self.mark(LegMark("client", pair, dialled), time)
        if direct_tls:
            self.client.expect_tls()
            self.ending.wait_for("the client did not complete the TLS handshake", time)
        else:
            self.ending.wait_for_request(time)

    @property
    def deadline(self) -> int | None:
        """When `expired` is to be called; None where there is nothing to wait for."""
        return self.ending.deadline

    @property
    def done(self) -> bool:
        """Whether all is over."""
        return self.ending.done

    @property
    def parting(self) -> bool:
        """Whether the client was told all that it will be told."""
        return self.ending.parting

    # What happens

    def client_data(self, data: bytes, time: int) -> None:
        """Take bytes from the client."""
        if self.done:
            return
        if self.client.expects_tls:
            self.security.from_client(data, time)
        else:
            self.tell(Data(self.client.flow, 0, time, 0, data))
            self.exchanges.up(data, time)

    def server_data(self, data: bytes, time: int) -> None:
        """Take bytes from the server."""
        if self.done or self.parting:
            return
        self.ending.heard = True
        if self.server.expects_tls:
            self.security.from_server(data, time)
        else:
            self.tell(Data(self.server.flow, 1, time, 0, data))
            self.exchanges.down(data, time)

    def routed(self, url: WebUrl, how: str, address: str, time: int) -> None:
        """Note where the connection is to go, and how that was found out."""
        request = self.exchanges.pending
        if self.done or request is None:
            return
        self._lead_to(url, request, how, time)
        if address:
            self.mark(TargetMark(address), time)

    def server_connected(self, local: str, address: str, time: int) -> None:
        """Note that the server leg is there."""
        if self.done or self.parting:
            return
        self.connected = True
        self.address = address
        self.tell(Opened(self.server.flow, time, 0, local, address, True))
        self.mark(LegMark("server", self.pair, self.dialled), time, server=True)
        if self.url.tls:
            self.security.start_server(time)
        else:
            self.become_ready(time)

    def server_failed(self, text: str, advice: str, time: int) -> None:
        """Note that the server cannot be reached, and why."""
        self.ending.fail(text, text, f"The server was not reached: {text}.", advice, time)

    def fetched(self, answer: Answer, fault: str, time: int) -> None:
        """Take the answer to a request for host-meta; *fault* says what was wrong with the server's."""
        if fault and not self.done:
            self.tell_fault(fault, time)
        self.exchanges.answer(answer, time)

    def client_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the client."""
        self.ending.client_ended(time, reset=reset)

    def server_ended(self, time: int, *, reset: bool = False) -> None:
        """Note FIN or RST of the server."""
        self.ending.server_ended(time, reset=reset)

    def expired(self, time: int) -> None:
        """Note that `deadline` has passed."""
        self.ending.expired(time)

    def stop(self, time: int) -> None:
        """Close both legs: the proxy is to end."""
        self.ending.stop(time)

    # What the parts do together

    def become_ready(self, time: int) -> None:
        """Let requests go to the server."""
        self.ready = True
        self.ending.be_calm()
        self._hold(on=False)
        self.exchanges.let_pass(time)
        self.ending.client_gone_already(time)

    def lead(self, request: Request, time: int) -> Answer | None:
        """Find out where a request goes, and go there; return an answer where this connection cannot lead there."""
        known = self._known(request)
        domain = domain_of(request.host)
        if self._asked is not None:
            same = known.place == self.url.place if known is not None else domain == self._asked.domain
            if same and (known is not None or request.kind == self._asked.kind):
                return None
            return Answer(421, "This connection leads to another server already.")
        if known is None and not domain:
            return self._unknown(request, time)
        self.ending.be_calm()
        self._asked = WebDial(request.kind, request.target.partition("?")[0], domain, known)
        self.commands.append(self._asked)
        self._hold(on=True)
        return None

    def written(self, request: Request) -> bytes:
        """Return the head of a request as the server gets it."""
        path, host = self._changes(request)
        return rewritten(request.head, path, host, upgrades=request.kind == "websocket")

    def target_of(self, request: Request) -> str:
        """Return the target of a request as the server gets it."""
        return self._changes(request)[0]

    def fetch(self, path: str, host: str) -> None:
        """Ask for the host-meta at *path*."""
        self.ending.be_calm()
        url = self._at_destination("bosh", host) or next(iter(self.settings.web), None)
        self.commands.append(Fetch(path, domain_of(host), url, self.client.established, host))

    def to_server(self, data: bytes, time: int) -> None:
        """Send cleartext to the server."""
        self.server.send(data, time)

    def to_client(self, data: bytes, time: int) -> None:
        """Send cleartext to the client."""
        self.client.send(data, time)

    def part(self, time: int) -> None:
        """Let go of the client, which was told all that it will be."""
        self.ending.part(time)

    def judge(self, mark: ToldMark | None, time: int) -> None:
        """Tell what is wrong with an answer of the server's, if anything is."""
        if mark is not None:
            self.mark(mark, time, server=True)

    def break_off(self, text: str, time: int) -> None:
        """Give up: what the server says cannot be passed on."""
        self.ending.fail(text, text, f"The server was reached, but {text}.", "see what it is that answers there", time)

    def overrun(self, who: str, time: int) -> None:
        """Give up: a peer sends on and on without waiting for what it has asked for."""
        self.tell_fault(f"{who} leg: more is sent than should wait for an answer", time)
        self.ending.finish(time)

    def tell_fault(self, text: str, time: int) -> None:
        """Tell of a fault that has no more to it than its words."""
        self.mark(ToldMark(text, text), time)

    def tell(self, event: ProxyEvent) -> None:
        """Tell the analyzer and the recording."""
        self.events.append(event)

    def mark(self, mark: Mark, time: int, *, server: bool = False) -> None:
        """Tell what bytes do not show."""
        leg = self.server if server and self.connected else self.client
        self.tell(Marked(leg.flow, 0, time, 0, mark))

    def _lead_to(self, url: WebUrl, request: Request, how: str, time: int) -> None:
        self.url = url
        self.name = (self.security.sni or named(request.host) or url.host) if self._destination else url.host
        path, host = self._changes(request)
        text = wanted(request.kind, request.asked.what, url, target=path, host=request.host if host else None)
        self.mark(ToldMark(f"{how}; {text}" if how else text), time)

    def _changes(self, request: Request) -> tuple[str, str | None]:
        """Return the target and the Host that the server gets; None leaves the Host as it is."""
        if self._destination is not None:
            return request.target, None
        known = self._known(request) or self.url
        path = known.path if known.kind == request.kind else ""
        return with_query(path or request.target, request.target), known.authority

    def _known(self, request: Request) -> WebUrl | None:
        """Return the place that the user or a tunnel names for a request."""
        found = self._at_destination(request.kind, request.host)
        if found is not None or not self.settings.web:
            return found
        named = next((url for url in self.settings.web if url.kind == request.kind), None)
        other = self.settings.web[0]
        return named or WebUrl(request.kind, other.tls, other.host, other.port)

    def _at_destination(self, kind: str, _host: str) -> WebUrl | None:
        if self._destination is None:
            return None
        return WebUrl("websocket" if kind == "websocket" else "bosh", self.client.expects_tls, *self._destination)

    def _unknown(self, request: Request, time: int) -> Answer:
        text = f"no server is known for {KINDS[request.kind]}: the client names none, but this proxy"
        why = f"{request.asked.what} came to the proxy's own address, so nothing says which server is meant."
        self.mark(ToldMark(text, text, why, NAME_IT), time)
        return Answer(502, f"No server is known for this request; {NAME_IT}.")

    def _hold(self, *, on: bool) -> None:
        if on != self._holds:
            self._holds = on
            self.commands.append(Hold(on))
