"""Decryption of real conversations in every version and kind of suite, under every split."""

import re
import ssl

import pytest

from xmppscope.tls.events import (
    AlertSeen,
    CertificateRequested,
    CertificatesSeen,
    CloseNotify,
    Established,
    HelloSeen,
    NotTls,
    Undecryptable,
)
from xmppscope.tls.keylog import KeyStore
from xmppscope.tls.resumption import ResumptionCache

V10, V11, V12, V13 = (
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)
NO_ETM = 1 << 19
NO_EMS = 1 << 0

SUITES = [
    (V10, "AES128-SHA", NO_ETM),
    (V10, "ECDHE-RSA-AES256-SHA", 0),
    (V11, "AES256-SHA", NO_ETM),
    (V11, "ECDHE-RSA-AES128-SHA", 0),
    (V12, "ECDHE-RSA-AES128-SHA", NO_ETM),
    (V12, "ECDHE-RSA-AES128-SHA256", NO_ETM),
    (V12, "ECDHE-RSA-AES256-SHA384", NO_ETM),
    (V12, "ECDHE-RSA-AES256-SHA384", 0),
    (V12, "AES256-SHA256", 0),
    (V12, "AES128-GCM-SHA256", 0),
    (V12, "ECDHE-RSA-AES256-GCM-SHA384", NO_EMS),
    (V12, "AES128-CCM", 0),
    (V12, "AES256-CCM8", 0),
    (V12, "ECDHE-RSA-CHACHA20-POLY1305", 0),
    (V12, "NULL-SHA256", 0),
    (V13, "", 0),
]
IDS = [f"{version.name}-{ciphers or 'default'}-{options:x}" for version, ciphers, options in SUITES]


def assert_all_read(seen, talk):
    for side in (0, 1):
        assert seen.plain(side) == b"".join(talk.sent[side])
    assert not seen.of(Undecryptable)
    assert not seen.of(NotTls)


@pytest.mark.parametrize(("version", "ciphers", "options"), SUITES, ids=IDS)
def test_a_key_log_opens_every_version_and_suite(tls, observer, version, ciphers, options):
    talk = tls.talk(version, ciphers, options).chat()
    seen = observer(tls.log).run(talk.wire)
    assert_all_read(seen, talk)
    [established] = seen.of(Established)
    assert established.version == talk.client.version()
    assert established.suite == seen.connection.suite
    assert not established.resumed
    assert {event.side for event in seen.of(CloseNotify)} == {0, 1}
    assert seen.connection.decrypting(0)
    assert seen.connection.decrypting(1)
    assert seen.connection.client_side == 0


@pytest.mark.parametrize(("version", "ciphers"), [(V10, "AES128-SHA"), (V12, "AES128-GCM-SHA256"), (V13, "")])
@pytest.mark.parametrize("size", [1, 2, 5, 7, 1447, 16389])
def test_pieces_of_any_size_give_the_same(tls, observer, version, ciphers, size):
    talk = tls.talk(version, ciphers)
    for side, data in ((0, b"<iq/>"), (1, b"x" * 3000), (0, b"y" * 17)):
        talk.say(side, data)
    talk.bye(0)
    whole, cut = observer(tls.log).run(talk.wire), observer(tls.log).run(talk.wire, size)
    assert_all_read(cut, talk)
    assert cut.names == whole.names


def test_every_cut_in_two_gives_the_same(tls, observer):
    talk = tls.talk(V13)
    talk.say(1, b"<features/>")
    talk.say(1, b"<r/>")
    data = b"".join(data for side, data in talk.wire[-2:])
    for cut in range(len(data) + 1):
        seen = observer(tls.log)
        for side, early in talk.wire[:-2]:
            seen.feed(side, early)
        events = [e for piece in (data[:cut], data[cut:]) if piece for e in seen.feed(1, piece)]
        assert [event.data for event in events] == [b"<features/>", b"<r/>"]


def test_plaintext_has_the_packets_of_its_record(tls, observer):
    talk = tls.talk(V13)
    talk.say(0, b"a" * 100)
    talk.say(0, b"b")
    *early, (_, first), (_, second) = talk.wire
    seen = observer(tls.log)
    for side, data in early:
        seen.feed(side, data)
    seen.packet = 40
    assert seen.feed(0, first[:50]) == []
    assert seen.feed(0, first[50:60]) == []
    one, two = seen.feed(0, first[60:] + second)
    assert (one.packet, one.end_packet, one.time, one.end_time) == (41, 43, 41_000_000, 43_000_000)
    assert (two.packet, two.end_packet, two.data) == (43, 43, b"b")


