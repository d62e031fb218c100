"""@xmpp/client, in Node."""

import json
import shutil
from pathlib import Path

from tests.integration.clients.base import ClientRun, Job, Version, run_program
from tests.integration.elements import Direction

FOLDER = Path(__file__).with_name("node")


class XmppJs:
    """Drives node/run.js.

    With direct TLS it sends no SNI; it dials the address, or the domain if *by_name*, and wants a certificate for that.
    """

    name = "@xmpp/client"
    versions: tuple[Version, ...] = ("1.2", "1.3")
    resumes = True
    logs: tuple[Direction, ...] = ("out", "in")

    def __init__(self, *, by_name: bool = False) -> None:
        self._by_name = by_name

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        if shutil.which("node") is None:
            return "node is not installed"
        if not (FOLDER / "node_modules" / "@xmpp" / "client").is_dir():
            return "@xmpp/client is not installed (scripts/test-clients)"
        return None

    def version(self) -> str:
        """Return the version of @xmpp/client."""
        package = FOLDER / "node_modules" / "@xmpp" / "client" / "package.json"
        return str(json.loads(package.read_text())["version"])

    def run(self, job: Job) -> ClientRun:
        """Do the job."""
        text = json.dumps({**job.described(), "by_name": self._by_name})
        return run_program(["node", FOLDER / "run.js"], job, text, {"NODE_EXTRA_CA_CERTS": str(job.ca_file)})
