"""Hello messages: from real handshakes, from hand-made bytes, cut everywhere, and at random."""

import contextlib
import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.tls.hello import (
    HandshakeError,
    parse_certificate,
    parse_certificate_request,
    parse_client_hello,
    parse_encrypted_extensions,
    parse_server_hello,
    parse_server_key_exchange_group,
)

RANDOM = bytes(range(32))
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def u16(*numbers):
    return struct.pack(f">{len(numbers)}H", *numbers)


def vector(size, *parts):
    data = b"".join(parts)
    return len(data).to_bytes(size, "big") + data


def extension(number, data=b""):
    return u16(number) + vector(2, data)


def client_hello(*extensions, version=0x0303, session_id=b"", suites=(0x1301,), compression=b"\0"):
    block = vector(2, *extensions) if extensions else b""
    fixed = u16(version) + RANDOM + vector(1, session_id) + vector(2, u16(*suites)) + vector(1, compression)
    return fixed + block


def server_hello(*extensions, version=0x0303, random=RANDOM, session_id=b"", suite=0x1301):
    block = vector(2, *extensions) if extensions else b""
    return u16(version) + random + vector(1, session_id) + u16(suite) + b"\0" + block


FULL_CLIENT_HELLO = client_hello(
    extension(0, vector(2, b"\0" + vector(2, b"prosody.test"))),
    extension(10, vector(2, u16(0x2A2A, 29, 4588))),
    extension(13, vector(2, u16(0x0403, 0x0804))),
    extension(16, vector(2, vector(1, b"xmpp-client"), vector(1, b"http/1.1"))),
    extension(22),
    extension(23),
    extension(35, b"ticket"),
    extension(42),
    extension(43, vector(1, u16(0x0304, 0x0303))),
    extension(51, vector(2, u16(29) + vector(2, bytes(32)))),
    extension(0x1234, b"whatever"),
    extension(41, b"keys"),
    session_id=bytes(32),
    suites=(0x1302, 0x1301, 0x00FF),
)

FULL_SERVER_HELLO = server_hello(
    extension(43, u16(0x0304)),
    extension(51, u16(29) + vector(2, bytes(32))),
    extension(41, u16(1)),
    session_id=bytes(32),
    suite=0x1302,
)


def first_client_hello(context, name):
    """Return the body of the ClientHello that OpenSSL sends."""
    outgoing = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    record = outgoing.read()
    assert record[0] == 22
    assert record[5] == 1
    return record[9:]


def test_client_hello_of_openssl():
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["xmpp-client"])
    hello = parse_client_hello(first_client_hello(context, "prosody.test"))
    assert hello.legacy_version == 0x0303
    assert hello.versions == [0x0304, 0x0303]
    assert hello.sni == "prosody.test"
    assert hello.alpn == ["xmpp-client"]
    assert 0x1302 in hello.suites
    assert 29 in hello.groups
    assert hello.key_shares
    assert 0x0804 in hello.signatures
    assert hello.extended_master_secret
    assert hello.encrypt_then_mac
    assert hello.session_ticket == b""
    assert not hello.psk
    assert not hello.early_data


def test_client_hello_of_openssl_for_tls12_only():
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    hello = parse_client_hello(first_client_hello(context, "prosody.test"))
    assert hello.versions == [0x0303]
    assert hello.alpn == []
    assert hello.key_shares == []


def test_every_field_of_a_client_hello():
    hello = parse_client_hello(FULL_CLIENT_HELLO)
    assert hello.random == RANDOM
    assert hello.session_id == bytes(32)
    assert hello.suites == [0x1302, 0x1301, 0x00FF]
    assert hello.compression == b"\0"
    assert hello.versions == [0x0304, 0x0303]
    assert hello.sni == "prosody.test"
    assert hello.alpn == ["xmpp-client", "http/1.1"]
    assert hello.groups == [0x2A2A, 29, 4588]
    assert hello.key_shares == [29]
    assert hello.signatures == [0x0403, 0x0804]
    assert (hello.early_data, hello.psk, hello.extended_master_secret, hello.encrypt_then_mac) == (True,) * 4
    assert hello.session_ticket == b"ticket"
    assert hello.extensions[0x1234] == b"whatever"


