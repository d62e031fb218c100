import gzip
from collections.abc import Callable

import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
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
    TunnelData,
    Upgraded,
)

Play = Callable[..., list[HttpEvent]]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = SettingsFrame(0).serialize()
POST = [(":method", "POST"), (":path", "/bosh"), (":scheme", "https"), (":authority", "a.example")]


def headers(
    stream: int, fields: list[tuple[str, str]], *, last: bool = False, encoder: Encoder | None = None, parts: int = 1
) -> bytes:
    block = (encoder or Encoder()).encode(fields)
    size = -(-len(block) // parts)
    cuts = [block[start : start + size] for start in range(0, len(block), size)]
    frames: list[Frame] = [HeadersFrame(stream, cuts[0])]
    frames += [ContinuationFrame(stream, cut) for cut in cuts[1:]]
    frames[-1].flags.add("END_HEADERS")
    if last:
        frames[0].flags.add("END_STREAM")
    return b"".join(frame.serialize() for frame in frames)


def data(stream: int, content: bytes, *, last: bool = False, pad: int = 0) -> bytes:
    frame = DataFrame(stream, content, pad_length=pad)
    if pad:
        frame.flags.add("PADDED")
    if last:
        frame.flags.add("END_STREAM")
    return frame.serialize()


def told(events: list[HttpEvent]) -> list[tuple[object, ...]]:
    out: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, RequestHead):
            out.append((event.exchange, event.method, event.target, event.headers))
        elif isinstance(event, ResponseHead):
            out.append((event.exchange, event.status, event.headers))
        elif isinstance(event, BodyDone):
            out.append((event.exchange, event.side, event.data, *((event.fault,) if event.fault else ())))
        elif isinstance(event, HttpFault):
            out.append(("fault", event.side, event.reason))
        elif isinstance(event, Reset):
            out.append(("reset", event.exchange, event.error))
        elif isinstance(event, Upgraded):
            out.append((event.exchange, event.protocol, event.stream))
        elif isinstance(event, TunnelData):
            out.append((event.exchange, event.side, event.data, event.last))
    return out


