"""XMPP over WebSocket (RFC 7395): what the timeline tells, however it is cut, lost, compressed or broken."""

import random
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hpack import Encoder
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.framing.websocket import unmask

FRAMING = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'"
STREAM = "xmlns:stream='http://etherx.jabber.org/streams'"
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
OPEN = f"<open {FRAMING} to='a.example' version='1.0'/>"
OPENED = f"<open {FRAMING} from='a.example' id='s1' version='1.0'/>"
CLOSE = f"<close {FRAMING}/>"
FEATURES = f"<stream:features {STREAM}><mechanisms {SASL}><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
PING = "<iq xmlns='jabber:client' type='get' id='p%d' to='a.example'><ping xmlns='urn:xmpp:ping'/></iq>"
PONG = "<iq xmlns='jabber:client' type='result' id='p%d' from='a.example' to='a@a.example/r'/>"
KEY = b"\x9a\x01\x7f\xe3"
ASK = (
    b"GET /ws?token=c2VjcmV0 HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Origin: https://web.example\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Cookie: sid=c2VjcmV0\r\nAuthorization: Basic c2VjcmV0\r\nSec-WebSocket-Protocol: xmpp\r\n"
)
GRANT = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
SESSION = [
    ("C", OPEN),
    ("S", OPENED),
    ("S", FEATURES),
    ("C", f"<auth {SASL} mechanism='PLAIN'>AGEAc2VjcmV0</auth>"),
    ("S", f"<success {SASL}/>"),
    ("C", OPEN),
    ("S", OPENED.replace("s1", "s2")),
    ("S", f"<stream:features {STREAM}><bind {BIND}/></stream:features>"),
    ("C", f"<iq xmlns='jabber:client' type='set' id='b1'><bind {BIND}/></iq>"),
    ("S", f"<iq xmlns='jabber:client' type='result' id='b1'><bind {BIND}><jid>a@a.example/r</jid></bind></iq>"),
    ("C", PING % 1),
    ("S", PONG % 1),
    ("C", CLOSE),
    ("S", CLOSE),
]
TOLD = [
    "C http, connected", "S http, connected",
    "C stream-open, header-sent", "S stream-open, header-both", "S features, negotiating",
    "C auth, sasl", "S success, connected", "C stream-open, header-sent", "S stream-open, header-both",
    "S features, negotiating", "C iq, negotiating", "S iq, open", "C iq, open", "S iq, open",
    "C stream-close, half-closed", "S stream-close, closed",
]  # fmt: skip

Play = Callable[..., Any]


def frame(who: str, data: str | bytes, first: int = 0x81) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    size = len(data)
    length = size.to_bytes(1) if size < 126 else b"\x7e" + size.to_bytes(2)
    if who == "S":
        return bytes([first]) + length + data
    return bytes([first, length[0] | 0x80]) + length[1:] + KEY + unmask(data, KEY)


class Wire:
    """A WebSocket to play: its handshake, then frames."""

    def __init__(self, talk: Any, *, ask: bytes = ASK, grant: bytes = GRANT, syn: bool = True, split: int = 0) -> None:
        self.talk = talk()
        self.talk.open(syn=syn, port=5280)
        self.split = split
        if ask:
            self.send("C", ask + b"\r\n")
        if grant:
            self.send("S", grant + b"\r\n")

    def send(self, who: str, data: bytes) -> None:
        for at in range(0, len(data), self.split or len(data) or 1):
            self.talk.send(who, data[at : at + self.split] if self.split else data)

    def say(self, *messages: tuple[str, str]) -> "Wire":
        for who, xml in messages:
            self.send(who, frame(who, xml))
        return self

    def frame(self, who: str, data: bytes, first: int) -> "Wire":
        self.send(who, frame(who, data, first))
        return self

    def end(self) -> Any:
        return self.talk.close()


@pytest.fixture
def wire(talk: Any) -> Callable[..., Wire]:
    return lambda **more: Wire(talk, **more)


@pytest.mark.parametrize("split", [0, 1, 2, 7, 1000])
def test_a_session(wire: Callable[..., Wire], split: int) -> None:
    timeline = wire(split=split).say(*SESSION).end()
    assert timeline.told == TOLD
    assert [(one.transport, one.kind) for one in timeline.connections] == [("websocket", "c2s")]
    assert [entry.xml for entry in timeline.entries[2:] if "auth" not in (entry.name or "")] == [
        xml for _, xml in SESSION if "<auth" not in xml
    ]
    assert timeline.entries[13].answers == timeline.entries[12].entry


