"""Any wire events at all: the analyzer never raises, and what it tells never contradicts itself."""

import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xmppscope.model.timeline import Entry

TLS_RECORDS = [
    bytes.fromhex("16030100050100000100"),
    bytes.fromhex("160303002a") + b"\x02\x00\x00\x26\x03\x03" + bytes(32) + bytes.fromhex("00130100"),
    bytes.fromhex("140303000101"),
    bytes.fromhex("17030300130102030405060708090a0b0c0d0e0f10111213"),
    bytes.fromhex("15030300020100"),
    bytes.fromhex("1503030002022a"),
    bytes.fromhex("1703"),
]
XML = [
    b" ",
    b"\n\n",
    b"<presence/>",
    b"<message to='b@a.example' from='a@a.example/r'><body>x^2 &amp; \xc3\xa9</body></message>",
    b"<message><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='b'/></forwarded></message>",
    b"<iq type='get' id='1' to='a.example'><ping xmlns='urn:xmpp:ping'/></iq>",
    b"<iq type='result' id='1' from='a.example'/>",
    b"<iq type='error' id='b1'/>",
    b"<r xmlns='urn:xmpp:sm:3'/>",
    b"<a xmlns='urn:xmpp:sm:3' h='1'/>",
    b"<handshake xmlns='jabber:component:accept'>aa</handshake>",
    b"<handshake/>",
    b"<db:result xmlns:db='jabber:server:dialback' from='a' to='b'>key</db:result>",
    b"<stream:error><bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    b"<rss version='2.0'><channel/></rss>",
    b"<?xml version='1.0'?>",
    b"<!-- no -->",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"text",
    b"<a><b></a>",
    b"<message",
    b" to='x'",
    b">",
    b"</message>",
    b"x",
    b"\xef\xbb\xbf",
    b"\xff\x00",
    b"GET / HTTP/1.1\r\n\r\n",
]


def packed(*parts: bytes) -> bytes:
    packer = zlib.compressobj()
    return b"".join(packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts)


def pieces(words: dict[str, bytes]) -> st.SearchStrategy[bytes]:
    known = [*words.values(), *XML, *TLS_RECORDS]
    known += [packed(words["header"], b"<presence/>"), packed(words["response"]), packed(b"junk")[:-3]]
    whole = st.lists(st.sampled_from(known), min_size=1, max_size=4).map(b"".join)
    cut = st.tuples(whole, st.integers(1, 60)).map(lambda both: both[0][: both[1]])
    return whole | cut | st.binary(min_size=1, max_size=20)


def steps(words: dict[str, bytes]) -> st.SearchStrategy[list[tuple[str, object]]]:
    side = st.sampled_from("CS")
    data = st.tuples(side, pieces(words))
    lost = st.tuples(side, st.integers(1, 5000))
    end = st.tuples(side, st.sampled_from(["fin", "rst"]))
    return st.lists(data | data | data | data | lost | end, max_size=25)


# How two sides may have come to where random bytes begin.
BEGINNINGS = {
    "nothing": [],
    "headers": [("C", "{header}"), ("S", "{response}{features}")],
    "starttls": [("C", "{header}"), ("S", "{response}{features}"), ("C", "{starttls}")],
    "proceed": [("C", "{header}"), ("S", "{response}{features}"), ("C", "{starttls}"), ("S", "{proceed}")],
    "compress": [("C", "{header}"), ("S", "{response}{features}"), ("C", "{compress}")],
    "compressed": [("C", "{header}"), ("S", "{response}{features}"), ("C", "{compress}"), ("S", "{compressed}")],
}


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_conversation(data, talk, words, fill, decode) -> None:
    conversation = talk()
    conversation.open(syn=data.draw(st.booleans()))
    for who, text in BEGINNINGS[data.draw(st.sampled_from(sorted(BEGINNINGS)))]:
        conversation.send(who, fill(text))
    ended: set[str] = set()
    for who, step in data.draw(steps(words)):
        if who in ended and step != "rst":
            continue
        if isinstance(step, bytes):
            conversation.send(who, step)
        elif isinstance(step, int):
            conversation.lose(who, step)
        else:
            conversation.end(who, reset=step == "rst")
            ended.add(who)
    timeline = conversation.close()
    holds_together(timeline)
    assert decode(timeline.lines) == [*timeline.records, timeline.summary]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_torn_tls_invents_nothing(data, talk, fill, session) -> None:
    """A real session under TLS with holes anywhere, in segments of any size."""
    keys, sent, flights = session
    conversation = talk(keys)
    conversation.open(syn=data.draw(st.booleans()))
    wire = [("C", fill("{header}")), ("S", fill("{response}{features}")), ("C", fill("{starttls}"))]
    wire = [*wire, ("S", fill("{proceed}")), *flights]
    size = data.draw(st.sampled_from([1, 5, 50, 1000]))
    holes = data.draw(st.lists(st.integers(0, sum(len(part) for _, part in wire) - 1), max_size=3))
    at = 0
    for who, part in wire:
        for begin in range(0, len(part), size):
            piece = part[begin : begin + size]
            if any(at <= hole < at + len(piece) for hole in holes):
                conversation.lose(who, len(piece))
            else:
                conversation.send(who, piece)
            at += len(piece)
    timeline = conversation.close()
    holds_together(timeline)
    assert [e for e in timeline.entries if e.kind == "gap"] or not holes or not timeline.entries
    for entry in timeline.entries:
        assert entry.xml is None or entry.redacted or entry.xml.encode() in sent[entry.sender], entry
    if not holes:
        assert [entry.name for entry in timeline.entries][-2:] == ["message", "presence"]


@pytest.fixture(scope="module")
def session(tls_pair, words, fill):
    """Keys, the cleartext that each side sent, and what was on the wire from the handshake on."""
    pair = tls_pair()
    flights = pair.flights()
    inner = [
        ("C", words["header"]),
        ("S", words["response"] + words["features"]),
        ("C", b"<message to='b@b.example'><body>one</body></message>"),
        ("S", b"<message from='b@b.example'><body>two</body></message><presence from='b@b.example'/>"),
    ]
    flights += [(who, pair.send(who, text)) for who, text in inner]
    sent = {"initiating": b"", "receiving": b""}
    for who, text in [("C", fill("{header}{starttls}")), ("S", fill("{response}{features}{proceed}")), *inner]:
        sent["initiating" if who == "C" else "receiving"] += text
    return pair.keys, sent, flights


def holds_together(timeline) -> None:
    entries: list[Entry] = timeline.entries
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    assert timeline.summary.entries == len(entries)
    assert timeline.summary.gaps == sum(entry.kind == "gap" for entry in entries)
    assert timeline.summary.stanzas == sum(entry.kind == "stanza" for entry in entries)
    assert timeline.summary.xmpp_connections == len({record.connection for record in timeline.connections})
    assert not entries or timeline.connections
    for entry in entries:
        assert entry.time <= entry.end_time, entry
        assert entry.packets is None or 0 < entry.packets[0] <= entry.packets[1] <= timeline.summary.packets, entry
        assert entry.answers is None or entry.answers < entry.entry, entry
        assert entry.kind not in ("gap", "opaque", "malformed") or entry.reason, entry
    for sender in ("initiating", "receiving"):
        at = 0
        for entry in entries:
            if entry.sender == sender and entry.offset is not None and entry.kind != "http":
                assert at <= entry.offset[0] <= entry.offset[1], entry
                assert entry.size == entry.offset[1] - entry.offset[0], entry
                at = entry.offset[1]
