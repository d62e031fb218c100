"""BOSH sessions: bodies over several TCP connections, in any order, told as one connection in the order of rids."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hpack import Encoder
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.analyzer.bosh import SESSIONS
from xmppscope.analyzer.bosh_session import PATIENCE
from xmppscope.model.timeline import Entry

NS = "http://jabber.org/protocol/httpbind"
FEATURES = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>"
SECOND = 1_000_000_000


def written(attrs: dict[str, object]) -> str:
    return "".join(f" {name.replace('_', ':')}='{value}'" for name, value in attrs.items() if value is not None)


def body(inside: str = "", **attrs: object) -> bytes:
    return f"<body xmlns='{NS}' xmlns:xmpp='urn:xmpp:xbosh'{written(attrs)}>{inside}</body>".encode()


def post(data: bytes, extra: str = "") -> bytes:
    return (
        f"POST /bosh?token=hidden HTTP/1.1\r\nHost: a.example\r\n{extra}Content-Length: {len(data)}\r\n\r\n".encode()
        + data
    )


def answer(data: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(data)}\r\n\r\n".encode() + data


def ask(rid: int, inside: str = "", **attrs: object) -> bytes:
    return post(body(inside, **{"rid": rid, "sid": "s1", **attrs}))


def reply(inside: str = "", **attrs: object) -> bytes:
    return answer(body(inside, **attrs))


def message(number: int) -> str:
    return f"<message xmlns='jabber:client' id='m{number}' to='b@a.example'><body>{number}</body></message>"


CREATE = ask(100, to="a.example", ver="1.6", wait=60, hold=1, xmpp_version="1.0", sid=None)
CREATED = reply(FEATURES, sid="s1", wait=60, requests=2, inactivity=30, **{"from": "a.example"})


@pytest.fixture
def bosh(talk: Any) -> Callable[..., Any]:
    """Play (flow, who, bytes) behind the creation of a session on the first flow."""

    def run(*steps: tuple[int, str, bytes] | int, created: bool = True, syn: bool = True, **options: Any) -> Any:
        told = talk(**options)
        before: tuple[tuple[int, str, bytes], ...] = ((1, "C", CREATE), (1, "S", CREATED)) if created else ()
        for step in (*before, *steps):
            if isinstance(step, int):
                told.now += step
                continue
            flow, who, data = step
            if flow not in told.flows:
                told.open(flow, syn=syn)
            if data == b"fin":
                told.end(who, flow)
            elif data.startswith(b"gap "):
                told.lose(who, int(data[4:]), flow)
            else:
                told.send(who, data, flow)
        return told.close()

    return run


def ids(timeline: Any, sender: str = "initiating") -> list[str | None]:
    return [entry.id for entry in timeline.entries if entry.kind == "stanza" and entry.sender == sender]


def texts(timeline: Any, *kinds: str) -> list[str]:
    return [entry.summary for entry in timeline.entries if entry.kind in (kinds or ("http",))]


def test_a_session_is_one_connection_over_two_tcp_connections(bosh: Callable[..., Any]) -> None:
    success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
    told = bosh(
        (1, "C", ask(101, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>")),
        (1, "S", reply(success)),
        (2, "C", ask(102, xmpp_restart="true", to="a.example")),
        (2, "S", reply(FEATURES)),
        (1, "C", ask(103, message(1))),
        (1, "S", reply()),
        (2, "C", ask(104)),
        (2, "S", reply(message(2))),
        (1, "C", ask(105, "<presence xmlns='jabber:client' type='unavailable'/>", type="terminate")),
        (1, "S", reply()),
        (1, "C", b"fin"),
        (2, "C", b"fin"),
    )
    assert [(one.initiating, one.receiving, one.kind, one.transport) for one in told.connections] == [
        ("192.0.2.1:40001", "192.0.2.2:5222", "c2s", "bosh")
    ]
    assert told.rows("sender", "kind", "name", "stream", "state") == [
        ("C", "http", None, 0, "connected"),
        ("C", "stream-open", "body", 1, "header-sent"),
        ("S", "stream-open", "body", 1, "header-both"),
        ("S", "nonza", "features", 1, "negotiating"),
        ("C", "nonza", "auth", 1, "sasl"),
        ("S", "nonza", "success", 1, "connected"),
        ("C", "http", None, 1, "connected"),
        ("C", "stream-open", "body", 2, "header-sent"),
        ("S", "stream-open", "body", 2, "header-both"),
        ("S", "nonza", "features", 2, "negotiating"),
        ("C", "stanza", "message", 2, "negotiating"),
        ("S", "http", None, 2, "negotiating"),
        ("C", "http", None, 2, "negotiating"),
        ("S", "stanza", "message", 2, "negotiating"),
        ("C", "stanza", "presence", 2, "negotiating"),
        ("C", "stream-close", "body", 2, "half-closed"),
        ("S", "stream-close", "body", 2, "closed"),
    ]
    assert told.summary.xmpp_connections == 1
    assert texts(told) == [
        "POST /bosh?… from 192.0.2.1:40001",
        "another TCP connection: 192.0.2.1:40002",
        "nothing new, answer to rid 103",
        "ask for what comes next, rid 104",
    ]
    assert CREATE.decode().endswith(f"\r\n\r\n{told.entries[1].xml}</body>")


def test_elements_are_exact_and_can_be_parsed_alone(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101, message(1) + "<presence xmlns='jabber:client'/>")))
    first, second = (entry for entry in told.entries if entry.kind == "stanza")
    assert first.xml == message(1)
    assert first.xmlns == {"": NS, "xmpp": "urn:xmpp:xbosh"}
    # Offsets count the bodies; the creation was one, the packets are those of the body.
    start = len(CREATE.partition(b"\r\n\r\n")[2]) + len(body(rid=101, sid="s1")) - len("</body>")
    assert first.offset == (start, start + len(message(1)))
    assert second.offset is not None
    assert second.offset[0] == first.offset[1]
    assert first.packets == (3, 3)


def test_requests_are_told_in_the_order_of_their_rids(bosh: Callable[..., Any]) -> None:
    told = bosh((2, "C", ask(102, message(2))), (3, "C", ask(103, message(3))), (1, "C", ask(101, message(1))))
    assert ids(told) == ["m1", "m2", "m3"]
    assert told.summary.gaps == 0


def test_answers_are_told_in_the_order_of_their_requests(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "C", ask(101)),
        (2, "C", ask(102)),
        (2, "S", reply(message(2))),
        (1, "S", reply(message(1))),
    )
    assert ids(told, "receiving") == ["m1", "m2"]


def test_no_answer_comes_before_its_request(bosh: Callable[..., Any]) -> None:
    told = bosh((2, "C", ask(102, message(2))), (2, "S", reply(message(9))), (1, "C", ask(101, message(1))))
    assert [entry.id for entry in told.entries if entry.kind == "stanza"] == ["m1", "m2", "m9"]


def test_a_request_sent_again_is_told_once(bosh: Callable[..., Any]) -> None:
    again = ask(101, message(1))
    told = bosh(
        (1, "C", again), (1, "S", b"fin"), (2, "C", again), (2, "S", reply(message(5))),
        (2, "C", again), (2, "S", reply(message(5))),
    )  # fmt: skip
    assert ids(told) == ["m1"]
    assert ids(told, "receiving") == ["m5"]
    assert texts(told)[1:] == [
        "the TCP connection ended before rid 101 was answered",
        "another TCP connection: 192.0.2.1:40002",
        "rid 101 sent again",
        "rid 101 sent again",
        "answer to rid 101 sent again",
    ]


def test_a_rid_used_for_something_else_is_malformed(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101, message(1))), (1, "S", reply()), (1, "C", ask(101, message(2))))
    assert ids(told) == ["m1"]
    assert texts(told, "malformed") == ["rid 101 sent again with other content, which is not told"]


def test_a_missing_rid_is_waited_for_and_then_shown_as_missing(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "C", ask(103, message(3))), PATIENCE + SECOND, (1, "S", reply()), (1, "C", ask(104, message(4)))
    )  # fmt: skip
    assert ids(told) == ["m3", "m4"]
    assert texts(told, "gap") == ["not in the capture: rid 101 to 102"]
    late = bosh((1, "C", ask(103)), PATIENCE + SECOND, (1, "C", ask(104)), (2, "C", ask(102, message(2))))
    assert ids(late) == ["m2"]
    assert "rid 102 comes late, behind rid 104" in texts(late)


def test_the_end_of_the_session_waits_for_nothing(bosh: Callable[..., Any]) -> None:
    gone = reply(type="terminate", condition="item-not-found")
    told = bosh((1, "C", ask(111)), (2, "C", ask(112)), (1, "S", gone), (2, "S", gone))
    assert [entry.summary for entry in told.entries][-7:] == [
        "not in the capture: rid 101 to 110",
        "ask for what comes next, rid 111",
        "another TCP connection: 192.0.2.1:40002",
        "ask for what comes next, rid 112",
        "no answer to rid 101 to 110 so far; rid 111 is answered",
        "BOSH session ended: item-not-found (the session, the stream or the rid is not known)",
        "the session is over, answer to rid 112",
    ]


def test_what_still_waits_is_told_at_the_end(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(103, message(3))), (1, "S", reply(message(9))))
    assert ids(told) == ["m3"]
    assert ids(told, "receiving") == ["m9"]
    assert texts(told, "gap") == ["not in the capture: rid 101 to 102"]


@pytest.mark.parametrize("rid", [2**53, -1, "x", ""])
def test_a_rid_that_is_none_is_malformed_and_its_content_is_told(rid: object, bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(rid, message(1))), (1, "S", reply()))  # type: ignore[arg-type]
    assert texts(told, "malformed") == ["a request without a valid rid"]
    assert ids(told) == ["m1"]


def test_a_rid_far_out_of_the_window_holds_nothing_up(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(10**12, message(8))), (1, "C", ask(101, message(1))), (1, "C", ask(102, message(2))))
    assert ids(told) == ["m1", "m2"]
    assert texts(told, "malformed") == [
        "rid 1000000000000 is far out of the window, rid 103 comes next: its content is not told"
    ]


def test_two_far_rids_in_a_row_prove_that_those_between_are_missing(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(5000, message(1))), (1, "C", ask(5001, message(2))))
    assert ids(told) == ["m1", "m2"]
    assert texts(told, "gap") == ["not in the capture: rid 101 to 4999"]


def test_a_session_begun_before_the_capture_is_said_to_be_so(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "S", reply("<presence xmlns='jabber:client' id='m0'/>")),
        (1, "C", ask(777, message(1))),
        (1, "S", reply(message(2))),
        created=False,
        syn=False,
    )
    assert texts(told)[0] == "a BOSH session that began before the capture, sid s1"
    assert [entry.id for entry in told.entries if entry.kind == "stanza"] == ["m0", "m1", "m2"]
    assert {entry.state for entry in told.entries} == {"unknown"}
    assert {entry.stream for entry in told.entries} == {0}


def test_answers_of_a_session_that_nobody_names_are_not_lost(bosh: Callable[..., Any]) -> None:
    named = bosh((1, "S", reply(message(1), sid="s7")), created=False, syn=False)
    assert ids(named, "receiving") == ["m1"]
    nameless = bosh((1, "S", reply(message(1))), (1, "S", b"fin"), created=False, syn=False)
    assert ids(nameless, "receiving") == ["m1"]


def test_the_end_by_the_server_says_why(bosh: Callable[..., Any]) -> None:
    error = (
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>"
        "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    )
    told = bosh((1, "C", ask(101)), (1, "S", reply(error, type="terminate", condition="remote-stream-error")))
    assert told.rows("sender", "kind", "state")[-2:] == [
        ("S", "stream-error", "closing"),
        ("S", "stream-close", "closed"),
    ]
    assert told.entries[-1].summary == (
        "BOSH session ended: remote-stream-error (the server behind ended the stream with an error)"
    )


def test_a_session_that_is_refused(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", CREATE), (1, "S", reply(type="terminate", condition="host-unknown")), created=False)
    assert told.entries[-1].summary == "BOSH session ended: host-unknown (the domain is not served)"
    assert [entry.kind for entry in told.entries] == ["http", "stream-open", "stream-close"]
    assert told.entries[-1].state == "closed"


def test_http_itself_may_refuse(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101)), (1, "S", answer(b"<html>no</html>", "404 Not Found")))
    last = told.entries[-1]
    assert last.summary == "HTTP 404 Not Found is the answer to rid 101"
    assert [note.text for note in last.annotations or []] == [
        "the session or the rid is not known: the session is over"
    ]
    gone = bosh((1, "C", ask(101)), (1, "S", answer(b"", "502 Bad Gateway")), (1, "C", ask(102, message(1))))
    assert "HTTP 502 Bad Gateway is the answer to rid 101" in texts(gone)
    assert ids(gone) == ["m1"]


def test_what_bodies_tell_beside_elements(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "C", ask(101, pause=60)),
        (1, "S", reply(report=99, time=852)),
        (1, "C", ask(102)),
        (1, "S", reply(type="error")),
    )
    assert texts(told)[1:] == [
        "pause for 60 s",
        "the answer to rid 99 is reported missing, 852 ms after it was sent",
        "ask for what comes next, rid 102",
        "recoverable error: all unanswered requests are to be sent again",
    ]


def test_a_stanza_that_inherits_the_namespace_of_bosh_is_shown(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101, "<message id='m1'><body>hi</body></message>")))
    entry = told.entries[-1]
    assert (entry.kind, entry.name, entry.ns, entry.id) == ("nonza", "message", NS, "m1")
    assert entry.annotations is not None
    assert "declaration of its own is missing" in entry.annotations[0].text


def test_a_further_stream_is_shown_and_not_followed(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "C", ask(101, to="b.example")),
        (1, "S", reply(message(7), stream="two")),
        (1, "C", ask(102, message(8), stream="two")),
    )
    assert texts(told)[2] == "a further stream of this session, two: its elements are shown, its state is not followed"
    assert [entry.id for entry in told.entries if entry.name == "message"] == ["m7", "m8"]


def test_coded_and_chunked_bodies(bosh: Callable[..., Any]) -> None:
    packed = gzip.compress(body(message(1), rid=101, sid="s1"))
    request = f"POST /bosh HTTP/1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{len(packed):x}\r\n"
    told = bosh((1, "C", request.encode() + packed + b"\r\n0\r\n\r\n"), (1, "S", reply()))
    assert ids(told) == ["m1"]


def test_a_body_that_cannot_be_unpacked_is_opaque(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101)), (1, "S", answer(b"\x0b", extra="Content-Encoding: br\r\n")))
    assert texts(told, "opaque") == ["the rest of a body cannot be read: content coding 'br' is not read"]


def test_broken_xml_in_a_body_costs_that_body_alone(bosh: Callable[..., Any]) -> None:
    told = bosh((1, "C", ask(101, "<message>")), (1, "S", reply()), (1, "C", ask(102, message(2))), (1, "S", reply()))
    assert ids(told) == ["m2"]
    assert len(texts(told, "malformed", "opaque")) >= 1


def test_a_hole_is_told_in_the_session(bosh: Callable[..., Any]) -> None:
    told = bosh(
        (1, "C", ask(101, message(1))), (1, "S", b"gap 80"), (1, "C", ask(102, message(2))), (1, "S", reply(message(3)))
    )
    assert ids(told) == ["m1", "m2"]
    assert ids(told, "receiving") == ["m3"]
    assert [entry.sender for entry in told.entries if entry.kind == "gap"] == ["receiving"]


def test_two_sessions_on_one_tcp_connection(bosh: Callable[..., Any]) -> None:
    again = ask(900, to="a.example", sid=None)
    told = bosh(
        (1, "C", ask(101, type="terminate")), (1, "S", reply()),
        (1, "C", again), (1, "S", reply(FEATURES, sid="s2")), (1, "C", ask(901, message(1), sid="s2")),
    )  # fmt: skip
    assert [one.connection for one in told.connections] == [1, 2]
    assert [entry.connection for entry in told.entries if entry.kind == "stanza"] == [2]


def test_other_http_between_is_nobody_s(bosh: Callable[..., Any]) -> None:
    options = b"OPTIONS /bosh HTTP/1.1\r\nOrigin: https://web.example\r\n\r\n"
    told = bosh((1, "C", options), (1, "S", answer(b"")), (1, "C", CREATE), (1, "S", CREATED), created=False)
    assert [entry.kind for entry in told.entries] == ["http", "stream-open", "stream-open", "nonza"]
    other = bosh((1, "C", post(b"<xml/>")), (1, "S", answer(b"ok")), created=False)
    assert other.entries == []


def test_a_session_over_tls_tells_of_its_handshake(talk: Any, tls_pair: Callable[..., Any]) -> None:
    pair = tls_pair(alpn=["http/1.1"])
    flights = pair.flights()
    told = talk(pair.keys)
    told.open(port=443)
    for who, data in flights:
        told.send(who, data)
    told.send("C", pair.send("C", CREATE))
    told.send("S", pair.send("S", CREATED))
    timeline = told.close()
    kinds = [(entry.kind, entry.protection) for entry in timeline.entries]
    assert kinds[-4:] == [
        ("http", "TLSv1.3"),
        ("stream-open", "TLSv1.3"),
        ("stream-open", "TLSv1.3"),
        ("nonza", "TLSv1.3"),
    ]
    assert kinds[0][0] == "tls"
    assert [entry.state for entry in timeline.entries][-3:] == ["header-sent", "header-both", "negotiating"]


def test_sessions_are_bounded(talk: Any) -> None:
    told = talk()
    told.open()
    for number in range(SESSIONS + 10):
        told.send("C", ask(number, sid=f"s{number}"))
        told.send("S", reply())
    sessions = told.analyzer._services.bosh
    assert len(sessions._sessions) == SESSIONS


def test_ended_and_silent_sessions_are_forgotten(talk: Any) -> None:
    told = talk()
    told.open()
    told.send("C", CREATE)
    told.send("S", CREATED)
    told.send("C", ask(101, type="terminate"))
    told.send("S", reply())
    sessions = told.analyzer._services.bosh
    assert list(sessions._sessions) == ["s1"]
    told.now += 200 * SECOND
    told.send("C", ask(1, sid="s2"))
    assert list(sessions._sessions) == ["s2"]
    told.now += 4000 * SECOND
    told.send("C", ask(1, sid="s3"))
    assert list(sessions._sessions) == ["s3"]


def test_secrets_are_masked(bosh: Callable[..., Any]) -> None:
    auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAc2VjcmV0</auth>"
    told = bosh((1, "C", ask(101, auth)))
    assert b"AGEAc2VjcmV0" not in told.lines
    assert b"hidden" not in told.lines
    assert b"AGEAc2VjcmV0" in bosh((1, "C", ask(101, auth)), show_secrets=True).lines


def stanzas(told: Any) -> list[Entry]:
    return [entry for entry in told.entries if entry.kind == "stanza"]


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(1, 9)), st.lists(st.integers(0, 3), min_size=8, max_size=8), st.sets(st.integers(1, 8)))
def test_any_order_over_any_connections_gives_the_same(
    talk: Any, order: list[int], flows: list[int], repeated: set[int]
) -> None:
    told = talk()
    told.open(1)
    told.send("C", CREATE)
    told.send("S", CREATED)
    for number, flow in zip(order, flows, strict=True):
        for _ in range(2 if number in repeated else 1):
            if flow + 1 not in told.flows:
                told.open(flow + 1)
            told.send("C", ask(100 + number, message(number)), flow + 1)
            told.send("S", reply(message(100 + number)), flow + 1)
    timeline = told.close()
    sent = [entry.id for entry in stanzas(timeline) if entry.sender == "initiating"]
    answered = [entry.id for entry in stanzas(timeline) if entry.sender == "receiving"]
    assert sent == [f"m{number}" for number in range(1, 9)]
    assert answered == [f"m{number}" for number in range(101, 109)]
    assert timeline.summary.gaps == 0


PARTS = [
    CREATE, CREATED, ask(101), ask(103, message(3)), ask(99), reply(), reply(message(1), sid="s1"),
    reply(type="terminate"), ask(102, xmpp_restart="true"), ask(2**60), answer(b"x", "404 No"), b"\r\n",
    ask(104, "<a"), answer(body("</body>")), ask(105, "text"), ask(106, stream="x"), reply(FEATURES, stream="y"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 3), st.sampled_from("CS"), st.sampled_from(PARTS) | st.binary(max_size=20), st.integers(0, 9)
        ),
        max_size=25,
    ),
    st.booleans(),
)
def test_fuzz_whatever_comes_is_told_and_nothing_breaks(
    talk: Any, steps: list[tuple[int, str, bytes, int]], syn: bool
) -> None:
    told = talk()
    for flow, who, data, chance in steps:
        if flow not in told.flows:
            told.open(flow, syn=syn)
        if chance == 9:
            told.lose(who, 20, flow)
        elif chance == 8:
            told.end(who, flow)
        else:
            told.send(who, data, flow)
    timeline = told.close()
    numbers = [entry.entry for entry in timeline.entries]
    assert numbers == list(range(1, len(numbers) + 1))
    assert b"null" not in timeline.lines


def frames(stream: int, fields: list[tuple[str, str]], data: bytes, encoder: Encoder) -> bytes:
    head = HeadersFrame(stream, encoder.encode(fields), flags=["END_HEADERS"])
    return head.serialize() + DataFrame(stream, data, flags=["END_STREAM"]).serialize()


def test_a_session_over_http2_has_one_tcp_connection_and_overlapping_streams(talk: Any) -> None:
    asks, answers = Encoder(), Encoder()
    post_ = [(":method", "POST"), (":scheme", "https"), (":path", "/bosh"), (":authority", "a.example")]
    ok = [(":status", "200"), ("content-type", "text/xml")]
    bodies = [raw.partition(b"\r\n\r\n")[2] for raw in (CREATE, CREATED, ask(101), ask(102, message(2)))]
    told = talk()
    told.open(port=443)
    told.send("C", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
    told.send("S", SettingsFrame(0).serialize())
    told.send("C", frames(1, post_, bodies[0], asks))
    told.send("S", frames(1, ok, bodies[1], answers))
    told.send("C", frames(3, post_, bodies[2], asks))
    told.send("C", frames(5, post_, bodies[3], asks))
    told.send("S", frames(3, ok, body(message(7)), answers))
    told.send("S", frames(5, ok, body(), answers))
    timeline = told.close()
    assert [(one.transport, one.initiating) for one in timeline.connections] == [("bosh", "192.0.2.1:40001")]
    assert timeline.rows("sender", "kind", "packets")[1:] == [
        ("C", "stream-open", (3, 3)),
        ("S", "stream-open", (4, 4)),
        ("S", "nonza", (4, 4)),
        ("C", "http", (5, 5)),
        ("C", "stanza", (6, 6)),
        ("S", "stanza", (7, 7)),
        ("S", "http", (8, 8)),
    ]


def test_an_answer_before_the_request_is_complete_answers_no_other_one(bosh: Callable[..., Any]) -> None:
    """Prosody 0.12 answers a chunked request at once, and ends the session."""
    whole = ask(102, message(2))
    told = bosh(
        (1, "C", ask(101, message(1))),
        (2, "C", whole[:-20]),
        (2, "S", reply(type="terminate", condition="item-not-found")),
        (1, "S", reply(message(7))),
    )
    assert ids(told) == ["m1"]
    assert ids(told, "receiving") == ["m7"]
    assert told.rows("sender", "kind")[-3:] == [("S", "stream-close"), ("C", "http"), ("C", "opaque")]
