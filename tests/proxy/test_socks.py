"""SOCKS: what RFC 1928 allows and this proxy offers, under every split, and the code for everything else."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.proxy.destination import Refusal, Reply
from xmppscope.proxy.socks import SOCKS4_BOUND, Socks

GREETING = b"\x05\x01\x00"
GREETED = b"\x05\x00"
PORT = b"\x14\x66"  # 5222


def domain(name: bytes, port: bytes = PORT) -> bytes:
    return b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port


def code(number: int) -> bytes:
    return bytes([5, number, 0, 1, 0, 0, 0, 0, 0, 0])


def talk(pieces: list[bytes]) -> tuple[Reply, bytes]:
    """Feed *pieces* until there is an end; return all replies as one, and the bytes left over."""
    socks = Socks()
    send, left = b"", list(pieces)
    while left:
        reply = socks.feed(left.pop(0))
        send += reply.send
        if reply.destination or reply.end:
            return reply._replace(send=send), socks.rest + b"".join(left)
    return Reply(send), socks.rest


IPV6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7")

GOOD = {
    "IPv4": (b"\x05\x01\x00\x01\xc0\x00\x02\x09" + PORT, ("192.0.2.9", 5222)),
    "IPv6": (b"\x05\x01\x00\x04" + IPV6 + PORT, ("2001:db8::7", 5222)),
    "domain": (domain(b"prosody.test"), ("prosody.test", 5222)),
    "domain, not ASCII": (domain("bücher.test".encode()), ("xn--bcher-kva.test", 5222)),
    "address as a name": (domain(b"2001:DB8:0::7"), ("2001:db8::7", 5222)),
    "long domain": (domain(b"a." * 125 + b"abc"), ("a." * 125 + "abc", 5222)),
    "highest port": (domain(b"a", b"\xff\xff"), ("a", 65535)),
    "reserved byte set": (b"\x05\x01\x07\x01\xc0\x00\x02\x09" + PORT, ("192.0.2.9", 5222)),
}


@pytest.mark.parametrize("name", GOOD)
def test_connect_names_a_destination_under_every_split(name: str) -> None:
    request, destination = GOOD[name]
    whole = GREETING + request + b"<?xml"
    expected = Reply(GREETED, destination)
    assert talk([whole]) == (expected, b"<?xml")
    assert talk([whole[at : at + 1] for at in range(len(whole))]) == (expected, b"<?xml")
    for at in range(len(whole)):
        assert talk([whole[:at], whole[at:]]) == (expected, b"<?xml")


BAD = {
    "only user names": (b"\x05\x01\x02", b"\x05\xff", "SOCKS5 that insists on authentication"),
    "no method": (b"\x05\x00", b"\x05\xff", "SOCKS5 that insists on authentication"),
    "bind": (GREETING + b"\x05\x02\x00\x01\0\0\0\0\0\0", GREETED + code(7), "a SOCKS5 command other than CONNECT"),
    "udp": (GREETING + b"\x05\x03\x00\x01\0\0\0\0\0\0", GREETED + code(7), "a SOCKS5 command other than CONNECT"),
    "address type": (GREETING + b"\x05\x01\x00\x02\0", GREETED + code(8), "a SOCKS5 address of an unknown type"),
    "version": (GREETING + b"\x04\x01\x00\x01\0", GREETED + code(1), "a SOCKS5 request of another version"),
    "port 0": (GREETING + domain(b"a", b"\0\0"), GREETED + code(1), "a SOCKS5 destination that is none"),
    "no name": (GREETING + domain(b""), GREETED + code(1), "a SOCKS5 destination that is none"),
    "not UTF-8": (GREETING + domain(b"\xff\xfe"), GREETED + code(1), "a SOCKS5 destination that is none"),
    "control": (GREETING + domain(b"a\x1b[2J"), GREETED + code(1), "a SOCKS5 destination that is none"),
    "zone": (GREETING + domain(b"fe80::1%\x1b[2J"), GREETED + code(1), "a SOCKS5 destination that is none"),
    "SOCKS4": (b"\x04\x01" + PORT + b"\xc0\0\x02\x09alice\0", b"\0\x5b\0\0\0\0\0\0", "SOCKS4; SOCKS5 is spoken here"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_offered_is_refused_with_its_code(name: str) -> None:
    data, send, end = BAD[name]
    assert talk([data])[0] == Reply(send, end=end)
    assert talk([data[at : at + 1] for at in range(len(data))])[0] == Reply(send, end=end)
    assert talk([data[:-1]])[0].end == ""


def test_any_method_beside_none_at_all_will_do() -> None:
    assert talk([b"\x05\xff" + bytes(range(255))])[0] == Reply(GREETED)


def test_a_user_name_of_socks4_without_end_is_not_waited_for() -> None:
    socks = Socks()
    assert socks.feed(b"\x04\x01" + PORT + b"\xc0\0\x02\x09" + b"a" * (SOCKS4_BOUND - 9)) == Reply()
    assert socks.feed(b"a").end == "SOCKS4; SOCKS5 is spoken here"


@pytest.mark.parametrize(("refusal", "number"), [("failed", 1), ("not allowed", 2), ("unreachable", 4), ("refused", 5)])
def test_replies(refusal: Refusal, number: int) -> None:
    assert Socks().accept() == code(0)
    assert Socks().reject(refusal, "words have no place here") == code(number)


@given(st.lists(st.binary(max_size=40)), st.sampled_from([b"", GREETING, GREETING + b"\x05\x01\x00", b"\x04\x01"]))
def test_hostile_bytes_raise_nothing_and_pile_up_nowhere(pieces: list[bytes], before: bytes) -> None:
    socks = Socks()
    over = False
    for piece in [before, *pieces]:
        reply = socks.feed(piece) if not over else Reply()
        over = over or bool(reply.end or reply.destination)
        assert len(reply.send) <= 12
        assert over or len(socks.rest) < SOCKS4_BOUND
