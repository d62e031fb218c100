"""Which TLS the proxy makes of what a client offers."""

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.proxy.conftest import World
from xmppscope.proxy.tls_choice import client_versions, judge_certificate, only, server_name
from xmppscope.tls.hello import ClientHello, parse_client_hello

V10, V11, V12, V13 = (
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)
DAY = 24 * 3600 * 1_000_000_000


def hello(*versions: int, legacy: int = 0x0303) -> ClientHello:
    """A ClientHello that offers versions by the extension, or only the *legacy* one."""
    body = legacy.to_bytes(2) + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    if versions:
        listed = b"".join(version.to_bytes(2) for version in versions)
        extension = b"\x00\x2b" + (len(listed) + 1).to_bytes(2) + bytes([len(listed)]) + listed
        body += len(extension).to_bytes(2) + extension
    return parse_client_hello(body)


@pytest.mark.parametrize(
    ("offered", "bounds"),
    [
        (hello(0x0304), (V13, V13)),
        (hello(0x0304, 0x0303), (V12, V13)),
        (hello(0x0303, 0x0304, 0x0302, 0x0301), (V10, V13)),
        (hello(0x7A7A, 0x0304, 0x0303), (V12, V13)),  # GREASE, RFC 8701
        (hello(0x7A7A, 0x0304), (V13, V13)),
        (hello(0x0305, 0x0303), (V12, V12)),
        (hello(0x7F1C), (V12, V13)),
        (hello(legacy=0x0303), (V10, V12)),
        (hello(legacy=0x0302), (V10, V11)),
        (hello(legacy=0x0301), (V10, V10)),
        (hello(legacy=0x0300), (V12, V13)),
    ],
)
def test_versions_that_a_client_offers(offered: ClientHello, bounds: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> None:
    assert client_versions(offered) == bounds


@pytest.mark.parametrize(
    ("version", "bound"), [("TLSv1.3", V13), ("TLSv1.2", V12), ("TLSv1.1", V11), ("TLSv1", V10), ("", V12)]
)
def test_only_one_version(version: str, bound: ssl.TLSVersion) -> None:
    assert only(version) == (bound, bound)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("a.example", "a.example"),
        ("A.Example", "a.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("", None),
        (".example", None),
        ("a" * 300, None),
        ("a\0b", None),
    ],
)
def test_the_server_name(domain: str, name: str | None) -> None:
    assert server_name(domain) == name


@pytest.mark.parametrize(
    "domain", ["a b", "[::1]", "127.0.0.1", "a..b", "-", "a" * 64 + ".example", "ex_ample", "*.a", "ü" * 70]
)
def test_openssl_takes_every_server_name(domain: str) -> None:
    """Whatever a client calls the server: it must not stop the proxy."""
    name = server_name(domain)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).check_hostname = False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)


def test_the_certificate(world: World) -> None:
    der = x509.load_pem_x509_certificate(world.good.read_bytes()).public_bytes(Encoding.DER)
    now = int(datetime.now(UTC).timestamp()) * 1_000_000_000
    assert judge_certificate(der, "a.example", "c2s", now) == ""
    assert judge_certificate(der, "a.example", "unknown", now) == ""
    assert judge_certificate(der, "b.example", "c2s", now)
    assert judge_certificate(der, "a.example", "c2s", now + 30 * DAY)
    assert judge_certificate(None, "a.example", "c2s", now) == "the server showed none"
    assert judge_certificate(b"", "a.example", "c2s", now) == "the server showed none"
