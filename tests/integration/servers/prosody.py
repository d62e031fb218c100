"""Prosody with a configuration, data and logs of its own."""

import re
import shutil
import subprocess
from pathlib import Path
from string import Template

from tests.integration.certificates import TestAuthority
from tests.integration.processes import PATIENCE, Background, free_port
from tests.integration.servers.base import PASSWORDS, Server

DOMAIN = "prosody.test"

# "run_as_root" because a test run as root would otherwise need a data folder that belongs to Prosody's user.
CONFIGURATION = Template("""
run_as_root = true
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
certificates = "$folder"
log = { { levels = { min = "debug" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { $starttls }
c2s_direct_tls_ports = { $direct }
s2s_ports = {}
s2s_direct_tls_ports = {}
http_ports = { $http }
https_ports = { $https }
http_interfaces = { "127.0.0.1" }
https_interfaces = { "127.0.0.1" }
http_default_host = "$domain"
consider_websocket_secure = true
consider_bosh_secure = true
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
modules_enabled = {
    "roster", "saslauth", "tls", "disco", "carbons", "smacks", "ping", "blocklist", "csi_simple", "pep", "offline",
    "websocket", "bosh"
}
modules_disabled = { "s2s" }
smacks_hibernation_time = 60
ssl = { certificate = "$certificate", key = "$key" }
https_ssl = { certificate = "$certificate", key = "$key" }
c2s_direct_tls_ssl = { certificate = "$certificate", key = "$key" }
VirtualHost "$domain"
""")


def version() -> str | None:
    """Return Prosody's version, or None where it is not installed."""
    if shutil.which("prosody") is None or shutil.which("prosodyctl") is None:
        return None
    done = subprocess.run(["prosodyctl", "about"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    found = re.search(r"^Prosody (\d\S*)", done.stdout, re.MULTILINE)
    return found[1] if found else "unknown version"


def write_accounts(data: Path) -> None:
    """Write what Prosody keeps of its users: passwords, and a roster in which they are friends."""
    for kind in ("accounts", "roster"):
        (data / kind).mkdir(parents=True)
    for name, password in PASSWORDS.items():
        (data / "accounts" / f"{name}.dat").write_text(f'return {{ ["password"] = "{password}" }};\n')
        friends = "".join(
            f'["{other}@{DOMAIN}"] = {{ subscription = "both", groups = {{}} }}; '
            for other in PASSWORDS
            if other != name
        )
        (data / "roster" / f"{name}.dat").write_text(f"return {{ [false] = {{ version = 1 }}; {friends}}};\n")


def start(folder: Path, authority: TestAuthority) -> Server:
    """Start Prosody in *folder* and wait until it takes connections."""
    issued = authority.issue(DOMAIN)
    starttls, direct, http, https = free_port(), free_port(), free_port(), free_port()
    write_accounts(folder / "data" / DOMAIN.replace(".", "%2e"))
    configuration = folder / "prosody.cfg.lua"
    configuration.write_text(
        CONFIGURATION.substitute(
            folder=folder,
            starttls=starttls,
            direct=direct,
            http=http,
            https=https,
            certificate=issued.certificate,
            key=issued.key,
            domain=DOMAIN,
        )
    )
    background = Background(["prosody", "--config", configuration, "-F"], folder / "prosody.log")
    background.accepting(starttls, direct, http, https)
    web = http, https, "/xmpp-websocket", "/http-bind"
    return Server("prosody", version() or "", DOMAIN, starttls, direct, authority.file, background, *web)
