"""Smack, the Java library, built with Maven by scripts/test-clients."""

import re
import shutil
from pathlib import Path

from tests.integration.clients.base import ClientRun, Job, Version, run_program
from tests.integration.elements import Direction

FOLDER = Path(__file__).with_name("smack")
CLASSES, LIBRARIES = FOLDER / "target" / "classes", FOLDER / "target" / "lib"


def properties(job: Job) -> str:
    """Return the job as Java's properties, which need no library to be read."""
    described = job.described()
    texts = {f"message{number}": body for number, body in enumerate(described.pop("messages"))}
    texts |= {key: str(value) for key, value in described.items() if value not in {None, False}}
    return "".join(f"{key}={escaped(value)}\n" for key, value in texts.items())


def escaped(text: str) -> str:
    """Return *text* in escaped units of UTF-16."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


class Smack:
    """Drives smack/src/main/java/Client.java."""

    name = "Smack"
    versions: tuple[Version, ...] = ("1.2", "1.3")
    resumes = True
    logs: tuple[Direction, ...] = ("out", "in")

    def missing(self) -> str | None:
        """Return why it cannot be run here."""
        if shutil.which("java") is None:
            return "Java is not installed"
        if not (CLASSES / "Client.class").exists() or not LIBRARIES.is_dir():
            return "the Smack client is not built (scripts/test-clients; Maven builds it)"
        return None

    def version(self) -> str:
        """Return Smack's version."""
        (core,) = LIBRARIES.glob("smack-core-*.jar")
        found = re.search(r"smack-core-(.+)\.jar", core.name)
        return found[1] if found else "unknown version"

    def run(self, job: Job) -> ClientRun:
        """Do the job."""
        # Started once for each job: the cheap compiler alone makes that twice as quick.
        command = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", f"{CLASSES}:{LIBRARIES}/*", "Client"]
        return run_program(command, job, properties(job))
