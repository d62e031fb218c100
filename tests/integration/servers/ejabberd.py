"""ejabberd with a configuration, database and logs of its own; the node takes no part in Erlang's distribution."""

import re
import shutil
from pathlib import Path
from string import Template

from tests.integration.certificates import TestAuthority
from tests.integration.processes import Background, free_port
from tests.integration.servers.base import PASSWORDS, Server

DOMAIN = "ejabberd.test"

CONFIGURATION = Template("""
loglevel: info
hosts: [$domain]
certfiles: [$pem]
ca_file: $authority
auth_method: internal
auth_password_format: plain
c2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1]
listen:
  - {port: $starttls, ip: 127.0.0.1, module: ejabberd_c2s, starttls_required: true, max_stanza_size: 16777216}
  - {port: $direct, ip: 127.0.0.1, module: ejabberd_c2s, tls: true, max_stanza_size: 16777216}
  - {port: $http, ip: 127.0.0.1, module: ejabberd_http, request_handlers: {$handlers}}
  - {port: $https, ip: 127.0.0.1, module: ejabberd_http, tls: true, request_handlers: {$handlers}}
s2s_access: none
modules:
  mod_admin_extra: {}
  mod_blocking: {}
  mod_bosh: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_host_meta: {websocket_url: "wss://@HOST@:$https/ws", bosh_service_url: "https://@HOST@:$https/bosh"}
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_roster: {versioning: true}
  mod_stream_mgmt: {resume_timeout: 60}
""")

HANDLERS = ", ".join(
    f"{path}: {module}"
    for path, module in {
        "/ws": "ejabberd_http_ws",
        "/bosh": "mod_bosh",
        "/.well-known/host-meta": "mod_host_meta",
        "/.well-known/host-meta.json": "mod_host_meta",
    }.items()
)

IDLE = ("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none")

# The accounts are made when everything runs, and then a line is printed: that is how readiness shows.
PROGRAM = Template("""
Domain = <<"$domain">>,
Accounts = [$accounts],
[ok = ejabberd_auth:try_register(User, Domain, Password) || {User, Password} <- Accounts],
[ok = mod_admin_extra:add_rosteritem(User, Domain, Friend, Domain, <<>>, <<>>, <<"both">>)
 || {User, _} <- Accounts, {Friend, _} <- Accounts, User =/= Friend],
io:format("accounts are there~n").
""")


def installed() -> tuple[str, str] | None:
    """Return where the Erlang libraries are that ejabberdctl uses, and ejabberd's version."""
    script = shutil.which("ejabberdctl")
    if script is None or shutil.which("erl") is None:
        return None
    found = re.search(r"^ERL_LIBS='?([^'\n]+)", Path(script).read_text(), re.MULTILINE)
    if found is None:
        return None
    versions = [folder.name.partition("-")[2] for folder in Path(found[1]).glob("ejabberd-*")]
    return (found[1], versions[0]) if versions else None


def version() -> str | None:
    """Return ejabberd's version, or None where it is not installed."""
    found = installed()
    return found[1] if found else None


def start(folder: Path, authority: TestAuthority) -> Server:
    """Start ejabberd in *folder* and wait until its accounts are there."""
    found = installed()
    assert found is not None
    issued = authority.issue(DOMAIN)
    both = folder / "ejabberd.pem"
    both.touch(mode=0o600)
    both.write_bytes(issued.certificate.read_bytes() + issued.key.read_bytes())
    starttls, direct, http, https = free_port(), free_port(), free_port(), free_port()
    configuration = folder / "ejabberd.yml"
    configuration.write_text(
        CONFIGURATION.substitute(
            domain=DOMAIN,
            pem=both,
            authority=authority.file,
            starttls=starttls,
            direct=direct,
            http=http,
            https=https,
            handlers=HANDLERS,
        )
    )
    accounts = ",".join(f'{{<<"{name}">>,<<"{password}">>}}' for name, password in PASSWORDS.items())
    program = PROGRAM.substitute(domain=DOMAIN, accounts=accounts)
    # Neither -sname nor -name: no distribution, and so no epmd that would be left running. Nor does it wait by turning
    # round and round (+sbwt): on a busy machine it would take half a minute to start.
    background = Background(
        ["erl", *IDLE, "-noinput", "-mnesia", "dir", f'"{folder / "database"}"', "-s", "ejabberd", "-eval", program],
        folder / "ejabberd.out",
        {
            "ERL_LIBS": found[0],
            "EJABBERD_CONFIG_PATH": str(configuration),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
            "HOME": str(folder),
        },
        folder,
    )
    background.ready(lambda: "accounts are there" in background.printed())
    background.accepting(starttls, direct, http, https)
    web = http, https, "/ws", "/bosh"
    return Server("ejabberd", found[1], DOMAIN, starttls, direct, authority.file, background, *web)