def test_handshake_facts_come_in_order(tls, observer):
    talk = tls.talk(V13)
    talk.say(0, b"x")
    seen = observer(tls.log).run(talk.wire)
    assert seen.names == ["HelloSeen 0", "HelloSeen 1", "CertificatesSeen 1", "Established 0"]
    [certificates] = seen.of(CertificatesSeen)
    assert certificates.chain == [tls.party.certificate_der]
    assert seen.of(Established)[0].group in (29, 0x11EC)


def test_the_group_of_tls12_stands_in_the_server_key_exchange(tls, observer):
    seen = observer(tls.log).run(tls.talk(V12, "ECDHE-RSA-AES128-SHA").chat().wire)
    assert seen.of(Established)[0].group == 29


@pytest.mark.parametrize("version", [V12, V13])
def test_the_chosen_protocol_is_told(tls, observer, version):
    client, server = tls.context(False, version), tls.context(True, version)
    client.set_alpn_protocols(["xmpp-client"])
    server.set_alpn_protocols(["xmpp-client"])
    talk = type(tls.talk())(client, server).pump().chat()
    assert observer(tls.log).run(talk.wire).of(Established)[0].alpn == "xmpp-client"


@pytest.mark.parametrize("version", [V12, V13])
def test_a_client_certificate_is_asked_for_and_shown(tls, observer, version):
    client, server = tls.context(False, version), tls.context(True, version)
    client.load_cert_chain(tls.party.certificate_file, tls.party.key_file)
    server.load_verify_locations(tls.party.certificate_file)
    server.verify_mode = ssl.CERT_REQUIRED
    talk = type(tls.talk())(client, server).pump().chat()
    seen = observer(tls.log).run(talk.wire)
    assert_all_read(seen, talk)
    assert [event.side for event in seen.of(CertificateRequested)] == [1]
    assert [event.side for event in seen.of(CertificatesSeen)] == [1, 0]


def test_hello_retry_request(tls, observer):
    client, server = tls.context(False, V13), tls.context(True, V13)
    server.set_ecdh_curve("secp384r1")
    talk = type(tls.talk())(client, server).pump().chat()
    seen = observer(tls.log).run(talk.wire)
    assert_all_read(seen, talk)
    assert [event.side for event in seen.of(HelloSeen)] == [0, 1, 0, 1]
    assert [event.hello.retry for event in seen.of(HelloSeen) if event.side] == [True, False]
    assert seen.of(Established)[0].group == 24


def test_an_rsa_key_opens_rsa_key_exchange(tls, observer):
    for options in (0, NO_EMS, NO_EMS | NO_ETM):
        for version in (V10, V12):
            talk = tls.talk(version, "AES128-SHA", options).chat()
            keys = KeyStore()
            keys.add_rsa_key(tls.party.pem)
            assert_all_read(observer(keys=keys).run(talk.wire), talk)


def test_an_rsa_key_of_another_server_says_so(tls, ec_tls, observer):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    talk = tls.talk(V12, "AES128-SHA").chat()
    keys = KeyStore()
    keys.add_rsa_key(other)
    seen = observer(keys=keys).run(talk.wire)
    random = seen.connection.client_random
    assert {e.reason for e in seen.of(Undecryptable)} == {
        f"no key for client random {random[:4].hex()}…, 1 RSA key does not fit"
    }
    keys.add_rsa_key(tls.party.pem)
    assert_all_read(observer(keys=keys).run(talk.wire), talk)


def test_an_rsa_key_opens_no_ephemeral_key_exchange(tls, observer):
    keys = KeyStore()
    keys.add_rsa_key(tls.party.pem)
    seen = observer(keys=keys).run(tls.talk(V12, "ECDHE-RSA-AES128-SHA").chat().wire)
    assert all(e.reason.endswith(", and an RSA key opens only RSA key exchange") for e in seen.of(Undecryptable))
    assert len(seen.of(Undecryptable)) == 2


