"""TLS secrets: the lines are there when the call returns that derived them, and each is taken once."""

import os
import re
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from xmppscope.proxy.authority import Authority
from xmppscope.proxy.leaf import LeafNames, mint
from xmppscope.proxy.private import PrivateFile
from xmppscope.proxy.secrets import TlsSecrets

LINE = re.compile(rb"[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64,96}\n")
TLS12 = {b"CLIENT_RANDOM"}
TLS13 = {
    b"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    b"SERVER_HANDSHAKE_TRAFFIC_SECRET",
    b"CLIENT_TRAFFIC_SECRET_0",
    b"SERVER_TRAFFIC_SECRET_0",
    b"EXPORTER_SECRET",
}
VERSIONS = [(ssl.TLSVersion.TLSv1_2, TLS12), (ssl.TLSVersion.TLSv1_3, TLS13)]


@pytest.fixture(params=["memory", "temporary file"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Each kind of file that a system may have."""
    if request.param == "memory" and not hasattr(os, "memfd_create"):
        pytest.skip("this system has no nameless files")
    if request.param != "memory":
        monkeypatch.delattr(os, "memfd_create", raising=False)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return str(request.param)


@pytest.fixture
def secrets(storage: str) -> Iterator[TlsSecrets]:
    made = TlsSecrets()
    yield made
    made.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = mint(Authority.open(folder), LeafNames("a.test"), key.public_key(), datetime.now(UTC))
    path = folder / "leaf.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + leaf.public_bytes(Encoding.PEM))
    return path


def server(certificate: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(certificate)
    return context


def client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, secrets: TlsSecrets) -> dict[str, list[bytes]]:
    """The lines that were there right after a call of one side's `do_handshake`, by that side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = {
        "client": client.wrap_bio(to_client, to_server),
        "server": server.wrap_bio(to_server, to_client, server_side=True),
    }
    found: dict[str, list[bytes]] = {side: [] for side in sides}
    done: set[str] = set()
    while len(done) < 2:
        for side, tls in sides.items():
            try:
                tls.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
            found[side] += secrets.take().splitlines(keepends=True)
    return found


@pytest.mark.parametrize(("version", "labels"), VERSIONS)
@pytest.mark.parametrize("role", ["client", "server"])
def test_lines_are_there_right_after_the_call(
    secrets: TlsSecrets, certificate: Path, version: ssl.TLSVersion, labels: set[bytes], role: str
) -> None:
    contexts = {"client": client(), "server": server(certificate, version)}
    secrets.watch(contexts[role])
    found = handshake(contexts["client"], contexts["server"], secrets)
    assert {line.split()[0] for line in found.pop(role)} == labels
    assert list(found.values()) == [[]]


def test_many_contexts_write_into_one_log(secrets: TlsSecrets, certificate: Path) -> None:
    asked, randoms = client(), set()
    for _ in range(20):
        context = server(certificate, ssl.TLSVersion.TLSv1_2)
        secrets.watch(context)
        (line,) = handshake(asked, context, secrets)["server"]
        assert LINE.fullmatch(line)
        randoms.add(line.split()[1])
    assert len(randoms) == 20


def test_a_log_that_was_emptied_is_written_on(
    secrets: TlsSecrets, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xmppscope.proxy.secrets._FULL", 1000)
    contexts = client(), server(certificate, ssl.TLSVersion.TLSv1_3)
    secrets.watch(contexts[0])
    secrets.watch(contexts[1])
    sizes = []
    for _ in range(10):
        found = handshake(*contexts, secrets)
        assert {line.split()[0] for line in found["client"]} == {line.split()[0] for line in found["server"]} == TLS13
        sizes.append(len(secrets._file.read(0)))
    # Ten handshakes write more than 15 000 bytes.
    assert max(sizes) < 3000


def test_each_line_is_taken_once_and_only_when_complete(secrets: TlsSecrets, storage: str) -> None:
    line = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"
    path = Path(secrets._file.path)
    for written, taken in (
        (b"", b""),
        (b"# TLS secrets log file, generated by OpenSSL / Python\n", b""),
        (line, line),
        (b"", b""),
        (line[:50], b""),
        (line[50:] + line[:1], line),
        (line[1:-1] + b"\r\n", line),
    ):
        with path.open("ab") as file:
            file.write(written)
        assert secrets.take() == taken


def test_nobody_else_can_read_it(storage: str) -> None:
    with PrivateFile(b"secret") as file:
        path = Path(file.path)
        assert path.read_bytes() == file.read(0) == b"secret"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
    file.close()


def test_a_closed_file_is_empty_also_for_who_has_it_open(storage: str) -> None:
    file = PrivateFile(b"secret")
    with Path(file.path).open("rb") as other:
        file.close()
        assert other.read() == b""


def test_large_contents_are_written_whole(storage: str) -> None:
    data = os.urandom(3_000_000)
    with PrivateFile(data) as file:
        assert file.read(0) == data
        assert file.read(2_999_999) == data[-1:]
