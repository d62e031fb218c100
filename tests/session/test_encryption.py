import pytest

from xmppscope.model.timeline import Entry, Kind, Leg, State
from xmppscope.session.encryption import Encryption

WHEN = "2026-01-01T00:00:00.000000Z"
HELLO = {"ciphers": ["X"], "sni": "a.example", "alpn": ["xmpp-client"]}
CHOICE = {"version": "TLSv1.3", "cipher": "TLS_AES_128_GCM_SHA256", "resumed": True}


def entry(kind: Kind, state: State, tls: object = None, leg: Leg | None = None, protection: str = "none") -> Entry:
    made = Entry(1, 1, 1, "initiating", kind, WHEN, WHEN, "", state, protection)
    made.tls, made.leg = tls, leg  # type: ignore[assignment]
    return made


def handshake(*facts: object, start: bool = True, clear: bool = False) -> Encryption:
    encryption = Encryption(from_start=start)
    if clear:
        encryption.clear()
    for one in facts:
        encryption.handshake(entry("tls", "tls", one))
    return encryption


@pytest.mark.parametrize(
    ("start", "clear", "mode"),
    [(True, False, "direct"), (True, True, "starttls"), (False, True, "starttls"), (False, False, None)],
)
def test_mode(start: bool, clear: bool, mode: str | None) -> None:
    tls = handshake(HELLO, start=start, clear=clear).tls
    assert tls is not None
    assert (tls.mode, tls.sni, tls.alpn) == (mode, "a.example", ["xmpp-client"])


@pytest.mark.parametrize(
    ("later", "outcome", "resumed"),
    [
        (entry("stream-open", "header-sent", protection="TLSv1.3"), "done", True),
        (entry("stream-open", "header-sent"), "failed", None),
        (entry("closed", "closed"), "done", True),
        (entry("closed", "broken"), "failed", None),
        (entry("gap", "unknown"), None, None),
        (entry("stanza", "unknown", protection="TLSv1.3"), "done", True),
    ],
)
def test_outcome(later: Entry, outcome: str | None, resumed: bool | None) -> None:
    encryption = handshake(HELLO, CHOICE)
    encryption.later(later)
    encryption.ended()
    assert encryption.tls is not None
    assert (encryption.tls.outcome, encryption.tls.resumed) == (outcome, resumed)
    assert (encryption.tls.version, encryption.tls.cipher) == ("TLSv1.3", "TLS_AES_128_GCM_SHA256")


def test_an_end_in_the_middle_of_the_handshake_is_a_failure() -> None:
    encryption = handshake(HELLO)
    encryption.ended()
    assert encryption.tls is not None
    assert (encryption.tls.outcome, encryption.tls.version) == ("failed", None)


def test_what_could_not_be_read_leaves_the_outcome_open() -> None:
    encryption = handshake(HELLO, CHOICE)
    encryption.later(entry("opaque", "tls"))
    encryption.later(entry("closed", "broken"))
    assert encryption.tls is not None
    assert encryption.tls.outcome is None


def test_each_leg_has_its_own() -> None:
    encryption = Encryption(from_start=True)
    encryption.clear()
    encryption.handshake(entry("tls", "tls", HELLO, "client"))
    encryption.handshake(entry("tls", "tls", {**HELLO, "sni": "b.example"}, "server"))
    encryption.handshake(entry("tls", "tls", {**CHOICE, "resumed": False}, "server"))
    encryption.handshake(entry("tls", "tls", {**CHOICE, "version": "TLSv1.2"}, "client"))
    encryption.later(entry("stream-open", "header-sent"))
    client, server = encryption.tls, encryption.server_leg
    assert client is not None
    assert server is not None
    assert (client.version, client.resumed, client.outcome) == ("TLSv1.2", True, "done")
    assert (server.sni, server.version, server.resumed, server.outcome) == ("b.example", "TLSv1.3", False, "done")


def test_without_tls_there_is_nothing() -> None:
    encryption = Encryption(from_start=True)
    encryption.handshake(entry("tls", "tls", {"alert": "unknown_ca"}))
    encryption.ended()
    assert encryption.tls is None
