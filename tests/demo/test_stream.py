"""The server's end of a connection without a network: bytes in, text out, TLS taken as done."""

import asyncio
import base64
import re

import pytest

from xmppscope.demo.accounts import Accounts
from xmppscope.demo.reader import ELEMENT_BOUND
from xmppscope.demo.scram import ClientExchange
from xmppscope.demo.stream import Host, ServerStream

HEADER = (
    "<?xml version='1.0'?><stream:stream to='{}' version='{}' xmlns='{}' xml:lang='en'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)
GOOD_HEADER = HEADER.format("verona.example", "1.0", "jabber:client")
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
SM = "xmlns='urn:xmpp:sm:3'"


class FakeLine:
    """A line that keeps what is written."""

    unique = None

    def __init__(self) -> None:
        self.text = ""
        self.closed = False
        self.first = b""

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.text += data.decode()

    def start_tls(self, context, *, server_side: bool, first: bytes = b"") -> None:
        self.first = first

    def close(self) -> None:
        self.closed = True


class Peer:
    """A client of one connection, who types XML."""

    def __init__(self, host: Host) -> None:
        self.line = FakeLine()
        self.stream = ServerStream(host, direct_tls=False)
        self.stream.connected(self.line)

    def says(self, text: str) -> str:
        """Send a text; return what is answered, without stream headers."""
        self.line.text = ""
        self.stream.received(text.encode())
        return re.sub(r"<\?xml.*?<stream:stream.*?>", "", self.line.text)

    def secured(self) -> "Peer":
        self.stream.secured()
        self.says(GOOD_HEADER)
        return self

    def authenticated(self, username: str = "juliet") -> "Peer":
        self.secured()
        plain = base64.b64encode(f"\0{username}\0secret".encode()).decode()
        assert "<success" in self.says(f"<auth {SASL} mechanism='PLAIN'>{plain}</auth>")
        self.features = self.says(GOOD_HEADER)
        return self

    def bound(self, username: str = "juliet", resource: str = "x") -> "Peer":
        self.authenticated(username)
        assert f"/{resource}</jid>" in self.says(bind(f"<resource>{resource}</resource>"))
        return self

    def managed(self, username: str = "juliet") -> str:
        """Bind, enable stream management; return the id to resume with."""
        return re.search(' id="(.*?)"', self.bound(username).says(f"<enable {SM} resume='true'/>"))[1]


def bind(content: str = "") -> str:
    return f"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{content}</bind></iq>"


def error(condition: str) -> str:
    return f'<stream:error><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>'


@pytest.fixture
def peers():
    """Run a scenario that gets a function which makes clients of one host."""

    def run(scenario) -> None:
        async def main() -> None:
            accounts = Accounts("verona.example")
            for username in ("juliet", "romeo"):
                accounts.add(username, "secret")
            host = Host(accounts, None, None, b"end point", hold=60)
            scenario(lambda: Peer(host))
            accounts.forget_sessions()

        asyncio.run(main())

    return run


@pytest.mark.parametrize(
    ("header", "condition"),
    [
        (HEADER.format("mantua.example", "1.0", "jabber:client"), "host-unknown"),
        (HEADER.format("", "1.0", "jabber:client"), "host-unknown"),
        (HEADER.format("verona.example", "0.9", "jabber:client"), "unsupported-version"),
        (HEADER.format("verona.example", "", "jabber:client"), "unsupported-version"),
        (HEADER.format("verona.example", "new", "jabber:client"), "unsupported-version"),
        (HEADER.format("verona.example", "1.0", "jabber:server"), "invalid-namespace"),
        ("<stream to='verona.example' version='1.0' xmlns='jabber:client'>", "invalid-namespace"),
        ("<html>", "bad-format"),
        ("GET / HTTP/1.1\r\n\r\n", "not-well-formed"),
        (GOOD_HEADER + "<a></b>", "not-well-formed"),
        (GOOD_HEADER + "<!-- -->", "restricted-xml"),
        (GOOD_HEADER + "<a>" + "b" * ELEMENT_BOUND, "policy-violation"),
    ],
)
def test_a_stream_that_cannot_be_ends_with_an_error_after_a_header(peers, header: str, condition: str) -> None:
    def scenario(peer) -> None:
        one = peer()
        answer = one.says(header)
        assert one.line.text.startswith('<?xml version="1.0"?><stream:stream from="verona.example"')
        assert error(condition)[:-2] in answer
        assert answer.endswith("</stream:error></stream:stream>")
        assert (one.line.text.count("<stream:stream"), one.line.closed) == (1, True)

    peers(scenario)


def test_the_response_header(peers) -> None:
    def scenario(peer) -> None:
        one = peer()
        one.says(GOOD_HEADER.replace("to=", "from='Juliet@verona.example/x' to="))
        found = re.match(r'<\?xml version="1.0"\?><stream:stream (.*?)>', one.line.text)[1]
        assert re.fullmatch(
            'from="verona.example" to="juliet@verona.example" id="[0-9a-f]{16}" version="1.0" xml:lang="en" '
            'xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"',
            found,
        )

    peers(scenario)


def test_the_features_of_each_stage(peers) -> None:
    def scenario(peer) -> None:
        assert peer().says(GOOD_HEADER) == (
            '<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls>'
            "</stream:features>"
        )
        one = peer()
        one.stream.secured()
        offered = one.says(GOOD_HEADER)
        assert re.findall("<mechanism>(.*?)</mechanism>", offered) == [
            "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-256",
            "SCRAM-SHA-1",
            "PLAIN",
        ]
        assert (
            '<sasl-channel-binding xmlns="urn:xmpp:sasl-cb:0"><channel-binding type="tls-server-end-point"/>' in offered
        )
        assert re.findall("<([a-z]+) xmlns", peer().authenticated().features) == ["bind", "sm", "session"]

    peers(scenario)


def test_what_comes_behind_starttls_belongs_to_tls(peers) -> None:
    def scenario(peer) -> None:
        one = peer()
        hello = b"\x16\x03\x01"
        one.stream.received(GOOD_HEADER.encode() + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + hello)
        assert one.line.text.endswith('<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        assert one.line.first == hello

    peers(scenario)


@pytest.mark.parametrize("stage", ["before TLS", "under TLS"])
@pytest.mark.parametrize(
    "sent", ["<message/>", bind(), f"<enable {SM}/>", f"<resume {SM} previd='a' h='0'/>", f"<r {SM}/>"]
)
def test_nothing_passes_before_authentication(peers, stage: str, sent: str) -> None:
    def scenario(peer) -> None:
        one = peer()
        one.says(GOOD_HEADER)
        if stage == "under TLS":
            one.secured()
        assert error("not-authorized") in one.says(sent)
        assert one.line.closed

    peers(scenario)


def test_nobody_authenticates_in_the_clear(peers) -> None:
    def scenario(peer) -> None:
        one = peer()
        one.says(GOOD_HEADER)
        plain = base64.b64encode(b"\0juliet\0secret").decode()
        answer = one.says(f"<auth {SASL} mechanism='PLAIN'>{plain}</auth>")
        assert answer == '<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><encryption-required/></failure>'

    peers(scenario)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("mechanism", "data", "condition"),
    [
        ("PLAIN", encoded("\0juliet\0wrong"), "not-authorized"),
        ("PLAIN", encoded("\0paris\0secret"), "not-authorized"),
        ("PLAIN", encoded("juliet\0secret"), "malformed-request"),
        ("PLAIN", encoded("\0\ufffd\0secret"), "malformed-request"),
        ("PLAIN", encoded("romeo@verona.example\0juliet\0secret"), "invalid-authzid"),
        ("PLAIN", "/w==", "malformed-request"),
        ("PLAIN", "%", "incorrect-encoding"),
        ("X-UNHEARD-OF", "", "invalid-mechanism"),
        ("SCRAM-SHA-256", encoded("y,,n=juliet,r=abc"), "not-authorized"),
        ("SCRAM-SHA-256", encoded("nonsense"), "malformed-request"),
        ("SCRAM-SHA-256-PLUS", encoded("p=tls-exporter,,n=juliet,r=abc"), "not-authorized"),
        ("SCRAM-SHA-256-PLUS", encoded("n,,n=juliet,r=abc"), "not-authorized"),
    ],
)
def test_a_login_that_fails_may_be_tried_again_but_not_for_ever(peers, mechanism, data, condition: str) -> None:
    def scenario(peer) -> None:
        one = peer().secured()
        for attempt in range(3):
            answer = one.says(f"<auth {SASL} mechanism='{mechanism}'>{data}</auth>")
            assert answer.startswith(f'<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition}/>')
            assert ("<stream:error><policy-violation" in answer) == (attempt == 2)
        assert one.line.closed

    peers(scenario)


@pytest.mark.parametrize(
    ("username", "password", "right"),
    [("juliet", "secret", True), ("Juliet", "secret", True), ("juliet", "x", False), ("paris", "secret", False)],
)
def test_scram_by_elements(peers, username: str, password: str, right: bool) -> None:
    def scenario(peer) -> None:
        one = peer().secured()
        exchange = ClientExchange(username, password, "sha256")
        challenge = one.says(f"<auth {SASL} mechanism='SCRAM-SHA-256'>{encoded(exchange.first())}</auth>")
        first = base64.b64decode(re.fullmatch("<challenge .*?>(.*)</challenge>", challenge)[1]).decode()
        answer = one.says(f"<response {SASL}>{encoded(exchange.final(first))}</response>")
        if right:
            exchange.verify(base64.b64decode(re.fullmatch("<success .*?>(.*)</success>", answer)[1]).decode())
        else:
            assert "<not-authorized/>" in answer

    peers(scenario)


def test_an_exchange_can_be_aborted_and_an_empty_start_is_asked_for_more(peers) -> None:
    def scenario(peer) -> None:
        one = peer().secured()
        asked = one.says(f"<auth {SASL} mechanism='PLAIN'/>")
        assert asked == '<challenge xmlns="urn:ietf:params:xml:ns:xmpp-sasl">=</challenge>'
        assert "<aborted/>" in one.says(f"<abort {SASL}/>")
        one.says(f"<auth {SASL} mechanism='PLAIN'/>")
        assert "<success" in one.says(f"<response {SASL}>{encoded(chr(0) + 'juliet' + chr(0) + 'secret')}</response>")

    peers(scenario)


def test_channel_binding_is_that_of_the_connection(peers) -> None:
    def scenario(peer) -> None:
        for data, condition in ((b"end point", "the password"), (b"another", "the channel binding")):
            one = peer().secured()
            first = encoded("p=tls-server-end-point,,n=juliet,r=abc")
            challenge = one.says(f"<auth {SASL} mechanism='SCRAM-SHA-256-PLUS'>{first}</auth>")
            nonce = re.match("r=(.*?),", base64.b64decode(re.search(">(.*?)<", challenge)[1]).decode())[1]
            bound = base64.b64encode(b"p=tls-server-end-point,," + data).decode()
            assert condition in one.says(f"<response {SASL}>{encoded(f'c={bound},r={nonce},p=AAAA')}</response>")

    peers(scenario)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (bind(), r"<iq type=.result. id=.b.><bind .*><jid>juliet@verona.example/\S{12}</jid></bind></iq>"),
        (bind("<resource>a b/c</resource>"), ".*<jid>juliet@verona.example/a b/c</jid>.*"),
        (bind("<resource>a&#10;b</resource>"), ".*<bad-request .*"),
        (bind("<resource>" + "a" * 2000 + "</resource>"), ".*<bad-request .*"),
        (bind().replace("set", "get"), ".*<bad-request .*"),
        ("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", ".*<not-authorized .*"),
        ("<message to='romeo@verona.example'/>", ".*<not-authorized .*"),
        (f"<enable {SM}/>", ".*<failed .*<unexpected-request .*"),
    ],
)
def test_binding(peers, sent: str, answer: str) -> None:
    peers(lambda peer: re.fullmatch(answer, peer().authenticated().says(sent)) or pytest.fail(answer))


