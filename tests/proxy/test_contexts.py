"""The SSL contexts of both legs, by real handshakes between them."""

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from xmppscope.proxy import contexts as contexts_module
from xmppscope.proxy.authority import Authority
from xmppscope.proxy.contexts import ClientLegs, ServerLegs
from xmppscope.proxy.leaf import LeafNames
from xmppscope.proxy.secrets import TlsSecrets
from xmppscope.tls.suites import suite

V1, V11, V12, V13 = (
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)
NAMES = LeafNames("prosody.test", "127.0.0.1")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def authority_file(authority: Authority) -> str:
    path = authority.path.with_name("exported.crt")
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture
def secrets() -> Iterator[TlsSecrets]:
    made = TlsSecrets()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def empty_system_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A store of the system with nothing in it, which OpenSSL finds by its own variables."""
    store = tmp_path / "store.pem"
    store.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    return store


def handshake(
    client: ssl.SSLContext, server: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(to_client, to_server, server_hostname="prosody.test", session=session),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in sides:
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
    sides[1].write(b"<stream:features/>")
    assert sides[0].read() == b"<stream:features/>"
    return sides


def shown(context: ssl.SSLContext) -> x509.Certificate:
    """The certificate that a server's context shows."""
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.verify_mode = ssl.CERT_NONE
    der = handshake(asking, context)[0].getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize("version", [V1, V11, V12, V13], ids=lambda version: version.name)
def test_both_legs_meet_in_every_version(
    authority: Authority, authority_file: str, secrets: TlsSecrets, version: ssl.TLSVersion
) -> None:
    server = ClientLegs(authority, secrets).context(NAMES, "xmpp-client", version, version)
    client = ServerLegs(secrets, authority_file).context(("xmpp-client",), version, version)
    asking, answering = handshake(client, server)
    assert asking.version() == {V1: "TLSv1", V11: "TLSv1.1", V12: "TLSv1.2", V13: "TLSv1.3"}[version]
    assert asking.selected_alpn_protocol() == answering.selected_alpn_protocol() == "xmpp-client"
    lines = secrets.take().splitlines()
    assert len(lines) == 2 * (5 if version == V13 else 1)
    assert len({line.split()[1] for line in lines}) == 1


