"""What the reference of JSON Lines shows of proxied connections is what the proxy prints, with the demo's server."""

import asyncio
import json
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, blocks
from xmppscope.demo import ACCOUNTS, DOMAIN, DemoClient, DemoError, DemoServer

COMMAND = Path(sys.executable).with_name("xmppscope")
PATIENCE = 30.0

# Times, ports, what the proxy and the server number by lot, and entry numbers that differ with the greetings.
VARYING = (
    (re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"'), '"TIME"'),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"id='[^']*'"), "id='ID'"),
)

Record = dict[str, Any]


def steady(record: Record) -> Record:
    """Return a record without what differs from run to run."""
    text = json.dumps(record, ensure_ascii=False)
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    found: Record = json.loads(text)
    return found


class Proxy:
    """`xmppscope proxy` in front of a port, printing JSON Lines."""

    def __init__(self, folder: Path, upstream: int, authority: bytes) -> None:
        trusted = folder / "server.pem"
        trusted.write_bytes(authority)
        self._printed = folder / "printed.jsonl"
        command = [COMMAND, "proxy", "--listen", "127.0.0.1:0", "--ca-dir", folder / "ca", "--upstream-ca", trusted]
        command += ["--upstream", f"127.0.0.1:{upstream}", "--format", "jsonl", "-o", self._printed]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        listening = next(line for line in self._process.stderr if line.startswith("listening on "))
        self.port = int(listening.rpartition(":")[2])
        export = [COMMAND, "ca", "export", "--ca-dir", folder / "ca"]
        self.authority = subprocess.run(export, check=True, capture_output=True, timeout=PATIENCE).stdout

    def stop(self) -> list[Record]:
        """Interrupt it; return the records that it printed."""
        self._process.send_signal(signal.SIGINT)
        said = self._process.communicate(timeout=PATIENCE)[1]
        assert self._process.returncode == 0, said
        return [json.loads(line) for line in self._printed.read_text().splitlines()]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What is printed of a login, of a client that does not trust the proxy, and of a server that is not there."""

    def client(proxy: Proxy, authority: bytes) -> DemoClient:
        return DemoClient(f"juliet@{DOMAIN}", ACCOUNTS["juliet"], "127.0.0.1", proxy.port, authority)

    async def sessions() -> list[Record]:
        async with DemoServer(DOMAIN, ACCOUNTS) as server:
            await server.start()
            proxy = await asyncio.to_thread(Proxy, tmp_path_factory.mktemp("proxy"), server.port, server.authority_pem)
            juliet = client(proxy, proxy.authority)
            await juliet.login()
            await juliet.close()
            with pytest.raises((DemoError, ssl.SSLError)):
                await client(proxy, server.authority_pem).login()
            found = await asyncio.to_thread(proxy.stop)
            unreached, authority = server.port, server.authority_pem
        proxy = await asyncio.to_thread(Proxy, tmp_path_factory.mktemp("unreached"), unreached, authority)
        with pytest.raises(DemoError):
            await client(proxy, proxy.authority).login()
        return found + await asyncio.to_thread(proxy.stop)

    return asyncio.run(sessions())


def test_examples_of_proxied_connections_are_what_is_printed(printed: list[Record]) -> None:
    reference = (ROOT / "docs" / "reference" / "jsonl.md").read_text()
    examples = [json.loads(example) for example in blocks(reference, "json")]
    wanted = [
        example
        for example in examples
        if example.keys() & {"proxy", "leg", "edit", "advice"} or example.get("kind") == "proxy"
    ]
    assert {example["record"] for example in wanted} == {"connection", "entry", "diagnosis"}
    steadied = [steady(record) for record in printed]
    assert not [example for example in wanted if steady(example) not in steadied]
