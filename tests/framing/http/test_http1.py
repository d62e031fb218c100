import gzip
import zlib
from collections.abc import Callable

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.framing.http.connection import HttpConnection
from xmppscope.framing.http.events import (
    BodyDone,
    HttpEvent,
    HttpFault,
    RequestHead,
    Reset,
    ResponseHead,
    Upgraded,
)

Play = Callable[..., list[HttpEvent]]

POST = b"POST /bosh HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"
RAW_DEFLATE = zlib.compressobj(wbits=-15)
SHORT = RAW_DEFLATE.compress(b"squeezed") + RAW_DEFLATE.flush()


def told(events: list[HttpEvent]) -> list[tuple[object, ...]]:
    """What happened, in few words: exchange, side, what."""
    out: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, RequestHead):
            out.append((event.exchange, event.method, event.target))
        elif isinstance(event, ResponseHead):
            out.append((event.exchange, event.status))
        elif isinstance(event, BodyDone):
            out.append((event.exchange, event.side, event.data, *((event.fault,) if event.fault else ())))
        elif isinstance(event, HttpFault):
            out.append(("fault", event.side, event.reason))
        elif isinstance(event, Reset):
            out.append(("reset", event.exchange))
        elif isinstance(event, Upgraded):
            out.append((event.exchange, event.protocol, event.start, event.rest))
    return out


def test_events_carry_what_was_sent_and_where(play: Play) -> None:
    assert play([(0, POST), (1, OK)]) == [
        RequestHead(1, 0, 0, 59, "POST", "/bosh", [("host", "a.example"), ("content-length", "5")]),
        BodyDone(1, 0, 59, 64, b"hello"),
        ResponseHead(1, 1, 0, 38, 200, "OK", [("content-length", "3")]),
        BodyDone(1, 1, 38, 41, b"yes"),
    ]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nye\r\n1\r\ns\r\n0\r\nTrailer: x\r\n\r\n"
