"""What `--version` prints, and with -v what a bug report needs to say."""

import platform
from importlib import metadata
from typing import Final

from xmppscope import __version__

_LIBRARIES: Final = ("click", "cryptography", "lxml", "msgspec", "rich", "scapy", "zstandard")


def version_text(*, details: bool) -> str:
    """Return the version, with *details* also Python, OpenSSL, expat, libraries and platform."""
    return "\n".join([f"xmppscope {__version__}", *(_details() if details else [])])


def _details() -> list[str]:
    import pyexpat
    import ssl

    from cryptography.hazmat.backends.openssl import backend

    facts = [
        ("python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("openssl", f"{ssl.OPENSSL_VERSION}; of cryptography: {backend.openssl_version_text()}"),
        ("expat", pyexpat.EXPAT_VERSION.removeprefix("expat_")),
        *((name, _installed(name)) for name in _LIBRARIES),
        ("platform", platform.platform()),
    ]
    return [f"{name:<13}{fact}" for name, fact in facts]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