def test_a_resource_belongs_to_the_last_who_binds_it(peers) -> None:
    def scenario(peer) -> None:
        first, second = peer().bound(), peer()
        second.bound()
        assert error("conflict") in first.line.text
        assert (first.line.closed, second.line.closed) == (True, False)

    peers(scenario)


def test_an_account_has_a_bound_of_sessions(peers) -> None:
    def scenario(peer) -> None:
        for number in range(20):
            peer().bound(resource=f"r{number}")
        assert "<resource-constraint" in peer().authenticated().says(bind())
        peer().bound(resource="r0")

    peers(scenario)


def test_stream_management_counts_what_passes(peers) -> None:
    def scenario(peer) -> None:
        one = peer().bound()
        assert error("unsupported-stanza-type") in peer().bound(resource="y").says(f"<r {SM}/>")
        assert one.says(f"<enable {SM}/>") == f"<enabled {SM.replace(chr(39), chr(34))}/>"
        assert "<unexpected-request" in one.says(f"<enable {SM}/>")
        assert one.says(f"<message/> <iq type='result' id='1'/><presence/><a {SM} h='1'/><r {SM}/>").endswith('h="3"/>')
        assert "<handled-count-too-high" in one.says(f"<a {SM} h='9'/>")

    peers(scenario)