def test_offsets_count_the_payload_and_packets_the_frames(wire: Callable[..., Wire]) -> None:
    entries = wire(split=100).say(*SESSION).end().entries[2:]
    at = {"initiating": 0, "receiving": 0}
    for entry, (_, xml) in zip(entries, SESSION, strict=True):
        assert entry.offset == (at[entry.sender], at[entry.sender] + len(xml))
        at[entry.sender] += len(xml)
        first, last = entry.packets
        header = len(frame("C" if entry.sender == "initiating" else "S", xml)) - len(xml)
        assert last - first == (len(xml) + header - 1) // 100


def test_names_and_namespaces(wire: Callable[..., Wire]) -> None:
    entries = wire().say(("C", OPEN), ("S", FEATURES), ("C", CLOSE)).end().entries[2:]
    framing = "urn:ietf:params:xml:ns:xmpp-framing"
    assert [(entry.name, entry.ns, entry.xmlns) for entry in entries] == [
        ("open", framing, None),
        ("features", "http://etherx.jabber.org/streams", None),
        ("close", framing, None),
    ]
    assert [entry.stream for entry in entries] == [1, 0, 1]


def test_the_handshake_is_told_without_its_secrets(wire: Callable[..., Wire]) -> None:
    timeline = wire().say(("C", OPEN)).end()
    asked, granted = timeline.entries[:2]
    assert (asked.summary, granted.summary) == (
        "ask for a WebSocket with subprotocol xmpp",
        "WebSocket granted with subprotocol xmpp",
    )
    assert [one.text for one in asked.annotations] == [
        "GET /ws?…, HTTP/1.1",
        "host a.example",
        "origin https://web.example",
        "subprotocols offered: xmpp",
        "Authorization: masked",
        "Cookie: masked",
    ]
    assert b"c2VjcmV0" not in timeline.lines


@pytest.mark.parametrize(
    ("grant", "summary", "text"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n",
            "WebSocket refused: 404 Not Found",
            "status 404 Not Found",
        ),
        (
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://b.example/?key=c2VjcmV0\r\n",
            "WebSocket refused: 302 Found",
            "location https://b.example/?…",
        ),
        (
            GRANT.replace(b"Sec-WebSocket-Protocol: xmpp\r\n", b""),
            "WebSocket granted without the subprotocol xmpp",
            "subprotocol: none",
        ),
        (
            GRANT.replace(b"s3pP", b"xxxx"),
            "WebSocket granted with subprotocol xmpp",
            "Sec-WebSocket-Accept does not fit the key of the request",
        ),
        (GRANT + DEFLATE, "WebSocket granted with subprotocol xmpp", "extensions agreed on: permessage-deflate"),
    ],
)
def test_answers(wire: Callable[..., Wire], grant: bytes, summary: str, text: str) -> None:
    timeline = wire(grant=grant).end()
    answer = timeline.entries[1]
    assert answer.summary == summary
    assert text in [one.text for one in answer.annotations]


def test_a_websocket_of_others_is_not_claimed(wire: Callable[..., Wire]) -> None:
    plain = b"Sec-WebSocket-Protocol: xmpp\r\n"
    timeline = wire(ask=ASK.replace(plain, b""), grant=GRANT.replace(plain, b"")).say(("C", "<a/>")).end()
    assert timeline.records == []
    assert timeline.ignored == [1]


def test_without_the_subprotocol_the_messages_prove_it(wire: Callable[..., Wire]) -> None:
    plain = b"Sec-WebSocket-Protocol: xmpp\r\n"
    timeline = wire(ask=ASK.replace(plain, b""), grant=GRANT.replace(plain, b"")).say(*SESSION).end()
    assert timeline.told == TOLD
    assert timeline.entries[0].summary == "ask for a WebSocket without the subprotocol xmpp"


def test_pings_and_closes(wire: Callable[..., Wire]) -> None:
    made = wire().frame("C", b"?", 0x89).frame("S", b"?", 0x8A).frame("S", b"\x03\xf0no reason", 0x88)
    rows = (
        made.frame("C", b"", 0x88).frame("C", b"\x0b\xb8", 0x88).frame("C", b"\x03", 0x88).end().rows("kind", "summary")
    )
    assert rows[2:] == [
        ("keepalive", "WebSocket ping"),
        ("keepalive", "WebSocket pong"),
        ("http", 'close the WebSocket: 1008, against the policy: "no reason"'),
        ("http", "close the WebSocket, giving no code"),
        ("http", "close the WebSocket: 3000, a code of a library or framework"),
        ("http", "close the WebSocket, with a code cut short"),
    ]


