"""A ClientHello tells what is inside TLS, under every split."""

import ssl

import pytest

from tests.proxy.peers import cut_record
from xmppscope.proxy.web_arrival import TlsArrival


def hello(alpn: tuple[str, ...]) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="a.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    ("alpn", "web_only", "is_web"),
    [
        (("http/1.1",), False, True),
        (("h2", "http/1.1"), False, True),
        (("xmpp-client",), True, False),
        (("xmpp-client", "http/1.1"), True, False),
        (("other",), True, False),
        ((), False, False),
        ((), True, True),
    ],
)
@pytest.mark.parametrize("records", [1, 3])
@pytest.mark.parametrize("size", [1, 50, 5000])
def test_alpn_decides(alpn: tuple[str, ...], web_only: bool, is_web: bool, records: int, size: int) -> None:
    data = cut_record(hello(alpn), records)
    arrival = TlsArrival(web_only=web_only)
    told = [arrival.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert told == [None] * (len(told) - 1) + [is_web]
    assert arrival.data == data


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x00" * 30_000,
    ],
)
def test_what_is_no_client_hello_is_left_to_others(data: bytes) -> None:
    assert TlsArrival(web_only=True).feed(data) is False
