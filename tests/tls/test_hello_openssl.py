"""What OpenSSL servers answer: their hellos, certificates and key exchange, parsed from real handshakes."""

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xmppscope.tls.certificate import read_certificate
from xmppscope.tls.hello import (
    parse_certificate,
    parse_certificate_request,
    parse_client_hello,
    parse_server_hello,
    parse_server_key_exchange_group,
)

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, CERTIFICATE_REQUEST = 1, 2, 11, 12, 13
X25519, SECP384R1 = 29, 24


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A file with a key and its self-signed certificate, and the certificate as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prosody.test")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("identity") / "identity.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path, certificate.public_bytes(serialization.Encoding.DER)


def first_flights(identity, version, curve=None):
    """Return the first cleartext handshake messages of the client and of the server, as (type, body)."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(identity[0])
    server_context.load_verify_locations(identity[0])
    server_context.verify_mode = ssl.CERT_OPTIONAL
    server_context.set_alpn_protocols(["xmpp-client"])
    client_context.set_alpn_protocols(["xmpp-client"])
    client_context.maximum_version = version
    if curve:
        server_context.set_ecdh_curve(curve)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="prosody.test")
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    offered = to_server.read()
    to_server.write(offered)
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    return messages(offered), messages(to_client.read())


def messages(data):
    """Return the handshake messages of the leading handshake records."""
    stream = b""
    while data and data[0] == 22:
        end = 5 + int.from_bytes(data[3:5], "big")
        stream, data = stream + data[5:end], data[end:]
    found = []
    while stream:
        end = 4 + int.from_bytes(stream[1:4], "big")
        found.append((stream[0], stream[4:end]))
        stream = stream[end:]
    return found


def test_the_flight_of_a_tls12_server(identity):
    _, answered = first_flights(identity, ssl.TLSVersion.TLSv1_2)
    bodies = dict(answered)
    hello = parse_server_hello(bodies[SERVER_HELLO])
    assert (hello.version, hello.alpn, hello.retry) == (0x0303, "xmpp-client", False)
    assert hello.extended_master_secret
    assert hello.session_ticket
    assert hello.downgraded
    chain = parse_certificate(bodies[CERTIFICATE], tls13=False)
    assert chain == [identity[1]]
    assert read_certificate(chain[0]).self_signed
    assert parse_server_key_exchange_group(bodies[SERVER_KEY_EXCHANGE]) in (X25519, 23)
    request = parse_certificate_request(bodies[CERTIFICATE_REQUEST], hello.version)
    assert 0x0403 in request.signatures


def test_the_hello_of_a_tls13_server(identity):
    offered, answered = first_flights(identity, ssl.TLSVersion.TLSv1_3)
    asked = parse_client_hello(offered[0][1])
    hello = parse_server_hello(answered[0][1])
    assert [kind for kind, _ in offered + answered] == [CLIENT_HELLO, SERVER_HELLO]
    assert (hello.version, hello.legacy_version, hello.retry) == (0x0304, 0x0303, False)
    assert hello.session_id == asked.session_id
    assert hello.group in asked.key_shares
    assert hello.suite in asked.suites


def test_a_server_that_wants_another_group(identity):
    offered, answered = first_flights(identity, ssl.TLSVersion.TLSv1_3, curve="secp384r1")
    retry = parse_server_hello(answered[0][1])
    assert retry.retry
    assert (retry.version, retry.group) == (0x0304, SECP384R1)
    assert SECP384R1 not in parse_client_hello(offered[0][1]).key_shares
