"""Lost bytes: what was not lost still comes out, under every version and kind of suite, and nothing else does."""

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.tls.events import Established, HelloSeen, Hole, Plaintext, Undecryptable

NO_ETM = 1 << 19
SUITES = [
    (ssl.TLSVersion.TLSv1, "AES128-SHA", NO_ETM),
    (ssl.TLSVersion.TLSv1_1, "AES128-SHA", 0),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-SHA384", NO_ETM),
    (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256", 0),
    (ssl.TLSVersion.TLSv1_2, "AES128-CCM8", 0),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305", 0),
    (ssl.TLSVersion.TLSv1_3, "", 0),
]
IDS = [f"{version.name}-{ciphers or 'default'}" for version, ciphers, _ in SUITES]
SIZES = [3, 200, 17, 1000, 5000, 1, 64, 64, 300, 2000, 30, 30, 30, 900]


class Recorded:
    """A conversation whose server has sent records of known lengths: `early` leads up to them."""

    def __init__(self, tls, version, ciphers, options) -> None:
        talk = tls.talk(version, ciphers, options)
        self.early = list(talk.wire)
        self.texts = [bytes((65 + number,)) * size for number, size in enumerate(SIZES)]
        for text in self.texts:
            talk.say(1, text)
        self.records = [data for _, data in talk.wire[len(self.early) :]]
        self.log = tls.log
        self.chained = version is ssl.TLSVersion.TLSv1

    def whole(self, start: int, end: int) -> tuple[bytes, bytes]:
        """The texts of the records before and behind the bytes from *start* to *end*."""
        before, behind = b"", b""
        at = 0
        for text, record in zip(self.texts, self.records, strict=True):
            if at + len(record) <= start:
                before += text
            if at >= end:
                behind += text
            at += len(record)
        return before, behind


@pytest.fixture(scope="module", params=SUITES, ids=IDS)
def recorded(request, module_tls):
    return Recorded(module_tls, *request.param)


@given(data=st.data())
@settings(max_examples=60)
def test_what_was_not_lost_comes_out(recorded, observer, data):
    stream = b"".join(recorded.records)
    start = data.draw(st.integers(0, len(stream) - 1))
    end = data.draw(st.integers(start + 1, min(len(stream), start + data.draw(st.sampled_from((10, 400, 10_000))))))
    size = data.draw(st.sampled_from((1 << 20, 1448, 97)))
    seen = observer(recorded.log)
    for side, flight in recorded.early:
        seen.feed(side, flight)
    for at in range(0, start, size):
        seen.feed(1, stream[at : min(at + size, start)])
    seen.lost(1, end - start)
    for at in range(end, len(stream), size):
        seen.feed(1, stream[at : at + size])
    seen.end()
    plain = [event for event in seen.events if isinstance(event, Plaintext | Hole)]
    [hole] = [index for index, event in enumerate(plain) if isinstance(event, Hole)]
    assert plain[hole].lost == end - start
    before, behind = recorded.whole(start, end)
    assert b"".join(event.data for event in plain[:hole]) == before
    found = b"".join(event.data for event in plain[hole + 1 :])
    if recorded.chained:
        # The first record behind the hole has its initialisation vector in what was lost.
        assert behind.endswith(found)
        assert found or len({*behind}) <= 2
    else:
        assert found == behind
    length = plain[hole].length
    assert length is None or length == sum(SIZES) - len(before) - len(behind)


def test_the_plaintext_lost_is_known_where_the_suite_shows_it(tls, observer):
    recorded = Recorded(tls, ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256", 0)
    seen = observer(recorded.log)
    for side, flight in recorded.early:
        seen.feed(side, flight)
    first, second, third = recorded.records[:3]
    seen.feed(1, first + second[:20])
    seen.lost(1, 50)
    seen.feed(1, second[70:90])
    seen.lost(1, 30)
    seen.feed(1, second[120:] + third)
    assert [(hole.lost, hole.length) for hole in seen.of(Hole)] == [(50, SIZES[1]), (30, 0)]
    assert seen.plain(1) == recorded.texts[0] + recorded.texts[2]
    assert not seen.of(Undecryptable)


def test_many_lost_records_are_counted(made, observer):
    talk = made(0x1303)
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    lost = b"".join(talk.server.data(b"%d" % number) for number in range(3000))
    seen.lost(1, len(lost))
    seen.feed(1, talk.server.data(b"found"))
    assert seen.plain(1) == b"found"


@pytest.mark.parametrize("suite", SUITES, ids=IDS)
def test_a_hole_in_the_servers_handshake(tls, observer, suite):
    talk = tls.talk(*suite)
    talk.say(1, b"down" * 10)
    talk.say(0, b"up" * 10)
    index, flight = next((i, data) for i, (side, data) in enumerate(talk.wire) if side)
    hello = 5 + int.from_bytes(flight[3:5], "big")
    for start in range(hello, len(flight) - 1, 97):
        for length in (1, 40, 400, 4000):
            end = min(start + length, len(flight))
            seen = observer(tls.log)
            for side, data in talk.wire[:index]:
                seen.feed(side, data)
            seen.feed(1, flight[:start])
            seen.lost(1, end - start)
            if end < len(flight):
                seen.feed(1, flight[end:])
            seen.run(talk.wire[index + 1 :])
            assert seen.plain(0) == b"up" * 10
            assert seen.plain(1) == b"down" * 10
            assert len(seen.of(Established)) == 1


def test_a_snapped_server_hello_is_still_read(tls, observer):
    talk = tls.talk(ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256")
    flight = next(data for side, data in talk.wire if side)
    seen = observer(tls.log)
    seen.feed(0, talk.wire[0][1])
    seen.feed(1, flight[:130])
    seen.lost(1, len(flight) - 130)
    assert [event.side for event in seen.of(HelloSeen)] == [0, 1]


@pytest.mark.parametrize("side", [0, 1])
def test_a_lost_hello_is_named(tls, observer, side):
    talk = tls.talk().chat()
    seen = observer(tls.log)
    for sender, data in talk.wire:
        if sender == side and not seen.of(Hole):
            seen.lost(sender, len(data))
        else:
            seen.feed(sender, data)
    seen.end()
    name = "ServerHello" if side else "ClientHello"
    assert {event.reason for event in seen.of(Undecryptable)} == {f"the {name} is not in the capture"}
    assert seen.plain(0) == seen.plain(1) == b""


@pytest.mark.parametrize("suite", SUITES, ids=IDS)
def test_a_capture_that_starts_later(tls, observer, suite):
    talk = tls.talk(*suite)
    handshake = len(talk.wire)
    talk.chat()
    for start in (handshake - 1, handshake):
        seen = observer(tls.log).run(talk.wire[start:])
        assert {event.reason for event in seen.of(Undecryptable)} == {"TLS began before the capture"}
        assert not seen.connection.decrypting(0)


def test_a_capture_that_starts_inside_a_record(tls, observer):
    talk = tls.talk()
    talk.say(1, b"x" * 500)
    talk.say(1, b"y" * 500)
    seen = observer(tls.log)
    seen.lost(1, 10)
    seen.feed(1, talk.wire[-2][1][40:] + talk.wire[-1][1])
    seen.end()
    assert {event.reason for event in seen.of(Undecryptable)} == {"TLS began before the capture"}


def test_bytes_that_are_no_record_between_records(made, observer):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    seen.feed(1, talk.server.data(b"one ") + b"junk that does not belong here" + talk.server.data(b"two"))
    assert seen.plain(1) == b"one two"
    assert [event.reason for event in seen.of(Undecryptable)] == ["no TLS record where one is due"]


def test_records_cut_off_at_the_end_are_told(made, observer):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    seen.feed(1, talk.server.data(b"cut")[:-1])
    seen.keep(seen.connection.ended(1, seen.time, seen.packet, True))
    assert [event.reason for event in seen.of(Undecryptable)] == ["the connection ended inside a record"]


def test_a_reset_ends_only_the_side_that_sent_it(made, observer):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    record = talk.server.data(b"on its way")
    seen.feed(1, record[:20])
    seen.keep(seen.connection.ended(0, seen.time, seen.packet, True))
    seen.feed(1, record[20:])
    assert seen.plain(1) == b"on its way"
    assert not seen.of(Undecryptable)
