"""The key log of the proxy: both readers of key logs take it, and a person sees whose each secret is."""

from pathlib import Path

import pytest

from xmppscope.model.wire import Keys
from xmppscope.proxy.keylog import KeyLogFile
from xmppscope.tls.keylog import KeyStore

RANDOM, SECRET = "5a" * 32, "11" * 48
LINE = f"CLIENT_RANDOM {RANDOM} {SECRET}\n".encode()
LATER = f"EXPORTER_SECRET {RANDOM} {SECRET}\n".encode()


def test_each_line_says_whose_leg_it_is(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    log = KeyLogFile(str(path))
    log.feed(Keys(LINE + LATER, "client"))
    log.feed(Keys(LINE, "server"))
    assert path.read_bytes() == b"# client leg\n" + LINE + b"# client leg\n" + LATER + b"# server leg\n" + LINE
    log.close()
    assert log.problem is None


@pytest.mark.parametrize("data", [LINE, LINE.rstrip(), LINE.replace(b"\n", b"\r\n"), b"\n#a\n" + LINE + b"\n"])
def test_every_secret_is_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "keys"
    log = KeyLogFile(str(path))
    log.feed(Keys(data, "server"))
    log.feed(Keys(b"", "server"))
    log.close()
    assert path.read_bytes() == b"# server leg\n" + LINE


def test_it_can_be_read_as_a_key_log(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    log = KeyLogFile(str(path))
    log.feed(Keys(LINE + LATER, "client"))
    log.close()
    store = KeyStore()
    assert store.add(path.read_bytes(), "keys") == 2
