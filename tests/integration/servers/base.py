"""What a test knows about a running server."""

from dataclasses import dataclass
from pathlib import Path

from tests.integration.processes import Background

PASSWORDS = {"alice": "Wherefore4rt", "bob": "S0ftWhatLight"}
"""The accounts of every server; alice is the client under test, bob answers her."""


@dataclass(frozen=True)
class Account:
    """Somebody who may log in."""

    jid: str
    password: str


@dataclass(frozen=True)
class Server:
    """A server that runs on loopback; `starttls` and `direct` are its ports, `http` and `https` those of the web.

    `websocket` and `bosh` are the paths there.
    """

    name: str
    version: str
    domain: str
    starttls: int
    direct: int
    ca_file: Path
    background: Background
    http: int = 0
    https: int = 0
    websocket: str = ""
    bosh: str = ""

    def account(self, name: str) -> Account:
        """Return alice or bob of this server."""
        return Account(f"{name}@{self.domain}", PASSWORDS[name])

    def port(self, tls: str) -> int:
        """Return the port for ``starttls`` or ``direct`` TLS."""
        return self.direct if tls == "direct" else self.starttls
