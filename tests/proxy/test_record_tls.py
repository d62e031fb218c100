"""Recordings of real TLS: tshark opens them with nothing but the file and has no complaint, and so do we."""

import json
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xmppscope.model.marks import DoneMark, LegMark, TlsMark
from xmppscope.model.timeline import Entry, Summary
from xmppscope.model.wire import Ciphertext, Data, Ended, Keys, Marked, Opened, ProxyEvent, Released
from xmppscope.proxy.keylog import KeyLogFile
from xmppscope.proxy.record import Recording
from xmppscope.sources.pipeline import Pipeline
from xmppscope.tls.keylog import KeyStore

START = 1_763_990_000_000_000_000
PROXY = "127.0.0.1:5222"
ENDS = {"client": ("127.0.0.1:40000", PROXY), "server": ("[::1]:40001", "[::1]:5222")}
NAMESPACES = b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
HEADER = b"<stream:stream " + NAMESPACES + b" %s='a.example' version='1.0'>"
FEATURES = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
CLEAR = [
    (0, HEADER % b"to"),
    (1, HEADER % b"from"),
    (1, FEATURES),
    (0, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    (1, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
]
BODY = b"Art thou not Romeo, and a Montague?"
INSIDE = [
    (0, HEADER % b"to"),
    (1, HEADER % b"from"),
    (1, b"<stream:features/>"),
    (0, b"<message to='romeo@a.example'><body>" + BODY + b"</body></message>"),
    (1, b"<message from='romeo@a.example'><body>" + b"Neither, fair saint. " * 10_000 + b"</body></message>"),
    (0, b"</stream:stream>"),
    (1, b"</stream:stream>"),
]


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key and its own certificate, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("identity") / "server.pem"
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class Peer:
    """One end of a TLS connection in memory."""

    def __init__(self, context: ssl.SSLContext, server_side: bool) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server_side else "a.example"
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side, name)

    def step(self) -> None:
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()


def contexts(identity: Path, version: ssl.TLSVersion, keys: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.load_verify_locations(identity)
    server.load_cert_chain(identity)
    client.minimum_version = client.maximum_version = version
    server.keylog_filename = str(keys)
    return client, server


def tls(flow: int, leg: str, identity: Path, version: ssl.TLSVersion, keys: Path) -> Iterator[ProxyEvent]:
    """What the proxy would tell of a leg's TLS, each event at a time of 0."""
    context = contexts(identity, version, keys)
    peers = Peer(context[0], False), Peer(context[1], True)
    told = 0
    peers[0].step()
    for side in (0, 1, 0, 1):
        data = peers[side].outgoing.read()
        peers[1 - side].incoming.write(data)
        peers[1 - side].step()
        # What opens a flight is often derived from it: to tshark, which reads once, its keys must come before it.
        lines = keys.read_bytes()
        yield Keys(lines[told:], leg)
        yield Data(flow, side, 0, 0, data)
        told = len(lines)
    for side, text in INSIDE:
        peers[side].tls.write(text)
        yield Ciphertext(flow, side, 0, peers[side].outgoing.read())


def leg(flow: int, name: str, identity: Path, version: ssl.TLSVersion, keys: Path) -> Iterator[ProxyEvent]:
    yield Opened(flow, 0, 0, *ENDS[name], True)
    yield Marked(flow, 0, 0, 0, LegMark(name, flow // 2, PROXY))
    for side, text in CLEAR:
        yield Data(flow, side, 0, 0, text)
    yield Marked(flow, 1 if name == "client" else 0, 0, 0, TlsMark())
    yield from tls(flow, name, identity, version, keys)
    yield Ended(flow, 0, 0, 0, False)
    yield Ended(flow, 1, 0, 0, False)
    if name == "server":
        yield Marked(flow, 0, 0, 0, DoneMark())
    yield Released(flow, 0, "closed")


def pair(number: int, identity: Path, version: ssl.TLSVersion, folder: Path) -> Iterator[ProxyEvent]:
    """A proxied connection, its legs side by side."""
    legs = [
        leg(2 * number + index, name, identity, version, folder / f"{number}-{name}")
        for index, name in enumerate(("client", "server"))
    ]
    for events in zip_longest(*legs):
        yield from (event for event in events if event is not None)


@pytest.fixture(scope="module", params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def recording(
    request: pytest.FixtureRequest, identity: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two connections, one after the other between the same ports, as a recording and a key log."""
    folder = tmp_path_factory.mktemp("recording")
    trace, keys = folder / "trace.pcapng", folder / "trace.keys"
    recording, log = Recording(str(trace)), KeyLogFile(str(keys))
    time = START
    for event in chain(*(pair(number, identity, request.param, folder) for number in (0, 1))):
        if isinstance(event, Keys):
            log.feed(event)
        else:
            time += 1_000_000
            event.time = time
        recording.feed(event)
    recording.close()
    log.close()
    assert (recording.problem, log.problem) == (None, None)
    return trace, keys


def fields(tshark: str, *arguments: object) -> list[list[str]]:
    checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    command = [tshark, *checks, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    complaints = [line for line in done.stderr.splitlines() if "This could be dangerous" not in line]
    assert (done.returncode, complaints) == (0, [])
    return [line.split("\t") for line in done.stdout.splitlines()]


def without_secrets(data: bytes) -> bytes:
    """Leave the Decryption Secrets Blocks out."""
    kept, at = b"", 0
    while at < len(data):
        kind, total = struct.unpack_from(">II", data, at)
        kept += data[at : at + total] if kind != 10 else b""
        at += total
    return kept


def shown(tshark: str, trace: Path, which: str, *names: str) -> list[list[str]]:
    return fields(tshark, "-r", trace, "-Y", which, "-T", "fields", *(word for name in names for word in ("-e", name)))


@pytest.mark.real
def test_tshark_has_nothing_to_complain_about(tshark: str, recording: tuple[Path, Path]) -> None:
    trace, _ = recording
    serious = (
        # tshark calls every closing stream tag under TLS malformed, in captures of real programs as well.
        "tcp.analysis.flags && !tcp.analysis.window_update && !tcp.analysis.reused_ports"
        " || (_ws.malformed && !xmpp) || tcp.checksum.status == 0 || ip.checksum.status == 0 || tls.alert_message"
    )
    assert shown(tshark, trace, serious, "frame.number", "_ws.col.Info") == []
    right = shown(tshark, trace, "tcp.checksum.status == 1", "frame.number")
    assert len(right) == len(shown(tshark, trace, "tcp", "frame.number")) > 60
    # Each of the four legs is a stream of its own, though two had the ports of an earlier one.
    assert {number for (number,) in shown(tshark, trace, "tcp", "tcp.stream")} == {"0", "1", "2", "3"}


@pytest.mark.real
def test_tshark_opens_the_tls_and_shows_xmpp(tshark: str, recording: tuple[Path, Path]) -> None:
    trace, _ = recording
    bodies = shown(tshark, trace, "xmpp.message && tls", "frame.interface_name", "xml.cdata")
    assert [name for name, _ in bodies] == ["client", "server", "client", "server"] * 2
    assert BODY.decode() in bodies[0][1]


@pytest.mark.real
def test_tshark_shows_the_marks(tshark: str, recording: tuple[Path, Path]) -> None:
    trace, _ = recording
    marks = shown(tshark, trace, "frame.comment", "frame.interface_name", "frame.comment")
    assert marks == [
        [name, f"xmppscope {text}"]
        for number in (0, 1)
        for name, text in [
            ("client", f'{{"mark":"leg","leg":"client","pair":{number},"proxy":"127.0.0.1:5222"}}'),
            ("server", f'{{"mark":"leg","leg":"server","pair":{number},"proxy":"127.0.0.1:5222"}}'),
            ("client", '{"mark":"tls"}'),
            ("server", '{"mark":"tls"}'),
            ("server", '{"mark":"done"}'),
        ]
    ]


@pytest.mark.real
def test_tshark_takes_the_key_log(tshark: str, recording: tuple[Path, Path], tmp_path: Path) -> None:
    trace, keys = recording
    bare = tmp_path / "bare.pcapng"
    bare.write_bytes(without_secrets(trace.read_bytes()))
    assert shown(tshark, bare, "xmpp.message", "frame.number") == []
    option = ["-o", f"tls.keylog_file:{keys}"]
    assert len(fields(tshark, "-r", bare, *option, "-Y", "xmpp.message", "-T", "fields", "-e", "frame.number")) == 8


def test_we_open_the_tls_and_pair_the_legs(recording: tuple[Path, Path]) -> None:
    data = recording[0].read_bytes()
    for size in (len(data), 999):
        pipeline = Pipeline(KeyStore())
        pipeline.open("trace.pcapng")
        records = [record for at in range(0, len(data), size) for record in pipeline.feed(data[at : at + size])]
        records += [*pipeline.end(), *pipeline.close()]
        assert pipeline.notices == []
        summary = records[-1]
        assert isinstance(summary, Summary)
        assert (summary.connections, summary.gaps, summary.undecrypted) == (2, 0, 0)
        assert any(BODY.decode() in (entry.xml or "") for entry in records if isinstance(entry, Entry))


def test_xmppscope_read_opens_it(
    recording: tuple[Path, Path], xmppscope: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    done = xmppscope("read", "--format", "jsonl", recording[0])
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.splitlines()[-1])["undecrypted"] == 0