@pytest.mark.parametrize("split", [0, 1])
def test_compressed_both_ways(wire: Callable[..., Wire], split: int) -> None:
    made = wire(ask=ASK + DEFLATE, grant=GRANT + DEFLATE, split=split)
    packers = {who: zlib.compressobj(wbits=-15) for who in "CS"}
    for who, xml in SESSION:
        data = (packers[who].compress(xml.encode()) + packers[who].flush(zlib.Z_SYNC_FLUSH))[:-4]
        made.frame(who, data, 0xC1)
    timeline = made.end()
    assert timeline.told == TOLD
    assert timeline.entries[-3].offset == (511, 614) or timeline.entries[-3].offset[1] > 400


def test_fragments_are_one_message(wire: Callable[..., Wire]) -> None:
    made = wire().say(("C", OPEN))
    xml = (PING % 1).encode()
    made.frame("C", xml[:10], 0x01).frame("C", b"?", 0x89).frame("C", xml[10:20], 0x00).frame("C", xml[20:], 0x80)
    timeline = made.end()
    assert timeline.told[3:] == ["C keepalive, header-sent", "C iq, header-sent"]
    assert timeline.entries[-1].xml == xml.decode()
    assert timeline.entries[-1].packets == (4, 7)


@pytest.mark.parametrize(
    ("xml", "kind", "reason"),
    [
        (
            "<stream:features/>",
            "malformed",
            "unbound prefix: each message has to declare its prefixes itself, at byte 49",
        ),
        ("<a><b>", "malformed", "a message that ends inside an element, at byte 55"),
        ("", "malformed", "an empty message, at byte 49"),
        (" ", "keepalive", None),
    ],
)
def test_messages_that_are_no_documents(wire: Callable[..., Wire], xml: str, kind: str, reason: str | None) -> None:
    opened = f"<open {FRAMING}/>"
    timeline = wire().say(("S", opened[:-2] + "/>"), ("S", xml), ("S", PONG % 1)).end()
    entry = timeline.entries[3]
    assert (entry.kind, entry.reason) == (
        kind,
        reason and reason.replace("49", str(len(opened))).replace("55", str(len(opened) + 6)),
    )
    assert timeline.entries[4].name == "iq"


def test_flaws_are_annotations(wire: Callable[..., Wire]) -> None:
    made = wire().frame("C", OPEN.encode(), 0x82).say(("C", PING % 1 + PING % 2), ("C", " " + PING % 3))
    made.send("C", frame("S", PING % 4))
    timeline = made.end()
    flaws = [[(one.text, one.spec) for one in entry.annotations or []] for entry in timeline.entries[2:]]
    several = [("a message of more than one element", "RFC 7395 §3.3.3")]
    assert flaws == [
        [("a binary message, where text is to be sent", "RFC 7395 §3.2")],
        several,
        several,
        [("a message that does not begin with <", "RFC 7395 §3.3.3")],
        [("a frame that is not masked, as a client's must be", "RFC 6455 §5.1")],
    ]


def test_starttls_changes_nothing_about_the_bytes(wire: Callable[..., Wire]) -> None:
    tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
    made = wire().say(
        ("C", OPEN), ("S", OPENED), ("C", f"<starttls {tls}/>"), ("C", PING % 1), ("S", f"<proceed {tls}/>")
    )
    assert made.say(("S", PONG % 1), ("C", PING % 2)).end().rows("sender", "name")[2:] == [
        ("C", "open"), ("S", "open"), ("C", "starttls"), ("C", "iq"), ("S", "proceed"), ("S", "iq"), ("C", "iq"),
    ]  # fmt: skip


def test_where_to_go_instead(wire: Callable[..., Wire]) -> None:
    away = f"<close {FRAMING} see-other-uri='wss://b.example/ws?token=c2VjcmV0'/>"
    timeline = wire().say(("C", OPEN), ("S", away)).end()
    entry = timeline.entries[-1]
    assert (entry.summary, entry.redacted) == ("stream closed: go to wss://b.example/ws?…", True)
    assert entry.xml == away.replace("c2VjcmV0", "").replace("?token=", "?…")
    assert b"c2VjcmV0" not in timeline.lines


# Holes and captures that begin later.


