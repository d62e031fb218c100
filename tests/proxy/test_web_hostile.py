"""Hostile HTTP through the relay: what two readers could take differently reaches nobody, and everything is bounded."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.conftest import World
from tests.proxy.outcome import Outcome
from tests.proxy.relay_harness import Pieces
from tests.proxy.web_stage import ASKS, GRANTED, HOST, WebStage, answer, post, says
from xmppscope.proxy.way import MOST_WAITING

Run = Callable[..., tuple[Outcome, WebStage]]
STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")
LINE = b"POST /b HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

SMUGGLED: dict[str, bytes] = {
    "length and chunks": LINE + HOST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    "two lengths": LINE + HOST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "the same length twice": LINE + HOST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    "a list of lengths": LINE + HOST + b"Content-Length: 4, 4\r\n\r\nabcd",
    "a negative length": LINE + HOST + b"Content-Length: -1\r\n\r\n",
    "a signed length": LINE + HOST + b"Content-Length: +4\r\n\r\nabcd",
    "a length in hexadecimal": LINE + HOST + b"Content-Length: 0x4\r\n\r\nabcd",
    "an enormous length": LINE + HOST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "chunks twice": LINE + HOST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks by another name": LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks behind a coding": LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity": LINE + HOST + b"Transfer-Encoding: identity\r\n\r\n",
    "a space before the colon": LINE + HOST + b"Content-Length : 4\r\n\r\nabcd",
    "a tab before the coding": LINE + HOST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "folded": LINE + HOST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": LINE + HOST + b"Content-Length: 4\nTransfer-Encoding: chunked\r\n\r\nabcd",
    "a bare return": LINE + HOST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n",
    "two hosts": LINE + HOST + b"Host: other.test\r\n\r\n",
    "no host": LINE + b"Content-Length: 0\r\n\r\n",
    "an empty line first": b"\r\n" + post(b"x"),
    "chunks in HTTP/1.0": b"POST /b HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "a WebSocket with a body": ASKS[:-2] + b"Content-Length: 4\r\n\r\nabcd",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a null": LINE + HOST + b"X: a\0b\r\n\r\n",
    "a tunnel": b"CONNECT other.test:80 HTTP/1.1\r\nHost: other.test\r\n\r\n",
    "another server": b"POST http://other.test/b HTTP/1.1\r\nHost: other.test\r\nContent-Length: 0\r\n\r\n",
    "a long head": LINE + HOST + b"X: " + b"a" * 20_000,
}


@pytest.mark.parametrize("name", SMUGGLED)
@pytest.mark.parametrize("size", [0, 1])
def test_a_request_that_can_be_read_in_two_ways_is_refused(play_web: Run, name: str, size: int) -> None:
    if size and name == "a long head":
        size = 1000
    outcome, _ = play_web(says(SMUGGLED[name], end="rest"), says(end="rest"), pieces=Pieces((size,)))
    assert outcome.server.heard == b""
    assert [code[:1] in b"45" for code in STATUS.findall(outcome.client.heard)] == [True]
    assert outcome.client.eof == "fin"
    assert outcome.relay.done


@pytest.mark.parametrize("name", SMUGGLED)
def test_and_so_it_is_behind_one_that_is_answered(play_web: Run, name: str) -> None:
    outcome, _ = play_web(says(post(b"x") + SMUGGLED[name], end="rest"), says([b"x"], answer(b"first"), end="rest"))
    assert outcome.server.heard == post(b"x").replace(b":5322", b":5280")
    assert outcome.client.heard.startswith(answer(b"first") + b"HTTP/1.1 ")
    assert len(STATUS.findall(outcome.client.heard)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\nabc",
        b"-1\r\n",
        b"fffffffffffffffff\r\n",
        b"3\nabc\r\n",
        b"3\r\nabcd\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"1" * 300,
    ],
)
def test_chunks_that_are_none_end_the_connection(play_web: Run, body: bytes) -> None:
    outcome, _ = play_web(says(LINE + HOST + CHUNKED + b"\r\n" + body, end="rest"), says(end="rest"))
    assert outcome.client.heard.startswith(b"HTTP/1.1 ")
    assert outcome.relay.done
    assert outcome.server.eof == "fin"


ANSWERS: dict[str, bytes] = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd",
    "an unasked change": GRANTED,
    "a long head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000,
    "a version of its own": b"HTTP/3.0 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_can_be_read_in_two_ways_is_not_passed_on(play_web: Run, name: str) -> None:
    outcome, _ = play_web(says(post(b"x"), end="rest"), says([b"x"], ANSWERS[name], end="rest"))
    assert b"HTTP/1.1 101" not in outcome.client.heard
    assert outcome.relay.done
    assert "The server was reached, but the server's answer" in outcome.diagnoses[0].text


def test_a_body_of_any_length_is_streamed(world: World) -> None:
    stage = WebStage(world.tools, says(end=""), says(end=""), start=world.start)
    relay = stage.web
    relay.client_data(LINE + HOST + b"Content-Length: 900000000\r\n\r\n", stage._tick())
    stage._settle()
    for _ in range(50):
        relay.client_data(b"a" * 100_000, stage._tick())
        assert sum(map(len, relay.server.out)) == 100_000
        stage._settle()
    assert not relay.done


def test_what_is_sent_ahead_has_a_bound(world: World) -> None:
    stage = WebStage(world.tools, says(end=""), says(end=""), start=world.start, reach="never")
    stage.web.client_data(ASKS, stage._tick())
    for _ in range(5):
        stage.web.client_data(b"a" * MOST_WAITING, stage._tick())
    assert stage.web.done


def test_requests_that_wait_are_bounded(play_web: Run) -> None:
    outcome, _ = play_web(says(post(b"") * 300, end=""), says(end="rest"), seconds=10)
    assert outcome.server.heard.count(b"POST ") == 256


@given(
    st.lists(
        st.sampled_from(
            [*SMUGGLED.values(), post(b"abc"), ASKS, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", b"\0\xff", b"\r\n"]
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from([*ANSWERS.values(), answer(b"abc"), b"\0", b"HTTP/1.1 100 Continue\r\n\r\n"]), max_size=4),
    st.integers(1, 3000),
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_it_ends(world: World, up: list[bytes], down: list[bytes], size: int) -> None:
    stage = WebStage(
        world.tools, says(*up), says([b"\r\n\r\n"], *down), start=world.start, pieces=Pieces((size,), (True, False))
    )
    outcome = stage.play()
    assert outcome.relay.done
    outcome.assert_same()