CONVERSATIONS = {
    "two in a row": ([(0, POST), (1, OK), (0, POST), (1, OK)], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes"),
        (2, "POST", "/bosh"), (2, 0, b"hello"), (2, 200), (2, 1, b"yes"),
    ]),
    "pipelined": ([(0, POST + b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n"), (1, OK + OK)], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (2, "GET", "/x"), (2, 0, b""),
        (1, 200), (1, 1, b"yes"), (2, 200), (2, 1, b"yes"),
    ]),
    "an empty line before a request": ([(0, b"\r\n" + POST), (1, OK)], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes"),
    ]),
    "answer captured first": ([(1, OK), (0, POST)], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes"),
    ]),
    "100 and 103 are passed over": (
        [(0, POST), (1, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)],
        [(1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes")],
    ),
    "chunked": ([(0, POST), (1, CHUNKED + OK), (0, POST)], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes"),
        (2, "POST", "/bosh"), (2, 0, b"hello"), (2, 200), (2, 1, b"yes"),
    ]),
    "HEAD, 204 and 304 have no body": (
        [
            (0, b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET /e HTTP/1.1\r\n\r\n"),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
            (1, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + OK),
        ],
        [
            (1, "HEAD", "/"), (1, 0, b""), (2, "GET", "/"), (2, 0, b""), (3, "GET", "/"), (3, 0, b""),
            (4, "GET", "/e"), (4, 0, b""),
            (1, 200), (1, 1, b""), (2, 204), (2, 1, b""), (3, 304), (3, 1, b""), (4, 200), (4, 1, b"yes"),
        ],
    ),
    "until the connection closes": ([(0, POST), (1, b"HTTP/1.0 200 OK\r\n\r\nall of it")], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"all of it"),
    ]),
    "cut off": ([(0, POST), (1, OK[:-1])], [
        (1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"ye", "ends too soon"),
    ]),
    "never answered": ([(0, POST)], [(1, "POST", "/bosh"), (1, 0, b"hello"), ("reset", 1)]),
    "upgraded": (
        [
            (0, b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
            (0, b"early"),
            (1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\nframes"),
        ],
        [(1, "GET", "/ws"), (1, 0, b""), (1, 101), (1, "websocket", (61, 56), (b"early", b"frames"))],
    ),
    "upgrade refused": (
        [(0, b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), (0, POST), (1, OK), (1, OK)],
        [(1, "GET", "/ws"), (1, 0, b""), (1, 200), (1, 1, b"yes"), (2, "POST", "/bosh"), (2, 0, b"hello"),
         (2, 200), (2, 1, b"yes")],
    ),
    "a tunnel": ([(0, b"CONNECT a:5222 HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\n\r\n")], [
        (1, "CONNECT", "a:5222"), (1, 0, b""), (1, 200), (1, "connect", (27, 19), (b"", b"")),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations(name: str, play: Play) -> None:
    steps, expected = CONVERSATIONS[name]
    assert told(play(steps)) == expected


@pytest.mark.parametrize("name", [name for name in CONVERSATIONS if "upgrade" not in name])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_cut_gives_the_same(name: str, size: int, play: Play) -> None:
    steps, _ = CONVERSATIONS[name]
    assert play(steps, size=size) == play(steps)


@pytest.mark.parametrize(
    ("encoding", "body", "data", "fault"),
    [
        ("gzip", gzip.compress(b"squeezed"), b"squeezed", ""),
        ("x-gzip", gzip.compress(b"squ") + gzip.compress(b"eezed"), b"squeezed", ""),
        ("deflate", zlib.compress(b"squeezed"), b"squeezed", ""),
        ("Deflate", SHORT, b"squeezed", ""),
        ("identity", b"plain", b"plain", ""),
        ("gzip, deflate", zlib.compress(gzip.compress(b"squeezed")), b"squeezed", ""),
        ("br", b"\x0b", b"", "content coding 'br' is not read"),
        ("gzip", gzip.compress(b"squeezed")[:-9], b"squeezed", "compressed body ends too soon"),
        ("gzip", b"plain", b"", "not the content coding that it is said to have: "),
        ("gzip", gzip.compress(bytes(9 << 20)), b"", "compressed body unfolds to more than "),
        ("gzip,gzip,gzip,gzip", b"x", b"", "4 content codings, one inside the other"),
        ("gzip", b"", b"", ""),
    ],
)
def test_content_codings(encoding: str, body: bytes, data: bytes, fault: str, play: Play) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    done = [event for event in play([(0, POST), (1, head + body)]) if isinstance(event, BodyDone)][1]
    assert (done.data, done.encoding) == (data, encoding)
    assert done.fault.startswith(fault)
    assert bool(done.fault) == bool(fault)


def test_a_start_in_the_middle_finds_the_next_message(play: Play) -> None:
    steps = [
        (0, b"part of a body</body>\r\n" + POST),
        (1, b"lo</body>\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes"),
    ]
    expected = [(1, "POST", "/bosh"), (1, 0, b"hello"), (1, 200), (1, 1, b"yes")]
    assert told(play(steps, midstream=True)) == expected
    assert told(play(steps, size=1, midstream=True)) == expected


def test_an_answer_to_a_request_before_the_capture_stands_alone(play: Play) -> None:
    assert told(play([(1, OK), (0, POST), (1, OK)], midstream=True)) == [
        (1, 200), (1, 1, b"yes"), (2, "POST", "/bosh"), (2, 0, b"hello"), (2, 200), (2, 1, b"yes"),
    ]  # fmt: skip


def test_what_only_looks_like_a_head_is_passed_in_the_search(play: Play) -> None:
    steps = [(0, b"x\nGET / HTTP/1.1\r\nno header\r\n\r\n" + POST)]
    assert told(play(steps, midstream=True, close=False)) == [(1, "POST", "/bosh"), (1, 0, b"hello")]


def test_a_hole_inside_a_body_of_known_length_costs_that_body_alone() -> None:
    connection = HttpConnection()
    events = connection.feed(0, POST[:-3]) + connection.lost(0, 2) + connection.feed(0, b"o" + POST)
    assert told(events) == [
        (1, "POST", "/bosh"), (1, 0, b"he", "bytes of it are not in the capture"),
        (2, "POST", "/bosh"), (2, 0, b"hello"),
    ]  # fmt: skip
    assert events[2].start == 64


def test_behind_a_hole_of_requests_the_newest_is_answered() -> None:
    connection = HttpConnection()
    events = connection.feed(0, POST) + connection.feed(1, OK) + connection.feed(1, OK)
    events += connection.lost(0, 64) + connection.feed(0, POST) + connection.feed(1, OK)
    assert told(events)[4:] == [
        (2, 200),
        (2, 1, b"yes"),
        (3, "POST", "/bosh"),
        (3, 0, b"hello"),
        (3, 200),
        (3, 1, b"yes"),
    ]


def test_behind_a_hole_of_responses_nothing_is_guessed() -> None:
    connection = HttpConnection()
    events = connection.feed(0, POST) + connection.feed(0, POST) + connection.lost(1, 41) + connection.feed(1, OK)
    assert told(events)[4:] == [("reset", 1), ("reset", 2), (3, 200), (3, 1, b"yes")]
    assert told(connection.feed(0, POST) + connection.feed(1, OK))[2:] == [(4, 200), (4, 1, b"yes")]


def test_a_body_beyond_the_bound_is_passed_but_not_kept() -> None:
    connection = HttpConnection()
    size = (16 << 20) + 1
    out = connection.feed(0, f"POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
    for _ in range(16):
        out += connection.feed(0, bytes(1 << 20))
    out += connection.feed(0, b"x" + POST)
    assert told(out) == [
        (1, "POST", "/"), (1, 0, b"", "longer than 16777216 bytes"), (2, "POST", "/bosh"), (2, 0, b"hello"),
    ]  # fmt: skip


HEADS = {
    "both lengths": (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "both Content-Length and Transfer-Encoding",
    ),
    "two lengths": (b"Content-Length: 5\r\nContent-Length: 6\r\n", "two different values of Content-Length"),
    "a list of lengths": (b"Content-Length: 5, 6\r\n", "two different values of Content-Length"),
    "negative": (b"Content-Length: -1\r\n", "Content-Length '-1' is no length"),
    "plus": (b"Content-Length: +5\r\n", "is no length"),
    "absurd": (b"Content-Length: 99999999999999999999\r\n", "is no length"),
    "unicode digits": ("Content-Length: ²\r\n".encode("latin-1"), "is no length"),
    "empty length": (b"Content-Length:\r\n", "is no length"),
    "an unknown transfer coding": (b"Transfer-Encoding: xchunked\r\n", "transfer coding 'xchunked' cannot be read"),
    "chunked not last": (b"Transfer-Encoding: chunked, gzip\r\n", "cannot be read"),
    "chunked twice": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "cannot be read"),
    "white space before the colon": (b"Content-Length : 5\r\n", "white space before a colon"),
    "folded": (b"A: b\r\n c\r\n", "a folded header line"),
    "a bare LF": (b"A: b\nContent-Length: 5\r\n", "does not end in CRLF"),
    "a bare CR": (b"A: b\rContent-Length: 5\r\n", "does not end in CRLF"),
    "NUL": (b"A: b\0\r\n", "a header line that is none"),
    "no colon": (b"nonsense\r\n", "a header line that is none"),
    "too many": (b"a: b\r\n" * 300, "more than 256 header fields"),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_could_be_read_in_two_ways_ends_the_reading_of_that_side(name: str, play: Play) -> None:
    fields, reason = HEADS[name]
    out = told(play([(0, POST), (1, OK), (0, b"POST / HTTP/1.1\r\n" + fields + b"\r\nhello" + POST), (1, OK)]))
    fault = out[4]
    assert fault[:2] == ("fault", 0)
    assert reason in str(fault[2])
    # The other side is still told, without guessing what it answers.
    assert out[5:] == [(2, 200), (2, 1, b"yes")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"nonsense without end" * 4000, "a head longer than 65536 bytes"),
        (b"GET / HTTP/3.0\r\n", "no HTTP"),
        (b"GET  / HTTP/1.1\r\n\r\n", "no HTTP"),
        (b"GET / HTTP/1.1\nHost: x\n\n", "no HTTP"),
        (b"GET / HTTP/1.1\r\nHost", "ends inside a head"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", "the size of a chunk is none"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n", "the size of a chunk is none"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello", "the size of a chunk is none"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 2000, "the size of a chunk is none"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "a chunk of 18446744073709551615",
        ),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n",
            "a chunk that is longer than its size",
        ),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: b\n\n", "the trailer of a chunked body"),
    ],
)
def test_hostile_framing_is_reported_once(data: bytes, reason: str, play: Play) -> None:
    faults = [event for event in play([(0, data), (0, POST)]) if isinstance(event, HttpFault)]
    assert len(faults) <= 1
    if "head" not in reason or len(data) > 1000:
        assert reason in faults[0].reason


def test_both_sides_asking_is_no_http(play: Play) -> None:
    assert told(play([(0, POST), (1, POST)], close=False))[-1] == (
        "fault", 1, "a request and a response from the same side",
    )  # fmt: skip


def test_requests_without_answers_are_bounded() -> None:
    connection = HttpConnection()
    events = [event for _ in range(1200) for event in connection.feed(0, b"GET / HTTP/1.1\r\n\r\n")]
    assert sum(isinstance(event, Reset) for event in events) == 200


TOKENS = st.text("abcdefgXYZ-", min_size=1, max_size=12).filter(
    lambda name: name.lower() not in ("content-length", "transfer-encoding")
)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TOKENS, VALUES), max_size=8),
    st.binary(max_size=60),
    st.booleans(),
    st.lists(st.integers(1, 40), max_size=12),
)
def test_it_reads_what_h11_writes(fields: list[tuple[str, str]], body: bytes, chunked: bool, cuts: list[int]) -> None:
    """h11 sends, h11 and the observer read: they tell the same."""
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
    client = h11.Connection(h11.CLIENT)
    headers = [("Host", "a"), framing, *fields]
    sent = client.send(h11.Request(method="POST", target="/x", headers=headers)) or b""
    if body:
        sent += client.send(h11.Data(data=body)) or b""
    sent += client.send(h11.EndOfMessage()) or b""
    server = h11.Connection(h11.SERVER)
    server.receive_data(sent)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    connection, events, at = HttpConnection(), [], 0
    for cut in [*cuts, len(sent)]:
        events += connection.feed(0, sent[at : at + cut])
        at += cut
    head, done = events
    assert head.headers == [(name.decode(), value.decode()) for name, value in request.headers]
    assert (done.data, done.end, done.fault) == (body, len(sent), "")


