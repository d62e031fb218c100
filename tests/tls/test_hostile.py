"""Hostile input: nothing is raised, nothing is made up, nothing takes long, nothing is kept without bound."""

import ssl
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.tls.direction import MOST_HELD
from xmppscope.tls.events import Plaintext, Undecryptable
from xmppscope.tls.keylog import KeyStore

CHOICES = [
    (ssl.TLSVersion.TLSv1, "AES128-SHA"),
    (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-SHA384"),
    (ssl.TLSVersion.TLSv1_3, ""),
]

EDIT = st.tuples(
    st.integers(0, 40),
    st.sampled_from(("flip", "cut", "drop", "twice", "swap", "junk", "lose", "tell")),
    st.integers(0, 5000),
)


@pytest.fixture(scope="module", params=CHOICES, ids=[f"{v.name}-{c or 'default'}" for v, c in CHOICES])
def talk(request, module_tls):
    return module_tls.talk(*request.param).chat(), module_tls.log


def edited(wire, edits):
    """Yield what a damaged capture would tell: (side, bytes, lost before them)."""
    pieces = [(side, data, 0) for side, data in wire]
    for index, edit, value in edits:
        at = index % len(pieces)
        side, data, lost = pieces[at]
        cut = value % (len(data) + 1)
        if edit == "flip" and data:
            pieces[at] = side, data[: cut - 1] + bytes((data[cut - 1] ^ 0x40,)) + data[cut:], lost
        elif edit == "cut":
            pieces[at : at + 1] = [(side, data[:cut], lost), (side, data[cut:], 0)]
        elif edit == "drop" and len(pieces) > 1:
            del pieces[at]
        elif edit == "twice":
            pieces.insert(at, pieces[at])
        elif edit == "swap":
            pieces[at], pieces[0] = pieces[0], pieces[at]
        elif edit == "junk":
            pieces[at] = side, data[:cut] + value.to_bytes(2, "big") * 9 + data[cut:], lost
        elif edit == "lose":
            pieces[at] = side, data[cut:], lost + cut
        elif edit == "tell":
            pieces[at] = side, data, lost + value
    return pieces


@given(edits=st.lists(EDIT, max_size=8), growing=st.booleans(), size=st.sampled_from((1 << 20, 1000, 61)))
@settings(max_examples=150)
def test_a_damaged_conversation_gives_only_what_was_sent(talk, observer, edits, growing, size):
    conversation, log = talk
    keys = KeyStore()
    keys.growing = growing
    seen = observer(keys=keys)
    for number, (side, data, lost) in enumerate(edited(conversation.wire, edits)):
        if number == 5 or not growing:
            keys.add(log)
        if lost:
            seen.lost(side, lost)
        for at in range(0, len(data), size):
            seen.feed(side, data[at : at + size])
    seen.end()
    sent = [b"".join(conversation.sent[side]) for side in (0, 1)]
    for event in seen.of(Plaintext):
        assert event.data in sent[event.side]


@given(
    pieces=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.one_of(
                st.binary(max_size=80),
                st.builds(
                    lambda kind, fragment: bytes((kind, 3, 3)) + len(fragment).to_bytes(2, "big") + fragment,
                    st.integers(20, 24),
                    st.binary(max_size=80),
                ),
                st.builds(
                    lambda kind, body: (
                        b"\x16\3\3" + (len(body) + 4).to_bytes(2, "big") + bytes((kind, 0, 0, len(body))) + body
                    ),
                    st.integers(0, 25),
                    st.binary(max_size=80),
                ),
            ),
            st.booleans(),
        ),
        max_size=12,
    )
)
@settings(max_examples=400)
def test_records_of_garbage(observer, made, pieces):
    talk = made()
    seen = observer(talk.log())
    if len(pieces) % 3:
        for side, data in talk.handshake()[: len(pieces) % 4]:
            seen.feed(side, data)
    for side, data, lost in pieces:
        if lost:
            seen.lost(side, len(data) + 1)
        seen.feed(side, data)
    seen.end()
    assert not seen.of(Plaintext)


HOSTILE = {
    "headers without records": b"\x17\3\3\0\0",
    "records of one byte": b"\x17\3\3\0\1x",
    "headers in headers": b"\x17\3\3\x10\0",
    "large records": b"\x17\3\3\x40\0" + bytes(16384),
    "records over the limit": b"\x17\3\3\xff\xff" + bytes(65535),
    "nothing": bytes(1000),
    "handshake messages": b"\x16\3\3\0\x0c" + b"\0\0\0\0" * 3,
    "hellos": b"\x16\3\3\0\5\1\0\0\1\0",
    "beginnings": b"\x16\3\3\0\1\1",
    "alerts": b"\x15\3\3\0\2\1\x29",
}


@pytest.mark.parametrize("hole", [0, 10_000_000])
@pytest.mark.parametrize("handshake", [0, 1, 3])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_lot_of_it_is_quick_and_small(made, observer, kind, handshake, hole):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake()[:handshake]:
        seen.feed(side, data)
    data = (HOSTILE[kind] * (200_000 // len(HOSTILE[kind]) + 1))[:200_000]
    if hole:
        seen.lost(1, hole)
    began = time.process_time()
    for at in range(0, len(data), 1448):
        seen.feed(1, data[at : at + 1448])
    assert time.process_time() - began < 4
    direction = seen.connection._directions[1]
    assert direction.held <= MOST_HELD
    assert len(direction.unread) <= 32
    assert len(seen.of(Undecryptable)) <= 33


def test_single_bytes_are_not_quadratic(made, observer):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    seen.lost(1, 100_000)
    data = b"".join(talk.server.data(bytes(16000)) for _ in range(6))
    began = time.process_time()
    for at in range(len(data)):
        seen.feed(1, data[at : at + 1])
    assert time.process_time() - began < 3
    assert len(seen.plain(1)) == 96_000
