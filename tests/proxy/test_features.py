"""Stream features through a relay: what cannot work is taken out of them byte by byte, shown, and its effect told."""

import base64
import xml.etree.ElementTree as ET

import pytest

from tests.proxy.conftest import V12, V13, World
from tests.proxy.outcome import Run
from tests.proxy.peers import Peer, Play, Script
from tests.proxy.relay_harness import Pieces
from tests.proxy.words import CLOSE, END_OF_FEATURES, HEADER, MESSAGE, OFFER, PROCEED, RESPONSE, SASL, STARTTLS, SUCCESS
from xmppscope.proxy.features import OFFER as OWN_OFFER

SASL2 = b"urn:xmpp:sasl:2"
TYPES = (
    b"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>"
)
SASL1_FEATURES = (
    b"<stream:features><mechanisms xmlns='" + SASL + b"'>\n"
    b"  <mechanism>SCRAM-SHA-256-PLUS</mechanism>\n"
    b"  <mechanism>SCRAM-SHA-256</mechanism>\n"
    b"</mechanisms>" + TYPES + b"<sub xmlns='urn:xmpp:features:pre-approval'/></stream:features>"
)
SASL1_STRIPPED = (
    b"<stream:features><mechanisms xmlns='" + SASL + b"'>\n"
    b"  \n"
    b"  <mechanism>SCRAM-SHA-256</mechanism>\n"
    b"</mechanisms><sub xmlns='urn:xmpp:features:pre-approval'/></stream:features>"
)
SASL2_FEATURES = (
    b"<stream:features><authentication xmlns='" + SASL2 + b"'><mechanism>SCRAM-SHA-1</mechanism>"
    b"<mechanism>SCRAM-SHA-1-PLUS</mechanism><inline><fast xmlns='urn:xmpp:fast:0'>"
    b"<mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
    + TYPES
    + b"</stream:features>"
)
SASL2_STRIPPED = (
    b"<stream:features><authentication xmlns='" + SASL2 + b"'><mechanism>SCRAM-SHA-1</mechanism>"
    b"<inline><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
    b"</stream:features>"
)
ODD_FEATURES = (
    b'<s:features xmlns:s="http://etherx.jabber.org/streams"><x:mechanisms xmlns:x="' + SASL + b'">'
    b"<x:mechanism ><![CDATA[SCRAM-]]>SHA-1&#45;PLUS</x:mechanism><x:mechanism>PLAIN</x:mechanism></x:mechanisms>"
    b"</s:features>"
)
ODD_STRIPPED = (
    b'<s:features xmlns:s="http://etherx.jabber.org/streams"><x:mechanisms xmlns:x="' + SASL + b'">'
    b"<x:mechanism>PLAIN</x:mechanism></x:mechanisms></s:features>"
)
BIG_FEATURES = SASL1_FEATURES.replace(b"<sub ", b"<sub a='" + b"x" * 200_000 + b"' ")
BIG_STRIPPED = SASL1_STRIPPED.replace(b"<sub ", b"<sub a='" + b"x" * 200_000 + b"' ")
CASES = {
    "SASL": (SASL1_FEATURES, SASL1_STRIPPED),
    "SASL2 and FAST": (SASL2_FEATURES, SASL2_STRIPPED),
    "spelled oddly": (ODD_FEATURES, ODD_STRIPPED),
    "big": (BIG_FEATURES, BIG_STRIPPED),
}


def auth(mechanism: str, message: str, *, sasl2: bool = False) -> bytes:
    data = base64.b64encode(message.encode())
    if sasl2:
        inside = b"<initial-response>" + data + b"</initial-response>"
        return b"<authenticate xmlns='%s' mechanism='%s'>%s</authenticate>" % (SASL2, mechanism.encode(), inside)
    return b"<auth xmlns='%s' mechanism='%s'>%s</auth>" % (SASL, mechanism.encode(), data)


FAILURE = b"<failure xmlns='" + SASL + b"'><malformed-request/></failure>"


