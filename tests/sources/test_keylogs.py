"""Key log files: read, read on, waited for, refused."""

from pathlib import Path

import pytest

from xmppscope.model.errors import KeyFileError
from xmppscope.sources.keylogs import KeyLogs, add_rsa_key
from xmppscope.tls.keylog import KeyStore

LINE = b"CLIENT_RANDOM %s %s\n"


def line(number: int) -> bytes:
    return LINE % (bytes([number]).hex().encode() * 32, b"ab" * 48)


def test_a_whole_file(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys", KeyStore()
    path.write_bytes(b"# SSL/TLS secrets log file\n\njunk here\n" + line(1) + line(2).rstrip())
    logs = KeyLogs([str(path)], keys, growing=False)
    assert (keys.sessions, keys.growing, logs.warnings) == (2, False, [])


def test_a_growing_file_is_read_on(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys", KeyStore()
    path.write_bytes(b"")
    logs = KeyLogs([str(path)], keys, growing=True)
    assert (keys.sessions, keys.growing, logs.warnings) == (0, True, [])
    with path.open("ab", buffering=0) as file:
        file.write(line(1) + line(2)[:50])
        logs.poll()
        assert keys.sessions == 1
        file.write(line(2)[50:])
        logs.poll()
        assert keys.sessions == 2
    logs.close()


def test_a_file_that_comes_later(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys", KeyStore()
    logs = KeyLogs([str(path)], keys, growing=True)
    assert logs.warnings == [f"{path}: no such file yet; it is read as soon as there is one"]
    logs.poll()
    path.write_bytes(line(1))
    logs.poll()
    assert keys.sessions == 1
    logs.close()


@pytest.mark.parametrize("text", [b"", b"# nothing yet\n\n"])
def test_a_file_without_keys_is_odd_unless_it_grows(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "keys"
    path.write_bytes(text)
    assert KeyLogs([str(path)], KeyStore(), growing=False).warnings == [f"{path}: a key log without keys"]
    logs = KeyLogs([str(path)], KeyStore(), growing=True)
    assert logs.warnings == []
    logs.close()


@pytest.mark.parametrize("text", [b"three words here\n", b"\xd4\xc3\xb2\xa1\x02\0\x04\0", b"CLIENT_RANDOM zz yy\n"])
@pytest.mark.parametrize("growing", [False, True])
def test_what_is_no_key_log(tmp_path: Path, text: bytes, growing: bool) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(text)
    with pytest.raises(KeyFileError) as raised:
        KeyLogs([str(path)], KeyStore(), growing=growing)
    assert str(raised.value) == f"{path}: not a key log (no line of 3 fields); give what SSLKEYLOGFILE wrote"


def test_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "login.keys").write_bytes(line(1))
    with pytest.raises(KeyFileError, match=r"login\.key: no such file; did you mean .*/login\.keys\?$"):
        KeyLogs([str(tmp_path / "login.key")], KeyStore(), growing=False)


def test_one_name_given_twice_counts_once(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys", KeyStore()
    path.write_bytes(line(1))
    KeyLogs([str(path), str(path)], keys, growing=False)
    assert keys.logs == 1


def test_rsa_key(captures: Path, tmp_path: Path) -> None:
    keys = KeyStore()
    add_rsa_key(str(captures / "server-key-prosody.pem"), keys)
    assert len(keys.rsa_keys) == 1
    path = tmp_path / "server.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(KeyFileError) as raised:
        add_rsa_key(str(path), keys)
    assert str(raised.value) == f"{path}: a certificate, not a private key; --rsa-key wants the key"
