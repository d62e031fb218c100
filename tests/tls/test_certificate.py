"""Facts of certificates, and whether they are for an XMPP domain."""

import ipaddress
import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppscope.tls.certificate import TEXT_BOUND, read_certificate
from xmppscope.tls.identity import ascii_domain, match_certificate

SRV = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
SECOND = 1_000_000_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, 12, tzinfo=UTC)
WITHIN = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * SECOND


def der_string(tag, text):
    data = text.encode()
    length = bytes((len(data),)) if len(data) < 128 else b"\x82" + len(data).to_bytes(2, "big")
    return bytes((tag,)) + length + data


def srv(text):
    return x509.OtherName(SRV, der_string(0x16, text))


def addr(text):
    return x509.OtherName(ADDR, der_string(0x0C, text))


def dns(text):
    return x509.DNSName(text)


def certificate(*names, common_name="", key=KEY, signer=None, usages=()):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(0xABCDEF).not_valid_before(BEGIN).not_valid_after(END)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signer = signer or key
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, algorithm).public_bytes(serialization.Encoding.DER)


def match(*names, domain="prosody.test", service="xmpp-client", time=WITHIN, common_name=""):
    return match_certificate(read_certificate(certificate(*names, common_name=common_name)), domain, service, time)


def test_facts():
    names = (dns("prosody.test"), srv("_xmpp-client.prosody.test"), addr("prosody.test"), addr("bücher.example"))
    address = x509.IPAddress(ipaddress.ip_address("::1"))
    facts = read_certificate(
        certificate(*names, address, common_name="Prosody", usages=(ExtendedKeyUsageOID.SERVER_AUTH, SRV))
    )
    assert facts.error == ""
    assert facts.problems == []
    assert (facts.subject, facts.issuer, facts.common_name) == ("CN=Prosody", "CN=Prosody", "Prosody")
    assert (facts.serial, facts.not_before, facts.not_after) == ("abcdef", BEGIN, END)
    assert (facts.key, facts.key_bits, facts.signature) == ("EC secp256r1", 256, "SHA-256 with ECDSA")
    assert facts.dns_names == ["prosody.test"]
    assert facts.srv_names == ["_xmpp-client.prosody.test"]
    assert facts.xmpp_addresses == ["prosody.test", "bücher.example"]
    assert facts.ip_addresses == ["::1"]
    assert facts.names == ["prosody.test", "_xmpp-client.prosody.test", "bücher.example", "::1"]
    assert facts.usages == ["serverAuth", SRV.dotted_string]
    assert facts.self_signed
    assert len(facts.fingerprint) == 64


def test_a_certificate_by_another_key_is_not_self_signed():
    assert not read_certificate(certificate(common_name="same name", signer=OTHER_KEY)).self_signed


def test_kinds_of_keys():
    facts = read_certificate(certificate(key=rsa.generate_private_key(65537, 2048)))
    assert (facts.key, facts.key_bits, facts.signature) == ("RSA 2048", 2048, "SHA-256 with RSA")
    facts = read_certificate(certificate(key=ed25519.Ed25519PrivateKey.generate()))
    assert (facts.key, facts.signature) == ("Ed25519", "Ed25519")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            x509.OtherName(SRV, der_string(0x0C, "_xmpp-client.a")),
            "unreadable SRVName: its ASN.1 tag is 0x0c, not that",
        ),
        (x509.OtherName(ADDR, b"\x0c\x03\xff\xff\xff"), "unreadable XmppAddr: 'utf-8' codec"),
    ],
)
def test_a_broken_name_leaves_the_others(name, problem):
    facts = read_certificate(certificate(dns("prosody.test"), name))
    assert facts.dns_names == ["prosody.test"]
    assert len(facts.problems) == 1
    assert facts.problems[0].startswith(problem)


def test_text_is_bounded():
    facts = read_certificate(certificate(addr("a" * 5000)))
    assert len(facts.xmpp_addresses[0]) == TEXT_BOUND + 1


def test_what_is_no_certificate():
    for der in (b"", b"\x30", b"junk" * 100, certificate()[:-1]):
        facts = read_certificate(der)
        assert facts.error.startswith("unreadable certificate: ")
        outcome = match_certificate(facts, "prosody.test", None, WITHIN)
        assert not outcome.fits
        assert outcome.reasons == [facts.error]


