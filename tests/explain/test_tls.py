"""TLS in words: summaries, annotations and the machine-readable facts."""

import dataclasses
from datetime import UTC, datetime

import pytest

from xmppscope.explain.tls import (
    describe_alert,
    describe_client_certificate,
    describe_client_hello,
    describe_close,
    describe_key_update,
    describe_retry,
    describe_server,
)
from xmppscope.explain.tls_alerts import ALERTS as EXPLAINED
from xmppscope.model.timeline import Annotation
from xmppscope.tls.certificate import CertificateFacts
from xmppscope.tls.hello import ClientHello, ServerHello
from xmppscope.tls.identity import Match
from xmppscope.tls.names import ALERTS

CLIENT_HELLO = ClientHello(
    legacy_version=0x0303,
    random=bytes(32),
    session_id=bytes(32),
    suites=[0x2A2A, 0x1302, 0x1303, 0x1301, 0xC030, 0xC02F, 0x00FF],
    compression=b"\0",
    extensions={43: b""},
    versions=[0x1A1A, 0x0303, 0x0304],
    sni="prosody.test",
    alpn=[],
    groups=[0x3A3A, 4588, 29],
    key_shares=[0x3A3A, 29],
    signatures=[],
    early_data=False,
    psk=False,
    extended_master_secret=True,
    encrypt_then_mac=True,
    session_ticket=b"",
)

SERVER_HELLO = ServerHello(
    version=0x0304,
    legacy_version=0x0303,
    random=bytes(32),
    session_id=b"",
    suite=0x1302,
    compression=0,
    extensions={},
    alpn=None,
    group=29,
    psk_index=None,
    retry=False,
    extended_master_secret=False,
    encrypt_then_mac=False,
    session_ticket=False,
    downgraded=False,
)

CERTIFICATE = CertificateFacts(
    fingerprint="ab" * 32,
    subject="CN=Prosody",
    common_name="Prosody",
    issuer="CN=Authority",
    serial="1f",
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2026, 11, 1, 12, tzinfo=UTC),
    key="RSA 2048",
    key_bits=2048,
    signature="SHA-256 with RSA",
    dns_names=["prosody.test", "chat.prosody.test"],
)

FITS = Match(fits=True, name_fits=True, by="DNS name prosody.test")


def client(**changes):
    return describe_client_hello(dataclasses.replace(CLIENT_HELLO, **changes))


def server(certificate, match=None, hello=None, **more):
    return describe_server(dataclasses.replace(SERVER_HELLO, **(hello or {})), certificate, match, **more)


def texts(facts):
    return [annotation.text for annotation in facts.annotations]


def test_a_client_hello_whole():
    facts = client()
    assert facts.summary == "offers TLS 1.3 for prosody.test, no ALPN"
    assert facts.annotations == [
        Annotation("versions offered: TLS 1.3, TLS 1.2", "RFC 8446 §4.2.1"),
        Annotation(
            "5 cipher suites offered: TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, "
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 and 1 more",
            "RFC 8446 §4.1.2",
        ),
        Annotation("groups offered: X25519MLKEM768, x25519; key shares for x25519", "RFC 8446 §4.2.7"),
        Annotation("server name (SNI): prosody.test", "RFC 6066 §3"),
        Annotation("no ALPN: the port alone tells which protocol is spoken", "RFC 7301 §3.1"),
    ]
    assert facts.tls == {
        "versions": ["TLSv1.3", "TLSv1.2"],
        "ciphers": [
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ],
        "groups": ["X25519MLKEM768", "x25519"],
        "sni": "prosody.test",
    }


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"alpn": ["xmpp-client"]}, "offers TLS 1.3 for prosody.test, ALPN xmpp-client"),
        ({"sni": None, "versions": [0x0302], "session_id": b""}, "offers TLS 1.1 without SNI, no ALPN"),
        ({"psk": True}, "offers TLS 1.3 for prosody.test, no ALPN, asks to resume"),
        (
            {"psk": True, "early_data": True},
            "offers TLS 1.3 for prosody.test, no ALPN, asks to resume, sends early data",
        ),
        ({"versions": [0x7F1C, 0x0303]}, "offers TLS 1.3 draft28 for prosody.test, no ALPN"),
        ({"versions": [0x1A1A], "session_id": b""}, "offers no TLS version for prosody.test, no ALPN"),
        ({"versions": [0x0303]}, "offers TLS 1.2 for prosody.test, no ALPN, asks to resume"),
    ],
)
def test_summaries_of_client_hellos(changes, summary):
    assert client(**changes).summary == summary


def test_older_clients_name_their_version_in_the_hello_itself():
    facts = client(extensions={}, versions=[0x0302], psk=False)
    assert facts.annotations[0] == Annotation("versions offered: TLS 1.1", "RFC 5246 §7.4.1.2")


def test_how_a_client_asks_to_resume():
    assert client(psk=True).tls["resumption_asked"] == "psk"
    assert client(session_ticket=b"ticket").tls["resumption_asked"] == "ticket"
    assert client(versions=[0x0303]).tls["resumption_asked"] == "session-id"
    assert "resumption_asked" not in client(versions=[0x0303], session_id=b"").tls


