"""The authority: what is in its certificate, and how its file is kept."""

import os
import re
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from xmppscope.model.errors import XmppscopeError
from xmppscope.proxy import keeping
from xmppscope.proxy.authority import Authority, default_directory, new_authority

ANEW = "move the file away to have a new one made, which clients must trust anew"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def put(directory: Path, data: bytes, permissions: int = 0o600) -> Path:
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / keeping.NAME
    path.write_bytes(data)
    path.chmod(permissions)
    return path


def blocks(data: bytes) -> dict[bytes, bytes]:
    found = re.findall(rb"(-----BEGIN ([A-Z ]+)-----\n.*?-----END [A-Z ]+-----\n)", data, re.DOTALL)
    return {kind: block for block, kind in found}


def test_it_is_made_once_and_then_found(tmp_path: Path) -> None:
    first, second = Authority.open(tmp_path / "a" / "b"), Authority.open(tmp_path / "a" / "b")
    assert (first.created, second.created) == (True, False)
    assert first.pem == second.pem
    assert first.path == tmp_path / "a" / "b" / "authority.pem"
    assert [path.name for path in first.path.parent.iterdir()] == ["authority.pem"]


def test_to_look_for_it_makes_nothing(tmp_path: Path) -> None:
    assert Authority.find(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_what_the_certificate_says(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    certificate = authority.certificate
    extensions = certificate.extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert extensions.get_extension_for_class(x509.BasicConstraints).critical
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    assert authority.key_id.count(":") == 19
    assert authority.name == f"xmppscope CA {authority.key_id[:11]}"
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == f"CN={authority.name}"
    assert timedelta(days=5 * 365) <= authority.not_after - authority.not_before <= timedelta(days=5 * 365 + 2)
    certificate.verify_directly_issued_by(certificate)


def test_two_authorities_are_told_apart_by_name(tmp_path: Path) -> None:
    assert Authority.open(tmp_path / "one").name != Authority.open(tmp_path / "two").name


def test_what_is_exported_is_the_certificate_alone(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path)
    assert x509.load_pem_x509_certificate(authority.pem) == authority.certificate
    assert x509.load_der_x509_certificate(authority.der) == authority.certificate
    key, certificate, others = pkcs12.load_key_and_certificates(authority.p12, None)
    assert (key, certificate, others) == (None, None, [authority.certificate])
    secret = blocks(authority.path.read_bytes())[b"PRIVATE KEY"].splitlines()[1]
    assert secret not in authority.pem
    assert list(blocks(authority.pem)) == [b"CERTIFICATE"]


def test_openssl_reads_it(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    authority = Authority.open(tmp_path)
    command = [openssl, "x509", "-noout", "-text", "-fingerprint", "-sha256"]
    done = subprocess.run(command, input=authority.pem, capture_output=True, check=True)
    text = done.stdout.decode()
    assert "CA:TRUE, pathlen:0" in text
    assert f"Fingerprint={authority.fingerprint.upper()}" in text
    assert authority.key_id.upper() in text


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177, 0o777])
def test_modes_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    former = os.umask(umask)
    try:
        authority = Authority.open(tmp_path / "a" / "b")
    finally:
        os.umask(former)
    assert mode(authority.path) == 0o600
    assert mode(tmp_path / "a" / "b") == mode(tmp_path / "a") == 0o700


@pytest.mark.parametrize("permissions", [0o755, 0o750, 0o777, 0o701])
def test_a_folder_that_others_can_enter_is_closed_if_nothing_else_is_in_it(tmp_path: Path, permissions: int) -> None:
    directory = tmp_path / "open"
    directory.mkdir()
    for _ in ("made", "found"):
        directory.chmod(permissions)
        Authority.open(directory)
        assert mode(directory) == 0o700


def test_a_folder_with_other_things_in_it_stays_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    (directory / "notes.txt").touch()
    directory.chmod(0o755)
    with pytest.raises(XmppscopeError) as raised:
        Authority.open(directory)
    assert str(raised.value) == (
        f"{directory}: others can enter this folder, and it holds more than the authority; "
        "chmod 700 it, or name another --ca-dir"
    )
    assert mode(directory) == 0o755
    assert [path.name for path in directory.iterdir()] == ["notes.txt"]
    directory.chmod(0o700)
    assert Authority.open(directory).created


@pytest.mark.parametrize("permissions", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, permissions: int) -> None:
    path = put(tmp_path, new_authority(datetime.now(UTC)), permissions)
    with pytest.raises(XmppscopeError, match=r"authority\.pem: others can read the authority's key; chmod 600 it if"):
        Authority.open(tmp_path)
    assert mode(path) == permissions


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_that_somebody_else_owns_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, new_authority(datetime.now(UTC)))
    os.chown(path, 12345, 12345)
    with pytest.raises(XmppscopeError, match="belongs to another user, who knows its key; name another --ca-dir"):
        Authority.open(tmp_path)