@pytest.mark.parametrize("at", range(1, 12, 2))
def test_a_hole_inside_a_message_costs_that_message(wire: Callable[..., Wire], at: int) -> None:
    made = wire().say(("C", OPEN), ("S", OPENED))
    data = frame("S", PONG % 1)
    made.send("S", data[: 4 + at])
    made.talk.lose("S", len(data) - 6 - at)
    made.send("S", data[-2:] + frame("S", PONG % 2))
    timeline = made.say(("S", PONG % 3)).end()
    assert timeline.rows("kind", "id")[4:] == [("gap", None), ("opaque", None), ("stanza", "p2"), ("stanza", "p3")]
    assert timeline.entries[-1].offset is None


def test_behind_another_hole_a_frame_has_to_prove_itself(wire: Callable[..., Wire]) -> None:
    made = wire().say(("C", OPEN), ("S", OPENED))
    made.talk.lose("S", 10)
    made.send("S", b"tail of a message, then a frame that is not at a beginning" + frame("S", PONG % 1))
    made.frame("S", b"no XMPP", 0x81).frame("S", b"?", 0x89)
    timeline = made.say(("S", PONG % 2), ("S", PONG % 3)).end()
    assert timeline.rows("kind", "id")[4:] == [
        ("gap", None), ("opaque", None), ("keepalive", None), ("stanza", "p2"), ("stanza", "p3"),
    ]  # fmt: skip


def test_nothing_proven_nothing_told(wire: Callable[..., Wire]) -> None:
    made = wire().say(("C", OPEN), ("S", OPENED))
    made.talk.lose("S", 10)
    made.send("S", b"xxx" + frame("S", PONG % 1))
    made.send("S", frame("C", PONG % 2))  # masked, as a server's never are
    made.talk.end("S")
    assert made.end().rows("kind", "id")[4:] == [("gap", None), ("opaque", None), ("closed", None)]


def test_compressed_behind_a_hole(wire: Callable[..., Wire]) -> None:
    made = wire(ask=ASK + DEFLATE, grant=GRANT + DEFLATE).say(("C", OPEN))
    packer = zlib.compressobj(wbits=-15)
    packed = [
        (packer.compress(xml) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4] for xml in [(PONG % n).encode() for n in range(4)]
    ]
    first = frame("S", packed[0], 0xC1)
    made.send("S", first[:10])
    made.talk.lose("S", len(first) - 10)
    for data in packed[1:]:
        made.frame("S", data, 0xC1)
    timeline = made.say(("S", PONG % 9)).end()
    assert timeline.rows("kind", "id")[3:] == [("opaque", None), ("gap", None), ("opaque", None), ("stanza", "p9")]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("split", [0, 1, 9])
def test_in_midstream(wire: Callable[..., Wire], swapped: bool, split: int) -> None:
    made = wire(ask=b"", grant=b"", syn=False, split=split)
    names = "SC" if swapped else "CS"
    for who, xml in (("C", PING % 1), ("S", PONG % 1), ("C", PING % 2)):
        made.send(names["CS".index(who)], frame(who, xml))
    timeline = made.end()
    assert timeline.told == ["C http, unknown", "C iq, unknown", "S iq, unknown", "C iq, unknown"]
    assert timeline.entries[0].summary == "a WebSocket whose handshake is not in the capture"
    record = timeline.connections[-1]
    assert (record.transport, record.initiating.startswith("192.0.2.2")) == ("websocket", swapped)


def test_in_midstream_inside_a_message(wire: Callable[..., Wire]) -> None:
    made = wire(ask=b"", grant=b"", syn=False)
    made.send("S", b"<body>the end of something long</body></message>")
    made.send("C", frame("C", "?", 0x8A))
    timeline = made.say(("S", PONG % 1), ("C", PING % 2)).end()
    assert timeline.rows("sender", "kind") == [
        ("S", "http"), ("S", "stanza"), ("C", "keepalive"), ("C", "stanza"),
    ]  # fmt: skip


def test_in_midstream_of_something_else(wire: Callable[..., Wire]) -> None:
    made = wire(ask=b"", grant=b"", syn=False).say(("C", "<a/>"), ("S", "{}"), ("C", "<html/>"))
    assert made.end().records == []


def test_the_answer_is_missing(wire: Callable[..., Wire]) -> None:
    made = wire(grant=b"").say(("C", OPEN))
    made.talk.lose("S", 150)
    timeline = made.say(("S", OPENED), ("C", CLOSE)).end()
    assert timeline.rows("sender", "kind") == [
        ("C", "http"), ("S", "gap"), ("C", "stream-open"), ("S", "stream-open"), ("C", "stream-close"),
    ]  # fmt: skip


