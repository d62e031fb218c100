"""One leg by itself: what it tells of its bytes, once each, under every cut, and what it never takes for TLS."""

import ssl
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.conftest import V12, V13, World
from tests.proxy.peers import cut_record
from xmppscope.model.marks import TlsMark
from xmppscope.model.wire import Ciphertext, Clear, Data, Keys, Marked, ProxyEvent, Sealed
from xmppscope.proxy.leg import Leg, TlsFault

FLOW = 7


class Pair:
    """A leg and the peer that it speaks TLS with; `cuts` are the sizes in which the peer's bytes come, in turn."""

    def __init__(
        self,
        world: World,
        *,
        ours: str = "client",
        most: ssl.TLSVersion = V13,
        records: bool = True,
        cuts: tuple[int, ...] = (0,),
    ) -> None:
        self.events: list[ProxyEvent] = []
        self.clear: list[bytes] = []
        self.sent = b""
        name: Literal["client", "server"] = "client" if ours == "client" else "server"
        self.leg = Leg(name, FLOW, self.events.append, world.tools.secrets, records=records)
        self.leg.deliver = lambda clear, _time: self.clear.append(clear)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.cuts = cuts
        self.time = 0
        if ours == "client":
            self.context = world.tools.client_context("a.example", "127.0.0.1:5322", None, None, (V12, most))
            self.peer = world.client().wrap_bio(self.incoming, self.outgoing, server_hostname="a.example")
        else:
            self.context = world.tools.server_context((), (V12, most))
            self.peer = world.server().wrap_bio(self.incoming, self.outgoing, server_side=True)

    def shake_hands(self) -> None:
        """Complete the handshake on both sides."""
        self.leg.expect_tls()
        if self.leg.name == "server":
            self.leg.start_tls(self.context, self.time, "a.example")
            self.collect()
        done = False
        while not (done and self.leg.established):
            try:
                self.peer.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            self.give(self.outgoing.read())
            if self.leg.name == "client" and self.leg.tls is None and self.leg.hello is not None:
                self.leg.start_tls(self.context, self.time)
            self.collect()

    def give(self, data: bytes) -> None:
        """Hand bytes of the peer to the leg, cut."""
        self.sent += data
        at = turn = 0
        while at < len(data):
            size = self.cuts[turn % len(self.cuts)] or len(data)
            self.time += 1
            self.leg.receive(data[at : at + size], self.time)
            at, turn = at + size, turn + 1

    def say(self, *words: bytes) -> None:
        """Let the peer say words, a record each."""
        for word in words:
            self.peer.write(word)
        self.give(self.outgoing.read())

    def collect(self) -> None:
        self.incoming.write(b"".join(self.leg.out))
        self.leg.out.clear()

    def wire(self, side: int, *kinds: type) -> bytes:
        """What was told to be on the wire."""
        return b"".join(event.data for event in self.events if isinstance(event, kinds) and event.side == side)

    def told(self, kind: type) -> list[bytes]:
        return [event.data for event in self.events if isinstance(event, kind)]


CUTS = st.lists(st.integers(0, 300), min_size=1, max_size=8).map(tuple)


@pytest.mark.parametrize("ours", ["client", "server"])
@pytest.mark.parametrize("most", [V12, V13])
@settings(max_examples=25)
@given(cuts=CUTS)
def test_every_byte_is_told_once(world: World, ours: str, most: ssl.TLSVersion, cuts: tuple[int, ...]) -> None:
    pair = Pair(world, ours=ours, most=most, cuts=cuts)
    pair.shake_hands()
    pair.say(b"<a/>", b"<b/>", b"<c>")
    assert pair.wire(pair.leg.peer, Data, Ciphertext) == pair.sent
    assert pair.clear == [b"<a/>", b"<b/>", b"<c>"] == pair.told(Clear)
    # What an analyzer gets is all of it too: handshake, plaintext of each record, and every other record whole.
    records = pair.wire(pair.leg.peer, Data, Sealed)
    assert pair.sent.startswith(records[:5])
    assert len(pair.told(Clear)) == 3