NOW = datetime.now(UTC)
ONE, OTHER = blocks(new_authority(NOW)), blocks(new_authority(NOW))
NO_CERTIFICATE = "damaged, no certificate of an authority can be read in it"
NO_KEY = "damaged, no private key in the clear can be read in it"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", NO_CERTIFICATE),
        (b"Dear all,\n", NO_CERTIFICATE),
        (ONE[b"PRIVATE KEY"], NO_CERTIFICATE),
        (ONE[b"PRIVATE KEY"] + ONE[b"CERTIFICATE"][:300], NO_CERTIFICATE),
        (ONE[b"CERTIFICATE"], NO_KEY),
        (ONE[b"CERTIFICATE"] + ONE[b"PRIVATE KEY"][:100], NO_KEY),
        (ONE[b"PRIVATE KEY"] + OTHER[b"CERTIFICATE"], "damaged, its key is not that of its certificate"),
        (new_authority(NOW - timedelta(days=2000)), "the authority expired on 20"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_left_alone(tmp_path: Path, data: bytes, problem: str) -> None:
    path = put(tmp_path, data)
    with pytest.raises(XmppscopeError) as raised:
        Authority.open(tmp_path)
    assert str(raised.value).startswith(f"{path}: {problem}")
    assert str(raised.value).endswith(ANEW)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == data


def test_an_encrypted_key_and_one_of_another_kind_are_refused(tmp_path: Path, captures: Path) -> None:
    rsa = (captures / "server-key-prosody.pem").read_bytes()
    key = serialization.load_pem_private_key(ONE[b"PRIVATE KEY"], None)
    encryption = serialization.BestAvailableEncryption(b"secret")
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    for data, problem in ((rsa, "its key is not that of its certificate"), (encrypted, "no private key in the clear")):
        put(tmp_path, data + ONE[b"CERTIFICATE"])
        with pytest.raises(XmppscopeError, match=problem):
            Authority.open(tmp_path)


def test_a_leaf_certificate_is_no_authority(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "real")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "leaf")])
    builder = x509.CertificateBuilder().subject_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW - timedelta(1)).not_valid_after(NOW + timedelta(1))
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    leaf = authority.sign(
        builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    ).public_bytes(Encoding.PEM)
    put(tmp_path / "leaf", leaf + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(XmppscopeError, match="damaged, its certificate is not one of an authority"):
        Authority.open(tmp_path / "leaf")


def test_a_clock_that_is_slow_is_told(tmp_path: Path) -> None:
    put(tmp_path, new_authority(NOW + timedelta(days=9)))
    with pytest.raises(XmppscopeError, match=r"the authority is valid from 20..-..-.. on; set this machine's clock"):
        Authority.open(tmp_path)


def test_a_file_that_is_far_too_long(tmp_path: Path) -> None:
    put(tmp_path, b"x" * 100_000)
    with pytest.raises(XmppscopeError, match="far too long for an authority"):
        Authority.open(tmp_path)


@pytest.mark.parametrize("find", [Authority.open, Authority.find])
def test_a_folder_that_is_none(tmp_path: Path, find: object) -> None:
    (tmp_path / "file").touch()
    assert callable(find)
    with pytest.raises(XmppscopeError, match=r"not a directory; .*--ca-dir"):
        find(tmp_path / "file")
    with pytest.raises(XmppscopeError, match=r"not a directory; .*--ca-dir"):
        find(tmp_path / "file" / "below")
    put(tmp_path / "dir", b"")
    (tmp_path / "dir" / keeping.NAME).unlink()
    (tmp_path / "dir" / keeping.NAME).mkdir()
    with pytest.raises(XmppscopeError, match=r"is a directory; .*--ca-dir"):
        find(tmp_path / "dir")


def test_a_folder_without_hard_links_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise PermissionError(1, "no", str(target))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(XmppscopeError, match=r"operation not permitted; .*--ca-dir"):
        Authority.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_quicker_one_wins(tmp_path: Path) -> None:
    assert keeping.create(tmp_path, b"first")
    assert not keeping.create(tmp_path, b"second")
    assert keeping.read(tmp_path) == b"first"


def test_processes_that_start_at_once_have_one_authority(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from xmppscope.proxy.authority import Authority
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
authority = Authority.open(Path(sys.argv[1]))
sys.stdout.write(f"{authority.created} {authority.fingerprint}")
"""
    command = [sys.executable, "-c", program, str(tmp_path / "new")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(created for created, _ in said) == ["False"] * 3 + ["True"]
    assert len({fingerprint for _, fingerprint in said}) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == [keeping.NAME]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other places")
def test_the_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert default_directory() == Path("/somewhere/xmppscope")
