"""What EXTERNAL claims, held against the certificate."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.seen import About
from xmppscope.session.triggers import expanded
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.certificate import CertificateFacts
from xmppscope.tls.keylog import KeyStore
from xmppscope.xeps.descriptor import Met
from xmppscope.xeps.trackers import Trackers
from xmppscope.xeps.xep_0178 import EXTENSION

CAPTURES = Path(__file__).resolve().parent.parent.parent / "captures"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
AUTH = expanded(SASL, "auth")
TIME = "2026-11-20T09:00:00.000000Z"
SPAN = {"not_before": datetime(2026, 1, 1, tzinfo=UTC), "not_after": datetime(2027, 1, 1, tzinfo=UTC)}


class Place:
    def __init__(self, negotiation: Negotiation) -> None:
        self.about = About(1, "", "", True, negotiation, set())


def notes(kind: str, origin: str, claimed: str | None, certificate: CertificateFacts | None) -> list[str]:
    negotiation = Negotiation(start=True)
    negotiation.kind, negotiation.origin, negotiation.certificate = kind, origin, certificate  # type: ignore[assignment]
    text = "=" if claimed is None else base64.b64encode(claimed.encode()).decode()
    auth = Element(AUTH, {"mechanism": "EXTERNAL"}, [], text)
    entry = Entry(1, 1, 1, INITIATING, "nonza", TIME, TIME, "", "sasl", "TLS 1.3")
    EXTENSION.nonzas[AUTH](Met(entry, auth, Place(negotiation)), auth)  # type: ignore[arg-type]
    return [note.text for note in entry.annotations or ()]


SERVER = CertificateFacts("", dns_names=["b.example"], **SPAN)
OLD = CertificateFacts("", dns_names=["b.example"], not_before=SPAN["not_before"], not_after=SPAN["not_before"])
USER = CertificateFacts("", xmpp_addresses=["juliet@a.example"], **SPAN)


@pytest.mark.parametrize(
    ("kind", "origin", "claimed", "certificate", "expected"),
    [
        ("s2s", "b.example", "b.example", SERVER, ["the certificate is one for b.example, by its DNS name b.example"]),
        ("s2s", "b.example", None, SERVER, ["the certificate is one for b.example, by its DNS name b.example"]),
        (
            "s2s",
            "",
            "c.example",
            SERVER,
            ["the certificate is not one for c.example: it names b.example, not c.example"],
        ),
        ("s2s", "b.example", None, OLD, ["the certificate is not one for b.example: it expired 2026-01-01"]),
        (
            "s2s",
            "b.example",
            "rooms.b.example",
            None,
            ["the identity rooms.b.example is not where the stream says it is from: b.example"],
        ),
        ("s2s", "", None, SERVER, []),
        ("c2s", "", "juliet@a.example", USER, ["the certificate names juliet@a.example as its XMPP address"]),
        ("c2s", "", "romeo@a.example", USER, ["the certificate names juliet@a.example, not romeo@a.example"]),
        ("c2s", "", "romeo@a.example", SERVER, ["the certificate names no XMPP address, not romeo@a.example"]),
        ("c2s", "", "romeo@a.example", None, []),
    ],
)
def test_what_is_claimed_and_what_was_shown(
    kind: str, origin: str, claimed: str | None, certificate: CertificateFacts | None, expected: list[str]
) -> None:
    assert notes(kind, origin, claimed, certificate) == expected


def test_what_is_no_base64_is_nobody() -> None:
    auth = Element(AUTH, {"mechanism": "EXTERNAL"}, [], "%%%")
    negotiation = Negotiation(start=True)
    negotiation.certificate = USER
    entry = Entry(1, 1, 1, INITIATING, "nonza", TIME, TIME, "", "sasl", "TLS 1.3")
    EXTENSION.nonzas[AUTH](Met(entry, auth, Place(negotiation)), auth)  # type: ignore[arg-type]
    assert entry.annotations is None


@pytest.mark.real
def test_two_servers_as_they_were_recorded() -> None:
    keys = KeyStore()
    keys.add((CAPTURES / "s2s-tls-prosody-ejabberd.keys").read_bytes(), "keys")
    pipeline = Pipeline(keys, observers=[Trackers()])
    pipeline.open("recording")
    records = [
        *pipeline.feed((CAPTURES / "s2s-tls-prosody-ejabberd.pcap").read_bytes()),
        *pipeline.end(),
        *pipeline.close(),
    ]
    entries = [record for record in records if isinstance(record, Entry)]
    auths = [entry for entry in entries if entry.name == "auth"]
    assert {note.text for entry in auths for note in entry.annotations or ()} == {
        "the certificate is one for prosody.test, by its DNS name prosody.test",
        "the certificate is one for conference.prosody.test, by its DNS name *.prosody.test",
    }
    assert all(entry.annotations for entry in auths)
    shown = [entry.summary for entry in entries if (entry.tls or {}).get("client_certificate")]
    assert shown
    assert set(shown) == {"client certificate fits"}
    # Every key was asked about with the id of the stream that it was sent on, and every answer was asked for.
    dialback = [entry for entry in entries if entry.ns == "jabber:server:dialback"]
    assert dialback
    texts = {note.text for entry in dialback for note in entry.annotations or ()}
    assert texts <= {"another pair of domains than that of the header: several share this stream"}
    assert all(entry.links for entry in dialback if entry.type is not None or entry.name == "verify")