def test_odd_offers_are_named():
    facts = client(suites=[0x5600, 0xFE10], compression=b"\1\0", early_data=True, sni=None)
    assert "1 cipher suite offered: 0xFE10" in texts(facts)
    assert "says that it tries an older version after a failure" in texts(facts)
    assert "offers TLS compression, which lets secrets be guessed (CRIME)" in texts(facts)
    assert "sends data before the handshake is done (0-RTT), which others can replay" in texts(facts)
    assert "no server name (SNI): a server of several domains must guess its certificate" in texts(facts)
    assert facts.tls["early_data"] is True
    assert "sni" not in facts.tls


def test_a_server_whole():
    facts = server(CERTIFICATE, FITS, alpn="xmpp-client", chain=2, asks_certificate=True)
    assert facts.summary == "TLS 1.3 AES-256-GCM · certificate fits"
    assert facts.annotations == [
        Annotation("version chosen: TLS 1.3", "RFC 8446 §4.2.1"),
        Annotation("cipher suite chosen: TLS_AES_256_GCM_SHA384", "RFC 8446 §4.1.3"),
        Annotation("ALPN chosen: xmpp-client", "RFC 7301 §3.2"),
        Annotation("group of the key exchange: x25519", "RFC 8446 §4.2.8"),
        Annotation("fits by its DNS name prosody.test", "RFC 6120 §13.7.2"),
        Annotation("certificate of CN=Prosody", "RFC 5280 §4.1.2.6"),
        Annotation("names: prosody.test, chat.prosody.test", "RFC 6120 §13.7.1.2"),
        Annotation("issued by CN=Authority", "RFC 5280 §4.1.2.4"),
        Annotation("valid from 2026-01-01 to 2026-11-01", "RFC 5280 §4.1.2.5"),
        Annotation("key and signature: RSA 2048, SHA-256 with RSA; 2 in the chain", "RFC 5280 §4.1.2.7"),
        Annotation("asks for a client certificate", "RFC 8446 §4.3.2"),
    ]
    assert facts.tls == {
        "version": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "alpn_chosen": "xmpp-client",
        "group": "x25519",
        "resumed": False,
        "fingerprint": "ab" * 32,
        "certificate": "CN=Prosody",
        "issuer": "CN=Authority",
        "serial": "1f",
        "self_signed": False,
        "names": ["prosody.test", "chat.prosody.test"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2026-11-01T12:00:00Z",
        "key": "RSA 2048",
        "signature": "SHA-256 with RSA",
        "fits": True,
        "client_certificate_asked": True,
    }


@pytest.mark.parametrize(
    ("certificate", "match", "hello", "summary"),
    [
        ("hidden", None, {}, "TLS 1.3 AES-256-GCM · certificate hidden"),
        ("resumed", None, {"psk_index": 0}, "TLS 1.3 AES-256-GCM · resumed"),
        ("none", None, {"version": 0x0303, "suite": 0x00A9}, "TLS 1.2 AES-256-GCM · no certificate"),
        ("lost", None, {"version": 0x0301, "suite": 0x002F}, "TLS 1.0 AES-128-CBC · certificate not captured"),
        (CERTIFICATE, None, {}, "TLS 1.3 AES-256-GCM · certificate of prosody.test"),
        (
            CERTIFICATE,
            Match(fits=False, name_fits=True, reasons=["expired 2026-11-01"]),
            {},
            "TLS 1.3 AES-256-GCM · certificate expired 2026-11-01",
        ),
        (
            CERTIFICATE,
            Match(fits=False, name_fits=False, reasons=["names a.example, not b.test", "expired 2026-11-01"]),
            {},
            "TLS 1.3 AES-256-GCM · certificate names a.example, not b.test",
        ),
        (
            CertificateFacts(fingerprint="00", error="unreadable certificate: junk"),
            Match(fits=False, name_fits=False, reasons=["unreadable certificate: junk"]),
            {},
            "TLS 1.3 AES-256-GCM · unreadable certificate",
        ),
    ],
)
def test_summaries_of_servers(certificate, match, hello, summary):
    assert server(certificate, match, hello).summary == summary


def test_whether_a_session_was_resumed():
    assert server("resumed", hello={"psk_index": 0}).tls["resumed"] is True
    assert server("hidden").tls["resumed"] is False
    assert server("resumed", hello={"version": 0x0303}).tls["resumed"] is True
    assert "resumed" not in server("lost", hello={"version": 0x0303}).tls
    facts = server("resumed", hello={"version": 0x0303})
    assert Annotation("resumes an earlier session: no certificate is sent again", "RFC 5246 §7.3") in facts.annotations


def test_every_reason_why_a_certificate_does_not_fit_is_told():
    facts = server(CERTIFICATE, Match(fits=False, name_fits=False, reasons=["names a, not b", "expired 2026-11-01"]))
    assert facts.tls["fits"] is False
    assert facts.tls["misfits"] == ["names a, not b", "expired 2026-11-01"]
    assert "would not be accepted: expired 2026-11-01" in texts(facts)


def test_what_is_weak_is_named():
    weak = dataclasses.replace(CERTIFICATE, key="RSA 1024", key_bits=1024, signature="SHA-1 with RSA")
    facts = server(weak, hello={"version": 0x0303, "suite": 0x002F, "downgraded": True})
    assert "weak key: RSA 1024" in texts(facts)
    assert "weak signature: SHA-1 with RSA" in texts(facts)
    assert "RSA key exchange: the server's private key opens the recording" in texts(facts)
    assert "the server could speak a later version than this" in texts(facts)
    assert "no extended master secret: channel binding by tls-unique is not safe" in texts(facts)
    self_signed = dataclasses.replace(weak, self_signed=True)
    assert "weak signature: SHA-1 with RSA" not in texts(server(self_signed))
    assert "issued by itself (self-signed)" in texts(server(self_signed))


def test_early_data_taken_or_not():
    assert server("resumed", early_data=True).tls["early_data_accepted"] is True
    assert "discards the early data of the client" in texts(server("resumed", early_data=False))


def test_problems_of_a_certificate_are_told():
    facts = server(dataclasses.replace(CERTIFICATE, problems=["unreadable issuer: junk"]))
    assert "unreadable issuer: junk" in texts(facts)


def test_a_retry():
    facts = describe_retry(dataclasses.replace(SERVER_HELLO, retry=True, group=23))
    assert facts.summary == "asks for another hello, with a key share for secp256r1"
    assert facts.tls == {"group": "secp256r1", "retry": True}
    assert describe_retry(dataclasses.replace(SERVER_HELLO, group=None)).summary == "asks for another hello"


def test_client_certificates():
    assert describe_client_certificate(None).summary == "shows no client certificate"
    facts = describe_client_certificate(dataclasses.replace(CERTIFICATE, xmpp_addresses=["alice@prosody.test"]))
    assert facts.summary == "client certificate of alice@prosody.test"
    assert facts.tls["client_certificate"] is True
    facts = describe_client_certificate(dataclasses.replace(CERTIFICATE, usages=["serverAuth"]), FITS)
    assert facts.summary == "client certificate fits"
    assert texts(facts)[-1] == "its purposes (serverAuth) lack clientAuth: many servers refuse it here"


def test_a_rejected_certificate():
    facts = describe_alert(2, 48, "client")
    assert facts.summary == "the client rejected the certificate: unknown CA"
    assert facts.tls == {"alert": "unknown_ca", "alert_level": "fatal"}
    assert facts.annotations[0] == Annotation("alert 48, unknown CA", "RFC 8446 §6.2")
    assert texts(facts)[1].startswith("usual cause: its issuer is not trusted")


def test_other_alerts():
    assert describe_alert(2, 70, "server").summary == "the server refuses the TLS version"
    assert describe_alert(2, 40, "server").summary == "the server found no common ground: handshake failure"
    assert describe_alert(1, 0, "receiving server").summary == "the receiving server closes TLS in order"
    assert describe_alert(2, 200, "client").summary == "the client sent an unknown alert 200"
    assert texts(describe_alert(1, 112, "server"))[-1] == "a warning only: the handshake can go on"
    assert describe_alert(7, 10, "server").tls["alert_level"] == "7"


def test_an_alert_that_cannot_be_read():
    facts = describe_alert(None, None, "client")
    assert facts.summary == "the client sent an alert, encrypted"
    assert facts.tls == {"alert_hidden": True}


@pytest.mark.parametrize("description", sorted(ALERTS))
def test_every_registered_alert_is_explained_in_a_short_line(description):
    summary = describe_alert(2, description, "server").summary
    assert len(summary) <= 62
    assert "unknown alert" not in summary or description not in EXPLAINED


def test_the_end_orderly_or_torn():
    assert describe_close(True, "server").summary == "the server closes TLS in order"
    torn = describe_close(False, "server")
    assert torn.summary == "the server ended without closing TLS"
    assert torn.tls == {"torn": True}


def test_a_key_update():
    assert describe_key_update().summary == "takes new keys for what it sends"
    assert describe_key_update(True).summary == "takes new keys for what it sends, asks for the same"


def test_text_from_the_wire_is_bounded():
    long = "x" * 100_000
    facts = client(sni=long, alpn=[long] * 500, suites=[0x1301] * 10_000, groups=[29] * 10_000)
    size = len(facts.summary) + sum(map(len, texts(facts))) + sum(len(str(value)) for value in facts.tls.values())
    assert size < 40_000
    huge = dataclasses.replace(CERTIFICATE, subject=long, issuer=long, dns_names=[long] * 1000, problems=[long] * 99)
    facts = server(huge, Match(fits=False, name_fits=False, by=long, reasons=[long]), alpn=long)
    size = len(facts.summary) + sum(map(len, texts(facts))) + sum(len(str(value)) for value in facts.tls.values())
    assert size < 20_000