def test_the_request_is_missing(wire: Callable[..., Wire]) -> None:
    made = wire(ask=b"", syn=False).say(("C", OPEN), ("S", OPENED), ("C", PING % 1), ("S", PONG % 1))
    timeline = made.end()
    assert timeline.rows("sender", "kind") == [
        ("S", "http"), ("C", "stream-open"), ("S", "stream-open"), ("C", "stanza"), ("S", "stanza"),
    ]  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 1 << 32))
def test_every_split_gives_the_same(talk: Any, seed: int) -> None:
    choice = random.Random(seed)
    made = Wire(talk, ask=b"", grant=b"")
    streams = {"C": ASK + b"\r\n", "S": GRANT + b"\r\n"}
    for who, xml in SESSION:
        streams[who] += frame(who, xml)
        if choice.random() < 0.2:
            streams[who] += frame(who, "?", 0x89)
    pending = dict(streams)
    while any(pending.values()):
        who = choice.choice([one for one in "CS" if pending[one]])
        size = choice.randrange(1, 200)
        made.talk.send(who, pending[who][:size])
        pending[who] = pending[who][size:]
    timeline = made.end()
    for who in "CS":
        told = [entry.xml for entry in timeline.entries if entry.kind not in ("http", "keepalive")
                and (entry.sender == "initiating") == (who == "C") and entry.name != "auth"]  # fmt: skip
        assert told == [xml for one, xml in SESSION if one == who and "<auth" not in xml]


@settings(max_examples=60)
@given(st.integers(0, 1 << 32))
def test_damage_never_hurts(talk: Any, seed: int) -> None:
    choice = random.Random(seed)
    made = Wire(talk, ask=ASK + DEFLATE, grant=GRANT + DEFLATE)
    sent = {xml for _, xml in SESSION}
    for who, xml in SESSION:
        data = bytearray(frame(who, xml))
        if choice.random() < 0.3:
            data[choice.randrange(len(data))] = choice.randrange(256)
        if choice.random() < 0.2:
            made.talk.lose(who, choice.randrange(1, 200))
        made.send(who, bytes(data))
    timeline = made.end()
    assert timeline.connections[0].transport == "websocket"
    assert len(timeline.entries) < 100
    assert sent


# HTTP/2 (RFC 8441).


def streams(who: str, *parts: tuple[int, Any]) -> bytes:
    """Frames of HTTP/2: header lists and data, by stream."""
    encoder = Encoder()
    made = b""
    for stream, part in parts:
        if isinstance(part, bytes):
            made += DataFrame(stream, part).serialize()
        else:
            made += HeadersFrame(stream, encoder.encode(part), flags=["END_HEADERS"]).serialize()
    return made


@pytest.mark.parametrize("split", [0, 1, 50])
def test_over_http2(wire: Callable[..., Wire], split: int) -> None:
    made = wire(ask=b"", grant=b"", split=split)
    asked = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/ws"),
        (":authority", "a.example"), ("sec-websocket-protocol", "xmpp"), ("sec-websocket-version", "13"),
        ("origin", "https://web.example"), ("cookie", "sid=c2VjcmV0"),
    ]  # fmt: skip
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize()
    made.send("S", SettingsFrame(0, settings={8: 1}).serialize())
    made.send("C", preface + streams("C", (1, asked)))
    made.send("S", streams("S", (1, [(":status", "200"), ("sec-websocket-protocol", "xmpp")])))
    for who, xml in SESSION:
        data = frame(who, xml)
        made.send(who, streams(who, (1, data[:20]), (1, data[20:])))
    timeline = made.end()
    assert timeline.told == TOLD
    assert timeline.entries[0].annotations[0].text == "CONNECT /ws, HTTP/2"
    assert timeline.entries[1].summary == "WebSocket granted with subprotocol xmpp"
    assert [entry.offset[0] for entry in timeline.entries[2:5]] == [0, 0, len(OPENED)]
    assert b"c2VjcmV0" not in timeline.lines


def test_an_idle_one_wakes_up(wire: Callable[..., Wire]) -> None:
    made = wire().say(("C", OPEN), ("S", OPENED))
    made.talk.analyzer.rest(made.talk.now + 10_000_000_000)
    assert made.say(("C", PING % 1), ("S", PONG % 1)).end().rows("name")[4:] == [("iq",), ("iq",)]
