"""Who is let in: only requests that name this server, come from its own page and bear the token."""

import http.client
import json
import socket
import urllib.parse
from collections.abc import Iterator

import pytest

from xmppscope.model.errors import XmppscopeError
from xmppscope.model.timeline import Entry, Finding
from xmppscope.viewer.application import BEHIND
from xmppscope.viewer.serving import Viewer
from xmppscope.viewer.timeline import Timeline


class Face:
    def page(self) -> bytes:
        return b"the page"

    def static(self, name: str) -> tuple[bytes, str] | None:
        return (b"code", "text/javascript") if name == "app.js" else None

    def explain(self, entry: Entry) -> dict:
        return {"texts": {}}

    def rules(self) -> dict:
        return {}

    def states(self) -> dict:
        return {1: []}

    def compile(self, expression: str):
        if expression == "wrong":
            raise XmppscopeError("no such thing")
        return lambda entry, findings, connection: entry.entry % 2 or findings


def entry(number: int) -> Entry:
    at = "2026-11-20T09:24:56.000000Z"
    xml = f"<message><body>{'x' * 400}</body></message>"
    return Entry(
        number, 1, 1, "initiating", "stanza", at, at, f"entry {number}", "open", "none", name="message", xml=xml
    )


@pytest.fixture
def served() -> Iterator[tuple[Timeline, str, int]]:
    timeline = Timeline()
    timeline.meta = {"title": "t"}
    viewer = Viewer(timeline, Face(), "127.0.0.1", 0)
    viewer.start()
    parts = urllib.parse.urlsplit(viewer.url)
    yield timeline, parts.query.removeprefix("token="), parts.port
    viewer.stop()
    timeline.close()


def ask(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": f"127.0.0.1:{port}"} | headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def test_the_token_opens_the_page_and_becomes_a_cookie(served) -> None:
    _, token, port = served
    answer = ask(port, f"/?token={token}")
    assert answer.status == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    page = ask(port, "/", Cookie=cookie.split(";")[0])
    assert (page.status, page.text) == (200, "the page")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/records", "/api/about", "/?token=", "/?token=wrong"])
def test_without_the_token_nothing_is_told(path: str, served) -> None:
    _, _, port = served
    assert ask(port, path).status == 403
    assert ask(port, path, Cookie=f"xmppscope-{port}=wrong").status == 403


@pytest.mark.parametrize("other", ['prefs={"a": 1}', "a b=c", "x=[1, 2]", "x[]=1", "alone", "path=1", "", "=;,"])
def test_cookies_of_other_programs_do_not_lock_out(other: str, served) -> None:
    _, token, port = served
    assert ask(port, "/api/about", Cookie=f"{other}; xmppscope-{port}={token}").status == 200
    assert ask(port, "/api/about", Cookie=f"xmppscope-{port}={token}; {other}").status == 200


@pytest.mark.parametrize("request_line", ["GET /\x1b[31m HTTP/1.1", "\x16\x03\x01", "GET / HTTP/1.1\r\nUpgrade: h2c"])
def test_nobody_writes_to_the_terminal_from_outside(request_line: str, served, capfd, caplog) -> None:
    _, _, port = served
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(f"{request_line}\r\nConnection: Upgrade\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 4")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1.5", "x", "\u00b2"])
def test_a_number_that_is_none_is_no_fault(number: str, served, caplog) -> None:
    _, token, port = served
    path = f"/api/entry/{urllib.parse.quote(number)}"
    assert ask(port, path, Cookie=f"xmppscope-{port}={token}").status == 404
    assert not caplog.records


def test_a_token_in_another_address_is_none(served) -> None:
    _, token, port = served
    assert ask(port, f"/api/records?token={token}").status == 403


@pytest.mark.parametrize("host", ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1.evil.test:{port}", ""])
def test_another_name_is_refused(host: str, served) -> None:
    _, token, port = served
    assert ask(port, f"/?token={token}", Host=host.format(port=port)).status == 421


def test_on_all_addresses_any_of_them_is_a_name_but_no_name_is() -> None:
    timeline = Timeline()
    viewer = Viewer(timeline, Face(), "0.0.0.0", 0)
    viewer.start()
    parts = urllib.parse.urlsplit(viewer.url)
    try:
        for host, status in {
            "127.0.0.1:{port}": 303, "192.0.2.7:{port}": 303, "[2001:db8::1]:{port}": 303, "192.0.2.7": 421,
            "192.0.2.7:1": 421, "2001:db8::1:{port}": 421, "evil.test:{port}": 421, "0x7f000001:{port}": 421,
        }.items():  # fmt: skip
            assert ask(parts.port, f"/?{parts.query}", Host=host.format(port=parts.port)).status == status, host
    finally:
        viewer.stop()
        timeline.close()


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "https://127.0.0.1:{port}", "http://127.0.0.1"])
def test_a_request_from_another_page_is_refused(origin: str, served) -> None:
    _, token, port = served
    cookie = f"xmppscope-{port}={token}"
    assert ask(port, "/api/about", Cookie=cookie, Origin=origin.format(port=port)).status == 403
    assert ask(port, "/api/about", Cookie=cookie, Origin=f"http://127.0.0.1:{port}").status == 200


