"""ngircd and biboumi: an IRC server, and a gateway to it that is a component of an XMPP server."""

import re
import shutil
import subprocess
from pathlib import Path
from string import Template

from tests.integration.processes import PATIENCE, Background, free_port

NGIRCD = Template("""
[Global]
Name = irc.test
Info = for tests
Listen = 127.0.0.1
Ports = $port
PidFile = $folder/ngircd.pid
MotdPhrase = hello
[Limits]
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
""")
BIBOUMI = Template("""hostname=$name
password=$secret
xmpp_server_ip=127.0.0.1
port=$port
db_name=$folder/biboumi.sqlite
log_level=0
identd_port=0
policy_directory=$folder
""")


def version(program: str, package: str = "") -> str | None:
    """Return a program's version, or that of its package, or None where it is not installed."""
    if shutil.which(program) is None:
        return None
    command = ["dpkg-query", "-W", "-f", "${Version}", package] if package else [program, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    found = re.search(r"(\d+(?:\.\d+)*)", done.stdout)
    return found[1] if found else "unknown version"


def start_ngircd(folder: Path) -> tuple[Background, int]:
    """Start an IRC server; return it with its port."""
    port, configuration = free_port(), folder / "ngircd.conf"
    configuration.write_text(NGIRCD.substitute(folder=folder, port=port))
    background = Background(["ngircd", "-n", "-f", configuration], folder / "ngircd.log")
    background.accepting(port)
    return background, port


def start_biboumi(folder: Path, name: str, secret: str, port: int) -> Background:
    """Start the gateway *name* at the server that listens for components on *port*."""
    configuration = folder / "biboumi.cfg"
    configuration.write_text(BIBOUMI.substitute(folder=folder, name=name, secret=secret, port=port))
    return Background(["biboumi", configuration], folder / "biboumi.log")
