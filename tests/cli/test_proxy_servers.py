"""`xmppscope proxy --s2s` and `--component` as their user meets them."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[bytes]]
Start = Callable[..., Any]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--s2s --component", "--s2s and --component contradict each other; start one proxy for each"),
        ("--component", "--component: no server named, and no SRV names one; add --upstream HOST:PORT"),
    ],
)
def test_what_cannot_be(xmppscope: Run, tmp_path: Path, options: str, line: str) -> None:
    done = xmppscope("proxy", "--ca-dir", tmp_path / "ca", *options.split())
    assert done.returncode == 2
    assert done.stderr.decode() == f"xmppscope: {line}\n"


@pytest.mark.parametrize(
    ("options", "said", "not_said"),
    [
        (
            "--s2s",
            [
                "that the initiating server names (SRV, else 5269)",
                "asks        the initiating server for its certificate",
            ],
            ["channel binding"],
        ),
        ("--s2s --upstream 127.0.0.1", ["127.0.0.1:5269, with TLS as the initiating server has it"], ["5222"]),
        (
            "--component --upstream 127.0.0.1",
            ["127.0.0.1:5347, without TLS", "In the gateway set host 127.0.0.1 and port"],
            ["signs with", "verifies", "channel binding", "its certificate"],
        ),
        ("--component --upstream tls:127.0.0.1", ["127.0.0.1:5347, by direct TLS"], []),
    ],
)
def test_the_plan(start: Start, tmp_path: Path, options: str, said: list[str], not_said: list[str]) -> None:
    running = start("proxy", "--listen", "127.0.0.1:0", "--ca-dir", tmp_path / "ca", *options.split())
    lines = []
    for line in running.process.stderr:
        lines.append(line.decode())
        if lines[-1].startswith("listening on "):
            break
    plan = "".join(lines)
    assert [words for words in said if words not in plan] == []
    assert [words for words in not_said if words in plan] == []