def logging_in(world: World, said: bytes = b"", *, end: bytes = b"features>") -> Play:
    def play(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(end)
        if said:
            peer.say(said)
            yield from peer.hear(b"<failure", b"</failure>")
        peer.say(CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    return play


def offering(world: World, features: bytes, answer: bytes = FAILURE) -> Play:
    def play(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + features)
        while b"</auth" not in peer.secured and CLOSE not in peer.secured:
            yield
        if b"</auth" in peer.secured:
            peer.say(answer)
        yield from peer.hear(CLOSE)
        peer.say(CLOSE)
        peer.close()

    return play


@pytest.mark.parametrize("size", [0, 1000])
@pytest.mark.parametrize("case", CASES)
def test_channel_binding_is_taken_out(world: World, play: Run, case: str, size: int) -> None:
    features, stripped = CASES[case]
    outcome = play(logging_in(world), offering(world, features), direct_tls=True, pieces=Pieces((size,)))
    assert outcome.client.secured == RESPONSE + stripped + CLOSE
    original, changed = (entry for entry in outcome.entries if entry.name == "features")
    assert (original.leg, original.edit, original.xml) == ("server", None, features.decode())
    assert (changed.leg, changed.xml, changed.state) == ("client", stripped.decode(), "negotiating")
    assert changed.edit is not None
    assert (changed.edit.by, changed.edit.action, changed.edit.of) == ("channel-binding", "changed", original.entry)
    assert changed.entry == original.entry + 1
    assert original.offset is not None
    assert changed.offset is None
    assert changed.size == len(stripped)


@pytest.mark.parametrize("size", [1, 3])
def test_however_the_features_come(world: World, play: Run, size: int) -> None:
    outcome = play(logging_in(world), offering(world, SASL1_FEATURES), direct_tls=True, pieces=Pieces((size,)))
    assert outcome.client.secured == RESPONSE + SASL1_STRIPPED + CLOSE


@pytest.mark.parametrize("case", CASES)
def test_channel_binding_is_kept(world: World, play: Run, case: str) -> None:
    features, _ = CASES[case]
    outcome = play(logging_in(world), offering(world, features), direct_tls=True, keep_channel_binding=True)
    assert outcome.client.secured == RESPONSE + features + CLOSE
    assert [entry.edit for entry in outcome.entries if entry.name == "features"] == [None]


def test_features_without_channel_binding_are_one_entry(world: World, play: Run) -> None:
    outcome = play(logging_in(world), offering(world, SASL1_STRIPPED), direct_tls=True)
    (features,) = (entry for entry in outcome.entries if entry.name == "features")
    assert (features.leg, features.edit) == (None, None)


def test_features_that_come_with_the_header_and_more(world: World, play: Run) -> None:
    def chatty(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + b" " + SASL1_FEATURES + MESSAGE + b"\n" + CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    outcome = play(logging_in(world), chatty, direct_tls=True)
    assert outcome.client.secured == RESPONSE + b" " + SASL1_STRIPPED + MESSAGE + b"\n" + CLOSE


def test_two_features_one_after_the_other(world: World, play: Run) -> None:
    def chatty(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + SASL1_FEATURES + SASL2_FEATURES + CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    outcome = play(logging_in(world), chatty, direct_tls=True)
    assert outcome.client.secured == RESPONSE + SASL1_STRIPPED + SASL2_STRIPPED + CLOSE
    ofs = [entry.edit.of for entry in outcome.entries if entry.edit]
    assert ofs == [entry.entry for entry in outcome.entries if entry.name == "features" and not entry.edit]


# What that does to a login


@pytest.mark.parametrize(("flag", "told"), [("y", True), ("n", False)])
def test_a_client_that_could_bind_is_told_of_before_it_fails(world: World, play: Run, flag: str, told: bool) -> None:
    said = auth("SCRAM-SHA-256", f"{flag},,n=juliet,r=abc")
    outcome = play(logging_in(world, said), offering(world, SASL1_FEATURES), direct_tls=True)
    entries = [(entry.name or entry.kind, entry.severity) for entry in outcome.entries]
    at = entries.index(("auth", None))
    if told:
        assert entries[at : at + 4] == [("auth", None), ("proxy", "warning"), ("failure", None), ("proxy", "error")]
        assert len(outcome.diagnoses) == 1
        assert outcome.diagnoses[0].entries == [outcome.entries[at + 3].entry]
    else:
        assert ("proxy", "warning") not in entries
        assert outcome.diagnoses == []


def test_a_server_that_offers_nothing_else(world: World, play: Run) -> None:
    features = SASL1_FEATURES.replace(b"  <mechanism>SCRAM-SHA-256</mechanism>\n", b"")
    outcome = play(logging_in(world), offering(world, features), direct_tls=True)
    assert [entry.severity for entry in outcome.entries if entry.kind == "proxy"] == ["warning"]


def test_no_word_of_a_login_that_works(world: World, play: Run) -> None:
    def works(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(auth("SCRAM-SHA-256", "n,,n=juliet,r=abc"))
        yield from peer.hear(SUCCESS)
        peer.say(CLOSE)
        yield from peer.hear(CLOSE)
        peer.close()

    outcome = play(works, offering(world, SASL1_FEATURES, SUCCESS), direct_tls=True)
    assert outcome.proxy_entries == []
    assert outcome.diagnoses == []


@pytest.mark.parametrize("most", [V12, V13])
def test_the_same_version_on_both_legs_lets_xep_0515_be(world: World, play: Run, most: object) -> None:
    challenge = base64.b64encode(b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,t=TLSv1.3")

    def compares(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(END_OF_FEATURES)
        peer.say(auth("SCRAM-SHA-256", "n,,n=juliet,r=abc"))
        yield from peer.hear(b"</challenge>")
        peer.close()

    answer = b"<challenge xmlns='" + SASL + b"'>" + challenge + b"</challenge>"
    outcome = play(compares, offering(world, SASL1_STRIPPED, answer), direct_tls=True)
    assert outcome.proxy_entries == []


# An offer of the proxy's own


@pytest.mark.parametrize(
    ("features", "offered"),
    [
        (b"<stream:features/>", b"<stream:features>%s</stream:features>"),
        (b"<stream:features />", b"<stream:features >%s</stream:features>"),
        (b"<stream:features a='>'/>", b"<stream:features a='>'>%s</stream:features>"),
        (b"<stream:features><a/></stream:features>", b"<stream:features>%s<a/></stream:features>"),
        (b"<stream:features a='/>'><a/></stream:features >", b"<stream:features a='/>'>%s<a/></stream:features >"),
        (b"<stream:features\n></stream:features>", b"<stream:features\n>%s</stream:features>"),
    ],
)
def test_an_offer_is_put_in(play: Run, features: bytes, offered: bytes) -> None:
    def plain(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(OWN_OFFER)
        peer.close()

    def bare(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(RESPONSE + features)
        yield from peer.rest()
        peer.close()

    outcome = play(plain, bare, upstream="plain:localhost")
    assert outcome.client.plain == RESPONSE + offered % OWN_OFFER
    ET.fromstring(outcome.client.plain + CLOSE)


def test_features_without_a_header_inside_tls(world: World, play: Run) -> None:
    # What the header before TLS has declared does not count there.
    header = RESPONSE.replace(b"stream:stream", b"s:stream").replace(b"xmlns:stream", b"xmlns:s")
    offer = OFFER.replace(b"stream:", b"s:")

    def odd(peer: Peer) -> Script:
        yield from peer.hear(b"<stream:stream", b">")
        peer.say(header + offer)
        yield from peer.hear(STARTTLS)
        peer.say(PROCEED)
        yield from peer.secure(world.server())
        peer.say(SASL1_FEATURES + RESPONSE + SASL1_FEATURES)
        yield from peer.rest()
        peer.close()

    def patient(peer: Peer) -> Script:
        peer.say(HEADER)
        yield from peer.hear(b"</s:features>")
        peer.say(STARTTLS)
        yield from peer.hear(PROCEED)
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(RESPONSE)
        peer.close()

    outcome = play(patient, odd)
    assert RESPONSE in outcome.client.secured
    assert outcome.relay.done


@pytest.mark.parametrize(
    "before", [b"", b"</stream:stream>", b"<a/>", b"<x:stream xmlns:x='http://etherx.jabber.org/streams'>"]
)
def test_features_in_odd_places(world: World, play: Run, before: bytes) -> None:
    """What no header has declared must not stop the proxy."""

    def odd(peer: Peer) -> Script:
        yield from peer.secure(world.server())
        peer.say(before + SASL1_FEATURES + RESPONSE + SASL1_FEATURES)
        yield from peer.rest()
        peer.close()

    def patient(peer: Peer) -> Script:
        yield from peer.secure(world.client())
        peer.say(HEADER)
        yield from peer.hear(RESPONSE)
        peer.close()

    outcome = play(patient, odd, direct_tls=True)
    assert RESPONSE in outcome.client.secured
    assert outcome.relay.done
