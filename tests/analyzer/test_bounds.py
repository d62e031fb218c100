"""Bounds: nobody makes the analyzer wait, hold or remember without limit."""

import tracemalloc
import zlib

import pytest

from xmppscope.analyzer.direction import WAITING, WAITS
from xmppscope.analyzer.ledger import BACKLOG

START = "C: {header}\nS: {response}{features}\n"


@pytest.fixture
def begun(talk, fill):
    """A connection behind its stream features."""
    conversation = talk()
    conversation.open()
    conversation.send("C", fill("{header}"))
    conversation.send("S", fill("{response}{features}"))
    return conversation


def test_who_waits_too_long_is_read_as_xml(begun, fill) -> None:
    begun.send("C", fill("{starttls}"))
    message = b"<message><body>" + b"x" * 1000 + b"</body></message>"
    shown = 0
    for _ in range(2 * WAITING // len(message)):
        shown += len(begun.send("C", message))
    assert shown == 2 * WAITING // len(message)


def test_megabytes_of_single_bytes_behind_a_request(begun, fill) -> None:
    begun.send("C", fill("{starttls}") * 50)
    tracemalloc.start()
    for _ in range(3000):
        begun.send("C", b" " * 100)
    for _ in range(3000):
        begun.send("C", b" ")
    assert tracemalloc.get_traced_memory()[1] < 4 * WAITING + 10_000_000
    tracemalloc.stop()
    assert [entry.name for entry in begun.close().entries].count("starttls") == 50


def test_who_asks_again_and_again_is_not_waited_for_any_more(begun, fill) -> None:
    for _ in range(WAITS + 1):
        begun.send("C", fill("{starttls}"))
        begun.send("S", fill("{tls-failure}"))
    begun.send("C", fill("{starttls}"))
    assert [record.name for record in begun.send("C", b"<presence/>")] == ["presence"]


def test_entries_before_recognition_are_bounded_and_counted(talk) -> None:
    conversation = talk()
    conversation.open(syn=False)
    for _ in range(BACKLOG + 50):
        assert conversation.send("C", b"<presence/>") == []
    conversation.send("C", b"<r xmlns='urn:xmpp:sm:3'/>")
    timeline = conversation.close()
    assert len(timeline.entries) == BACKLOG + 2
    lacking = [entry for entry in timeline.entries if entry.kind == "opaque"]
    assert [entry.reason for entry in lacking] == ["50 entries from before XMPP was recognised were not kept"]
    assert lacking[0].packets == (BACKLOG + 1, BACKLOG + 1)


@pytest.mark.parametrize("data", [b"\xff\x01" * 500, b"{'json': 1}\n" * 80, b"<a>b</a>" * 120])
def test_what_nobody_recognises_is_left_alone(talk, data) -> None:
    conversation = talk()
    conversation.open(syn=False)
    for _ in range((1 << 20) // len(data) + 1):
        conversation.send("C", data)
    assert conversation.ignored == [1]
    assert conversation.close().records == []


def test_memory_does_not_grow_with_a_connection(begun, fill) -> None:
    def stanzas(count: int, begin: int) -> None:
        for n in range(begin, begin + count):
            begun.send("C", b"<message id='m%d' to='b@b.example'><body>hello %d</body></message>" % (n, n))
            begun.send("S", b"<iq type='get' id='s%d' from='a.example'><ping xmlns='urn:xmpp:ping'/></iq>" % n)
            begun.send("C", b"<iq type='result' id='s%d' to='a.example'/>" % n)
            begun.records.clear()

    stanzas(1000, 0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    stanzas(3000, 1000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000


def test_bomb(begun, fill) -> None:
    begun.send("C", fill("{compress}"))
    begun.send("S", fill("{compressed}"))
    bomb = zlib.compress(b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>" + b" " * 100_000_000)
    tracemalloc.start()
    begun.send("C", bomb)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    faults = [entry.reason for entry in begun.close().entries if entry.kind == "opaque"]
    assert faults == ["compressed data unfolds to more than 200 times its size"]


def test_bomb_of_tiny_elements(begun, fill) -> None:
    begun.send("C", fill("{compress}"))
    begun.send("S", fill("{compressed}"))
    bomb = zlib.compress(fill("{header}") + b"<iq/>" * 4_000_000)
    begun.send("C", bomb[:1448])
    assert len(begun.close().entries) < 300_000


@pytest.mark.parametrize("size", [1, 7])
def test_a_client_that_floods_both_ways_of_waiting(begun, fill, size) -> None:
    flood = fill("{starttls}{compress}" * 200)
    for at in range(0, len(flood), size * 10):
        begun.send("C", flood[at : at + size * 10])
        begun.send("S", fill("{tls-failure}{compress-failure}"))
    timeline = begun.close()
    assert [entry.name for entry in timeline.entries if entry.sender == "initiating"][1:] == [
        "starttls",
        "compress",
    ] * 200


@pytest.mark.parametrize("syn", [True, False])
@pytest.mark.parametrize("stray", [b"\x14\x03\x27\x00\x01", b"\x16\x03\x30\xff\xff", b"\x15\x03\x03\xff\xff"])
def test_tls_that_is_none_any_more_is_not_begun_again(talk, syn, stray) -> None:
    connection = talk()
    connection.open(syn=syn)
    connection.send("C", b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
    connection.send("C", stray + b"<presence/>" * 3000)
    connection.send("S", stray)
    timeline = connection.close()
    assert [entry.kind for entry in timeline.entries].count("tls") <= 1
    assert timeline.summary.undecrypted <= 1
