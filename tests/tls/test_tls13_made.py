"""TLS 1.3 put together record by record: what real libraries seldom do."""

import pytest

from xmppscope.tls.events import (
    AlertSeen,
    CertificateHidden,
    CloseNotify,
    Established,
    HelloSeen,
    KeyUpdated,
    Plaintext,
    Undecryptable,
)

REJECTED = "early data that the server rejected"


@pytest.mark.parametrize("suite", [0x1301, 0x1302, 0x1303, 0x1304, 0x1305])
def test_every_suite_with_and_without_padding(made, observer, suite):
    talk = made(suite)
    wire = talk.handshake()
    for padding in (0, 1, 300):
        wire += [(0, talk.client.data(b"up", padding)), (1, talk.server.data(b"down", padding))]
    seen = observer(talk.log()).run(wire)
    assert (seen.plain(0), seen.plain(1)) == (b"up" * 3, b"down" * 3)
    assert not seen.of(Undecryptable)


def test_records_of_padding_alone_say_nothing(made, observer):
    talk = made()
    wire = talk.handshake()
    wire += [(0, talk.client.data(b"", 0)), (0, talk.client.data(b"", 50)), (0, talk.client.seal(0, b"", 9))]
    wire += [(0, talk.client.data(b"x"))]
    seen = observer(talk.log()).run(wire)
    assert seen.plain(0) == b"x"


def test_key_updates_in_both_directions(made, observer, parts):
    talk = made(0x1302)
    wire = talk.handshake()
    client, server = talk.client, talk.server
    for turn in range(5):
        wire += [(0, client.data(b"c%d" % turn)), (0, client.seal(22, parts.message(24, b"\1")))]
        wire += [(1, server.data(b"s%d" % turn)), (1, server.seal(22, parts.message(24, b"\0")))]
        client, server = client.next(), server.next()
    wire += [(0, client.seal(21, b"\1\0")), (1, server.seal(21, b"\2\x28"))]
    seen = observer(talk.log()).run(wire)
    assert (seen.plain(0), seen.plain(1)) == (b"c0c1c2c3c4", b"s0s1s2s3s4")
    assert [(e.side, e.requested) for e in seen.of(KeyUpdated)] == [(0, True), (1, False)] * 5
    assert [e.side for e in seen.of(CloseNotify)] == [0]
    assert [(e.side, e.level, e.description, e.encrypted) for e in seen.of(AlertSeen)] == [(1, 2, 40, True)]
    assert not seen.of(Undecryptable)


def test_a_lost_key_update_is_found_out(made, observer, parts):
    talk = made()
    seen = observer(talk.log())
    for side, data in talk.handshake():
        seen.feed(side, data)
    seen.feed(0, talk.client.data(b"one"))
    update = talk.client.seal(22, parts.message(24, b"\0"))
    later = talk.client.next()
    more = later.data(b"lost too")
    seen.lost(0, len(update) + len(more))
    seen.feed(0, later.data(b"two") + later.data(b"three"))
    assert seen.plain(0) == b"onetwothree"


def early(made, observer, parts, *, accepted, without=(), retry=False):
    """0-RTT data, then a handshake, then data from both sides."""
    talk = made(0x1301, early=True)
    wire = [(0, talk.client_hello + parts.record(20, b"\1"))]
    wire += [(0, talk.early.data(b"early ")), (0, talk.early.data(b"data "))]
    if retry:
        wire += [(1, talk.retry), (0, talk.client_hello)]
    wire += [(1, talk.server_hello), (1, talk.server_flight(accepted))]
    if accepted:
        wire += [(0, talk.early.seal(22, parts.message(5)))]
    wire += [(0, talk.client_flight()), (0, talk.client.data(b"late")), (1, talk.server.data(b"answer"))]
    return observer(talk.log(*without)).run(wire)


def test_accepted_early_data(made, observer, parts):
    seen = early(made, observer, parts, accepted=True)
    assert seen.plain(0) == b"early data late"
    assert not seen.of(Undecryptable)
    [established] = seen.of(Established)
    assert established.early_data
    assert established.resumed
    assert [e.packet for e in seen.of(Plaintext)] == [2, 3, 8, 9]


def test_rejected_early_data(made, observer, parts):
    seen = early(made, observer, parts, accepted=False)
    assert seen.plain(0) == b"late"
    assert [e.reason for e in seen.of(Undecryptable)] == [REJECTED]
    assert not seen.of(Established)[0].early_data


def test_early_data_before_a_retry_is_rejected(made, observer, parts):
    seen = early(made, observer, parts, accepted=False, retry=True)
    assert seen.plain(0) == b"late"
    assert [e.reason for e in seen.of(Undecryptable)] == [REJECTED]
    assert [e.side for e in seen.of(HelloSeen)] == [0, 1, 0, 1]


@pytest.mark.parametrize("accepted", [False, True])
def test_early_data_is_tried_where_the_answer_cannot_be_read(made, observer, parts, accepted):
    seen = early(made, observer, parts, accepted=accepted, without=("SERVER_HANDSHAKE_TRAFFIC_SECRET",))
    assert seen.plain(0) == b"early data late"
    assert seen.plain(1) == b"answer"


def test_early_data_without_its_key(made, observer, parts):
    seen = early(made, observer, parts, accepted=True, without=("CLIENT_EARLY_TRAFFIC_SECRET",))
    assert seen.plain(0) == b"late"


