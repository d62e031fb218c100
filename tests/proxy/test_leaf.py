"""Leaf certificates: what names they have, whatever a domain is, and that others accept them."""

import shutil
import subprocess
import warnings
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.proxy.authority import Authority
from xmppscope.proxy.leaf import LeafNames, alternative_names, mint, upstream_names
from xmppscope.tls.certificate import read_certificate
from xmppscope.tls.identity import SERVICES, match_certificate

NOW = datetime.now(UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
SRV = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
XMPP = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("authority"))


def minted(authority: Authority, *names: object) -> x509.Certificate:
    """The certificate as a client reads it, from its bytes."""
    made = mint(authority, LeafNames(*names), KEY.public_key(), NOW)  # type: ignore[arg-type]
    return x509.load_der_x509_certificate(made.public_bytes(Encoding.DER))


def names_of(certificate: x509.Certificate) -> list[x509.GeneralName]:
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def other(oid: x509.ObjectIdentifier, text: str) -> x509.OtherName:
    """A short otherName, encoded by hand: IA5String for SRVName, UTF8String for XmppAddr."""
    content = text.encode()
    assert len(content) < 128
    return x509.OtherName(oid, bytes([0x16 if oid == SRV else 0x0C, len(content)]) + content)


def of_host(host: str, domain: str | None = None) -> list[x509.GeneralName]:
    services = [other(SRV, f"_xmpp-client.{host}"), other(SRV, f"_xmpp-server.{host}")]
    return [x509.DNSName(host), *services, other(XMPP, host if domain is None else domain)]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("prosody.test", of_host("prosody.test")),
        ("Prosody.TEST", of_host("prosody.test")),
        ("prosody.test.", of_host("prosody.test")),
        ("localhost", of_host("localhost")),
        ("my_host.example", of_host("my_host.example")),
        ("xn--bcher-kva.example", of_host("xn--bcher-kva.example")),
        ("bücher.example", of_host("xn--bcher-kva.example", "bücher.example")),
        ("BÜCHER.example", of_host("xn--bcher-kva.example", "bücher.example")),
        ("192.0.2.1", [x509.IPAddress(IPv4Address("192.0.2.1")), other(XMPP, "192.0.2.1")]),
        ("2001:db8::1", [x509.IPAddress(IPv6Address("2001:db8::1")), other(XMPP, "2001:db8::1")]),
        ("[2001:db8::1]", [x509.IPAddress(IPv6Address("2001:db8::1")), other(XMPP, "[2001:db8::1]")]),
        ("two words", [other(XMPP, "two words")]),
        ("a\x00b\n.example", [other(XMPP, "a\x00b\n.example")]),
        ("*.example", [other(XMPP, "*.example")]),
        ("a..b", [other(XMPP, "a..b")]),
        (f"{'a' * 64}.example", [other(XMPP, f"{'a' * 64}.example")]),
        ("\ud800.example", [*of_host("xn--ib9b.example", "?.example")]),
    ],
)
def test_names_of_a_domain(domain: str, expected: list[x509.GeneralName]) -> None:
    assert alternative_names(LeafNames(domain)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", None),
        ("localhost", None),
        ("nonsense%", None),
    ],
)
def test_the_address_that_was_dialled(address: str, expected: str | None) -> None:
    found = alternative_names(LeafNames("prosody.test", address))
    assert found == of_host("prosody.test") + ([] if expected is None else [x509.IPAddress(ip_address(expected))])


def test_the_server_s_names_follow_each_once() -> None:
    theirs = (x509.DNSName("prosody.test"), x509.DNSName("*.prosody.test"), other(XMPP, "rooms.prosody.test"))
    found = alternative_names(LeafNames("prosody.test", "127.0.0.1", theirs))
    assert found == [*of_host("prosody.test"), x509.IPAddress(IPv4Address("127.0.0.1")), *theirs[1:]]


def test_what_the_certificate_says(authority: Authority) -> None:
    certificate = minted(authority, "prosody.test", "127.0.0.1")
    extensions = certificate.extensions
    assert names_of(certificate) == [*of_host("prosody.test"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    assert certificate.subject.rfc4514_string() == "CN=prosody.test"
    assert certificate.issuer == authority.certificate.subject
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    identifier = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier == bytes.fromhex(authority.key_id.replace(":", ""))
    whole = NOW.replace(microsecond=0)
    assert certificate.not_valid_before_utc == whole - timedelta(days=1)
    assert certificate.not_valid_after_utc == whole + timedelta(days=7)
    certificate.verify_directly_issued_by(authority.certificate)


@pytest.mark.parametrize("domain", ["prosody.test", "Bücher.example", "192.0.2.1", "[::1]", "two words", "::1"])
def test_it_fits_by_the_rules_of_xmpp(authority: Authority, domain: str) -> None:
    facts = read_certificate(minted(authority, domain).public_bytes(Encoding.DER))
    assert facts.problems == []
    for service in SERVICES:
        match = match_certificate(facts, domain, service, int(NOW.timestamp() * 1e9))
        assert match.fits, match.reasons


def test_a_domain_without_any_name(authority: Authority) -> None:
    certificate = minted(authority, "")
    assert certificate.subject.rfc4514_string() == "CN=xmppscope"
    with pytest.raises(x509.ExtensionNotFound):
        names_of(certificate)
    assert names_of(minted(authority, "", "::1")) == [x509.IPAddress(IPv6Address("::1"))]


@pytest.mark.parametrize(
    ("domain", "common_name"),
    [
        ("a" * 300, "a" * 64),
        (f"{'a' * 40}.{'b' * 40}.example", f"{'a' * 40}.{'b' * 23}"),
        ("ü" * 300, "ü" * 32),
        ("a\r\nb", "a??b"),
        ("\u202eevil", "xn--evil-ud7a"),
        ("\u202e" * 64, "?" * 64),
        ("\ud800" * 64, "?" * 64),
        ("\x00", "?"),
    ],
)
def test_the_common_name_is_short_and_printable(authority: Authority, domain: str, common_name: str) -> None:
    (attribute,) = minted(authority, domain).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert attribute.value == common_name


def test_a_domain_of_any_length_stays_within_bounds(authority: Authority) -> None:
    certificate = minted(authority, "ä.example." * 20_000)
    (name,) = names_of(certificate)
    assert isinstance(name, x509.OtherName)
    assert len(name.value) <= 1023 + 4
    assert read_certificate(certificate.public_bytes(Encoding.DER)).problems == []


@given(st.text(max_size=300), st.text(max_size=50))
def test_no_name_makes_it_raise(authority: Authority, domain: str, address: str) -> None:
    facts = read_certificate(minted(authority, domain, address).public_bytes(Encoding.DER))
    assert (facts.error, facts.problems) == ("", [])


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=80))
def test_nor_does_what_is_no_text(authority: Authority, domain: str) -> None:
    assert minted(authority, domain, domain).version == x509.Version.v3