@pytest.mark.parametrize("origin", ["", "Origin: http://evil.test\r\n"])
def test_live_needs_its_own_origin_too(origin: str, served) -> None:
    _, token, port = served
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{origin}Cookie: xmppscope-{port}={token}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 403")


def test_records_come_in_pages_and_entries_in_full(served) -> None:
    timeline, token, port = served
    timeline.add([entry(number) for number in range(1, 8)])
    finding = Finding(rule="r", severity="error", time="", connection=1, entries=[8], text="t", spec="s")
    timeline.add([entry(8), finding])
    cookie = {"Cookie": f"xmppscope-{port}={token}"}
    batch = json.loads(ask(port, "/api/records?from=2", **cookie).text)
    assert (batch["next"], batch["left"], batch["done"]) == (9, 0, False)
    assert [record.get("entry") for record in batch["records"]] == [3, 4, 5, 6, 7, 8, None]
    assert len(batch["records"][0]["xml"]) == 240
    full = json.loads(ask(port, "/api/entry/3", **cookie).text)
    assert len(full["entry"]["xml"]) > 400
    assert ask(port, "/api/entry/99", **cookie).status == 404
    assert ask(port, "/static/other.js", **cookie).status == 404
    assert json.loads(ask(port, "/api/filter?q=odd", **cookie).text) == {"entries": [1, 3, 5, 7, 8]}
    assert json.loads(ask(port, "/api/filter?q=wrong", **cookie).text)["error"]["problem"] == "no such thing"


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        timeline = Timeline()
        with pytest.raises(XmppscopeError, match=f"127.0.0.1:{port}: in use by another program; choose --web"):
            Viewer(timeline, Face(), "127.0.0.1", port, "--web")
        timeline.close()


def test_who_is_too_slow_is_told_how_much_was_left_out(served) -> None:
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, BytesMessage, Request

    timeline, token, port = served
    timeline.add([entry(number) for number in range(1, BEHIND + 10_000)])
    timeline.done = True
    protocol = WSConnection(ConnectionType.CLIENT)
    headers = [(b"Cookie", f"xmppscope-{port}={token}".encode()), (b"Origin", f"http://127.0.0.1:{port}".encode())]
    got = b""
    batches = []
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(protocol.send(Request(host=f"127.0.0.1:{port}", target="/live", extra_headers=headers)))
        while not (batches and batches[-1]["done"]):
            protocol.receive_data(client.recv(1 << 20) or None)
            for event in protocol.events():
                if batches and batches[-1]["done"]:
                    break  # the server says goodbye behind its last batch, often in the same segment
                assert isinstance(event, (AcceptConnection, BytesMessage)), event
                if isinstance(event, BytesMessage):
                    got += bytes(event.data)
                    if event.message_finished:
                        batches.append(json.loads(got))
                        got = b""
    shown = sum(len(batch["records"]) for batch in batches)
    assert batches[-1]["left"] == len(timeline) - shown > BEHIND
