"""Key logs that grow while the conversation goes on: records wait for their keys, but not for ever."""

import ssl

from xmppscope.tls.events import Established, Hole, Plaintext, Undecryptable
from xmppscope.tls.keylog import KeyStore

SECOND = 1000


def growing():
    keys = KeyStore()
    keys.growing = True
    return keys


def watched(observer, talk, keys):
    seen = observer(keys=keys)
    for side, data in talk.handshake():
        seen.feed(side, data)
    return seen


def test_records_wait_for_their_key(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    seen.feed(1, talk.server.data(b"one "))
    assert not seen.of(Undecryptable)
    keys.add(talk.log())
    seen.feed(1, talk.server.data(b"two"))
    assert seen.plain(1) == b"one two"
    assert [event.packet for event in seen.of(Plaintext)] == [4, 5]
    assert not seen.of(Undecryptable)


def test_keys_may_come_one_by_one(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    seen.feed(1, talk.server.data(b"down"))
    seen.feed(0, talk.client.data(b"up"))
    for line in talk.log().splitlines(keepends=True):
        keys.add(line)
        seen.feed(0, b"")
    assert (seen.plain(0), seen.plain(1)) == (b"up", b"down")
    assert len(seen.of(Established)) == 1


def test_waiting_ends_after_a_second(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    seen.feed(1, talk.server.data(b"one "))
    seen.packet += SECOND
    assert not seen.of(Undecryptable)
    seen.feed(1, talk.server.data(b"two "))
    assert {event.side for event in seen.of(Undecryptable)} == {1, 0}
    # A key that comes later still opens what comes behind it.
    keys.add(talk.log())
    seen.feed(1, talk.server.data(b"three"))
    assert seen.plain(1) == b"three"


def test_waiting_ends_when_too_much_waits(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    for _ in range(20):
        seen.feed(1, talk.server.data(b"x" * 16000))
    assert [event.side for event in seen.of(Undecryptable)] == [1]
    assert seen.connection._directions[1].held == 0
    keys.add(talk.log())
    seen.feed(0, talk.client.data(b"up"))
    seen.feed(1, talk.server.data(b"down"))
    assert (seen.plain(0), seen.plain(1)) == (b"up", b"down")


def test_waiting_ends_with_the_capture(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    seen.end()
    assert {event.side for event in seen.of(Undecryptable)} == {0, 1}


def test_holes_wait_in_their_place(made, observer):
    talk, keys = made(), growing()
    seen = watched(observer, talk, keys)
    seen.feed(1, talk.server.data(b"one "))
    seen.lost(1, len(talk.server.data(b"lost")))
    seen.feed(1, talk.server.data(b"three"))
    keys.add(talk.log())
    seen.end()
    down = [event for event in seen.events if event.side == 1 and isinstance(event, Plaintext | Hole)]
    assert [type(event) for event in down] == [Plaintext, Hole, Plaintext]
    assert seen.plain(1) == b"one three"


def test_tls12_waits_too(tls, observer):
    talk, keys = tls.talk(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA").chat(), growing()
    seen = observer(keys=keys)
    for side, data in talk.wire[:-3]:
        seen.feed(side, data)
    keys.add(tls.log)
    for side, data in talk.wire[-3:]:
        seen.feed(side, data)
    for side in (0, 1):
        assert seen.plain(side) == b"".join(talk.sent[side])
    assert not seen.of(Undecryptable)


def test_a_closed_log_is_not_waited_for(made, observer):
    talk = made()
    seen = watched(observer, talk, KeyStore())
    assert [event.side for event in seen.of(Undecryptable)] == [1, 0]
