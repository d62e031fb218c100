"""slixmpp, in a process of its own."""

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

from tests.integration.clients.base import ClientRun, Job, Version, run_program
from tests.integration.elements import Direction

PROGRAMS = Path(__file__).with_name("programs")


def missing() -> str | None:
    """Return why slixmpp cannot be used, or None where it can."""
    if importlib.util.find_spec("slixmpp") is None:
        return "slixmpp is not installed (scripts/test-clients)"
    return None


class Slixmpp:
    """Drives programs/slix.py."""

    name = "slixmpp"
    versions: tuple[Version, ...] = ("1.2", "1.3")
    resumes = True
    logs: tuple[Direction, ...] = ("out", "in")

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        return missing()

    def version(self) -> str:
        """Return slixmpp's version."""
        return importlib.metadata.version("slixmpp")

    def run(self, job: Job) -> ClientRun:
        """Do the job."""
        return run_program([sys.executable, PROGRAMS / "slix.py"], job, json.dumps(job.described()))