CLIENT = PREFACE + SETTINGS
CONVERSATIONS: dict[str, tuple[list[tuple[int, bytes]], list[tuple[object, ...]]]] = {
    "a request and its answer": (
        [
            (0, CLIENT + headers(1, POST) + data(1, b"hel") + data(1, b"lo", last=True)),
            (1, SETTINGS + headers(1, [(":status", "200"), ("a", "b")]) + data(1, b"yes", last=True)),
        ],
        [
            (1, "POST", "/bosh", [("host", "a.example")]), (1, 0, b"hello"), (1, 200, [("a", "b")]), (1, 1, b"yes"),
        ],
    ),
    "interleaved, padded, in CONTINUATION frames, among other frames": (
        [
            (0, CLIENT + headers(1, POST, parts=5) + headers(3, POST, last=True)),
            (0, WindowUpdateFrame(0, 1).serialize() + data(1, b"hello", last=True, pad=9)),
            (1, SETTINGS + headers(3, [(":status", "103")]) + headers(3, [(":status", "204")], last=True)),
            (1, PingFrame(0).serialize() + headers(1, [(":status", "200")]) + data(1, b"y")),
            (1, data(1, b"es", pad=3) + headers(1, [("trailer", "x")], last=True) + GoAwayFrame(0).serialize()),
        ],
        [
            (1, "POST", "/bosh", [("host", "a.example")]), (2, "POST", "/bosh", [("host", "a.example")]), (2, 0, b""),
            (1, 0, b"hello"), (2, 204, []), (2, 1, b""), (1, 200, []), (1, 1, b"yes"),
        ],
    ),
    "the answer captured first": (
        [
            (1, SETTINGS + headers(1, [(":status", "200")], last=True)),
            (0, CLIENT + headers(1, POST, last=True)),
        ],
        [(1, "POST", "/bosh", [("host", "a.example")]), (1, 0, b""), (1, 200, []), (1, 1, b"")],
    ),
    "reset": (
        [(0, CLIENT + headers(1, POST, last=True)), (1, SETTINGS + RstStreamFrame(1, 8).serialize())],
        [(1, "POST", "/bosh", [("host", "a.example")]), (1, 0, b""), ("reset", 1, 8)],
    ),
    "compressed": (
        [
            (0, CLIENT + headers(1, [*POST, ("content-encoding", "gzip")]) + data(1, gzip.compress(b"hi"), last=True)),
            (1, SETTINGS),
        ],
        [
            (1, "POST", "/bosh", [("host", "a.example"), ("content-encoding", "gzip")]), (1, 0, b"hi"),
            ("reset", 1, -1),
        ],
    ),
    "a tunnel": (
        [
            (0, CLIENT + headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":path", "/ws")])),
            (0, data(1, b"early")),
            (1, SETTINGS + headers(1, [(":status", "200")]) + data(1, b"down")),
            (0, data(1, b"up", last=True)),
            (1, data(1, b"", last=True)),
        ],
        [
            (1, "CONNECT", "/ws", []), (1, 200, []), (1, "websocket", True), (1, 0, b"early", False),
            (1, 1, b"down", False), (1, 0, b"up", True), (1, 1, b"", True),
        ],
    ),
    "torn": (
        [(0, CLIENT + headers(1, POST) + data(1, b"hel")), (1, SETTINGS + b"\0\0")],
        [
            (1, "POST", "/bosh", [("host", "a.example")]), (1, 0, b"hel", "ends too soon"),
            ("fault", 1, "ends inside a frame"), ("reset", 1, -1),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations(name: str, play: Play) -> None:
    steps, expected = CONVERSATIONS[name]
    assert told(play(steps)) == expected


@pytest.mark.parametrize("name", CONVERSATIONS)
@pytest.mark.parametrize("size", [1, 3, 10])
def test_every_cut_gives_the_same(name: str, size: int, play: Play) -> None:
    steps, _ = CONVERSATIONS[name]
    assert play(steps, size=size) == play(steps)


def test_one_header_table_serves_all_requests_even_pushed_and_dropped_ones(play: Play) -> None:
    encoder = Encoder()
    fields = [(":status", "200"), ("x-long", "v" * 50)]
    promise = PushPromiseFrame(1, 2, encoder.encode([*POST, ("x-long", "v" * 50)]), flags=["END_HEADERS"]).serialize()
    server = SETTINGS + promise + headers(2, fields, encoder=encoder, last=True)
    server += headers(1, fields, encoder=encoder, last=True)
    out = told(play([(0, CLIENT + headers(1, POST, last=True)), (1, server)]))
    assert out[2:] == [(1, 200, [("x-long", "v" * 50)]), (1, 1, b"")]


def test_a_larger_header_table_is_followed(play: Play) -> None:
    encoder = Encoder()
    encoder.header_table_size = 20_000
    fields = [(":status", "200"), *((f"x-{number}", "v" * 200) for number in range(40))]
    allowed = SettingsFrame(0, {SettingsFrame.HEADER_TABLE_SIZE: 20_000}).serialize()
    requests = headers(1, POST, last=True) + headers(3, POST, last=True)
    answers = headers(1, fields, encoder=encoder, last=True) + headers(3, fields, encoder=encoder, last=True)
    out = told(play([(0, PREFACE + allowed + requests), (1, SETTINGS + answers)]))
    assert [event for event in out if event[0] == "fault"] == []
    assert sum(event[1] == 200 for event in out) == 2


def test_a_hole_inside_data_costs_that_body_alone() -> None:
    connection = HttpConnection()
    sent = data(1, b"0123456789", last=True)
    events = connection.feed(0, CLIENT + headers(1, POST) + sent[:-6]) + connection.lost(0, 3)
    events += connection.feed(0, sent[-3:] + headers(3, POST, last=True))
    assert told(events)[1:] == [
        (1, 0, b"", "bytes of it are not in the capture"), (2, "POST", "/bosh", [("host", "a.example")]), (2, 0, b""),
    ]  # fmt: skip


HOSTILE = {
    "a hole in the headers": (None, "bytes are missing: the headers behind them"),
    "a frame that is none": (b"\0\0\1\1\0\0\0\0\0\0", "not a frame of HTTP/2"),
    "CONTINUATION of nothing": (ContinuationFrame(1, b"").serialize(), "a CONTINUATION that continues nothing"),
    "a block interrupted": (HeadersFrame(1, b"\x82").serialize() + SETTINGS, "a header block that is not continued"),
    "endless CONTINUATION": (
        HeadersFrame(1, b"").serialize() + b"".join(ContinuationFrame(1, b"").serialize() for _ in range(400)),
        "a header block longer than",
    ),
    "a header bomb": (
        headers(1, [("a", "v" * 4000)]) and HeadersFrame(
            1, Encoder().encode([("a", "v" * 3900)]) + b"\xbe" * 3000, flags=["END_HEADERS"]
        ).serialize(),
        "headers that cannot be decompressed",
    ),
    "an index that is none": (
        HeadersFrame(1, b"\xff\xff\xff", flags=["END_HEADERS"]).serialize(), "cannot be decompressed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_frames_are_reported_once_and_end_that_side_alone(name: str) -> None:
    sent, reason = HOSTILE[name]
    connection = HttpConnection()
    events = connection.feed(0, CLIENT)
    events += connection.lost(0, 10) if sent is None else connection.feed(0, sent)
    events += connection.feed(0, headers(5, POST, last=True))
    events += connection.feed(1, SETTINGS + headers(5, [(":status", "200")], last=True))
    fault, *rest = told(events)
    assert fault[:2] == ("fault", 0)
    assert reason in str(fault[2])
    assert rest == [(1, 200, []), (1, 1, b"")]


def test_bodies_and_streams_are_bounded() -> None:
    connection = HttpConnection()
    encoder = Encoder()
    events = connection.feed(0, CLIENT)
    for number in range(1, 2401, 2):
        events += connection.feed(0, headers(number, POST, encoder=encoder))
    assert sum(isinstance(event, Reset) for event in events) == 200
    for _ in range(1100):
        events += connection.feed(0, data(2399, bytes(16_000)))
    body = next(event for event in connection.feed(0, data(2399, b"", last=True)) if isinstance(event, BodyDone))
    assert body.fault == "longer than 16777216 bytes"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from([
                CLIENT, SETTINGS, headers(1, POST), headers(3, POST, last=True), data(1, b"hello"),
                headers(1, [(":status", "200")]), headers(1, [(":status", "x")], last=True), data(3, b"", last=True),
                RstStreamFrame(1).serialize(),
                HeadersFrame(1, b"\x82").serialize(), ContinuationFrame(1, b"\x86", flags=["END_HEADERS"]).serialize(),
            ]) | st.binary(max_size=30),
            st.sampled_from("fffffflc"),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_fuzz_whatever_comes_is_told_within_what_was_fed(steps: list[tuple[int, bytes, str]]) -> None:
    connection = HttpConnection()
    connection.feed(0, CLIENT)
    fed, faults = [len(CLIENT), 0], [0, 0]
    for side, sent, what in steps:
        if what == "f":
            events = connection.feed(side, sent)
            fed[side] += len(sent)
        else:
            events = connection.lost(side, len(sent)) if what == "l" else connection.close(side)
            fed[side] += len(sent) if what == "l" else 0
        for event in events:
            if isinstance(event, HttpFault):
                faults[event.side] += 1
            if not isinstance(event, Upgraded):
                assert 0 <= event.start <= event.end <= max(fed)
    assert max(faults) <= 1
