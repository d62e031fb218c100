"""What is said of real recordings: the right thing where a session ended badly, and nothing of any other."""

from pathlib import Path

import pytest

from xmppscope.diagnosis import Diagnoses
from xmppscope.model.timeline import Diagnosis
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

LEFT = "The client left after the features"
BAD: dict[str, dict[int, str]] = {
    "c2s-errors-prosody": {
        2: "alice did not get in: the server refused the password (PLAIN) and the proof made from it (SCRAM-SHA-1): it "
        "is wrong, or there is no such account.",
        3: "The server does not serve the domain nowhere.invalid",
        4: "bob@prosody.test/same was thrown out: connection 5 has bound the same resource (#68)",
        7: "The client sent what is not well-formed XML",
        8: LEFT,
        9: LEFT,
    },
    "component-prosody": {
        3: "The component echo.prosody.test was not let in: the server refused the handshake",
        4: "The server does not serve the component nosuch.prosody.test",
    },
    "legacy-auth-ejabberd": {2: "alice did not get in: the password is wrong, or there is no such account"},
    "node-sm-resume-prosody": {1: "alice@prosody.test/sm~03gbMRMISqOl ended the connection without closing its stream"},
    "sasl2-prosody": {3: "a did not get in: the server refused the password (PLAIN)"},
    "sm-resume-prosody": {4: "alice: the session no-such-session was not resumed: the server does not hold it"},
    "tls-failures-prosody": {
        1: "The client does not accept the certificate of prosody.test: its issuer is unknown to it",
        2: "no version in common; the client offers TLS 1.1",
        3: "the only cipher suite offered is TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        4: "The client spoke TLS at once where the server expects a stream header",
        5: "The server ended the connection instead of answering the stream header",
        6: "The client spoke HTTP where the server expects a stream header",
    },
    "ws-fragmented-prosody": {1: "The server closed the WebSocket: 1003, a kind of data that is not accepted"},
}
FOLDER = Path(__file__).resolve().parents[2] / "captures"
RECORDINGS = sorted(file for file in FOLDER.iterdir() if file.suffix in (".pcap", ".pcapng"))


# In register-ejabberd an account is removed; without the request, what is seen is a client that is thrown out for that.
HEALTHY = [
    file for file in RECORDINGS if file.stem not in BAD and file.stem != "register-ejabberd" and file.suffix == ".pcap"
]


def diagnoses(recording: Path, *, skip: int = 0, cut: int = 0) -> list[Diagnosis]:
    """Diagnose a recording, without every packet whose number *skip* divides, and without the first *cut*."""
    keys = KeyStore()
    keylog = recording.with_suffix(".keys")
    if keylog.exists():
        keys.add(keylog.read_bytes(), "keys")
    pipeline = Pipeline(keys, observers=[Diagnoses()])
    pipeline.open(recording.name)
    data = recording.read_bytes()
    records = pipeline.feed(data if not skip and not cut else damaged(data, skip, cut))
    records += pipeline.end()
    return [one for one in [*records, *pipeline.close()] if isinstance(one, Diagnosis)]


def damaged(capture: bytes, skip: int, cut: int) -> bytes:
    packets, at = [], 24
    while at + 16 <= len(capture):
        end = at + 16 + int.from_bytes(capture[at + 8 : at + 12], "little")
        packets.append(capture[at:end])
        at = end
    left = [packet for number, packet in enumerate(packets[cut:], 1) if not skip or number % skip]
    return capture[:24] + b"".join(left)


@pytest.mark.real
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda file: file.stem)
def test_a_recording(recording: Path) -> None:
    found = {one.connection: one for one in diagnoses(recording)}
    expected = BAD.get(recording.stem, {})
    assert {number: one.text for number, one in found.items() if number not in expected} == {}
    for number, text in expected.items():
        assert text in found[number].text
        assert found[number].entries
        assert found[number].advice


@pytest.mark.real
@pytest.mark.parametrize("recording", HEALTHY, ids=lambda file: file.stem)
@pytest.mark.parametrize(("skip", "cut"), [(7, 0), (3, 0), (0, 5), (0, 23), (11, 12)])
def test_missing_packets_accuse_nobody(recording: Path, skip: int, cut: int) -> None:
    assert [one.text for one in diagnoses(recording, skip=skip, cut=cut)] == []
