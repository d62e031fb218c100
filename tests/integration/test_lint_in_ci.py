"""The script of the how-to on continuous integration, run as a whole: it fails where the protocol is broken."""

import base64
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.integration.processes import PATIENCE, free_port
from tests.integration.proxy_run import COMMAND
from tests.integration.servers.base import Server
from tests.pages import ROOT

pytestmark = pytest.mark.real

PAGE = ROOT / "docs" / "how-to" / "lint-in-ci.md"
CLIENT = """\
#!{python}
import os, sys
from pathlib import Path

sys.path.insert(0, {root!r})
from tests.integration.raw import BIND_REQUEST, CLOSE, FEATURES_END, SASL, STARTTLS, dial, header

assert sys.argv[1] == "--host" and sys.argv[3] == "--port"
peer = dial(int(sys.argv[4]), sys.argv[2], {domain!r})
peer.say(header({domain!r}))
peer.hear(FEATURES_END)
peer.say(STARTTLS)
peer.hear("proceed")
peer.hear(">")
peer.secure(Path(os.environ["SSL_CERT_FILE"]))
peer.say(header({domain!r}))
peer.hear(FEATURES_END)
peer.say("<auth xmlns='" + SASL + "' mechanism='PLAIN'>{plain}</auth>")
peer.hear("<success")
peer.hear(">")
peer.say(header({domain!r}))
peer.hear(FEATURES_END)
peer.say(BIND_REQUEST)
peer.hear("</iq>")
peer.say({says!r}, CLOSE)
peer.hear(CLOSE)
peer.sock.close()
sys.exit({status})
"""


def script(upstream: int) -> str:
    """Return the script of the page with ports of this run; nothing else of it is changed."""
    found = re.search(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    listen = str(free_port())
    text = found[1].replace("127.0.0.1:5222", f"127.0.0.1:{upstream}")
    return text.replace("127.0.0.1:5322", f"127.0.0.1:{listen}").replace("--port 5322", f"--port {listen}")


def run(folder: Path, server: Server, *, says: str = "", status: int = 0) -> tuple[int, list[str]]:
    """Run the script with a client that says something and ends with a status; return how it ends, and what failed."""
    account = server.account("alice")
    plain = base64.b64encode(f"\0alice\0{account.password}".encode()).decode()
    client = folder / "run-tests"
    client.write_text(
        CLIENT.format(
            python=sys.executable, root=str(ROOT), domain=server.domain, plain=plain, says=says, status=status
        )
    )
    client.chmod(0o700)
    (folder / "server-ca.pem").write_bytes(server.ca_file.read_bytes())
    (folder / "lint.sh").write_text(script(server.starttls))
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "lint.sh"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    failed = ET.parse(folder / "lint.xml").findall(".//testcase[failure]")
    assert (folder / "trace.pcapng").stat().st_size > 0
    return done.returncode, [case.get("name", "") for case in failed]


def test_a_sound_client_passes(prosody: Server, tmp_path: Path) -> None:
    assert run(tmp_path, prosody) == (0, [])


def test_a_client_that_breaks_the_protocol_fails(prosody: Server, tmp_path: Path) -> None:
    assert run(tmp_path, prosody, says="<iq type='ask' id='a1'><ping xmlns='urn:xmpp:ping'/></iq>") == (1, ["iq-type"])


def test_the_status_of_failed_tests_is_kept(prosody: Server, tmp_path: Path) -> None:
    assert run(tmp_path, prosody, status=3) == (3, [])