@pytest.mark.parametrize("most", [V12, V13])
def test_nobody_asks_for_the_ciphertext(world: World, most: ssl.TLSVersion) -> None:
    pair = Pair(world, most=most, records=False)
    pair.shake_hands()
    pair.say(b"<a/>")
    pair.leg.send(b"<b/>", 9)
    assert pair.told(Ciphertext) == []
    assert pair.told(Clear) == [b"<a/>"]
    pair.collect()
    assert pair.peer.read() == b"<b/>"


def test_times_are_those_of_the_first_and_the_last_byte(world: World) -> None:
    pair = Pair(world)
    pair.shake_hands()
    pair.cuts = (4, 4, 0)
    pair.time = 100
    pair.say(b"<a/>", b"<b/>")
    assert [(e.time, e.end_time) for e in pair.events if isinstance(e, Clear)] == [(101, 103), (103, 103)]


def test_keys_come_before_what_they_open(world: World) -> None:
    for ours in ("client", "server"):
        for most in (V12, V13):
            pair = Pair(world, ours=ours, most=most)
            pair.shake_hands()
            kinds = [type(event) for event in pair.events]
            # Wireshark looks for all keys of TLS 1.3 when it reads the ServerHello.
            answer = next(e for e in pair.events if isinstance(e, Data) and e.data[:1] == b"\x16" and e.data[5] == 2)
            assert kinds.index(Keys) < pair.events.index(answer)
            assert kinds.count(Keys) == 1


def test_the_mark_stands_where_tls_begins(world: World) -> None:
    pair = Pair(world)
    pair.shake_hands()
    (mark,) = (e for e in pair.events if isinstance(e, Marked))
    assert (mark.mark, mark.side) == (TlsMark(), 1)
    at = pair.events.index(mark)
    assert all(e.side == 0 for e in pair.events[:at] if isinstance(e, Data))


@pytest.mark.parametrize("pieces", [1, 2, 10])
@settings(max_examples=25)
@given(cuts=CUTS)
def test_a_client_hello_however_it_comes(world: World, pieces: int, cuts: tuple[int, ...]) -> None:
    pair = Pair(world, cuts=cuts)
    pair.leg.expect_tls()
    with pytest.raises(ssl.SSLWantReadError):
        pair.peer.do_handshake()
    record = pair.outgoing.read()
    pair.give(cut_record(record, pieces))
    assert pair.leg.hello is not None
    assert pair.leg.hello.sni == "a.example"
    assert pair.leg.tls is None
    assert pair.wire(0, Data) == cut_record(record, pieces)


@pytest.mark.parametrize("told", [0, 3, 5, 9])
def test_what_was_told_before_is_not_told_again(world: World, told: int) -> None:
    pair = Pair(world)
    pair.leg.expect_tls()
    pair.leg.receive(b"\x16\x03\x01\x00\x02\x01\x00\x16\x03", 1, told)
    assert pair.wire(0, Data) == b"\x16\x03\x01\x00\x02\x01\x00\x16\x03"[told:]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<message/>", "bytes 3c 6d 65 73 where TLS is due"),
        (b"\x16\x02\x00\x00\x01\x00", "where TLS is due"),
        (b"\x80\x2e\x01\x03\x01", "where TLS is due"),
        (b"\x15\x03\x01\x00\x02\x01\x00", "not with a ClientHello"),
        (b"\x17\x03\x03\x00\x01\x00", "not with a ClientHello"),
        (b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "another message than a ClientHello"),
        (b"\x16\x03\x01\x00\x04\x01\x02\x00\x00", "a ClientHello of 131072 bytes"),
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "the ClientHello is malformed"),
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_what_does_not_begin_tls(world: World, data: bytes, message: str, size: int) -> None:
    pair = Pair(world, cuts=(size,))
    pair.leg.expect_tls()
    with pytest.raises(TlsFault, match=message if size == 0 else None):
        pair.give(data)
    assert pair.clear == []
    assert pair.sent.startswith(pair.wire(0, Data))


