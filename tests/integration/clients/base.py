"""What every driven client has in common: what it is asked to do, and what comes back.

A driver starts the client as a program of its own. Programs that are ours get the job on standard input and
answer with JSON Lines (`Reports`); others are driven as a user would, and their logs are read.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.integration.elements import Connection, Direction
from tests.integration.servers.base import Account

LIMIT = 60.0
"""Seconds for one run of a client, from start to end."""

STEP = 15.0
"""Seconds for one step of it."""

Tls = Literal["starttls", "direct"]
Version = Literal["1.2", "1.3"]
Via = Literal["SOCKS5", "CONNECT"]


@dataclass(frozen=True)
class Script:
    """What the client does after it has logged in and asked for its roster.

    It sends each of `messages` to `peer` and waits until the peer has answered with ``echo: `` before it; with `cut` it
    then breaks its TCP connection off, resumes the session and does so once more with the message `after`.
    """

    peer: str
    messages: tuple[str, ...]
    cut: bool = False
    after: str = "after the cut"

    @property
    def answers(self) -> list[str]:
        """The bodies that must come back."""
        return [f"echo: {body}" for body in (*self.messages, *((self.after,) if self.cut else ()))]


@dataclass(frozen=True)
class Job:
    """Who logs in where, and how; `via` a proxy of that protocol, if any, on `proxy_port` of 127.0.0.1."""

    account: Account
    host: str
    port: int
    tls: Tls
    version: Version | None
    ca_file: Path
    script: Script
    folder: Path
    via: Via | None = None
    proxy_port: int = 0

    @property
    def domain(self) -> str:
        """The domainpart of the account's JID."""
        return self.account.jid.partition("@")[2]

    def described(self) -> dict[str, Any]:
        """Return what a program of ours must know."""
        return {
            **asdict(self.account),
            **asdict(self.script),
            "domain": self.domain,
            "host": self.host,
            "port": self.port,
            "tls": self.tls,
            "version": self.version,
            "ca_file": str(self.ca_file),
            "via": self.via,
            "proxy_port": self.proxy_port,
        }


@dataclass
class ClientRun:
    """What a client reported; `failed` is why it could not do what it was asked."""

    connections: list[Connection] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    roster: list[str] | None = None
    resumed: bool | None = None
    failed: str | None = None
    output: str = ""


class Client(Protocol):
    """A client that the tests can drive.

    `versions` are the TLS versions that it can be held to, `resumes` whether it can be made to resume a session, `logs`
    the directions that its log shows.
    """

    name: str
    versions: tuple[Version, ...]
    resumes: bool
    logs: tuple[Direction, ...]

    def missing(self) -> str | None:
        """Return why the client cannot be run here, or None where it can."""

    def version(self) -> str:
        """Return the version of the client or its library."""

    def run(self, job: Job) -> ClientRun:
        """Do the job; return what the client says about it."""


class Reports:
    """Builds a `ClientRun` from the JSON Lines that a program of ours prints."""

    def __init__(self) -> None:
        self.run = ClientRun()
        self._take: dict[str, Callable[[Any], None]] = {
            "connected": lambda _: self.run.connections.append(Connection()),
            "out": lambda text: self.run.connections[-1].texts["out"].append(text),
            "in": lambda text: self.run.connections[-1].texts["in"].append(text),
            "tls": lambda version: setattr(self.run.connections[-1], "tls", version),
            "received": self.run.received.append,
            "roster": lambda jids: setattr(self.run, "roster", jids),
            "resumed": lambda whether: setattr(self.run, "resumed", whether),
            "failed": lambda reason: setattr(self.run, "failed", reason),
        }

    def take(self, lines: Iterable[str]) -> ClientRun:
        """Read reports of one key each; whatever else the program printed is kept in `output`."""
        for line in lines:
            if line.startswith('{"'):
                for key, value in json.loads(line).items():
                    self._take[key](value)
            else:
                self.run.output += line + "\n"
        return self.run


class InFolder(Protocol):
    """A job of any kind."""

    @property
    def folder(self) -> Path:
        """Where its program runs."""


def run_program(command: Sequence[object], job: InFolder, text: str, env: Mapping[str, str] | None = None) -> ClientRun:
    """Run a program of ours with the job as *text*; a bad exit status without a reason is a failure as well."""
    try:
        done = subprocess.run(
            [*map(str, command)],
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=LIMIT,
            env={**os.environ, **(env or {})},
            cwd=job.folder,
        )
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + (late.stderr or b"").decode(errors="replace")
        return ClientRun(failed=f"did not end in {LIMIT:.0f} s", output=output)
    # Not splitlines: a JSON text may hold the line separators of Unicode.
    run = Reports().take(line for line in done.stdout.split("\n") if line)
    run.output += done.stderr
    if done.returncode and run.failed is None:
        run.failed = f"exit status {done.returncode}"
    return run