def test_resumption(peers) -> None:
    def scenario(peer) -> None:
        juliet, romeo, again = peer().bound(), peer(), peer().authenticated("romeo")
        previd = romeo.managed("romeo")
        romeo.stream.ended("")
        juliet.says("<message to='romeo@verona.example/x' id='m'/>")
        answer = again.says(f"<resume {SM} previd='{previd}' h='0'/>")
        assert re.fullmatch(f"<resumed .*? previd=.{previd}. h=.0./><message .*?id=.m.*?</message><r .*?/>", answer)
        assert again.says(f"<a {SM} h='1'/><message to='juliet@verona.example/x'/><r {SM}/>").endswith('h="1"/>')
        assert "<message" in juliet.line.text

    peers(scenario)


def test_a_session_is_resumed_although_the_server_thinks_it_is_there(peers) -> None:
    def scenario(peer) -> None:
        romeo, again = peer(), peer().authenticated("romeo")
        previd = romeo.managed("romeo")
        assert "<resumed" in again.says(f"<resume {SM} previd='{previd}' h='0'/>")
        assert error("conflict") in romeo.line.text
        romeo.stream.ended("")
        assert again.says(f"<r {SM}/>").endswith('h="0"/>')

    peers(scenario)


@pytest.mark.parametrize("who", ["juliet", "romeo"])
def test_what_cannot_be_resumed(peers, who: str) -> None:
    def scenario(peer) -> None:
        romeo = peer()
        previd = romeo.managed("romeo")
        if who == "romeo":
            romeo.says("</stream:stream>")
        other = peer().authenticated(who)
        answer = other.says(f"<resume {SM} previd='{previd}' h='0'/>")
        assert re.fullmatch("<failed xmlns=.urn:xmpp:sm:3.><item-not-found .*?/></failed>", answer)
        assert "<jid>" in other.says(bind())

    peers(scenario)


