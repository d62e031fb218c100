"""Prosody and ejabberd as servers that federate, on two addresses of loopback, and Prosody's port for components.

Where each finds the other is up to the test: Prosody reads routes from its configuration, by way of a module made here,
since its own DNS client asks port 53 alone; ejabberd asks a DNS server that the test runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.integration.certificates import TestAuthority
from tests.integration.processes import Background, free_port, wait_for
from tests.integration.servers.base import PASSWORDS, Server
from tests.integration.servers.ejabberd import DOMAIN as EJABBERD
from tests.integration.servers.ejabberd import IDLE, PROGRAM, installed
from tests.integration.servers.prosody import DOMAIN as PROSODY
from tests.integration.servers.prosody import version, write_accounts

PROSODY_AT, EJABBERD_AT = "127.0.0.1", "127.0.0.2"
SECRET = "a secret of components"
COMPONENTS = (f"echo.{PROSODY}", f"irc.{PROSODY}")

ROUTES = """
local adns = require "net.adns";
local routes = module:get_option("test_routes");
function adns.resolver()
    return { lookup = function (_, callback, name, kind)
        local target = kind == "SRV" and routes[name];
        callback(target and { { srv = { priority = 0, weight = 0, target = target[1], port = target[2] } } } or {});
    end };
end
"""

PROSODY_CONFIGURATION = Template("""
run_as_root = true
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
certificates = "$folder"
plugin_paths = { "$folder/modules" }
log = { { levels = { min = "debug" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { $starttls }
c2s_direct_tls_ports = { $direct }
s2s_ports = { $s2s }
s2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
component_ports = { $component }
component_interface = "127.0.0.1"
s2s_require_encryption = true
s2s_secure_auth = false
authentication = "internal_plain"
storage = "internal"
modules_enabled = {
    "roster", "saslauth", "tls", "disco", "smacks", "ping", "offline", "s2s", "dialback", "test_routes"
}
test_routes = { $routes }
ssl = { certificate = "$certificate", key = "$key", cafile = "$authority" }
c2s_direct_tls_ssl = { certificate = "$certificate", key = "$key" }
VirtualHost "$domain"
$components
""")

EJABBERD_CONFIGURATION = Template("""
loglevel: debug
hosts: [$domain]
certfiles: [$pem]
ca_file: $authority
auth_method: internal
auth_password_format: plain
listen:
  - {port: $starttls, ip: 127.0.0.2, module: ejabberd_c2s, starttls_required: true}
  - {port: $s2s, ip: 127.0.0.2, module: ejabberd_s2s_in}
  - {port: $direct, ip: 127.0.0.2, module: ejabberd_s2s_in, tls: true}
s2s_access: all
s2s_use_starttls: $tls
outgoing_s2s_families: [ipv4]
modules:
  mod_admin_extra: {}
  mod_disco: {}
  mod_offline: {}
  mod_ping: {}
  mod_roster: {}
  mod_s2s_dialback: {}
""")


@dataclass(frozen=True)
class Federated(Server):
    """A server that federates.

    `s2s` is its port for servers, `s2s_direct` the one where they begin with TLS, `component` the one for components.
    """

    address: str = ""
    s2s: int = 0
    s2s_direct: int = 0
    component: int = 0


def start_prosody(folder: Path, authority: TestAuthority, routes: Mapping[str, tuple[str, int]]) -> Federated:
    """Start Prosody; *routes* are what it takes for SRV records, by their names."""
    issued = authority.issue(PROSODY)
    starttls, direct, s2s, component = (free_port() for _ in range(4))
    write_accounts(folder / "data" / PROSODY.replace(".", "%2e"))
    (folder / "modules").mkdir()
    (folder / "modules" / "mod_test_routes.lua").write_text(ROUTES)
    configuration = folder / "prosody.cfg.lua"
    configuration.write_text(
        PROSODY_CONFIGURATION.substitute(
            folder=folder,
            starttls=starttls,
            direct=direct,
            s2s=s2s,
            component=component,
            certificate=issued.certificate,
            key=issued.key,
            authority=authority.file,
            domain=PROSODY,
            routes="".join(
                f'["{name}{dot}"] = {{ "{host}", {port} }}; '
                for name, (host, port) in routes.items()
                for dot in ("", ".")
            ),
            components="".join(f'Component "{name}"\n    component_secret = "{SECRET}"\n' for name in COMPONENTS),
        )
    )
    background = Background(["prosody", "--config", configuration, "-F"], folder / "prosody.log")
    background.accepting(starttls, s2s, component)
    about = "prosody", version() or "", PROSODY, starttls, direct, authority.file, background
    return Federated(*about, address=PROSODY_AT, s2s=s2s, component=component)


def start_ejabberd(folder: Path, authority: TestAuthority, dns: tuple[str, int], *, tls: str = "optional") -> Federated:
    """Start ejabberd, which asks the DNS server *dns*; *tls* is whether it wants STARTTLS between servers."""
    found = installed()
    assert found is not None
    issued = authority.issue(EJABBERD)
    both = folder / "ejabberd.pem"
    both.touch(mode=0o600)
    both.write_bytes(issued.certificate.read_bytes() + issued.key.read_bytes())
    starttls, s2s, direct = free_port(), free_port(), free_port()
    configuration = folder / "ejabberd.yml"
    configuration.write_text(
        EJABBERD_CONFIGURATION.substitute(
            domain=EJABBERD, pem=both, authority=authority.file, starttls=starttls, s2s=s2s, direct=direct, tls=tls
        )
    )
    inetrc = folder / "inetrc"
    address = ",".join(dns[0].split("."))
    inetrc.write_text(
        '{lookup, [dns]}.\n{resolv_conf, ""}.\n{hosts_file, ""}.\n{cache_size, 0}.\n'
        f"{{nameserver, {{{address}}}, {dns[1]}}}.\n"
    )
    accounts = ",".join(f'{{<<"{name}">>,<<"{password}">>}}' for name, password in PASSWORDS.items())
    background = Background(
        ["erl", *IDLE, "-noinput", "-mnesia", "dir", f'"{folder / "database"}"', "-s", "ejabberd", "-eval",
         PROGRAM.substitute(domain=EJABBERD, accounts=accounts)],
        folder / "ejabberd.out",
        {
            "ERL_LIBS": found[0],
            "ERL_INETRC": str(inetrc),
            "EJABBERD_CONFIG_PATH": str(configuration),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
            "HOME": str(folder),
        },
        folder,
    )  # fmt: skip
    background.ready(lambda: "accounts are there" in background.printed())
    wait_for(lambda: "Start accepting" in (folder / "ejabberd.log").read_text(), "ejabberd's listeners")
    about = "ejabberd", found[1], EJABBERD, starttls, 0, authority.file, background
    return Federated(*about, address=EJABBERD_AT, s2s=s2s, s2s_direct=direct)