def test_a_header_alone_is_no_fault(world: World) -> None:
    pair = Pair(world)
    pair.leg.expect_tls()
    for byte in b"\x16\x03\xff\xff\xff":
        pair.give(bytes([byte]))
    assert pair.leg.hello is None


@pytest.mark.parametrize("most", [V12, V13])
def test_a_record_that_does_not_authenticate(world: World, most: ssl.TLSVersion) -> None:
    pair = Pair(world, most=most)
    pair.shake_hands()
    broken = b"\x17\x03\x03\x00\x20" + bytes(32)
    with pytest.raises(TlsFault):
        pair.give(broken)
    assert pair.told(Sealed)[-1] == broken
    assert pair.clear == []


def test_close_notify_is_noticed_and_said_once(world: World) -> None:
    pair = Pair(world)
    pair.shake_hands()
    assert not pair.leg.closed
    with pytest.raises(ssl.SSLWantReadError):
        pair.peer.unwrap()
    pair.give(pair.outgoing.read())
    assert pair.leg.closed
    pair.leg.close_tls(9)
    pair.leg.close_tls(9)
    assert len(pair.leg.out) == 1
    pair.leg.send(b"<a/>", 9)
    assert len(pair.leg.out) == 1
    pair.collect()
    pair.peer.unwrap()


def test_nothing_is_sent_behind_fin(world: World) -> None:
    pair = Pair(world)
    pair.shake_hands()
    before = len(pair.events)
    pair.leg.ended = True
    pair.leg.send(b"<a/>", 9)
    pair.leg.close_tls(9)
    assert pair.leg.out == []
    assert len(pair.events) == before


def test_in_the_clear(world: World) -> None:
    pair = Pair(world)
    pair.leg.send(b"<a/>", 5)
    assert pair.leg.out == [b"<a/>"]
    assert pair.events == [Data(FLOW, 1, 5, 0, b"<a/>")]
    assert pair.leg.version == ""
    pair.leg.close_tls(6)
    assert len(pair.events) == 1


@pytest.mark.parametrize("trusts", [True, False])
@pytest.mark.parametrize("most", [V12, V13])
def test_the_peer_does_not_trust_our_certificate(world: World, most: ssl.TLSVersion, trusts: bool) -> None:
    pair = Pair(world, most=most)
    if not trusts:
        pair.peer = world.client(trusts=False).wrap_bio(pair.incoming, pair.outgoing, server_hostname="a.example")

    def run() -> None:
        try:
            pair.shake_hands()
        except ssl.SSLCertVerificationError:
            pair.give(pair.outgoing.read())

    if trusts:
        run()
        assert pair.leg.version == most.name.replace("_", ".")
    else:
        with pytest.raises(TlsFault, match="unknown ca"):
            run()
        assert pair.wire(0, Data, Ciphertext) == pair.sent


def test_the_judge_has_the_last_word(world: World) -> None:
    pair = Pair(world, ours="server")
    asked: list[str] = []

    def judge(_tls: ssl.SSLObject, problem: str, _time: int) -> None:
        asked.append(problem)
        raise TlsFault("not this one", verification=True)

    pair.leg.judge = judge
    with pytest.raises(TlsFault, match="not this one") as caught:
        pair.shake_hands()
    assert caught.value.verification
    assert asked == [""]


def test_a_leg_without_a_taker_says_so(world: World) -> None:
    leg = Leg("client", FLOW, lambda _event: None, world.tools.secrets, records=False)
    with pytest.raises(RuntimeError, match="nobody takes"):
        leg.deliver(b"", 0)