def test_closing(peers) -> None:
    def scenario(peer) -> None:
        juliet, romeo = peer().bound(), peer().bound("romeo")
        juliet.says("<presence/><presence to='romeo@verona.example/x'/>")
        romeo.line.text = ""
        assert juliet.says("</stream:stream>") == "</stream:stream>"
        assert juliet.line.closed
        assert 'type="unavailable"' in romeo.line.text

    peers(scenario)


def test_a_client_that_closes_has_received_what_was_sent(peers) -> None:
    def scenario(peer) -> None:
        juliet, romeo = peer().bound(), peer()
        romeo.managed("romeo")
        juliet.says("<message to='romeo@verona.example/x' id='m'><body>hello</body></message>")
        romeo.says("</stream:stream>")
        assert "error" not in juliet.line.text

    peers(scenario)


def test_a_client_that_is_sent_away_has_not(peers) -> None:
    def scenario(peer) -> None:
        juliet, romeo = peer().bound(), peer()
        romeo.managed("romeo")
        juliet.says("<message to='romeo@verona.example/x' id='m'><body>hello</body></message>")
        romeo.says("<unheard-of/>")
        assert "<recipient-unavailable" in juliet.line.text

    peers(scenario)


def test_an_error_of_the_client_closes_the_stream(peers) -> None:
    def scenario(peer) -> None:
        one = peer().bound()
        assert one.says("<stream:error/></stream:stream>") == "</stream:stream>"
        assert one.line.closed

    peers(scenario)


def test_who_does_not_log_in_is_not_waited_for(monkeypatch) -> None:
    monkeypatch.setattr("xmppscope.demo.stream._PATIENCE", 0)

    async def main() -> None:
        accounts = Accounts("verona.example")
        one = Peer(Host(accounts, None, None, b"", hold=60))
        while not one.line.closed:
            await asyncio.sleep(0)
        assert error("connection-timeout") in one.line.text

    asyncio.run(main())


def test_the_server_has_a_bound_of_streams(peers, monkeypatch) -> None:
    monkeypatch.setattr("xmppscope.demo.stream.STREAMS_BOUND", 1)

    def scenario(peer) -> None:
        assert "<starttls" in peer().says(GOOD_HEADER)
        assert error("resource-constraint") in peer().says(GOOD_HEADER)

    peers(scenario)