def test_client_hello_without_extensions():
    hello = parse_client_hello(client_hello(version=0x0301))
    assert hello.versions == [0x0301]
    assert hello.extensions == {}
    assert hello.sni is None
    assert hello.session_ticket is None


def test_a_server_name_that_is_not_ascii_shows_escapes():
    hello = parse_client_hello(client_hello(extension(0, vector(2, b"\0" + vector(2, b"m\xfcnchen")))))
    assert hello.sni == "m\\xfcnchen"


def test_only_a_host_name_is_a_server_name():
    hello = parse_client_hello(client_hello(extension(0, vector(2, b"\x07" + vector(2, b"other")))))
    assert hello.sni is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (client_hello(session_id=bytes(33)), "session id of 33 bytes"),
        (client_hello(suites=()), "least"),
        (client_hello(compression=b""), "least"),
        (client_hello(extension(23), extension(23)), "extension 23 twice"),
        (client_hello(extension(10, vector(2, b"\0\x1d\0"))), "odd length"),
        (client_hello(extension(10, vector(2, u16(29)) + b"x")), "too many"),
        (client_hello(extension(0, b"")), "ends early"),
        (client_hello(extension(16, vector(2, b"\0"))), "least"),
        (client_hello(extension(16, vector(2, vector(1, b""), vector(1, b"h2")))), "least"),
        (client_hello(extension(51, vector(2, u16(29) + vector(2)))), "least"),
        (FULL_CLIENT_HELLO + b"\0", "too many"),
    ],
)
def test_malformed_client_hello(body, says):
    with pytest.raises(HandshakeError, match=says):
        parse_client_hello(body)


def test_every_field_of_a_server_hello():
    hello = parse_server_hello(FULL_SERVER_HELLO)
    assert (hello.version, hello.legacy_version, hello.suite) == (0x0304, 0x0303, 0x1302)
    assert (hello.random, hello.session_id) == (RANDOM, bytes(32))
    assert (hello.group, hello.psk_index, hello.alpn) == (29, 1, None)
    assert not hello.retry
    assert not hello.downgraded
    assert not hello.session_ticket


def test_server_hello_of_tls12():
    random = RANDOM[:24] + b"DOWNGRD\x01"
    alpn = extension(16, vector(2, vector(1, b"xmpp-client")))
    body = server_hello(alpn, extension(22), extension(23), extension(35), random=random, suite=0xC030)
    hello = parse_server_hello(body)
    assert (hello.version, hello.suite, hello.alpn, hello.group) == (0x0303, 0xC030, "xmpp-client", None)
    assert (hello.encrypt_then_mac, hello.extended_master_secret, hello.session_ticket) == (True,) * 3
    assert hello.downgraded


def test_hello_retry_request():
    hello = parse_server_hello(server_hello(extension(43, u16(0x0304)), extension(51, u16(23)), random=RETRY))
    assert hello.retry
    assert (hello.version, hello.group) == (0x0304, 23)


@pytest.mark.parametrize(
    "body",
    [
        server_hello(extension(51, u16(23))),
        server_hello(extension(51, u16(23) + vector(2, b"key")), random=RETRY),
        server_hello(extension(16, vector(2, vector(1, b"a"), vector(1, b"b")))),
        server_hello(extension(43, vector(1, u16(0x0304)))),
        FULL_SERVER_HELLO + b"\0",
    ],
)
def test_malformed_server_hello(body):
    with pytest.raises(HandshakeError):
        parse_server_hello(body)


def test_encrypted_extensions():
    alpn = extension(16, vector(2, vector(1, b"xmpp-client")))
    parse = parse_encrypted_extensions
    assert parse(vector(2, alpn, extension(42))) == {"alpn": "xmpp-client", "early_data": True}
    assert parse(vector(2)) == {"alpn": None, "early_data": False}
    with pytest.raises(HandshakeError):
        parse(b"")


