"""The front door: every way in is told by its first bytes, under every split, and leads to XMPP or to a clean end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.proxy.front import AHEAD_BOUND, SPACE_BOUND, Arrived, Front, FrontStep, Via
from xmppscope.proxy.http import HEAD_BOUND
from xmppscope.proxy.page import Page

PAGE = Page("AA:BB", b"der", b"pem", "2028-11-19")
HEADER = b"<?xml version='1.0'?><stream:stream to='prosody.test' xmlns='jabber:client'>"
HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
GREETING = b"\x05\x01\x00"
SOCKS = GREETING + b"\x05\x01\x00\x03\x0cprosody.test\x14\x66"
GRANTED = b"\x05\x00" + bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
CONNECT = b"CONNECT [::1]:5223 HTTP/1.1\r\nHost: [::1]:5223\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
NAMED = ("prosody.test", 5222)
OTHER = ("::1", 5223)
NESTED = "a proxy protocol inside a tunnel, where only XMPP and TLS are passed on"
NOTHING_KNOWN = "neither XMPP, TLS, SOCKS nor HTTP"


def talk(pieces: list[bytes]) -> tuple[bytes, Arrived | None]:
    """Feed *pieces*, let the client go wherever it wants; bytes behind the verdict of XMPP count as its own."""
    front = Front(PAGE)
    send, verdict = b"", None
    for piece in pieces:
        if verdict is not None and verdict.kind in ("clear", "tls"):
            verdict = verdict._replace(data=verdict.data + piece)
            continue
        step = front.feed(piece)
        send += step.send
        if step.destination is not None:
            step = front.accept()
            send += step.send
        verdict = verdict or step.verdict
    return send, verdict


WAYS: dict[str, tuple[bytes, bytes, Arrived]] = {
    "clear": (HEADER, b"", Arrived("clear", HEADER)),
    "clear behind white space": (b" \r\n" + HEADER, b"", Arrived("clear", b" \r\n" + HEADER)),
    "clear behind a byte order mark": (b"\xef\xbb\xbf\n<s", b"", Arrived("clear", b"\xef\xbb\xbf\n<s")),
    "TLS": (HELLO, b"", Arrived("tls", HELLO)),
    "SOCKS5, clear": (SOCKS + HEADER, GRANTED, Arrived("clear", HEADER, NAMED, "SOCKS5")),
    "SOCKS5, TLS": (SOCKS + HELLO, GRANTED, Arrived("tls", HELLO, NAMED, "SOCKS5")),
    "CONNECT, clear": (CONNECT + b"\n" + HEADER, ESTABLISHED, Arrived("clear", b"\n" + HEADER, OTHER, "HTTP CONNECT")),
    "CONNECT, TLS": (CONNECT + HELLO, ESTABLISHED, Arrived("tls", HELLO, OTHER, "HTTP CONNECT")),
}


def splits(data: bytes) -> list[list[bytes]]:
    """All at once, byte by byte, and in two at every place."""
    return [[data], [data[at : at + 1] for at in range(len(data))]] + [
        [data[:at], data[at:]] for at in range(len(data))
    ]


@pytest.mark.parametrize("name", WAYS)
def test_every_way_in_leads_to_xmpp_under_every_split(name: str) -> None:
    data, sent, arrived = WAYS[name]
    for pieces in splits(data):
        assert talk(pieces) == (sent, arrived)


ENDS: dict[str, tuple[bytes, bytes, str, str]] = {
    "SOCKS4": (b"\x04\x01\x14\x66\x7f\0\0\x01\0", b"\0\x5b\0\0\0\0\0\0", "refused", "SOCKS4; SOCKS5 is spoken here"),
    "SOCKS5 with password": (b"\x05\x01\x02", b"\x05\xff", "refused", "SOCKS5 that insists on authentication"),
    "SOCKS5 in SOCKS5": (SOCKS + GREETING, GRANTED, "refused", NESTED),
    "SOCKS4 in CONNECT": (CONNECT + b"\x04\x01", ESTABLISHED, "refused", NESTED),
    "CONNECT in CONNECT": (CONNECT + CONNECT, ESTABLISHED, "refused", NESTED),
    "GET in SOCKS5": (SOCKS + b"GET / HTTP/1.1\r\n\r\n", GRANTED, "refused", NESTED),
    "garbage in SOCKS5": (SOCKS + b"\0\0", GRANTED, "garbage", NOTHING_KNOWN),
    "SSH": (b"SSH-2.0-OpenSSH_9.9\r\n", b"", "garbage", NOTHING_KNOWN),
    "SMTP": (b"EHLO client.test\r\n", b"", "garbage", NOTHING_KNOWN),
    "SSLv2": (b"\x80\x2e\x01\x03\x01", b"", "garbage", NOTHING_KNOWN),
    "not TLS": (b"\x16\x04", b"", "garbage", NOTHING_KNOWN),
    "not SOCKS4": (b"\x04\x00", b"", "garbage", NOTHING_KNOWN),
    "UTF-16": ("<?xml".encode("utf-16"), b"", "garbage", NOTHING_KNOWN),
    "mark of another kind": (b"\xef\xbb\xbe<", b"", "garbage", NOTHING_KNOWN),
    "TLS behind white space": (b"\n" + HELLO, b"", "garbage", NOTHING_KNOWN),
    "text": (b" hello", b"", "garbage", NOTHING_KNOWN),
    "white space": (b" " * (SPACE_BOUND + 1), b"", "garbage", NOTHING_KNOWN),
    "white space and more": (b"\n" * (SPACE_BOUND + 1) + HEADER, b"", "garbage", NOTHING_KNOWN),
    "a line without end": (b"GET " + b"a" * HEAD_BOUND, b"", "garbage", NOTHING_KNOWN),
}


@pytest.mark.parametrize("name", ENDS)
def test_anything_else_ends_cleanly(name: str) -> None:
    data, sent, kind, reason = ENDS[name]
    for pieces in splits(data) if len(data) < 100 else [[data], [data[:700], data[700:]]]:
        got, verdict = talk(pieces)
        assert verdict is not None
        assert (got, verdict.kind, verdict.reason) == (sent, kind, reason)


def test_garbage_is_handed_on_as_it_came_and_nothing_is_sent() -> None:
    assert Front(PAGE).feed(b"\x00\x01") == FrontStep(b"", Arrived("garbage", b"\x00\x01", reason=NOTHING_KNOWN))


def test_a_browser_is_answered_once() -> None:
    front = Front(PAGE)
    step = front.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /xmppscope.crt HTTP/1.1\r\nHost: a\r\n\r\n")
    assert step.send.count(b"HTTP/1.1 200 OK") == 1
    assert step.verdict == Arrived("http", reason="200 OK")
    assert front.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == FrontStep()
    assert front.eof() == FrontStep()


POST = b"POST /http-bind HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "sent", "named", "via"),
    [(b"", b"", None, ""), (SOCKS, GRANTED, NAMED, "SOCKS5"), (CONNECT, ESTABLISHED, OTHER, "HTTP CONNECT")],
)
def test_the_web_is_passed_on_whole_inside_a_tunnel_too(
    before: bytes, sent: bytes, named: tuple[str, int] | None, via: Via
) -> None:
    for pieces in splits(before + POST):
        assert talk(pieces) == (sent, Arrived("web", POST, named, via))


@pytest.mark.parametrize(("asks", "named"), [(SOCKS, NAMED), (CONNECT, OTHER)])
def test_success_is_said_only_once_the_destination_is_accepted(asks: bytes, named: tuple[str, int]) -> None:
    front = Front(PAGE)
    step = front.feed(asks + HEADER[:5])
    assert (step.send, step.destination, step.verdict) == (GRANTED[:2] if asks is SOCKS else b"", named, None)
    assert front.feed(HEADER[5:]) == FrontStep(destination=named)
    step = front.accept()
    assert step.send == (GRANTED[2:] if asks is SOCKS else ESTABLISHED)
    assert step.verdict == Arrived("clear", HEADER, named, "SOCKS5" if asks is SOCKS else "HTTP CONNECT")


def test_a_destination_may_be_rejected() -> None:
    front = Front(PAGE)
    front.feed(SOCKS)
    step = front.reject("not allowed", "that is this proxy itself")
    assert step.send == bytes([5, 2, 0, 1, 0, 0, 0, 0, 0, 0])
    assert step.verdict == Arrived("refused", reason="that is this proxy itself")
    front = Front(PAGE)
    front.feed(CONNECT)
    assert front.reject("refused", "Nobody listens there.").send.endswith(b"\r\n\r\nNobody listens there.\n")


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", Arrived("closed", reason="said nothing")),
        (b"\x16", Arrived("closed", b"\x16", reason="ended before it was clear what it speaks")),
        (b"  ", Arrived("closed", b"  ", reason="ended before it was clear what it speaks")),
        (b"GET / HTTP/1.1\r\n", Arrived("closed", reason="ended before it was clear what it speaks")),
        (GREETING, Arrived("closed", reason="ended before it was clear what it speaks")),
        (SOCKS, Arrived("closed", b"", NAMED, "SOCKS5", "ended before it was clear what it speaks")),
    ],
)
def test_an_end_in_between(data: bytes, verdict: Arrived) -> None:
    front = Front(PAGE)
    if front.feed(data).destination is not None:
        front.accept()
    assert front.eof() == FrontStep(verdict=verdict)
    assert front.feed(b"more") == FrontStep()


def test_an_end_while_a_destination_waits() -> None:
    front = Front(PAGE)
    front.feed(SOCKS + HEADER)
    verdict = front.eof().verdict
    assert verdict is not None
    assert verdict.kind == "closed"
    with pytest.raises(RuntimeError, match="no destination waits"):
        front.accept()


def test_what_is_sent_ahead_has_a_bound() -> None:
    front = Front(PAGE)
    front.feed(SOCKS + b"<" * AHEAD_BOUND)
    verdict = front.feed(b"<").verdict
    assert verdict is not None
    assert (verdict.kind, verdict.reason) == ("refused", "too much sent ahead of the answer to its request")


def test_bytes_behind_the_verdict_are_nobodys_to_drop() -> None:
    front = Front(PAGE)
    front.feed(HEADER)
    with pytest.raises(RuntimeError, match="handed this connection over"):
        front.feed(b"<iq/>")


PARTS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"\x05", b"\x05\x01\x00", SOCKS, CONNECT, HEADER, HELLO, b"\xef\xbb\xbf", b"GET / HTTP/1.1\r\n"])
    | st.sampled_from(
        [b"\r\n", b" ", b"\x04\x01", b"HTTP/1.1\r\n", b"CONNECT ", b"\x16", b"\x16\x03", b"POST /http-bind"]
    ),
)


@given(st.lists(PARTS, max_size=8), st.booleans())
def test_hostile_bytes_raise_nothing_and_are_not_lost(parts: list[bytes], willing: bool) -> None:
    front = Front(PAGE)
    for number, part in enumerate(parts):
        step = front.feed(part)
        if step.destination is not None:
            step = front.accept() if willing else front.reject("failed", "No.")
        if step.verdict is not None:
            assert b"".join(parts[: number + 1]).endswith(step.verdict.data)
            if step.verdict.kind in ("clear", "tls"):
                assert step.verdict.data
                return
    last = front.eof().verdict
    assert last is None or last.kind == "closed"


@given(st.lists(PARTS, max_size=5).map(b"".join), st.data())
def test_the_split_makes_no_difference(data: bytes, choice: st.DataObject) -> None:
    pieces, rest = [], data
    while rest:
        size = choice.draw(st.integers(1, len(rest)))
        pieces.append(rest[:size])
        rest = rest[size:]
    sent, verdict = talk(pieces)
    sent_at_once, verdict_at_once = talk([data])
    assert sent == sent_at_once
    if verdict is None or verdict_at_once is None or verdict.kind in ("clear", "tls"):
        assert verdict == verdict_at_once
    else:
        assert verdict._replace(data=b"") == verdict_at_once._replace(data=b"")
