"""Clients of the web: @xmpp/client and stanza in Node, over WebSocket; strophe.js in Chromium, over BOSH too."""

import importlib.util
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.integration.clients.base import ClientRun, Script, run_program
from tests.integration.clients.slix import PROGRAMS
from tests.integration.clients.xmppjs import FOLDER
from tests.integration.servers.base import Account

Kind = Literal["websocket", "bosh"]
SCHEMES: dict[tuple[Kind, bool], str] = {
    ("websocket", False): "ws",
    ("websocket", True): "wss",
    ("bosh", False): "http",
    ("bosh", True): "https",
}


@dataclass(frozen=True)
class WebJob:
    """Who logs in where, over what; where `host_meta` is, the URL is found there.

    `through` is the port of a proxy for HTTP that a browser is told of.
    """

    account: Account
    kind: Kind
    url: str
    ca_file: Path
    script: Script
    folder: Path
    host_meta: str = ""
    through: int = 0

    def described(self) -> dict[str, Any]:
        """Return what a program of ours must know."""
        return {
            **asdict(self.account),
            **asdict(self.script),
            "domain": self.account.jid.partition("@")[2],
            "kind": self.kind,
            "url": self.url,
            "host_meta": self.host_meta,
            "ca_file": str(self.ca_file),
            "through": self.through,
        }


class WebClient(Protocol):
    """A client of the web that the tests can drive."""

    name: str
    kinds: tuple[Kind, ...]

    def missing(self) -> str | None:
        """Return why the client cannot be run here, or None where it can."""

    def version(self) -> str:
        """Return the version of the library."""

    def run(self, job: WebJob) -> ClientRun:
        """Do the job; return what the client says about it."""


def lacks(package: str) -> str | None:
    """Return why a package of npm's cannot be used here."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / package).is_dir():
        return f"{package} is not installed (scripts/test-clients)"
    return None


def version_of(package: str) -> str:
    """Return the version of a package of npm's."""
    return str(json.loads((FOLDER / "node_modules" / package / "package.json").read_text())["version"])


class NodeClient:
    """Drives node/web.js."""

    kinds: tuple[Kind, ...] = ("websocket",)

    def __init__(self, name: str) -> None:
        self.name = name

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        return lacks(self.name) or lacks("ws")

    def version(self) -> str:
        """Return the version of the library."""
        return version_of(self.name)

    def run(self, job: WebJob) -> ClientRun:
        """Do the job."""
        text = json.dumps({**job.described(), "library": self.name})
        return run_program(["node", FOLDER / "web.js"], job, text, {"NODE_EXTRA_CA_CERTS": str(job.ca_file)})


class Strophe:
    """Drives programs/browser.py, which shows programs/page.html to a Chromium."""

    name = "strophe.js"
    kinds: tuple[Kind, ...] = ("websocket", "bosh")

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        for program, package in (("chromium", "chromium"), ("certutil", "libnss3-tools")):
            if shutil.which(program) is None:
                return f"{package} is not installed"
        if importlib.util.find_spec("playwright") is None:
            return "playwright is not installed"
        return lacks(self.name)

    def version(self) -> str:
        """Return the version of strophe.js."""
        return version_of(self.name)

    def run(self, job: WebJob) -> ClientRun:
        """Do the job."""
        library = FOLDER / "node_modules" / "strophe.js" / "dist" / "strophe.umd.min.js"
        text = json.dumps({**job.described(), "chromium": shutil.which("chromium"), "library": str(library)})
        return run_program([sys.executable, PROGRAMS / "browser.py"], job, text)


WEB_CLIENTS: tuple[WebClient, ...] = (NodeClient("@xmpp/client"), NodeClient("stanza"), Strophe())