def test_certificate_of_tls12_and_tls13():
    assert parse_certificate(vector(3, vector(3, b"leaf"), vector(3, b"issuer")), tls13=False) == [b"leaf", b"issuer"]
    entries = vector(3, b"leaf") + vector(2, extension(5, b"staple")) + vector(3, b"issuer") + vector(2)
    assert parse_certificate(vector(1, b"context") + vector(3, entries), tls13=True) == [b"leaf", b"issuer"]
    assert parse_certificate(vector(3), tls13=False) == []
    assert parse_certificate(b"\0" + vector(3), tls13=True) == []


def test_certificate_request_of_each_version():
    names = vector(2, vector(2, b"name one"), vector(2, b"name two"))
    for version in (0x0301, 0x0302):
        request = parse_certificate_request(vector(1, b"\x01\x40") + names, version)
        assert (request.types, request.signatures) == (b"\x01\x40", [])
        assert request.authorities == [b"name one", b"name two"]
    request = parse_certificate_request(vector(1, b"\x01") + vector(2, u16(0x0401)) + names, 0x0303)
    assert (request.types, request.signatures, len(request.authorities)) == (b"\x01", [0x0401], 2)
    block = extension(13, vector(2, u16(0x0804))) + extension(47, names) + extension(99, b"?")
    request = parse_certificate_request(b"\0" + vector(2, block), 0x0304)
    assert (request.types, request.signatures) == (b"", [0x0804])
    assert request.authorities == [b"name one", b"name two"]


def test_group_of_a_server_key_exchange():
    assert parse_server_key_exchange_group(b"\x03" + u16(29) + vector(1, bytes(32)) + b"signature") == 29
    assert parse_server_key_exchange_group(b"\x01" + vector(1, b"prime")) is None
    with pytest.raises(HandshakeError):
        parse_server_key_exchange_group(b"\x03\x00\x1d")


PARSERS = {
    "client hello": (parse_client_hello, FULL_CLIENT_HELLO),
    "server hello": (parse_server_hello, FULL_SERVER_HELLO),
    "encrypted extensions": (parse_encrypted_extensions, vector(2, extension(16, vector(2, vector(1, b"h2"))))),
    "certificate": (lambda body: parse_certificate(body, tls13=False), vector(3, vector(3, b"leaf"))),
    "certificate 1.3": (lambda body: parse_certificate(body, tls13=True), b"\0" + vector(3, vector(3, b"x"), b"\0\0")),
    "request": (lambda body: parse_certificate_request(body, 0x0303), b"\x01\x01" + vector(2, u16(1025)) + vector(2)),
    "request 1.3": (
        lambda body: parse_certificate_request(body, 0x0304),
        b"\0" + vector(2, extension(13, vector(2, u16(0x0804)))),
    ),
    "key exchange": (parse_server_key_exchange_group, b"\x03" + u16(23) + vector(1, b"point")),
}


@pytest.mark.parametrize("name", PARSERS)
def test_truncation_at_every_byte(name):
    parse, body = PARSERS[name]
    parse(body)
    # Without its extension block a hello is whole again (RFC 8446 §4.1.2).
    whole = {"client hello": len(client_hello(session_id=bytes(32), suites=(1, 2, 3))), "server hello": 70}.get(name)
    for end in range(len(body)):
        if end != whole:
            with pytest.raises(HandshakeError):
                parse(body[:end])


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_any_bytes_parse_or_raise_a_handshake_error(name, data):
    parse, body = PARSERS[name]
    if data.draw(st.booleans()):
        body = data.draw(st.binary(max_size=200))
    else:
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + data.draw(st.binary(max_size=4)) + body[at + data.draw(st.integers(0, 4)) :]
    with contextlib.suppress(HandshakeError):
        assert parse(body) == parse(bytes(body))
