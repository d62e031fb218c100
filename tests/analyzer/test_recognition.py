"""What is XMPP, on any port and from any point on, and what is not; and which end is which."""

import pytest

PING = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OTHERS = {
    "http": (PING, PONG),
    "ssh": (b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"),
    "smtp": (b"EHLO a.example\r\n", b"220 a.example ESMTP\r\n"),
    "socks": (b"\x05\x01\x00", b"\x05\x00"),
    "random": (bytes(range(128, 256)), bytes(range(200, 256))),
    "html": (b"<html><body>x</body></html>", b"<!DOCTYPE html><html></html>"),
    "rss": (b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>",) * 2,
    "soap": (
        b"<?xml version='1.0'?><s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>",
    )
    * 2,
    "wsdl": (
        b"<?xml version='1.0'?><definitions xmlns='http://schemas.xmlsoap.org/wsdl/'><message name='a'/></definitions>",
    )
    * 2,
    "another stream": (b"<stream to='a.example'><message to='a'><body>x</body></message></stream>",) * 2,
}
MIDSTREAM = [
    "<message from='b@b.example' to='a@a.example/r'><body>x</body></message>",
    "<iq type='get' id='1' from='a.example' to='a@a.example/r'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<presence from='b@b.example/r' to='a@a.example'/>",
    "<message to='a@a.example/r' type='error'><error type='cancel'>"
    "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    "<iq id='1' type='error'><error type='auth'>"
    "<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "<r xmlns='urn:xmpp:sm:3'/>",
]
MARKUP = [
    "<message>hello</message>",
    "<presence/>",
    "<iq>100</iq>",
    "<iq type='result' id='1'/>",
    "<message xmlns='urn:example:other' to='a'><body>x</body></message>",
]


@pytest.mark.parametrize("port", [5222, 443, 31337])
@pytest.mark.parametrize("syn", [True, False])
def test_header_on_any_port(play, port, syn) -> None:
    timeline = play("C: {header}\nS: {response}", port=port, syn=syn)
    (connection,) = timeline.connections
    assert (connection.initiating, connection.receiving) == ("192.0.2.1:40001", f"192.0.2.2:{port}")
    assert (connection.kind, connection.transport) == ("c2s", "tcp")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("split", [0, 1])
def test_other_traffic_is_never_claimed(play, name, split) -> None:
    there, back = OTHERS[name]
    timeline = play("C: {there}\nS: {back}\nC: {there}\nC fin\nS fin", there=there, back=back, split=split)
    assert timeline.records == []
    assert timeline.ignored == ([] if name == "http" else [1])  # a BOSH request may still follow
    assert timeline.summary.connections == 1
    assert timeline.summary.xmpp_connections == timeline.summary.entries == timeline.summary.gaps == 0


@pytest.mark.parametrize("name", OTHERS)
def test_other_traffic_is_never_claimed_in_mid_stream(play, name) -> None:
    there, back = OTHERS[name]
    timeline = play("C: {there}\nS gap 10\nS: {back}\nC: {there}\nC fin\nS fin", there=there, back=back, syn=False)
    assert timeline.records == []


@pytest.mark.parametrize("first", ["C", "S"])
@pytest.mark.parametrize("stanza", MIDSTREAM)
def test_mid_stream(play, first, stanza) -> None:
    timeline = play(f"{first}: half'/></x>{stanza}\n{first}: <r xmlns='urn:xmpp:sm:3'/>", syn=False)
    element = timeline.entries[1]
    assert (element.kind in ("stanza", "nonza"), element.xml) == (True, stanza)
    assert (element.offset, element.xmlns, element.stream) == (None, None, 0)
    assert timeline.entries[0].kind == "opaque"


def test_closing_tags_alone(play) -> None:
    timeline = play("C: </stream:stream>\nS: </stream:stream>\nC fin\nS fin", syn=False)
    assert timeline.rows("kind", "sender")[:2] == [("stream-close", "C"), ("stream-close", "S")]
    foreign = "C: <stream:stream xmlns:stream='urn:example:other'>\nC: </stream:stream>\nC fin"
    assert play(foreign).records == play(foreign, syn=False).records == []


@pytest.mark.parametrize("markup", MARKUP)
def test_mere_markup_in_mid_stream_is_no_proof(play, markup) -> None:
    assert play(f"C: {markup}\nS: {markup}\nC: {markup}\nC fin\nS fin", syn=False).records == []


def test_mid_stream_has_no_namespace_of_its_own(play) -> None:
    timeline = play("C: <message to='b@b.example'><body>x</body></message><r xmlns='urn:xmpp:sm:3'/>", syn=False)
    assert timeline.rows("name", "ns") == [("message", None), ("r", "urn:xmpp:sm:3")]


@pytest.mark.parametrize("script", [
    "S: {header}\nC: {response}",
    "C: {response}\nS: {header}",
    "C: {features}\nS: {auth}",
    "S: {bind}<presence/>\nC: {bound}<presence/>",
    "S: <message to='b@b.example'><body>x</body></message><presence/>\nC: <presence from='b@b.example/r'/>",
])  # fmt: skip
def test_wrong_guess_of_ends_is_corrected(play, script) -> None:
    timeline = play(script, syn=False)
    assert {record.initiating for record in timeline.connections} == {"192.0.2.2:5222"}
    sides = {entry.time: entry.sender for entry in timeline.entries}
    order = [line[0] for line in script.splitlines()]
    assert [sides[time] for time in sorted(sides)] == [{"S": "initiating", "C": "receiving"}[who] for who in order]


def test_ends_are_not_corrected_against_a_handshake(play) -> None:
    timeline = play("S: {header}\nC: {response}")
    assert timeline.connections[0].initiating == "192.0.2.1:40001"


def test_kind_that_becomes_known_is_told_once(play) -> None:
    timeline = play(
        "S: <message from='b@b.example' to='a@a.example/r'><body>x</body></message><r xmlns='urn:xmpp:sm:3'/>\n"
        "C: {bind}<presence/>\nS: {bound}\nC: {header}\nS: {response}",
        syn=False,
    )
    assert [(record.connection, record.kind) for record in timeline.connections] == [(1, "unknown"), (1, "c2s")]


def test_several_connections_are_numbered_as_they_are_recognised(play) -> None:
    timeline = play(
        "C1: <str\nC2: {there}\nC3: {header}\nC1: eam:stream xmlns:stream='x'>\nC4: {s2s-header}", there=PING
    )
    assert [(record.connection, record.initiating) for record in timeline.connections] == [
        (1, "192.0.2.1:40003"),
        (2, "192.0.2.1:40004"),
    ]
    assert [record.kind for record in timeline.connections] == ["c2s", "s2s"]


def test_http_request_to_an_xmpp_server(play) -> None:
    error = "<stream:error><bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    timeline = play(f"C: {{ping}}\nS: {{response}}{error}{{close}}", ping=PING)
    assert timeline.told == [
        "C http, connected",
        "S stream-open, header-both",
        "S stream-error, closing",
        "S stream-close, closing",
    ]


def test_client_hello_to_an_xmpp_server(play) -> None:
    hello = bytes.fromhex("16030100050100000100")
    timeline = play("C: {hello}\nS: {response}{close}\nS fin", hello=hello)
    assert [line for line in timeline.told if line[0] == "S"] == [
        "S stream-open, header-both",
        "S stream-close, half-closed",
        "S closed, half-closed",
    ]


def test_stream_header_to_a_tls_server(play) -> None:
    timeline = play("C: {header}\nS: {alert}\nS fin", alert=bytes.fromhex("15030100020246"))
    assert timeline.told == ["C stream-open, header-sent", "S tls, header-sent", "S closed, broken"]


@pytest.mark.parametrize("split", [0, 1])
def test_websocket(play, split) -> None:
    ask = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
    grant = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
    timeline = play("C: {ask}\nS: {grant}\nC: {frame}", ask=ask, grant=grant, frame=b"\x81\x82abcd..", split=split)
    assert timeline.connections[0].transport == "websocket"
    assert timeline.rows("sender", "kind") == [("C", "http"), ("S", "http"), ("C", "malformed")]


@pytest.mark.parametrize("split", [0, 1, 60])
def test_bosh(play, split) -> None:
    body = b"<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='a.example'/>"
    head = b"POST /bosh HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    timeline = play("C: {head}\nC: {body}", head=head, body=body, split=split)
    assert timeline.connections[0].transport == "bosh"
    assert timeline.rows("sender", "kind") == [("C", "http"), ("C", "stream-open")]