@pytest.mark.parametrize("options", [0, ssl.OP_NO_TICKET], ids=["ticket", "id"])
@pytest.mark.parametrize("by_rsa_key", [False, True])
def test_a_resumed_session_opens_with_the_first_ones_secret(tls, observer, options, by_rsa_key):
    client, server = (
        tls.context(False, V12, "AES128-GCM-SHA256", options),
        tls.context(True, V12, "AES128-GCM-SHA256", options),
    )
    begin = type(tls.talk())
    first = begin(client, server).pump()
    log = tls.log
    first.chat()
    second = begin(client, server, first.client.session).pump().chat()
    assert second.client.session_reused
    keys, cache = KeyStore(), ResumptionCache()
    if by_rsa_key:
        keys.add_rsa_key(tls.party.pem)
    else:
        keys.add(log)
    assert_all_read(observer(keys=keys, cache=cache).run(first.wire), first)
    seen = observer(keys=keys, cache=cache).run(second.wire)
    assert_all_read(seen, second)
    assert seen.of(Established)[0].resumed
    assert seen.connection.resumed
    assert observer(keys=keys).run(second.wire).of(Undecryptable)


def test_a_resumed_session_of_tls13(tls, observer):
    client, server = tls.context(False, V13), tls.context(True, V13)
    begin = type(tls.talk())
    first = begin(client, server).pump().chat()
    second = begin(client, server, first.client.session).pump().chat()
    assert second.client.session_reused
    seen = observer(tls.log).run(second.wire)
    assert_all_read(seen, second)
    assert seen.of(Established)[0].resumed
    assert not seen.of(CertificatesSeen)


def test_without_keys_there_is_one_reason_a_side(tls, observer):
    for version, ciphers in ((V12, "AES128-SHA"), (V13, "")):
        talk = tls.talk(version, ciphers).chat()
        seen = observer().run(talk.wire)
        random = seen.connection.client_random[:4].hex()
        assert [(e.side, e.reason) for e in seen.of(Undecryptable)] == [
            (side, f"no key for client random {random}…") for side in ((0, 1) if version is V12 else (1, 0))
        ]
        assert sum(seen.connection.unread(1).values()) > 40000
        assert not seen.connection.decrypting(0)


def test_without_the_key_the_logs_are_counted(tls, observer):
    log = tls.talk() and tls.log
    tls._log.write_bytes(b"")
    seen = observer(log).run(tls.talk().chat().wire)
    assert re.fullmatch(
        r"no key for client random [0-9a-f]{8}… in 1 key log with 1 session", seen.of(Undecryptable)[0].reason
    )


def test_a_suite_that_is_not_decrypted_is_named(tls, observer):
    talk = tls.talk(V12, "CAMELLIA128-SHA").chat()
    seen = observer(tls.log).run(talk.wire)
    assert [e.reason for e in seen.of(Undecryptable)] == ["TLS_RSA_WITH_CAMELLIA_128_CBC_SHA is not decrypted"] * 2
    # Before TLS 1.3 the types of records show: the handshake was completed, and something else than data came.
    assert seen.of(Established)
    assert all(e.encrypted and e.description is None for e in seen.of(AlertSeen))


def test_a_refused_certificate_gives_the_alert(tls, ec_tls, observer):
    for version in (V12, V13):
        talk = type(tls.talk())(ec_tls.context(False, version), tls.context(True, version)).pump()
        assert talk.failure is not None
        [alert] = observer(ec_tls.log).run(talk.wire).of(AlertSeen)
        assert (alert.side, alert.level, alert.description) == (0, 2, 48)


def test_what_follows_close_notify_in_the_clear_is_handed_back(tls, observer):
    talk = tls.talk()
    talk.say(0, b"x")
    talk.bye(0)
    seen = observer(tls.log)
    for side, data in talk.wire[:-1]:
        seen.feed(side, data)
    *_, rest = seen.feed(0, talk.wire[-1][1] + b"<stream:stream ")
    assert rest.data == b"<stream:stream "
    assert [event.data for event in seen.feed(0, b"to='x'>")] == [b"to='x'>"]


def test_plaintext_on_a_tls_port_is_handed_back_whole(observer):
    for text in (b"<", b"<stream:stream>", b"\x16<", b"\x16\x03\x09"):
        assert [event.data for event in observer().feed(1, text)] == [text]