def test_the_client_sees_a_leaf_certificate(authority: Authority, secrets: TlsSecrets) -> None:
    legs = ClientLegs(authority, secrets)
    certificates = [shown(legs.context(LeafNames(f"{name}.test"), None, V12, V13)) for name in "ab"]
    for name, certificate in zip("ab", certificates, strict=True):
        certificate.verify_directly_issued_by(authority.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [f"{name}.test"]
    assert certificates[0].public_key() == certificates[1].public_key() != authority.certificate.public_key()


def test_ordinary_clients_accept_it(authority: Authority, authority_file: str, secrets: TlsSecrets) -> None:
    """With Python's own checks of host names, by name and by address."""
    context = ClientLegs(authority, secrets).context(NAMES, None, V12, V13)
    client = ssl.create_default_context(cafile=authority_file)
    assert client.check_hostname
    handshake(client, context)
    names = shown(context).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


@pytest.mark.parametrize("version", [V1, V12, V13], ids=lambda version: version.name)
def test_only_what_can_be_decrypted_is_agreed_on(
    authority: Authority, secrets: TlsSecrets, version: ssl.TLSVersion
) -> None:
    for context in (
        ClientLegs(authority, secrets).context(NAMES, None, version, V13),
        ServerLegs(secrets).context((), version, V13),
    ):
        suites = [suite(cipher["id"] & 0xFFFF) for cipher in context.get_ciphers()]
        assert {one.cipher for one in suites} >= {"AES-GCM", "CHACHA20-POLY1305", "AES-CBC"}
        assert [one.name for one in suites if one.cipher in {"", "NULL"}] == []
        exchanges = {one.exchange for one in suites}
        assert exchanges == {"", "ECDHE_ECDSA", "ECDHE_RSA", "DHE_RSA", "RSA"}


@pytest.mark.parametrize(
    ("offered", "accepted", "selected"),
    [
        ((), None, None),
        (("xmpp-client",), None, None),
        ((), "xmpp-client", None),
        (("xmpp-server",), "xmpp-client", None),
        (("xmpp-client", "xmpp-server"), "xmpp-server", "xmpp-server"),
    ],
)
def test_alpn(
    authority: Authority, secrets: TlsSecrets, offered: tuple[str, ...], accepted: str | None, selected: str | None
) -> None:
    server = ClientLegs(authority, secrets).context(NAMES, accepted, V12, V13)
    client = ServerLegs(secrets, insecure=True).context(offered, V12, V13)
    assert [side.selected_alpn_protocol() for side in handshake(client, server)] == [selected] * 2


def test_no_ticket_is_given(authority: Authority, secrets: TlsSecrets) -> None:
    for version in (V12, V13):
        server = ClientLegs(authority, secrets).context(NAMES, None, version, version)
        session = handshake(ServerLegs(secrets, insecure=True).context((), version, version), server)[0].session
        assert session is None or not session.has_ticket


def test_a_session_resumed_by_its_id_has_its_secrets_written_down(authority: Authority, secrets: TlsSecrets) -> None:
    server = ClientLegs(authority, secrets).context(NAMES, None, V12, V12)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    # Both have to be kept: a session whose connection was not closed properly is forgotten with it.
    first = handshake(client, server)
    second = handshake(client, server, first[0].session)
    assert second[0].session_reused
    assert [line.split()[0] for line in secrets.take().splitlines()] == [b"CLIENT_RANDOM"] * 2


def test_contexts_are_used_again(authority: Authority, secrets: TlsSecrets) -> None:
    legs, towards = ClientLegs(authority, secrets), ServerLegs(secrets)
    asked: list[Callable[[], ssl.SSLContext]] = [
        lambda: legs.context(NAMES, "xmpp-client", V12, V13),
        lambda: legs.context(NAMES, None, V12, V13),
        lambda: legs.context(NAMES, "xmpp-client", V13, V13),
        lambda: legs.context(NAMES, "xmpp-client", V12, V12),
        lambda: legs.context(LeafNames("prosody.test"), "xmpp-client", V12, V13),
        lambda: legs.context(LeafNames("other.test", "127.0.0.1"), "xmpp-client", V12, V13),
        lambda: legs.context(
            LeafNames("prosody.test", "127.0.0.1", (x509.DNSName("a.test"),)), "xmpp-client", V12, V13
        ),
        lambda: towards.context((), V12, V13),
        lambda: towards.context(("xmpp-client",), V12, V13),
    ]
    first = [ask() for ask in asked]
    assert len(set(map(id, first))) == len(first)
    assert [ask() for ask in asked] == first


def test_contexts_are_bounded(authority: Authority, secrets: TlsSecrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts_module, "CLIENT_CONTEXTS", 2)
    legs = ClientLegs(authority, secrets)

    def ask(name: str) -> ssl.SSLContext:
        return legs.context(LeafNames(name), None, V12, V13)

    a, b = ask("a.test"), ask("b.test")
    assert ask("a.test") is a
    ask("c.test")
    assert ask("a.test") is a
    assert ask("b.test") is not b


def test_a_leaf_certificate_is_renewed_in_time(authority: Authority, secrets: TlsSecrets) -> None:
    now = NOW
    legs = ClientLegs(authority, secrets, clock=lambda: now)
    first = legs.context(NAMES, None, V12, V13)
    now += timedelta(days=5)
    assert legs.context(NAMES, None, V12, V13) is first
    now += timedelta(days=1)
    second = legs.context(NAMES, None, V12, V13)
    assert shown(second).not_valid_after_utc - shown(first).not_valid_after_utc == timedelta(days=6)
    now -= timedelta(days=30)
    third = legs.context(NAMES, None, V12, V13)
    assert shown(third).not_valid_before_utc <= now, "the clock went back to before the certificate"


def test_a_context_with_many_sessions_is_replaced(
    authority: Authority, secrets: TlsSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts_module, "MOST_SESSIONS", 1)
    legs, towards = ClientLegs(authority, secrets), ServerLegs(secrets, insecure=True)
    first = legs.context(NAMES, None, V12, V12)
    kept = [handshake(towards.context((), V12, V12), legs.context(NAMES, None, V12, V12)) for _ in range(2)]
    assert legs.context(NAMES, None, V12, V12) is not first
    assert len(kept) == 2


def refusal(client: ssl.SSLContext, server: ssl.SSLContext) -> str:
    with pytest.raises(ssl.SSLCertVerificationError) as raised:
        handshake(client, server)
    return raised.value.verify_message


def test_a_server_must_be_trusted(
    authority: Authority, authority_file: str, secrets: TlsSecrets, tmp_path: Path, empty_system_store: Path
) -> None:
    server = ClientLegs(authority, secrets).context(NAMES, None, V12, V13)
    stranger = tmp_path / "stranger.crt"
    stranger.write_bytes(Authority.open(tmp_path / "stranger").pem)
    for file in (None, str(stranger)):
        assert "unable to get local issuer" in refusal(ServerLegs(secrets, file).context((), V12, V13), server)
    handshake(ServerLegs(secrets, authority_file).context((), V12, V13), server)
    handshake(ServerLegs(secrets, insecure=True).context((), V12, V13), server)
    # The file is trusted beside the store of the system, not in its place.
    empty_system_store.write_bytes(authority.pem)
    handshake(ServerLegs(secrets, str(stranger)).context((), V12, V13), server)


def test_names_are_checked_elsewhere(authority: Authority, authority_file: str, secrets: TlsSecrets) -> None:
    server = ClientLegs(authority, secrets).context(LeafNames("other.test"), None, V12, V13)
    asking, _ = handshake(ServerLegs(secrets, authority_file).context((), V12, V13), server)
    assert asking.server_hostname == "prosody.test"


def test_a_leaf_of_somebody_else_can_be_trusted(authority: Authority, secrets: TlsSecrets, tmp_path: Path) -> None:
    server = ClientLegs(authority, secrets).context(NAMES, None, V12, V13)
    file = tmp_path / "leaf.crt"
    file.write_bytes(b"# the server's, \xc3\xa0 la carte\n" + shown(server).public_bytes(Encoding.PEM))
    handshake(ServerLegs(secrets, str(file)).context((), V12, V13), server)
