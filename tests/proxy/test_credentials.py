"""Certificates and keys that the user names: those that can be used are, and of the others it is said what is wrong."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.contexts import ClientLegs, ServerLegs
from xmppscope.proxy.leaf import LeafNames
from xmppscope.proxy.secrets import TlsSecrets

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
NAMES = LeafNames("prosody.test", "127.0.0.1")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secrets() -> Iterator[TlsSecrets]:
    made = TlsSecrets()
    yield made
    made.close()


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True))
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in sides:
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
    return sides


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "prosody.test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates and keys of a server: good ones, and what people give instead."""
    folder = tmp_path_factory.mktemp("own")
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    weak = rsa.generate_private_key(65537, 1024)
    signed = self_signed(key)
    certificate = signed.public_bytes(Encoding.PEM)
    encryption = serialization.BestAvailableEncryption(b"secret")
    files = {
        "server.crt": certificate,
        "server.der": signed.public_bytes(Encoding.DER),
        "server.key": pem_of(key),
        "both.pem": pem_of(key, PrivateFormat.TraditionalOpenSSL) + certificate,
        "other.key": pem_of(other),
        "weak.crt": self_signed(weak).public_bytes(Encoding.PEM),
        "weak.key": pem_of(weak),
        "locked.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
        "old-locked.key": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, encryption),
        "damaged.crt": certificate[:200] + b"\n-----END CERTIFICATE-----\n",
        "notes.txt": b"Dear all,\n",
        "empty": b"",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    return folder


@pytest.mark.parametrize("file", ["server.crt", "server.der", "both.pem"])
def test_a_server_s_own_certificate_can_be_trusted(
    authority: Authority, secrets: TlsSecrets, own: Path, file: str
) -> None:
    server = ClientLegs(authority, secrets, (str(own / "server.crt"), str(own / "server.key"))).context(
        NAMES, None, V12, V13
    )
    handshake(ServerLegs(secrets, str(own / file)).context((), V12, V13), server)


@pytest.mark.parametrize(
    ("certificate", "key"), [("server.crt", "server.key"), ("both.pem", "both.pem"), ("weak.crt", "weak.key")]
)
def test_a_real_certificate_is_shown(
    authority: Authority, secrets: TlsSecrets, own: Path, certificate: str, key: str
) -> None:
    legs = ClientLegs(authority, secrets, (str(own / certificate), str(own / key)))
    context = legs.context(NAMES, None, V12, V13)
    expected = x509.load_pem_x509_certificate((own / certificate).read_bytes())
    client = ServerLegs(secrets, insecure=True).context((), V12, V13)
    der = handshake(client, context)[0].getpeercert(binary_form=True)
    assert der == expected.public_bytes(Encoding.DER)
    assert legs.context(LeafNames("other.test"), None, V12, V13) is context


def test_a_server_that_asks_gets_the_client_s_certificate(authority: Authority, secrets: TlsSecrets, own: Path) -> None:
    pair = str(own / "server.crt"), str(own / "server.key")
    server = ClientLegs(authority, secrets).context(NAMES, None, V12, V12)
    server.load_verify_locations(own / "server.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ServerLegs(secrets, insecure=True, client_certificate=pair).context((), V12, V12)
    assert handshake(client, server)[1].getpeercert(binary_form=True) == (own / "server.der").read_bytes()


CERTIFICATE_FORM = "give one that begins with -----BEGIN CERTIFICATE-----"


@pytest.mark.parametrize(
    ("certificate", "key", "message"),
    [
        ("gone.crt", "server.key", "{0}: no such file"),
        ("server.crt", "gone.key", "{1}: no such file"),
        ("folder", "server.key", "{0}: is a directory; name another file"),
        ("empty", "server.key", "{0}: empty file; give a certificate or a key in PEM"),
        ("notes.txt", "server.key", "{0}: not a certificate in PEM; " + CERTIFICATE_FORM),
        ("server.der", "server.key", "{0}: not a certificate in PEM; " + CERTIFICATE_FORM),
        ("server.key", "server.crt", "{0}: a private key, not a certificate; give the certificate, in PEM"),
        ("server.crt", "server.crt", "{1}: a certificate, not a private key; give the private key, in PEM"),
        (
            "server.crt",
            "notes.txt",
            "{1}: not a private key in PEM; give one that begins with -----BEGIN PRIVATE KEY-----",
        ),
        ("server.crt", "other.key", "{1}: not the key of {0}; give the two that belong together"),
        ("server.crt", "weak.key", "{1}: not the key of {0}; give the two that belong together"),
        (
            "server.crt",
            "locked.key",
            "{1}: encrypted; write it without a password: openssl pkey -in {1} -out FILE",
        ),
        (
            "server.crt",
            "old-locked.key",
            "{1}: encrypted; write it without a password: openssl pkey -in {1} -out FILE",
        ),
        ("damaged.crt", "server.key", "{0}, {1}: OpenSSL can't use them (unreadable); make them anew"),
        ("nul\0", "server.key", "{0}: embedded null byte; name another file"),
    ],
)
@pytest.mark.parametrize("leg", ["client", "server"])
def test_what_cannot_be_shown_is_refused_at_once(
    authority: Authority, secrets: TlsSecrets, own: Path, certificate: str, key: str, message: str, leg: str
) -> None:
    pair = str(own / certificate), str(own / key)

    def make() -> object:
        if leg == "client":
            return ClientLegs(authority, secrets, pair)
        return ServerLegs(secrets, client_certificate=pair)

    with pytest.raises(XmppscopeError) as raised:
        make()
    assert str(raised.value) == message.format(*pair)


def test_a_certificate_that_servers_would_find_too_weak(secrets: TlsSecrets, own: Path) -> None:
    pair = str(own / "weak.crt"), str(own / "weak.key")
    with pytest.raises(XmppscopeError, match=r"OpenSSL can't use them \(ee key too small\); make them anew"):
        ServerLegs(secrets, client_certificate=pair)
    ServerLegs(secrets, insecure=True, client_certificate=pair).context((), V12, V13)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("gone.crt", "{}: no such file"),
        ("empty", "{}: empty file; give a certificate or a key in PEM"),
        ("notes.txt", "{}: not a certificate in PEM; " + CERTIFICATE_FORM),
        ("server.key", "{}: a private key, not a certificate; give the certificate, in PEM"),
        ("damaged.crt", "{}: a damaged certificate; export it anew, in PEM"),
    ],
)
def test_what_cannot_be_trusted_is_refused_at_once(secrets: TlsSecrets, own: Path, file: str, message: str) -> None:
    path = str(own / file)
    with pytest.raises(XmppscopeError) as raised:
        ServerLegs(secrets, path)
    assert str(raised.value) == message.format(path)