@pytest.mark.parametrize(
    ("names", "domain", "service", "by"),
    [
        ([dns("prosody.test")], "prosody.test", "xmpp-client", "DNS name prosody.test"),
        ([dns("Prosody.TEST")], "prosody.test.", "xmpp-client", "DNS name Prosody.TEST"),
        ([dns("*.test")], "prosody.test", "xmpp-client", "DNS name *.test"),
        ([srv("_xmpp-client.prosody.test")], "prosody.test", "xmpp-client", "SRV name _xmpp-client.prosody.test"),
        ([srv("_XMPP-Server.prosody.test")], "prosody.test", "xmpp-server", "SRV name _XMPP-Server.prosody.test"),
        ([srv("_xmpp-server.prosody.test")], "prosody.test", None, "SRV name _xmpp-server.prosody.test"),
        ([addr("prosody.test")], "prosody.test", "xmpp-server", "XMPP address prosody.test"),
        ([addr("Bücher.example")], "bücher.example", "xmpp-client", "XMPP address Bücher.example"),
        ([dns("xn--bcher-kva.example")], "bücher.example", "xmpp-client", "DNS name xn--bcher-kva.example"),
        ([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))], "127.0.0.1", None, "IP address 127.0.0.1"),
        ([x509.IPAddress(ipaddress.ip_address("::1"))], "[::1]", None, "IP address ::1"),
        ([dns("other.test"), dns("prosody.test")], "prosody.test", "xmpp-client", "DNS name prosody.test"),
    ],
)
def test_a_name_that_fits(names, domain, service, by):
    outcome = match(*names, domain=domain, service=service)
    assert outcome.fits
    assert outcome.name_fits
    assert outcome.by == by
    assert outcome.reasons == []


@pytest.mark.parametrize(
    ("names", "domain", "reason"),
    [
        ([dns("chat.example")], "prosody.test", "names chat.example, not prosody.test"),
        ([dns("a.test"), dns("b.test"), srv("_x.c.test")], "d.test", "names a.test and 2 more, not d.test"),
        ([dns("*.prosody.test")], "prosody.test", "names *.prosody.test, which does not cover prosody.test"),
        ([dns("*.test")], "chat.prosody.test", "names *.test, which does not cover chat.prosody.test"),
        ([dns("pro*.test")], "prosody.test", "names pro*.test, not prosody.test"),
        ([dns("chat.*.test")], "chat.prosody.test", "names chat.*.test, not chat.prosody.test"),
        ([dns("*.*")], "prosody.test", "names *.*, not prosody.test"),
        ([dns("*")], "localhost", "names *, not localhost"),
        (
            [srv("_xmpp-server.prosody.test")],
            "prosody.test",
            "names prosody.test only as _xmpp-server.prosody.test",
        ),
        ([srv("xmpp-client.prosody.test")], "prosody.test", "names prosody.test only as xmpp-client.prosody.test"),
        ([dns("127.0.0.1")], "127.0.0.1", "names 127.0.0.1 only as a DNS name, not as an IP address"),
        ([addr("alice@prosody.test")], "prosody.test", "names alice@prosody.test, not prosody.test"),
        ([], "prosody.test", "has no name at all"),
    ],
)
def test_a_name_that_does_not_fit(names, domain, reason):
    outcome = match(*names, domain=domain)
    assert not outcome.fits
    assert not outcome.name_fits
    assert outcome.reasons == [reason]


def test_a_common_name_does_not_count():
    outcome = match(common_name="prosody.test")
    assert outcome.reasons == ["has no name but its common name, prosody.test, which does not count"]


def test_names_that_cannot_be_read_are_not_called_absent():
    outcome = match(x509.OtherName(ADDR, b"\x0c\x01\xff"), common_name="prosody.test")
    assert outcome.reasons[0].startswith("unreadable XmppAddr: 'utf-8' codec")


def test_validity_includes_its_first_and_its_last_second():
    first, last = (int(moment.timestamp()) * SECOND for moment in (BEGIN, END))
    assert match(dns("prosody.test"), time=first).fits
    assert match(dns("prosody.test"), time=last + SECOND - 1).fits
    early = match(dns("prosody.test"), time=first - 1)
    assert (early.fits, early.name_fits, early.reasons) == (False, True, ["not valid before 2026-01-01"])
    late = match(dns("prosody.test"), time=last + SECOND)
    assert (late.fits, late.name_fits, late.reasons) == (False, True, ["expired 2026-11-01"])
    assert match(dns("a.test"), time=1 << 90).reasons == ["names a.test, not prosody.test", "expired 2026-11-01"]


def test_ascii_domain():
    assert ascii_domain("Straße.Example.") == "xn--strae-oqa.example"
    assert ascii_domain("") == ""
    assert ascii_domain("ü" * 100_000) == "ü" * 100_000


@given(domain=st.text(max_size=80))
def test_any_domain_can_be_asked_for(domain):
    assert not match_certificate(FACTS, domain, "xmpp-client", WITHIN).fits


FACTS = read_certificate(certificate(dns("*.test"), srv("_xmpp-client.a.test"), addr("a@b.test")))
WHOLE = certificate(dns("prosody.test"), srv("_xmpp-client.prosody.test"), addr("prosody.test"), common_name="Prosody")


def test_truncation_at_every_byte():
    for end in range(len(WHOLE)):
        assert read_certificate(WHOLE[:end]).error.startswith("unreadable certificate: ")


@settings(max_examples=300)
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_raises_nothing_and_warns_nobody(at, byte):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts = read_certificate(WHOLE[:at] + bytes((byte,)) + WHOLE[at + 1 :])
        match_certificate(facts, "prosody.test", None, WITHIN)
