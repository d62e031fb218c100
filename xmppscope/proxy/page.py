"""The page that a browser finds at the proxy's port: the authority's certificate, and the steps to trust it.

It is complete in itself: no script, no other resource, nothing of the request in it. That it comes over plain HTTP is
why it asks to compare the fingerprint with the one on the terminal before anything is trusted.
"""

import base64
import hashlib
import re
from html import escape
from typing import Final, NamedTuple

CERTIFICATE: Final = "/xmppscope.crt"
CERTIFICATE_PEM: Final = "/xmppscope.pem"

# The colours are those of the viewer, so that everything with this name on it looks alike.
_STYLE: Final = """
:root { color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f9; --border: #7c8698; --text: #1b2230; --muted: #586173;
  --link: #0b62b8; --warning: #8a5200; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171c; --panel: #1b1f26; --border: #7a8699; --text: #e4e8ee; --muted: #9aa4b5;
  --link: #6cb4ff; --warning: #f0b35a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/24px system-ui, sans-serif; }
main { max-width: 720px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { margin: 0 0 4px; font-size: 24px; line-height: 32px; }
h2 { margin: 32px 0 8px; font-size: 18px; line-height: 24px; }
p { margin: 0 0 12px; }
.muted { color: var(--muted); }
.warning { color: var(--warning); }
code, .print { font: 14px/20px ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
p code { white-space: nowrap; }
li code { display: block; margin: 4px 0; padding: 6px 8px; border-radius: 4px; background: var(--panel);
  overflow-wrap: anywhere; }
.box { margin: 16px 0; padding: 12px 16px; border: 1px solid var(--border); border-radius: 4px;
  background: var(--panel); }
.box p:last-child { margin: 0; }
.date { white-space: nowrap; }
.print { max-width: 50ch; }
.print span { display: inline-block; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.get { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0; }
.get a { min-height: 44px; padding: 9px 16px; border: 1px solid var(--link); border-radius: 4px;
  text-decoration: none; }
.get a:first-child { background: var(--link); color: var(--page); }
details { border-bottom: 1px solid var(--border); }
summary { padding: 10px 4px; font-weight: 600; cursor: pointer; }
ol { margin: 0 0 16px; padding-left: 28px; }
li { margin: 4px 0; }
@media print { details > * { display: block; } .get { display: none; } }
"""

_STEPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "Android",
        (
            "Download the certificate (DER) with the button above.",
            "Settings, Security, More security settings, Encryption &amp; credentials, Install a certificate, "
            "CA certificate: choose the file. Makers name these menus differently; search the settings for "
            "“certificate”.",
            "From Android 7 on, an app trusts what users install only if its maker allows it. Some XMPP clients ask at "
            "the next login instead.",
        ),
    ),
    (
        "iPhone and iPad",
        (
            "Open this page in Safari and download the certificate (DER); allow the profile.",
            "Settings, General, VPN &amp; Device Management: install the profile.",
            "Settings, General, About, Certificate Trust Settings: switch it on. Without this step it is not trusted.",
        ),
    ),
    (
        "Windows",
        (
            "Download the certificate (DER).",
            "For your account: <code>certutil -user -addstore Root xmppscope.crt</code>",
        ),
    ),
    (
        "macOS",
        (
            "Download the certificate (PEM) and open it: it goes into Keychain Access.",
            "Open it there, and under Trust choose Always Trust.",
        ),
    ),
    (
        "Linux",
        (
            "Download the certificate (PEM).",
            "Debian, Ubuntu: <code>sudo cp xmppscope.pem /usr/local/share/ca-certificates/xmppscope.crt</code>"
            "<code>sudo update-ca-certificates</code>",
            "Fedora: <code>sudo cp xmppscope.pem /etc/pki/ca-trust/source/anchors/</code>"
            "<code>sudo update-ca-trust</code>",
        ),
    ),
    (
        "Firefox",
        (
            "It keeps authorities of its own. Download the certificate (PEM).",
            "Settings, Privacy &amp; Security, View Certificates, Authorities, Import: choose the file and trust it to "
            "identify websites.",
        ),
    ),
)

_TEXT: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xmppscope: trust the proxy</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>xmppscope</h1>
<p class="muted">A debugging proxy for XMPP listens on this port.</p>
<p>It can show what a client and its server say to each other under TLS only if the client trusts its authority.</p>
<div class="box">
<p>Fingerprint of the authority’s certificate (SHA-256), valid to <span class="date">{until}</span>:</p>
<p class="print">{fingerprint}</p>
</div>
<p class="warning"><strong>First compare it</strong> with what <code>xmppscope ca show</code> prints where the proxy
runs: this page itself comes unprotected.</p>
<p class="get"><a href="{der}">Certificate (DER)</a><a href="{pem}">Certificate (PEM)</a></p>
<h2>To trust it</h2>
{steps}
<h2>Afterwards</h2>
<p>Whoever holds the authority’s key can read what this device says under TLS. Trust it on devices for testing, and
remove it where it was installed when you are done.</p>
</main>
</body>
</html>
"""


class Resource(NamedTuple):
    """Something that a browser may fetch, with the headers that are its own."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


class Page:
    """The page and the two forms of the certificate.

    *fingerprint* is the certificate's SHA-256 as the terminal shows it, *until* the date on which it expires.
    """

    def __init__(self, fingerprint: str, der: bytes, pem: bytes, until: str) -> None:
        text = _TEXT.format(
            style=_STYLE,
            fingerprint=_in_lines(fingerprint),
            until=escape(until),
            der=CERTIFICATE,
            pem=CERTIFICATE_PEM,
            steps="\n".join(_details(system, steps) for system, steps in _STEPS),
        )
        attachment = ("content-disposition", f'attachment; filename="{CERTIFICATE_PEM[1:]}"')
        self._resources = {
            "/": Resource(text.encode(), (("content-type", "text/html; charset=utf-8"), *_PROTECTION)),
            CERTIFICATE: Resource(der, (("content-type", "application/x-x509-ca-cert"),)),
            CERTIFICATE_PEM: Resource(pem, (("content-type", "application/x-pem-file"), attachment)),
        }

    def find(self, path: str) -> Resource | None:
        """Return what stands at *path*, None if nothing does."""
        return self._resources.get(path)


def _in_lines(fingerprint: str) -> str:
    """Return the fingerprint so that a narrow screen breaks it behind every eighth byte, and selecting it gives all."""
    return "".join(f"<span>{escape(part)}</span>" for part in re.findall(r"(?:[^:]*:){8}|.+", fingerprint))


def _details(system: str, steps: tuple[str, ...]) -> str:
    items = "".join(f"<li>{step}</li>" for step in steps)
    return f"<details><summary>{system}</summary><ol>{items}</ol></details>"


def _hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


_PROTECTION: Final = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src '{_hash(_STYLE)}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
)
