"""Records xmppscope/lessons/recordings/first.pcap and first.keys anew: Prosody, two slixmpp clients, tcpdump, loopback.

Needs Prosody, slixmpp and the right to capture; run it from the root of the repository. The accounts are made for this
recording and used nowhere else, so the passwords in it are no secrets.
"""

import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.integration.certificates import TestAuthority  # noqa: E402
from tests.integration.processes import Background, wait_for  # noqa: E402

RECORDINGS = ROOT / "xmppscope" / "lessons" / "recordings"
ACCOUNTS = {"juliet@capulet.example": "what-light-through-yonder", "romeo@montague.example": "call-me-but-love"}
FRIENDS = dict(zip(ACCOUNTS, reversed(ACCOUNTS), strict=True))
CONFIGURATION = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{}}
s2s_ports = {{}}
s2s_direct_tls_ports = {{}}
http_ports = {{}}
https_ports = {{}}
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
modules_enabled = {{ "roster", "saslauth", "tls" }}
modules_disabled = {{ "s2s", "offline" }}
"""


class Client(ClientXMPP):
    """Logs in over STARTTLS, and says nothing that it is not told to."""

    def __init__(self, jid: str, resource: str, keys: Path, authority: Path) -> None:
        super().__init__(f"{jid}/{resource}", ACCOUNTS[jid])
        self.enable_direct_tls = False
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ssl_context.keylog_filename = str(keys)
        self.ca_certs = authority
        self.available = asyncio.Event()
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.add_event_handler("session_start", self._begin)
        self.add_event_handler("message", self._hear)

    async def _begin(self, _: object) -> None:
        await self.get_roster()
        self.send_presence()
        await asyncio.sleep(0.2)
        self.available.set()

    def _hear(self, message: Any) -> None:
        self.heard.put_nowait(message["body"])


async def play(port: int, keys: Path, authority: Path) -> None:
    juliet = Client("juliet@capulet.example", "balcony", keys, authority)
    romeo = Client("romeo@montague.example", "orchard", keys, authority)
    juliet.connect("127.0.0.1", port)
    await asyncio.wait_for(juliet.available.wait(), 20)
    romeo.connect("127.0.0.1", port)
    await asyncio.wait_for(romeo.available.wait(), 20)
    juliet.send_message("romeo@montague.example", "Art thou not Romeo, and a Montague?", mtype="chat")
    await asyncio.wait_for(romeo.heard.get(), 20)
    await asyncio.sleep(0.3)
    romeo.send_message("juliet@capulet.example", "Neither, fair maid, if either thee dislike.", mtype="chat")
    await asyncio.wait_for(juliet.heard.get(), 20)
    await asyncio.sleep(0.3)
    await romeo.disconnect()
    await asyncio.sleep(0.3)
    await juliet.disconnect()
    await asyncio.sleep(0.3)


def serve(folder: Path, port: int, authority: TestAuthority) -> Background:
    hosts = ""
    for jid in ACCOUNTS:
        name, _, domain = jid.partition("@")
        issued = authority.issue(domain)
        data = folder / "data" / domain.replace(".", "%2e")
        for kind in ("accounts", "roster"):
            (data / kind).mkdir(parents=True)
        (data / "accounts" / f"{name}.dat").write_text(f'return {{ ["password"] = "{ACCOUNTS[jid]}" }};\n')
        friend = f'["{FRIENDS[jid]}"] = {{ subscription = "both", groups = {{}} }};'
        (data / "roster" / f"{name}.dat").write_text(f"return {{ [false] = {{ version = 1 }}; {friend} }};\n")
        hosts += f'VirtualHost "{domain}"\nssl = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}\n'
    configuration = folder / "prosody.cfg.lua"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port) + hosts)
    server = Background(["prosody", "--config", configuration, "-F"], folder / "prosody.log")
    server.accepting(port)
    return server


def main() -> None:
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = TestAuthority(folder)
        port = 5222
        server = serve(folder, port, authority)
        capture = folder / "first.pcap"
        keys = folder / "first.keys"
        command = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", capture, "tcp", "port", str(port)]
        recorder = Background(command, folder / "tcpdump.log")
        try:
            wait_for(lambda: "listening" in recorder.printed(), "tcpdump")
            asyncio.run(play(port, keys, authority.file))
        finally:
            recorder.stop()
            server.stop()
        RECORDINGS.mkdir(exist_ok=True)
        (RECORDINGS / "first.pcap").write_bytes(capture.read_bytes())
        lines = [line for line in keys.read_text().splitlines(keepends=True) if not line.startswith("#")]
        (RECORDINGS / "first.keys").write_text("".join(lines))
    subprocess.run(["ls", "-l", RECORDINGS], check=True)


if __name__ == "__main__":
    main()
