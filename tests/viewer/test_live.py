"""`view` and `proxy --web` in a real Chromium, and how they end."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"id='s1' from='capulet.test' version='1.0'><stream:features/>"
)
HELLO = (
    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.test' "
    b"version='1.0'>"
)


def wait(page, condition: str) -> None:
    """Wait until *condition* holds; the page's policy lets nobody put it there as a function."""
    until = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < until, condition
        page.wait_for_timeout(30)


def test_view_shows_a_capture_and_ends_with_0(command, opened) -> None:
    running = command("view", CAPTURES / "sm-resume-prosody.pcap")
    url = running.wait_for(r"viewer at (\S+)")
    running.wait_for(r"(98 entries)")
    page = opened(url)
    assert "token" not in page.url
    assert page.inner_text("#count") == "98 entries"
    page.click("#list .row >> nth=2")
    page.wait_for_selector("#form [role=tree]")
    assert "sasl2-in-clear" in page.inner_text("#detail")
    page.locator("#detail .finding .why").click()
    assert "Why it matters" in page.inner_text("#popup")
    page.keyboard.press("Escape")
    page.click("#form-Why")
    wait(page, "document.getElementById('form').textContent.includes('features')")
    page.fill("#filter", "warning or name == 'resumed'")
    wait(page, "document.getElementById('count').textContent.startsWith('2 of')")
    page.fill("#filter", "typ == 3")
    page.wait_for_selector("#mistake mark")
    assert page.inner_text("#mistake mark") == "typ"
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.wait_for_selector(".state.full")
    assert running.end() == 0
    assert "Traceback" not in running.said


def test_a_growing_capture_is_followed(command, opened, tmp_path) -> None:
    data = (CAPTURES / "c2s-basic-prosody.pcap").read_bytes()
    growing = tmp_path / "growing.pcap"
    growing.write_bytes(data[: len(data) // 3])
    running = command("view", "--follow", growing)
    page = opened(running.wait_for(r"viewer at (\S+)"))
    wait(page, "xmppscope.store.entries.length > 5")
    before = page.evaluate("xmppscope.store.entries.length")
    page.evaluate("document.getElementById('list').scrollTop = 0")
    page.click("#list .row >> nth=0")
    with growing.open("ab") as file:
        file.write(data[len(data) // 3 :])
    wait(page, f"xmppscope.store.entries.length > {before} + 20")
    page.wait_for_selector("#pill:not([hidden])")
    assert " new ↓" in page.inner_text("#pill")
    assert page.evaluate("xmppscope.selected") == 1
    page.keyboard.press("F")
    page.wait_for_selector("#pill", state="hidden")
    wait(page, "xmppscope.list.atEnd()")
    assert running.end() == 0


@pytest.fixture
def server() -> Iterator[int]:
    """A server that answers a header and echoes what follows."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):  # the proxy may reset it, and nobody may come at all
            peer, _ = listening.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(HEADER)
                while data := peer.recv(65536):
                    peer.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    listening.close()
    thread.join(5)


def test_proxy_shows_what_comes(command, opened, server, tmp_path) -> None:
    running = command(
        "proxy",
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        f"127.0.0.1:{server}",
        "--ca-dir",
        tmp_path / "ca",
        "--web",
        "-q",
    )
    url = running.wait_for(r"viewer at (\S+)")
    port = int(running.wait_for(r"listening on 127\.0\.0\.1:(\d+)"))
    page = opened(url)
    assert "No XMPP yet" in page.inner_text("#empty")
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(HELLO)
        client.recv(4096)
        wait(page, "xmppscope.store.entries.length >= 3")
        page.keyboard.press("/")
        page.keyboard.type("message")
        page.keyboard.press("Enter")
        for number in range(300):
            client.sendall(f"<message to='r@capulet.test' id='m{number}'><body>{number}</body></message>".encode())
        wait(page, "document.getElementById('count').textContent.startsWith('600 of')")
        assert page.locator("#list .row").count() < 200
    started = time.monotonic()
    wait(page, "xmppscope.store.entries.some((one) => one.kind === 'closed')")
    assert time.monotonic() - started < 20
    assert running.end() == 0
    assert "Traceback" not in running.said
