"""The world of the scripted peers: authorities, certificates, contexts, and a stage to play on."""

import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

pytest.register_assert_rewrite("tests.proxy.outcome", "tests.proxy.relay_harness")

from tests.proxy.outcome import Outcome  # noqa: E402 (what it asserts is to be rewritten first)
from tests.proxy.peers import Play  # noqa: E402
from tests.proxy.relay_harness import SECOND, Stage, Tools  # noqa: E402
from tests.proxy.web_stage import WebStage  # noqa: E402
from xmppscope.proxy.authority import Authority  # noqa: E402

V11, V12, V13 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class Issuer:
    """An authority for servers."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._made = 0
        certificate = self._certificate(self._name, self._name, self._key, []).sign(self._key, hashes.SHA256())
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _certificate(
        self, issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: list[str], days: int = 1
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        until = now + timedelta(days=days)
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(min(now, until) - timedelta(days=1)).not_valid_after(until)
        if names:
            found = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
            return builder.add_extension(found, critical=False)
        return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)

    def issue(self, *names: str, days: int = 1, own: bool = False) -> Path:
        """Make a certificate for names, and its key, in one file; with *own* it signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        builder = self._certificate(subject if own else self._name, subject, key, list(names), days)
        certificate = builder.sign(key if own else self._key, hashes.SHA256())
        self._made += 1
        path = self._folder / f"{self._made}.pem"
        plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
        return path


@dataclass
class World:
    """What the peers and the proxy have to do with each other."""

    authority: Authority
    authority_file: Path
    issuer: Issuer
    stranger: Issuer
    good: Path
    tools: Tools
    start: int

    def client(
        self,
        *,
        trusts: bool = True,
        alpn: tuple[str, ...] = (),
        least: ssl.TLSVersion = V12,
        most: ssl.TLSVersion = V13,
    ) -> ssl.SSLContext:
        """The context of a client, which trusts the proxy or nobody."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = True
        if trusts:
            context.load_verify_locations(self.authority_file)
        return _limited(context, alpn, least, most)

    def server(
        self,
        certificate: Path | None = None,
        *,
        alpn: tuple[str, ...] = (),
        least: ssl.TLSVersion = V12,
        most: ssl.TLSVersion = V13,
    ) -> ssl.SSLContext:
        """The context of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate or self.good)
        return _limited(context, alpn, least, most)


def _limited(
    context: ssl.SSLContext, alpn: tuple[str, ...], least: ssl.TLSVersion, most: ssl.TLSVersion
) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = least, most
    if least < V12:
        context.set_ciphers("ALL:@SECLEVEL=0")
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Authorities and certificates, made once."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "store.pem").touch()
        patch.setenv("SSL_CERT_FILE", str(folder / "store.pem"))
        patch.setenv("SSL_CERT_DIR", str(folder / "nowhere"))
        authority = Authority.open(folder / "ca")
        (folder / "proxy.crt").write_bytes(authority.pem)
        issuer, stranger = Issuer(folder, "issuer"), Issuer(folder / "ca", "stranger")
        tools = Tools(authority, str(issuer.file))
        start = int(time.time()) * SECOND
        yield World(authority, folder / "proxy.crt", issuer, stranger, issuer.issue("a.example"), tools, start)
        tools.close()


@pytest.fixture(scope="session")
def play(world: World) -> Callable[..., Outcome]:
    """Play a client's and a server's script; whatever comes of it, the recording says the same and nothing leaks."""

    def run(
        client: Play,
        server: Play,
        *,
        tools: Tools | None = None,
        seconds: int = 3600,
        seals: bool = True,
        **more: Any,
    ) -> Outcome:
        outcome = Stage(tools or world.tools, client, server, start=world.start, **more).play(seconds=seconds)
        outcome.assert_same()
        outcome.assert_contract()
        if seals:
            outcome.assert_sealed()
        return outcome

    return run


@pytest.fixture(scope="session")
def play_web(world: World) -> Callable[..., tuple[Outcome, WebStage]]:
    """Play as `play` does, with a relay of the web."""

    def run(
        client: Play, server: Play, *, tools: Tools | None = None, seconds: int = 3600, **more: Any
    ) -> tuple[Outcome, WebStage]:
        stage = WebStage(tools or world.tools, client, server, start=world.start, **more)
        outcome = stage.play(seconds=seconds)
        outcome.assert_same()
        outcome.assert_contract()
        return outcome, stage

    return run


@pytest.fixture(scope="session")
def stop(world: World) -> Callable[..., Outcome]:
    """Play as `play` does, and when nothing moves any more, stop the proxy."""

    def run(client: Play, server: Play, **more: Any) -> Outcome:
        stage = Stage(world.tools, client, server, start=world.start, **more)
        stage.go_on(seconds=0)
        outcome = stage.stop()
        outcome.assert_same()
        outcome.assert_contract()
        outcome.assert_sealed()
        return outcome

    return run
