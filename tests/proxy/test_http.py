"""HTTP at the proxy's port: CONNECT, the page, a plain sentence for the rest; nothing that can be read in two ways."""

import re

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.proxy.destination import Refusal, Reply
from xmppscope.proxy.http import HEAD_BOUND, Http, is_request
from xmppscope.proxy.page import Page

PAGE = Page("AA:BB", b"\x30\x82der", b"-----BEGIN CERTIFICATE-----\n", "2028-11-19")
HOST = b"Host: 127.0.0.1:5322\r\n"


def talk(data: bytes, size: int = 1 << 20) -> tuple[Reply, bytes]:
    http = Http(PAGE)
    send, at = b"", 0
    while at < len(data):
        reply = http.feed(data[at : at + size])
        at += size
        send += reply.send
        if reply.destination or reply.end:
            return reply._replace(send=send), http.rest + data[at:]
    return Reply(send), http.rest


def passes(data: bytes, size: int = 1 << 20) -> bool:
    """Tell whether *data* is left to others, as it came."""
    http = Http(PAGE)
    at = 0
    while at < len(data) and not http.passes:
        http.feed(data[at : at + size])
        at += size
    return bool(http.passes) and http.passes == data[:at]


def answer(data: bytes, method: bytes = b"GET") -> tuple[int, dict[str, str], bytes]:
    """Read what *data* is answered with, as a client of h11's does."""
    reply, _ = talk(data)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(reply.send)
    client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    return response.status_code, {name.decode(): value.decode() for name, value in response.headers}, body


