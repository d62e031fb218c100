"""How to have clients trust the authority: the steps for this system and for each client, tried or untried.

Tried means: the client refused a certificate of the authority before the steps were taken, and accepted it afterwards.
docs/how-to/trust-the-authority.md names the versions. Nothing here changes what a system trusts: people take the steps.
"""

import sys
from pathlib import Path
from typing import Final, NamedTuple


class Step(NamedTuple):
    """One step: a `command` to type as it is, or words."""

    text: str
    command: bool = False


class Steps(NamedTuple):
    """The steps for one client; `tried` names what they were tried with, and is empty if nobody did."""

    name: str
    tried: str
    steps: tuple[Step, ...]


class System(NamedTuple):
    """A kind of system: it runs on `platform` and has the folder `sign`; how to trust and how to take that back."""

    platform: str
    sign: str
    tried: str
    trust: tuple[str, ...]
    undo: tuple[str, ...]


# Stands in a command where --ca-dir belongs.
_DIRECTORY: Final = "{ca-dir}"


def _run(command: str) -> Step:
    return Step(command, command=True)


_EXPORT: Final = _run(f"xmppscope ca export{_DIRECTORY} -o xmppscope.crt")
_EXPORT_P12: Final = _run(f"xmppscope ca export{_DIRECTORY} --format p12 -o xmppscope.p12")
_AS_SYSTEM: Final = "trust it on this system, as above"

SYSTEMS: Final = (
    System(
        "linux",
        "usr/local/share/ca-certificates",
        "Debian 12",
        ("sudo cp xmppscope.crt /usr/local/share/ca-certificates/", "sudo update-ca-certificates"),
        ("sudo rm /usr/local/share/ca-certificates/xmppscope.crt", "sudo update-ca-certificates --fresh"),
    ),
    System(
        "linux",
        "etc/pki/ca-trust/source/anchors",
        "",
        ("sudo cp xmppscope.crt /etc/pki/ca-trust/source/anchors/", "sudo update-ca-trust"),
        ("sudo rm /etc/pki/ca-trust/source/anchors/xmppscope.crt", "sudo update-ca-trust"),
    ),
    System(
        "linux",
        "etc/ca-certificates/trust-source/anchors",
        "",
        ("sudo trust anchor --store xmppscope.crt",),
        ("sudo trust anchor --remove xmppscope.crt",),
    ),
    System(
        "linux",
        "etc/pki/trust/anchors",
        "",
        ("sudo cp xmppscope.crt /etc/pki/trust/anchors/", "sudo update-ca-certificates"),
        ("sudo rm /etc/pki/trust/anchors/xmppscope.crt", "sudo update-ca-certificates"),
    ),
    System(
        "darwin",
        "",
        "",
        (
            "sudo security add-trusted-cert -d -r trustRoot \\",
            "  -k /Library/Keychains/System.keychain xmppscope.crt",
        ),
        ("sudo security remove-trusted-cert -d xmppscope.crt",),
    ),
    System(
        "win32",
        "",
        "",
        ("certutil -user -addstore Root xmppscope.crt",),
        ('certutil -user -delstore Root "xmppscope CA"',),
    ),
)
"""The first that fits is taken; Debian's way is that of Ubuntu and Alpine, then come Fedora, Arch and openSUSE."""

CLIENTS: Final = (
    Steps(
        "slixmpp",
        "slixmpp 1.17.0",
        (Step("in the program, before it connects:"), _run('client.ca_certs = "xmppscope.crt"')),
    ),
    Steps("aioxmpp", "aioxmpp 0.13.3, pyOpenSSL 23.3", (_run("SSL_CERT_FILE=$PWD/xmppscope.crt python client.py"),)),
    Steps("nbxmpp", "nbxmpp 4.2.2", (Step(_AS_SYSTEM),)),
    Steps("Gajim", "", (Step(f"{_AS_SYSTEM}, then start Gajim again"),)),
    Steps("Dino", "", (Step(f"{_AS_SYSTEM}, then start Dino again"),)),
    Steps(
        "Profanity",
        "Profanity 0.13.1",
        (Step(f"{_AS_SYSTEM}; or answer its question with /tls always, anew each time the proxy has been started"),),
    ),
    Steps("go-sendxmpp", "go-sendxmpp 0.5.7", (_run("SSL_CERT_FILE=$PWD/xmppscope.crt go-sendxmpp ..."),)),
    Steps("xmpp.js", "@xmpp/client 0.14.0, Node.js 20.20", (_run("NODE_EXTRA_CA_CERTS=xmppscope.crt node client.js"),)),
    Steps(
        "Smack, Java",
        "Smack 4.4.8, OpenJDK 17",
        (_EXPORT_P12, _run("java -Djavax.net.ssl.trustStore=xmppscope.p12 ...")),
    ),
    Steps(
        "Smack Android",
        "",
        (
            Step("in the app, from Android 7 on: a network_security_config that takes the user's authorities"),
            Step("on the device: Settings, Security: install xmppscope.crt as a CA certificate"),
            Step("or neither, where the app brings a trust manager of its own"),
        ),
    ),
    Steps("Conversations", "", (Step("accept the certificate in the dialog at the next login"),)),
    Steps("Spark", "", (Step("login window, Advanced, Certificates: add xmppscope.crt"),)),
    Steps(
        "XMPPFramework",
        "",
        (
            Step("in the app: manuallyEvaluateTrust"),
            Step("or on the device: open the proxy's address in Safari, install the profile"),
            Step("then Settings, General, About, Certificate Trust Settings: switch it on"),
        ),
    ),
    Steps(
        "Chromium",
        "Chromium 156",
        (_run("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n xmppscope -i xmppscope.crt"),),
    ),
    Steps(
        "Firefox",
        "Firefox 153 ESR",
        (
            Step("with PROFILE as about:support shows it:"),
            _run("certutil -d sql:PROFILE -A -t C,, -n xmppscope -i xmppscope.crt"),
        ),
    ),
    Steps(
        "Openfire",
        "",
        (
            Step("as the server behind the proxy it is the one to be trusted: give its certificate to the proxy"),
            _run("xmppscope proxy --upstream-ca openfire.crt ..."),
        ),
    ),
)
"""Clients and libraries; the last is a server."""


def all_steps(directory: str, platform: str = sys.platform, root: Path = Path("/")) -> list[Steps]:
    """Return the steps for this system, how to undo them, and those for every client.

    *directory* is the value of --ca-dir as a shell takes it, empty for the user's own authority.
    """
    option = f" --ca-dir {directory}" if directory else ""
    rows = [*_this_system(platform, root), *CLIENTS]
    return [
        row._replace(steps=tuple(step._replace(text=step.text.replace(_DIRECTORY, option)) for step in row.steps))
        for row in rows
    ]


def _this_system(platform: str, root: Path) -> list[Steps]:
    for system in SYSTEMS:
        if platform == system.platform and (root / system.sign).is_dir():
            trust, undo = (tuple(map(_run, commands)) for commands in (system.trust, system.undo))
            return [Steps("this system", system.tried, (_EXPORT, *trust)), Steps("to undo it", system.tried, undo)]
    return [Steps("this system", "", (_EXPORT, Step("add it to the system's authorities, as its manual tells")))]