@pytest.mark.parametrize(
    "label",
    [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ],
)
def test_one_secret_missing(made, observer, label):
    talk = made(0x1303)
    wire = talk.handshake()
    for _ in range(3):
        wire += [(1, talk.server.data(b"down")), (0, talk.client.data(b"up"))]
    seen = observer(talk.log(label)).run(wire)
    client, server = label != "CLIENT_TRAFFIC_SECRET_0", label != "SERVER_TRAFFIC_SECRET_0"
    assert (seen.plain(0), seen.plain(1)) == (b"up" * 3 * client, b"down" * 3 * server)
    reasons = [(e.side, e.reason) for e in seen.of(Undecryptable)]
    side = 0 if label.startswith("CLIENT") else 1
    reason = f"key log lacks {label} for client random {talk.random[:4].hex()}…"
    assert reasons == ([] if client and server else [(side, reason)])
    assert len(seen.of(CertificateHidden)) == (label == "SERVER_HANDSHAKE_TRAFFIC_SECRET")
    assert len(seen.of(Established)) == 1


def test_a_secret_of_the_wrong_length_is_none(made, observer):
    talk = made(0x1302)
    log = talk.log().replace(talk.secrets["SERVER_TRAFFIC_SECRET_0"].hex().encode(), b"00" * 32)
    seen = observer(log).run([*talk.handshake(), (1, talk.server.data(b"down"))])
    assert [e.reason[:37] for e in seen.of(Undecryptable)] == ["key log lacks SERVER_TRAFFIC_SECRET_0"]


def test_a_wrong_secret_gives_no_plaintext(made, observer):
    talk = made()
    log = talk.log().replace(talk.secrets["SERVER_TRAFFIC_SECRET_0"].hex().encode(), b"00" * 32)
    wire = talk.handshake() + [(1, talk.server.data(b"down")) for _ in range(50)]
    seen = observer(log).run(wire)
    reason = f"record does not authenticate under the keys for client random {talk.random[:4].hex()}…"
    assert [e.reason for e in seen.of(Undecryptable)] == [reason]
    assert seen.connection.unread(1)[reason] == 50 * (5 + 4 + 1 + 16)
    assert seen.plain(1) == b""


def test_a_record_with_flipped_bits_costs_only_itself(made, observer):
    talk = made()
    records = [talk.server.data(b"%d" % number) for number in range(6)]
    records[2] = records[2][:-1] + bytes((records[2][-1] ^ 1,))
    seen = observer(talk.log()).run(talk.handshake() + [(1, record) for record in records])
    assert seen.plain(1) == b"01345"
    assert len(seen.of(Undecryptable)) == 1


def test_handshake_messages_across_records_and_several_in_one(made, observer, parts):
    talk = made()
    certificate = parts.message(11, b"\0" + parts.vector(3, parts.vector(3, b"DER" * 10000) + b"\0\0"))
    flight = parts.message(8, b"\0\0") + certificate + parts.message(20, bytes(32))
    pieces = [flight[at : at + 7001] for at in range(0, len(flight), 7001)]
    wire = [(0, talk.client_hello), (1, talk.server_hello)]
    wire += [(1, talk.server_handshake.seal(22, piece)) for piece in pieces]
    wire += [(1, talk.server.data(b"x"))]
    seen = observer(talk.log()).run(wire)
    assert seen.names == ["HelloSeen 0", "HelloSeen 1", "CertificatesSeen 1", "Established 1"]
    assert seen.events[2].packet == 3
    assert seen.events[2].end_packet == 2 + len(pieces)
    assert seen.plain(1) == b"x"


def test_a_malformed_message_is_told_and_survived(made, observer, parts):
    talk = made()
    wire = [(0, talk.client_hello), (1, talk.server_hello)]
    wire += [(1, talk.server_handshake.seal(22, parts.message(8, b"\0") + parts.message(20, bytes(32))))]
    wire += [(1, talk.server.data(b"x"))]
    seen = observer(talk.log()).run(wire)
    assert [e.reason[:19] for e in seen.of(Undecryptable)] == ["EncryptedExtensions"]
    assert seen.plain(1) == b"x"


def test_finished_of_late_client_authentication_changes_no_keys(made, observer, parts):
    talk = made()
    asked = parts.message(13, b"\1c" + parts.vector(2, b"\0\x0d" + parts.vector(2, parts.vector(2, b"\4\3"))))
    wire = [*talk.handshake(), (1, talk.server.seal(22, asked))]
    wire += [(0, talk.client.seal(22, parts.message(11, b"\1c\0\0\0") + parts.message(20, bytes(32))))]
    wire += [(0, talk.client.data(b"on"))]
    seen = observer(talk.log()).run(wire)
    assert seen.plain(0) == b"on"
    assert seen.names[-2:] == ["CertificateRequested 1", "CertificatesSeen 0"]


def test_the_server_may_be_heard_before_the_client(made, observer):
    # Captures often show packets of two directions out of order.
    talk = made()
    (_, hello), (_, answer), (_, finished) = talk.handshake()
    wire = [(1, answer + talk.server.data(b"down")), (0, hello + finished + talk.client.data(b"up"))]
    seen = observer(talk.log()).run(wire)
    assert (seen.plain(0), seen.plain(1)) == (b"up", b"down")
    assert not seen.of(Undecryptable)


def test_the_client_may_be_heard_first_throughout(made, observer):
    talk = made()
    (_, hello), (_, answer), (_, finished) = talk.handshake()
    seen = observer(talk.log()).run([(0, hello + finished + talk.client.data(b"up")), (1, answer)])
    assert seen.plain(0) == b"up"
    assert not seen.of(Undecryptable)
