"""A relay of the web: WebSocket and BOSH pass byte for byte, the proxy's own answers stand in their order."""

from collections.abc import Callable

import pytest

from tests.proxy.conftest import World
from tests.proxy.outcome import Outcome
from tests.proxy.relay_harness import SECOND, Pieces
from tests.proxy.web_stage import ASKS, GRANTED, HOST, WebStage, answer, in_tls, post, says
from xmppscope.proxy.http import Answer
from xmppscope.proxy.record import PcapngLegs
from xmppscope.proxy.web_url import WebUrl

Run = Callable[..., tuple[Outcome, WebStage]]
SIZES = [(0,), (1,), (7, 1, 100)]
FRAMES_UP, FRAMES_DOWN = bytes(range(256)) * 3, bytes(reversed(range(256))) * 5


def as_server_gets(request: bytes, host: bytes = b"web.test:5280") -> bytes:
    return request.replace(HOST, b"Host: " + host + b"\r\n")


@pytest.mark.parametrize("sizes", SIZES)
def test_a_websocket_passes_byte_for_byte(play_web: Run, sizes: tuple[int, ...]) -> None:
    client = says(ASKS, [GRANTED], FRAMES_UP, [FRAMES_DOWN])
    server = says([b"\r\n\r\n"], GRANTED + FRAMES_DOWN[:9], [FRAMES_UP], FRAMES_DOWN[9:], end="rest")
    outcome, stage = play_web(client, server, pieces=Pieces(sizes))
    assert outcome.server.heard == as_server_gets(ASKS) + FRAMES_UP
    assert outcome.client.heard == GRANTED + FRAMES_DOWN
    assert outcome.relay.done
    assert stage.holds == [True, False]


@pytest.mark.parametrize("client_tls", [False, True])
@pytest.mark.parametrize("server_tls", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_tls_on_either_leg(
    world: World, play_web: Run, client_tls: bool, server_tls: bool, sizes: tuple[int, ...]
) -> None:
    client = says(post(b"<body/>"), [b"<body>1</body>"], post(b"<body>2</body>"), [b"<body>3</body>"])
    server = says([b"<body/>"], answer(b"<body>1</body>"), [b"2</body>"], answer(b"<body>3</body>"), end="rest")
    if client_tls:
        client = in_tls(world.client(alpn=("http/1.1",)), client)
    if server_tls:
        server = in_tls(world.server(world.issuer.issue("web.test"), alpn=("http/1.1",)), server)
    url = "https://web.test" if server_tls else "http://web.test"
    outcome, _ = play_web(client, server, url=url, direct_tls=client_tls, pieces=Pieces(sizes))
    assert outcome.server.heard == as_server_gets(post(b"<body/>") + post(b"<body>2</body>"), b"web.test")
    assert outcome.client.heard == answer(b"<body>1</body>") + answer(b"<body>3</body>")
    if client_tls:
        assert outcome.client.tls is not None
        assert outcome.client.tls.selected_alpn_protocol() == "http/1.1"
    assert outcome.client.fault is outcome.server.fault is None
    assert outcome.diagnoses == []


def test_path_host_and_nothing_else_change(play_web: Run) -> None:
    server = says([b"\r\n\r\n"], answer(status=b"404 Not Found"), end="rest")
    asks = ASKS.replace(b"GET /ws ", b"GET /anything?token=secret ")
    outcome, _ = play_web(says(asks, [b"404"]), server, url="wss://[::1]:5281/xmpp", reach="refused")
    assert outcome.server.heard == b""
    outcome, _ = play_web(says(asks, [b"404"]), server, url="ws://[::1]:5281/xmpp")
    expected = asks.replace(b"/anything?", b"/xmpp?").replace(HOST, b"Host: [::1]:5281\r\n")
    assert outcome.server.heard == expected
    assert "secret" not in "".join(outcome.proxy_entries)


def test_an_offer_of_another_protocol_is_taken_out(play_web: Run) -> None:
    more = b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    outcome, _ = play_web(says(post(b"x", more), [b"200"]), says([b"x"], answer(), end="rest"))
    assert outcome.server.heard == as_server_gets(post(b"x", b"Connection: Upgrade, HTTP2-Settings\r\n"))


def test_pipelined_requests_and_chunks_and_answers_of_all_forms(play_web: Run) -> None:
    chunked = b"POST /b HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n"
    preflight = b"OPTIONS /b HTTP/1.1\r\n" + HOST + b"\r\n"
    requests = chunked + preflight + post(b"a" * 3000) + post(b"")
    continues = b"HTTP/1.1 100 Continue\r\n\r\n"
    answers = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
        continues + answer(b"b" * 5000),
        b"HTTP/1.1 200 OK\r\n\r\nup to the end",
    ]
    for sizes in SIZES:
        outcome, _ = play_web(
            says(requests, [b"up to the end"], end="rest"), says([post(b"")[-20:]], *answers), pieces=Pieces(sizes)
        )
        assert outcome.server.heard == as_server_gets(requests)
        assert outcome.client.heard == b"".join(answers)
        assert outcome.client.eof == "fin"


