"""BOSH against a hostile peer or a poor capture: nothing held without bound, nobody blamed, no secret in a URL."""

import gzip
from typing import Any

from xmppscope.analyzer.bosh import WAITING_BYTES, sessions_of

NS = "http://jabber.org/protocol/httpbind"


def post(data: bytes, extra: str = "") -> bytes:
    return f"POST /bosh HTTP/1.1\r\nHost: a\r\n{extra}Content-Length: {len(data)}\r\n\r\n".encode() + data


def answer(data: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data


def body(attrs: str, inside: str = "") -> bytes:
    return f"<body xmlns='{NS}' {attrs}>{inside}</body>".encode()


def told(timeline: Any) -> list[tuple[str, str]]:
    return [(entry.kind, entry.summary) for entry in timeline.entries]


def test_what_waits_in_many_sessions_is_bounded_together(talk: Any) -> None:
    play = talk()
    play.open(port=5280)
    for number in range(12):
        play.send("C", post(body(f"rid='5' sid='s{number}'")))
        far = gzip.compress(
            body(f"rid='7' sid='s{number}'", f"<message xmlns='jabber:client'>{' ' * 900_000}</message>")
        )
        play.send("C", post(far, "Content-Encoding: gzip\r\n"))
        sessions = sessions_of(play.analyzer._services)
        assert sum(session.held for session in sessions._sessions.values()) <= WAITING_BYTES
    assert len([entry for entry in play.close().entries if entry.name == "message"]) == 12


def test_a_request_cut_short_before_its_rid_is_not_blamed(talk: Any) -> None:
    play = talk()
    play.open(port=5280)
    play.send("C", post(body("rid='5' to='a'")))
    play.send("S", answer(body("sid='s1'")))
    data = post(body("rid='6' sid='s1'", "<presence xmlns='jabber:client'/>"))
    at = data.index(b"<body") + 3
    play.send("C", data[:at])
    play.lose("C", len(data) - at)
    kinds = [kind for kind, _ in told(play.close())]
    assert "malformed" not in kinds
    assert "gap" in kinds


def test_a_hole_before_the_first_body_is_shown(talk: Any) -> None:
    play = talk()
    play.open(port=5280)
    play.lose("C", 300)
    play.send("C", post(body("rid='6' sid='s1'")))
    assert ("gap", "300 bytes are not in the capture") in told(play.close())


def test_a_head_that_can_be_read_in_two_ways_is_reported(talk: Any) -> None:
    play = talk()
    play.open(port=5280)
    play.send("C", post(body("rid='5' to='a'")))
    play.send("S", answer(body("sid='s1'")))
    play.send("C", b"POST /bosh HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nabcde")
    reasons = [entry.reason for entry in play.close().entries if entry.kind == "opaque"]
    assert reasons == [
        "the rest of a TCP connection cannot be read: both Content-Length and Transfer-Encoding (RFC 9112 §6.3)"
    ]


def test_a_secret_in_the_place_that_a_session_is_sent_to(talk: Any) -> None:
    play = talk()
    play.open(port=5280)
    play.send("C", post(body("rid='5' to='a'")))
    inside = "<uri>https://a.example/b?t=Tr0ub4dor</uri>"
    play.send("S", answer(body("type='terminate' condition='see-other-uri'", inside)))
    timeline = play.close()
    assert any(entry.name == "uri" for entry in timeline.entries)
    assert b"Tr0ub4dor" not in timeline.lines