@pytest.mark.parametrize(
    ("target", "destination"),
    [
        ("prosody.test:5222", ("prosody.test", 5222)),
        ("127.0.0.1:5223", ("127.0.0.1", 5223)),
        ("[2001:DB8::1]:65535", ("2001:db8::1", 65535)),
        ("xn--bcher-kva.test:1", ("xn--bcher-kva.test", 1)),
        ("_xmpp.under_score.test:1", ("_xmpp.under_score.test", 1)),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_connect_names_a_destination(target: str, destination: tuple[str, int], version: str, size: int) -> None:
    head = f"CONNECT {target} HTTP/{version}\r\nHost: {target}\r\nProxy-Connection: keep-alive\r\n\r\n".encode()
    assert talk(head + b"<?xml version='1.0'?>", size) == (Reply(destination=destination), b"<?xml version='1.0'?>")


def connect() -> Http:
    http = Http(PAGE)
    assert http.feed(b"CONNECT prosody.test:5222 HTTP/1.1\r\n" + HOST + b"\r\n\x16\x03\x01").destination
    return http


def test_the_tunnel_begins_behind_an_answer_without_a_body() -> None:
    http = connect()
    assert http.rest == b"\x16\x03\x01"
    assert http.accept() == b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize(
    ("refusal", "status"), [("failed", 502), ("not allowed", 403), ("unreachable", 502), ("refused", 502)]
)
def test_a_tunnel_is_refused_in_words(refusal: Refusal, status: int) -> None:
    send = connect().reject(refusal, "192.0.2.9:5222 did not answer in 10 s.")
    assert send.startswith(b"HTTP/1.1 %d " % status)
    assert send.endswith(b"\r\n\r\n192.0.2.9:5222 did not answer in 10 s.\n")


@pytest.mark.parametrize("target", ["a:0", "a:65536", "a:+1", "a:1x", "a", ":1", "::1:5222", "[::1]", "[a]:1", "u@a:1"])
def test_a_destination_that_is_none_is_refused(target: str) -> None:
    status, _, body = answer(f"CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), b"GET")
    assert (status, body) == (400, b"CONNECT wants a host and a port.\n")


@pytest.mark.parametrize("path", ["/", "/?from=phone"])
def test_a_browser_gets_the_page(path: str) -> None:
    status, headers, body = answer(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
    assert status == 200
    assert body.startswith(b"<!DOCTYPE html>")
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/xmppscope.crt", "application/x-x509-ca-cert", b"\x30\x82der"),
        ("/xmppscope.pem", "application/x-pem-file", b"-----BEGIN CERTIFICATE-----\n"),
    ],
)
def test_the_certificate_is_there_in_both_forms(path: str, kind: str, content: bytes) -> None:
    status, headers, body = answer(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert (status, headers["content-type"], body) == (200, kind, content)


def test_head_gets_the_same_without_the_body() -> None:
    request = b" / HTTP/1.1\r\n" + HOST + b"\r\n"
    status, headers, body = answer(b"HEAD" + request, b"HEAD")
    assert (status, body) == (200, b"")
    got = answer(b"GET" + request)
    assert headers == got[1]
    assert headers["content-length"] == str(len(got[2]))


WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Protocol: xmpp\r\n"
METHODS = b"Only GET, HEAD and CONNECT are answered here.\n"
TWO_WAYS = b"The request is written in a way that can be read in two ways.\n"
NO_BODY = b"A request of this kind has no body.\n"
TWO_LENGTHS = b"The request states its length in two ways.\n"
NOT_11 = b"This is not a request of HTTP/1.1.\n"

DECLINED = {
    "websocket by post": (b"POST /ws HTTP/1.1\r\n" + HOST + WEBSOCKET, 400, b"A WebSocket begins with GET.\n"),
    "nothing there": (b"GET /favicon.ico HTTP/1.1\r\n" + HOST, 404, b"There is nothing here but /.\n"),
    "post": (b"POST / HTTP/1.1\r\nContent-Length: 7\r\n" + HOST, 405, METHODS),
    "options": (b"OPTIONS * HTTP/1.1\r\n" + HOST, 405, METHODS),
    "unknown method": (b"PROPFIND / HTTP/1.1\r\n" + HOST, 501, METHODS),
    "web proxy": (
        b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n",
        501,
        b"This proxy passes on XMPP, not the web: it takes CONNECT alone.\n",
    ),
    "version": (b"GET / HTTP/2.0\r\n" + HOST, 505, b"HTTP/1.1 is spoken here.\n"),
    "no host": (b"GET / HTTP/1.1\r\n", 400, NOT_11),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400, NOT_11),
    "space before colon": (b"GET / HTTP/1.1\r\nHost : a\r\n", 400, NOT_11),
    "space in target": (b"GET / / HTTP/1.1\r\n" + HOST, 400, NOT_11),
    "null in header": (b"GET / HTTP/1.1\r\nX: \0\r\n" + HOST, 400, NOT_11),
    "bare line feed": (b"GET / HTTP/1.1\r\nX: a\nY: b\r\n" + HOST, 400, TWO_WAYS),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: a\n", 400, TWO_WAYS),
    "bare return": (b"GET / HTTP/1.1\r\nX: a\rY: b\r\n" + HOST, 400, TWO_WAYS),
    "folded": (b"GET / HTTP/1.1\r\nX: a\r\n Host: b\r\n" + HOST, 400, TWO_WAYS),
    "connect with body": (b"CONNECT a:1 HTTP/1.1\r\nContent-Length: 5\r\n" + HOST, 400, NO_BODY),
    "chunked get": (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST, 400, NO_BODY),
    "two lengths": (b"GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n" + HOST, 400, NOT_11),
    "length twice": (
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + HOST,
        400,
        TWO_LENGTHS,
    ),
    "chunked in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400, TWO_LENGTHS),
    "unknown coding": (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" + HOST, 501, NOT_11),
}


@pytest.mark.parametrize(
    "head",
    [
        b"GET /xmpp-websocket HTTP/1.1\r\n" + HOST + WEBSOCKET,
        b"GET / HTTP/1.1\r\n" + HOST + WEBSOCKET,
        b"POST /http-bind HTTP/1.1\r\nContent-Length: 7\r\n" + HOST,
        b"OPTIONS /http-bind/ HTTP/1.1\r\n" + HOST,
        b"GET /.well-known/host-meta HTTP/1.1\r\n" + HOST,
        b"HEAD /.well-known/host-meta.json HTTP/1.1\r\n" + HOST,
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_for_a_server_is_passed_on_whole(head: bytes, size: int) -> None:
    http = Http(PAGE)
    data = head + b"\r\n"
    for at in range(0, len(data), size):
        assert http.feed(data[at : at + size]) == Reply()
    assert http.passes == data


@pytest.mark.parametrize("name", DECLINED)
def test_anything_else_gets_one_plain_sentence(name: str) -> None:
    head, status, sentence = DECLINED[name]
    got, headers, body = answer(head + b"\r\n")
    assert (got, body) == (status, sentence)
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers.get("allow") == ("GET, HEAD, CONNECT" if status == 405 else None)
    assert talk(head + b"\r\n", 1)[0] == talk(head + b"\r\n")[0]


def test_an_empty_body_that_is_stated_does_no_harm() -> None:
    assert talk(b"CONNECT a:1 HTTP/1.1\r\nContent-Length: 0\r\n" + HOST + b"\r\n")[0] == Reply(destination=("a", 1))


def test_nothing_of_the_request_comes_back() -> None:
    for target in ("/reflected", "/?reflected", "http://reflected/", "/xmppscope.crt?reflected"):
        head = f"GET {target} HTTP/1.1\r\nHost: reflected\r\nOrigin: reflected\r\nX-A: reflected\r\n\r\n"
        reply, _ = talk(head.encode())
        assert reply.send
        assert b"reflected" not in reply.send
        assert "reflected" not in reply.end


def test_a_head_has_a_bound() -> None:
    head = b"GET / HTTP/1.1\r\n" + HOST + b"X: "
    http = Http(PAGE)
    assert http.feed(head + b"a" * (HEAD_BOUND - len(head))) == Reply()
    assert http.feed(b"a").end == f"431 Request Header Fields Too Large: {_longer()}"
    assert talk(head + b"a" * HEAD_BOUND + b"\r\n\r\n")[0].send.startswith(b"HTTP/1.1 431 ")


def _longer() -> str:
    return f"The head of the request is longer than {HEAD_BOUND} bytes."


def test_a_head_of_many_short_fields_is_read_up_to_the_bound() -> None:
    fields = b"".join(b"X%d: a\r\n" % number for number in range(1000))
    assert len(fields) < HEAD_BOUND
    assert answer(b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n")[0] == 200


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"G", None),
        (b"GET / HTTP/1.1", None),
        (b"GET / HTTP/1.1\r\n", True),
        (b"GET / HTTP/1.1\n", True),
        (b"GET /\r\n", False),
        (b"EHLO client\r\n", False),
        (b"EHLO", None),
        (b"SSH-2", False),
        (b"A" * 21, False),
        (b"GET " + b"a" * HEAD_BOUND, False),
        (b"get / HTTP/1.1\r\n", False),
    ],
)
def test_http_is_told_by_its_first_line(data: bytes, expected: bool | None) -> None:
    assert is_request(data) is expected


FIELDS = st.sampled_from(
    [b"Host: a", b"Host:", b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"X:\0", b": a"]
) | st.sampled_from([b"Upgrade: websocket", b"Connection: close", b" fold", b"Expect: 100-continue", b"\xff: \xff"])
LINES = st.builds(
    lambda method, target, version: b"%s %s %s" % (method, target, version),
    st.sampled_from([b"GET", b"HEAD", b"CONNECT", b"POST", b"PRI", b"X"]),
    st.sampled_from(
        [b"/", b"*", b"a:1", b"[::1]:1", b"[::1%25lo]:1", b"http://a/", b"", b"\xc3\xa9:1", b"a" * 300 + b":1"]
    ),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"HTTP/0.9"]),
)


@given(
    LINES, st.lists(FIELDS, max_size=5), st.binary(max_size=30), st.sampled_from([b"\r\n", b"\n"]), st.integers(1, 99)
)
def test_hostile_requests_raise_nothing(line: bytes, fields: list[bytes], more: bytes, end: bytes, size: int) -> None:
    data = line + b"\r\n" + b"".join(field + end for field in fields) + b"\r\n"
    reply, _ = talk(data + more, size)
    assert reply.end or reply.destination or passes(data + more, size)
    assert reply.end == "" or re.match(rb"HTTP/1\.1 [2-5]\d\d [A-Z]", reply.send)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_hostile_bytes_raise_nothing(data: bytes, size: int) -> None:
    reply, rest = talk(b"GET / HTTP/1.1\r\n" + data, size)
    assert reply.end or rest.endswith(data) or passes(b"GET / HTTP/1.1\r\n" + data, size)