def test_a_request_may_wait_for_its_answer_as_long_as_it_likes(play_web: Run) -> None:
    outcome, _ = play_web(says(post(b"<body/>"), end=""), says([b"<body/>"], end=""), seconds=100_000)
    assert not outcome.relay.done
    assert outcome.relay.deadline is None


def test_what_a_client_sends_ahead_of_its_websocket_waits(play_web: Run) -> None:
    server = says([b"\r\n\r\n"], answer(b"no", status=b"403 Forbidden"), [b"x"], answer(b"yes"), end="rest")
    outcome, _ = play_web(says(ASKS + post(b"x"), [b"no"], [b"yes"]), server)
    assert outcome.server.heard == as_server_gets(ASKS + post(b"x"))
    (diagnosis,) = outcome.diagnoses
    assert "answered 403 Forbidden to GET /ws: it does not allow this" in diagnosis.text


def test_the_page_comes_behind_the_answers_asked_for_before(play_web: Run) -> None:
    page = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    outcome, _ = play_web(says(post(b"x") + page + post(b"y"), end="rest"), says([b"x"], answer(b"first"), end="rest"))
    assert outcome.server.heard == as_server_gets(post(b"x"))
    assert outcome.client.heard.startswith(answer(b"first") + b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in outcome.client.heard
    assert outcome.client.eof == outcome.server.eof == "fin"
    assert outcome.relay.done


def test_host_meta_is_asked_for(world: World, play_web: Run) -> None:
    request = b"HEAD /.well-known/host-meta?x HTTP/1.1\r\nHost: Example.TEST:5322\r\n\r\n"
    client = in_tls(world.client(), says(request, end="rest"), "example.test")
    outcome, stage = play_web(client, says(), url="", direct_tls=True, meta=Answer(200, "the links"))
    (fetch,) = stage.fetches
    assert (fetch.path, fetch.domain, fetch.url) == ("/.well-known/host-meta", "example.test", None)
    assert (fetch.tls, fetch.host) == (True, "Example.TEST:5322")
    assert outcome.client.heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert outcome.client.heard.endswith(b"\r\n\r\n")
    assert outcome.client.goodbye


def test_a_domain_is_looked_up(play_web: Run) -> None:
    found = WebUrl("websocket", False, "192.0.2.1", 5280, "/found")
    outcome, stage = play_web(says(ASKS), says([b"\r\n\r\n"], GRANTED, end="rest"), url="", found=found)
    assert [(one.kind, one.path, one.domain) for one in stage.asked] == [("websocket", "/ws", "web.test")]
    assert outcome.server.heard.startswith(b"GET /found HTTP/1.1\r\nHost: 192.0.2.1:5280\r\nOrigin: ")


def test_a_tunnel_leads_where_it_leads_and_leaves_the_host_alone(world: World, play_web: Run) -> None:
    server = in_tls(world.server(world.issuer.issue("web.test")), says([b"\r\n\r\n"], GRANTED, end="rest"))
    client = in_tls(world.client(), says(ASKS, [GRANTED]))
    outcome, stage = play_web(client, server, direct_tls=True, destination=("192.0.2.1", 443), url="")
    assert [one.url for one in stage.asked] == [WebUrl("websocket", True, "192.0.2.1", 443)]
    assert outcome.server.heard == ASKS


WRONG: dict[str, tuple[dict[str, object], bytes, str]] = {
    "refused": (
        {"reach": "[::1]:5280 refused the connection"},
        b"502",
        "The server was not reached: [::1]:5280 refused",
    ),
    "no host-meta": ({"url": ""}, b"502", "The server was not reached: no host-meta"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("request_", [ASKS, post(b"x")], ids=["websocket", "bosh"])
def test_a_server_that_cannot_be_had(play_web: Run, name: str, request_: bytes) -> None:
    options, status, text = WRONG[name]
    outcome, _ = play_web(says(request_, end="rest"), says(), **options)
    assert outcome.client.heard.startswith(b"HTTP/1.1 " + status + b" ")
    assert outcome.relay.done
    assert any(text in diagnosis.text for diagnosis in outcome.diagnoses)


def test_no_server_is_known_for_an_address(play_web: Run) -> None:
    for host in (b"127.0.0.1:5322", b"localhost", b"[::1]:1"):
        outcome, stage = play_web(says(ASKS.replace(b"web.test:5322", host), end="rest"), says(), url="")
        assert stage.asked == []
        assert b"--upstream-url wss://HOST:PORT/PATH" in outcome.client.heard
        assert [diagnosis.advice for diagnosis in outcome.diagnoses] == [
            "name the server: --upstream-url wss://HOST:PORT/PATH"
        ]


@pytest.mark.parametrize("insecure", [False, True])
def test_a_certificate_has_to_name_the_host_of_the_url(world: World, play_web: Run, insecure: bool) -> None:
    server = in_tls(world.server(world.good), says([b"x"], answer(b"hello"), end="rest"))
    outcome, _ = play_web(says(post(b"x"), end="rest"), server, url="https://web.test", insecure=insecure, seconds=60)
    if insecure:
        assert outcome.client.heard == answer(b"hello")
        return
    assert outcome.client.heard.startswith(b"HTTP/1.1 502 ")
    (diagnosis,) = outcome.diagnoses
    assert diagnosis.text.startswith("The server's certificate does not hold for web.test: names a.example")
    assert outcome.server.secured == b""


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_server_that_goes_without_an_answer(play_web: Run, end: str) -> None:
    outcome, _ = play_web(says(post(b"x"), end="rest"), says([b"x"], end=end))
    assert outcome.client.heard.startswith(b"HTTP/1.1 502 ")
    assert "The server took the request and" in outcome.diagnoses[0].text


def test_a_server_that_goes_later_is_let_go(play_web: Run) -> None:
    outcome, _ = play_web(says(post(b"x"), [b"200"], post(b"y"), end="rest"), says([b"x"], answer(), [b"y"]))
    assert outcome.client.heard == answer()
    assert outcome.client.eof == "fin"
    assert outcome.diagnoses == []


def test_a_websocket_without_the_subprotocol(play_web: Run) -> None:
    granted = GRANTED.replace(b"Sec-WebSocket-Protocol: xmpp\r\n", b"")
    outcome, _ = play_web(says(ASKS, [granted]), says([b"\r\n\r\n"], granted, end="rest"))
    assert outcome.client.heard == granted
    assert "the server grants the WebSocket without the subprotocol xmpp" in "".join(outcome.proxy_entries)


def test_a_client_that_does_not_trust_the_proxy(world: World, play_web: Run) -> None:
    client = in_tls(world.client(trusts=False), says(ASKS))
    outcome, _ = play_web(client, says(), direct_tls=True)
    assert outcome.relay.done
    assert outcome.diagnoses[0].text == "The client does not trust the proxy's authority."


def test_a_client_that_never_asks_is_let_go(world: World, play_web: Run) -> None:
    outcome, _ = play_web(in_tls(world.client(), says(end="rest")), says(), direct_tls=True)
    assert outcome.relay.done
    assert 60 * SECOND <= outcome.took < 70 * SECOND
    assert outcome.entries == []


def test_a_server_that_will_wait_no_longer_is_heard(play_web: Run) -> None:
    late = answer(b"too late", status=b"408 Request Timeout")
    outcome, _ = play_web(says(post(b"x"), [b"first"], end="rest"), says([b"x"], answer(b"first"), late, end="rest"))
    assert outcome.client.heard == answer(b"first") + late
    assert outcome.relay.done


def test_stopped(world: World) -> None:
    stage = WebStage(
        world.tools, says(ASKS, [GRANTED], end=""), says([b"\r\n\r\n"], GRANTED, end=""), start=world.start
    )
    stage.go_on(seconds=0)
    outcome = stage.stop()
    assert outcome.client.eof == outcome.server.eof == "fin"
    assert "closed by the proxy, which was stopped" in outcome.proxy_entries
    assert outcome.relay.done


def test_one_connection_leads_to_one_server(play_web: Run) -> None:
    other = post(b"y").replace(b"web.test:5322", b"other.test")
    found = WebUrl("bosh", False, "192.0.2.1", 5280, "/found")
    client, server = says(post(b"x") + other, end="rest"), says([b"x"], answer(b"first"), end="rest")
    outcome, stage = play_web(client, server, url="", found=found)
    assert len(stage.asked) == 1
    assert outcome.client.heard.startswith(answer(b"first") + b"HTTP/1.1 421 Misdirected Request\r\n")


def test_the_first_url_serves_the_other_kind_too(play_web: Run) -> None:
    outcome, _ = play_web(says(post(b"x"), [b"200"]), says([b"x"], answer(), end="rest"), url="ws://web.test:5280/ws")
    assert outcome.server.heard == as_server_gets(post(b"x"))


def test_wireshark_needs_no_help_with_a_recording(play_web: Run) -> None:
    outcome, _ = play_web(says(ASKS, [GRANTED]), says([b"\r\n\r\n"], GRANTED, end="rest"))
    legs = PcapngLegs()
    for event in outcome.events:
        legs.feed(event)
    assert legs.ports == set()