def server_certificate(*extensions: x509.ExtensionType) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(5).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_names_that_are_copied() -> None:
    kept: list[x509.GeneralName] = [
        x509.DNSName("*.prosody.test"),
        other(SRV, "_xmpp-server.rooms.prosody.test"),
        x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
        x509.IPAddress(IPv4Address("192.0.2.7")),
    ]
    left_out = [x509.RFC822Name("admin@prosody.test"), x509.UniformResourceIdentifier("xmpp:prosody.test")]
    der = server_certificate(x509.SubjectAlternativeName([*left_out, *kept]))
    assert upstream_names(der) == tuple(kept)


def test_names_that_are_copied_are_bounded(authority: Authority) -> None:
    many = server_certificate(x509.SubjectAlternativeName([x509.DNSName(f"{n}.test") for n in range(1000)]))
    assert len(upstream_names(many)) == 256
    large = [x509.OtherName(SRV, b"\x16\x82\x10\x00" + b"a" * 4096) for _ in range(9)]
    found = upstream_names(server_certificate(x509.SubjectAlternativeName(large)))
    assert len(found) == 3
    assert len(minted(authority, "prosody.test", "", found).public_bytes(Encoding.DER)) < 16_384


SAN = x509.ObjectIdentifier("2.5.29.17")


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x03\x02\x01\x05",
        server_certificate(),
        server_certificate(x509.UnrecognizedExtension(SAN, b"")),
        server_certificate(x509.UnrecognizedExtension(SAN, b"\x30\x03\x9f\x00\x00")),
        server_certificate(x509.UnrecognizedExtension(SAN, b"\x30\x05\xa3\x03\x02\x01\x05")),
        server_certificate(x509.UnrecognizedExtension(SAN, b"\x30\x05\x87\x03\x01\x02\x03")),
    ],
)
def test_a_certificate_without_readable_names_has_none_to_copy(der: bytes) -> None:
    assert upstream_names(der) == ()


@given(st.lists(st.tuples(st.sampled_from([0x82, 0x86, 0x87, 0xA0, 0xA4]), st.binary(max_size=40)), max_size=6))
def test_whatever_can_be_copied_can_be_minted(authority: Authority, parts: list[tuple[int, bytes]]) -> None:
    san = b"".join(bytes([tag, len(content)]) + content for tag, content in parts)
    length = bytes([len(san)] if len(san) < 128 else [0x81, len(san)])
    der = server_certificate(x509.UnrecognizedExtension(SAN, b"\x30" + length + san))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        certificate = mint(authority, LeafNames("a.test", "", upstream_names(der)), KEY.public_key(), NOW)
    assert certificate.public_bytes(Encoding.DER)


@pytest.fixture
def openssl() -> str:
    path = shutil.which("openssl")
    if path is None:
        pytest.skip("openssl is not installed")
    return path


def test_openssl_accepts_the_chain_and_shows_the_names(authority: Authority, openssl: str, tmp_path: Path) -> None:
    leaf, root = tmp_path / "leaf.pem", tmp_path / "root.pem"
    theirs = (x509.DNSName("*.prosody.test"),)
    leaf.write_bytes(minted(authority, "prosody.test", "127.0.0.1", theirs).public_bytes(Encoding.PEM))
    root.write_bytes(authority.pem)

    def run(*arguments: object) -> str:
        done = subprocess.run([openssl, *map(str, arguments)], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    verify = ("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root)
    for option, name in (("hostname", "prosody.test"), ("hostname", "rooms.prosody.test"), ("ip", "127.0.0.1")):
        assert run(*verify, f"-verify_{option}", name, leaf) == f"{leaf}: OK\n"
    assert "hostname mismatch" in run(*verify, "-verify_hostname", "other.test", leaf)
    text = run("x509", "-noout", "-text", "-in", leaf)
    for name in ("DNS:prosody.test", "DNS:*.prosody.test", "IP Address:127.0.0.1", "_xmpp-client.prosody.test"):
        assert name in text
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in text
    assert "NIST CURVE: P-256" in text
