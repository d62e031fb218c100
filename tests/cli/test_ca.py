"""`xmppscope ca`: what is written and printed, and that the key never is."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12

from xmppscope.proxy.trust import CLIENTS

Run = Callable[..., CompletedProcess[bytes]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user stands; the user's own authority would be in its folder `data`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def secret(folder: Path) -> bytes:
    """A line of the private key."""
    lines = (folder / "authority.pem").read_bytes().splitlines()
    return lines[lines.index(b"-----BEGIN PRIVATE KEY-----") + 1]


def test_export_makes_the_authority_and_writes_its_certificate(xmppscope: Run, folder: Path) -> None:
    first = xmppscope("ca", "export", "--ca-dir", "my ca", "-o", "one.crt")
    again = xmppscope("ca", "export", "--ca-dir", "my ca", "-o", "two.crt")
    assert (first.returncode, first.stdout, again.returncode) == (0, b"", 0)
    assert re.fullmatch(rb"xmppscope: created xmppscope CA [0-9a-f:]{11} in my ca\n", first.stderr)
    assert (again.stdout, again.stderr) == (b"", b"")
    pem = (folder / "one.crt").read_bytes()
    assert pem == (folder / "two.crt").read_bytes()
    assert x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert pem.count(b"-----BEGIN") == 1
    assert secret(folder / "my ca") not in pem


def test_every_format_holds_the_same_certificate(xmppscope: Run, folder: Path) -> None:
    data = {form: xmppscope("ca", "export", "--format", form).stdout for form in ("pem", "der", "p12")}
    certificate = x509.load_pem_x509_certificate(data["pem"])
    assert x509.load_der_x509_certificate(data["der"]) == certificate
    assert pkcs12.load_key_and_certificates(data["p12"], None) == (None, None, [certificate])
    assert stat.S_IMODE((folder / "data" / "xmppscope" / "authority.pem").stat().st_mode) == 0o600


def test_create_once(xmppscope: Run, folder: Path) -> None:
    first, again = xmppscope("ca", "create"), xmppscope("ca", "create")
    assert (first.returncode, first.stderr, again.returncode, again.stderr) == (0, b"", 0, b"")
    name = first.stdout.partition(b": ")[0]
    assert first.stdout.startswith(name + b": created\n")
    assert again.stdout.startswith(name + b": there is one already, which stays as it is\n")
    assert first.stdout.splitlines()[1:] == again.stdout.splitlines()[1:]
    assert first.stdout.endswith(b"  to trust it  xmppscope ca trust\n")


def test_show(xmppscope: Run, folder: Path) -> None:
    pem = xmppscope("ca", "export", "--ca-dir", "ca").stdout
    certificate = x509.load_pem_x509_certificate(pem)
    done = xmppscope("ca", "show", "--ca-dir", "ca")
    assert (done.returncode, done.stderr) == (0, b"")
    name, *rest = done.stdout.decode().splitlines()
    facts = {line[2:15].strip(): line[15:] for line in rest}
    assert certificate.subject.rfc4514_string() == f"CN={name}"
    key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex(":").upper()
    assert facts == {
        "SHA-256": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "key id": key_id,
        "valid": f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
        "kept in": "ca/authority.pem",
    }
    assert name.endswith(key_id[:11].lower())


def test_show_makes_nothing(xmppscope: Run, folder: Path) -> None:
    done = xmppscope("ca", "show", "--ca-dir", "my ca")
    assert done.returncode == 2
    assert done.stderr == b"xmppscope: my ca: no authority in it yet; xmppscope ca create --ca-dir 'my ca' makes one\n"
    assert not (folder / "my ca").exists()


def test_trust_lists_every_client_within_the_width(xmppscope: Run, folder: Path) -> None:
    done = xmppscope("ca", "trust", "--ca-dir", "my ca")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert re.fullmatch(
        r"xmppscope CA [0-9a-f:]{11} · valid to \d{4}-\d\d-\d\d · its key never leaves ca-dir", lines[0]
    )
    marks = dict(re.findall(r"^  (\S.{12}) +(tried|untried) +\S", done.stdout.decode(), re.MULTILINE))
    found = {name.strip(): mark for name, mark in marks.items()}
    assert found.items() >= {row.name: "tried" if row.tried else "untried" for row in CLIENTS}.items()
    assert "this system" in found
    words = [line for line in lines[1:-1] if "xmppscope.crt" not in line and "xmppscope.p12" not in line]
    assert max(map(len, words)) <= 80
    assert lines[-1].endswith("xmppscope ca export --ca-dir 'my ca' -o xmppscope.crt")


def test_trust_can_do_without_other_signs_than_ascii(
    xmppscope: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert b" - valid to " in xmppscope("ca", "trust").stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("export --format", "option '--format' requires an argument"),
        ("exprt", "no such command 'exprt'; did you mean 'export'?; see xmppscope ca --help"),
        ("create x", "got unexpected extra argument (x); see xmppscope ca create --help"),
        ("export -o dir", "dir: a directory; name a file in it"),
        ("create --ca-dir=", "--ca-dir: an empty name; name a folder"),
        ("create --ca-dir file", "file: not a directory; name another --ca-dir"),
        (
            "show --ca-dir damaged",
            "damaged/authority.pem: damaged, no certificate of an authority can be read in it; "
            "move the file away to have a new one made, which clients must trust anew",
        ),
        (
            "export --ca-dir good -o good/authority.pem",
            "good/authority.pem: that is an input, and would be lost; choose another name for --output",
        ),
    ],
)
def test_one_line(xmppscope: Run, folder: Path, arguments: str, line: str) -> None:
    (folder / "dir").mkdir()
    (folder / "file").touch()
    (folder / "damaged").mkdir(mode=0o700)
    (folder / "damaged" / "authority.pem").touch(mode=0o600)
    xmppscope("ca", "create", "--ca-dir", "good")
    before = (folder / "good" / "authority.pem").read_bytes()
    done = xmppscope("ca", *arguments.split())
    assert done.stderr.decode().splitlines()[-1] == f"xmppscope: {line}"
    assert (done.returncode, done.stdout) == (2, b"")
    assert (folder / "good" / "authority.pem").read_bytes() == before


@pytest.mark.parametrize(("form", "called"), [("der", "DER"), ("p12", "PKCS #12")])
def test_no_binary_data_on_a_terminal(folder: Path, form: str, called: str) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [Path(sys.executable).with_name("xmppscope"), "ca", "export", "--format", form]
    done = subprocess.run(command, stdout=slave, stderr=subprocess.PIPE, check=False)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert done.stderr.decode() == f"xmppscope: {called} is no text for a terminal; name a file with --output\n"
    assert not (folder / "data").exists()


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    command = f"{Path(sys.executable).with_name('xmppscope')} ca trust | true"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.stderr.startswith(b"xmppscope: created xmppscope CA ")
    assert done.stderr.count(b"\n") == 1


def test_without_a_command_it_helps(xmppscope: Run, folder: Path) -> None:
    done = xmppscope("ca")
    assert done.returncode == 0
    listed = done.stdout.decode().rpartition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == ["create", "export", "show", "trust"]


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; from xmppscope.cli.ca import ca; ca(['export', '--help'], standalone_mode=False); "
    program += "sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stderr.split()} & {"cryptography", "platformdirs", "asyncio"}