PIECES = st.sampled_from([
    POST, OK, CHUNKED, b"\r\n", b"0\r\n\r\n", b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n", b"GET / HTTP/1.1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0\0\0\4\0\0\0\0\0",
    b"HTTP/1.1 204 x\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"\0\0\5\1\4\0\0\0\1\x82\x86\x84\x41\0",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("fffflc"), st.integers(0, 1), PIECES | st.binary(max_size=30), st.integers(0, 70)),
        max_size=25,
    ),
    st.booleans(),
)
def test_fuzz_whatever_comes_is_told_in_order_and_within_what_was_fed(
    steps: list[tuple[str, int, bytes, int]], midstream: bool
) -> None:
    connection = HttpConnection(midstream=midstream)
    fed, faults = [0, 0], [0, 0]
    for what, side, data, cut in steps:
        if what == "f":
            events = connection.feed(side, data[cut:] or data)
            fed[side] += len(data[cut:] or data)
        elif what == "l":
            events = connection.lost(side, cut or None)
            fed[side] += cut
        else:
            events = connection.close(side)
        for event in events:
            if isinstance(event, HttpFault):
                faults[event.side] += 1
            if not isinstance(event, Upgraded):
                assert 0 <= event.start <= event.end <= fed[event.side]
    assert max(faults) <= 1
