"""`--password`: what it takes, what it shows, and that it never shows the secret."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from xmppscope.cli.passwords import passwords
from xmppscope.model.errors import XmppscopeError

Run = Callable[..., CompletedProcess[bytes]]


def test_accounts_and_secrets() -> None:
    assert passwords(["Juliet@Capulet.example:a:b c", "romeo@[::1]:x", "nurse@capulet.example::"]) == {
        "juliet@capulet.example": "a:b c",
        "romeo@[::1]": "x",
        "nurse@capulet.example": ":",
    }


@pytest.mark.parametrize(
    "text", ["hushhush", "juliet:hushhush@x", "@x:hushhush", "a@b/c:hushhush", "a@b:", "a@:hushhush"]
)
def test_what_is_no_account_and_secret_is_refused_unseen(text: str) -> None:
    with pytest.raises(XmppscopeError) as caught:
        passwords([text])
    assert "JID:SECRET" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_proof_is_recomputed(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("read", captures / "c2s-errors-prosody.pcap", "-vv", "--password", "alice@prosody.test:h4shm3n0t")
    assert done.returncode == 0
    printed = done.stdout.decode() + done.stderr.decode()
    assert "Recomputed with the password given, the proof was made from another" in printed
    assert "h4shm3n0t" not in printed


def test_a_mistake_does_not_show_the_secret(xmppscope: Run, captures: Path) -> None:
    done = xmppscope("read", captures / "c2s-errors-prosody.pcap", "-vv", "--password", "h4shm3n0t")
    assert done.returncode == 2
    assert b"--password: not JID:SECRET" in done.stderr
    assert b"h4shm3n0t" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["lint", "read", "sniff", "proxy"])
def test_commands_that_diagnose_take_passwords(xmppscope: Run, command: str) -> None:
    assert b"--password JID:SECRET" in xmppscope(command, "--help").stdout
