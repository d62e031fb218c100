"""Real recordings: what the rules find in each, and that damage adds nothing to it."""

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from xmppscope.lint import Linter
from xmppscope.model.timeline import Finding
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

# SASL2 in the clear is what the Prosody of these recordings offers before TLS.
KNOWN = {
    "c2s-errors-prosody": {"sasl2-in-clear", "sasl-plain-in-clear", "sasl-mechanism-not-offered", "iq-type"}
    | {"xml-not-well-formed", "stream-unfinished", "stream-content-ns-mismatch"},
    "node-sm-resume-prosody": {"sasl2-in-clear", "stream-unfinished"},
    "profanity-prosody": {"sasl2-in-clear", "caps-hash-mismatch"},
    "s2s-plain-prosody-ejabberd": {"stream-id-from-initiator", "starttls-absent"},
    "s2s-tls-prosody-ejabberd": {"stream-id-from-initiator"},
    "sm-resume-prosody": {"sasl2-in-clear", "sm-ack-missing"},
    "tls13-keyupdate-prosody": {"negotiation-whitespace", "features-missing"},
}
ROOT = Path(__file__).resolve().parents[2] / "captures"
RECORDINGS = sorted(
    path
    for path in ROOT.glob("*.pcap*")
    if not path.name.startswith(("bosh", "ws", "wss")) and path.stat().st_size < 2e6
)


def found(path: Path, *, cut: slice = slice(None), keep: int = 1) -> list[Finding]:
    """Lint a recording, or what a cut leaves of its packets (each but every *keep*-th, if that is more than 1)."""
    keys = KeyStore()
    keylog = path.with_suffix(".keys")
    if keylog.exists():
        keys.add(keylog.read_bytes(), "keys")
    pipeline = Pipeline(keys, observers=[Linter()])
    pipeline.open(path.name)
    data = path.read_bytes()
    records = pipeline.feed(data if cut == slice(None) and keep == 1 else damaged(data, cut, keep))
    records += pipeline.end()
    return [one for one in [*records, *pipeline.close()] if isinstance(one, Finding) and one.severity != "info"]


def damaged(capture: bytes, cut: slice, keep: int) -> bytes:
    packets, at = [], 24
    while at + 16 <= len(capture):
        end = at + 16 + int.from_bytes(capture[at + 8 : at + 12], "little")
        packets.append(capture[at:end])
        at = end
    left = [packet for number, packet in enumerate(packets[cut], 1) if keep == 1 or number % keep]
    return capture[:24] + b"".join(left)


@pytest.mark.real
@pytest.mark.parametrize("path", RECORDINGS, ids=[path.name for path in RECORDINGS])
def test_healthy_traffic_breaks_only_what_is_known(path: Path) -> None:
    allowed = KNOWN.get(path.stem, {"sasl2-in-clear"})
    rules = Counter(finding.rule for finding in found(path))
    assert set(rules) <= allowed
    if path.stem in KNOWN:
        assert set(rules) == allowed


@pytest.mark.real
@pytest.mark.parametrize(
    "name", ["muc-prosody", "sm-resume-prosody", "zlib-ejabberd", "tls13-starttls-prosody", "no-syn", "ws-prosody"]
)
@pytest.mark.parametrize("keep", [2, 3, 7, 11])
def test_lost_packets_add_nothing(name: str, keep: int) -> None:
    path = ROOT / f"{name}.pcap"
    whole = {(one.rule, one.text) for one in found(path)}
    assert {(one.rule, one.text) for one in found(path, keep=keep)} <= whole


@pytest.mark.real
@pytest.mark.parametrize("name", ["muc-prosody", "sm-resume-prosody", "zlib-ejabberd", "tls13-starttls-prosody"])
@pytest.mark.parametrize("start", [1, 5, 9, 14, 25, 40])
def test_a_capture_that_begins_late_adds_nothing(name: str, start: int) -> None:
    path = ROOT / f"{name}.pcap"
    whole = {(one.rule, one.text) for one in found(path)}
    assert {(one.rule, one.text) for one in found(path, cut=slice(start, None))} <= whole


@pytest.mark.real
def test_read_prints_findings_behind_their_entries(
    xmppscope: Callable[..., subprocess.CompletedProcess[bytes]], captures: Path
) -> None:
    done = xmppscope("read", "--format", "jsonl", captures / "c2s-errors-prosody.pcap")
    lines = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    at = next(place for place, one in enumerate(lines) if one.get("rule") == "iq-type")
    assert lines[at - 1]["entry"] == lines[at]["entries"][0]
    assert lines[-1]["findings"]["error"] == sum(one.get("severity") == "error" for one in lines)
