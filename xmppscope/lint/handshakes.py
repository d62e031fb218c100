"""TLS handshakes, as far as they are in the clear: version, SNI and ALPN (RFC 7590 §3, XEP-0368 §3).

Direct TLS is judged once the stream header inside has shown that it is for XMPP; where that cannot be read, ALPN that
names XMPP shows it too. Behind a proxy the client's hello counts, not that of the proxy.
"""

import ipaddress
from typing import Final

from xmppscope.lint.checker import Checker, Report, table
from xmppscope.lint.course import Course
from xmppscope.lint.preambles import OPEN
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.session.seen import Seen

VERSION_OLD: Final = Rule(
    "tls-version-old", "tls", "warning", "RFC 7590 §3",
    needs="the server's half of the handshake",
    what="The version of TLS that was agreed upon is older than 1.2.",
    why="TLS 1.0 and 1.1 rest on hashes that are broken, and RFC 9325 forbids them.",
    wrong=talk(OPEN, after="tls-old"),
    right=talk(OPEN, after="tls"),
)  # fmt: skip
SNI: Final = Rule(
    "direct-tls-sni", "tls", "error", "XEP-0368 §3",
    needs="a connection that begins with TLS, its first packet, and the stream header inside",
    what="The ClientHello of direct TLS does not name the domain of the stream: it has no SNI, or names another.",
    why="A server of several domains, or one that shares its port with others, cannot tell which certificate to show.",
    wrong=talk(OPEN, after="tls-nameless"),
    right=talk(OPEN, after="tls"),
)  # fmt: skip
ALPN: Final = Rule(
    "direct-tls-alpn", "tls", "error", "XEP-0368 §3",
    needs="a connection that begins with TLS, its first packet, and the stream header inside",
    what="The ClientHello of direct TLS offers protocols (ALPN), but not that of the stream: xmpp-client, or "
    "xmpp-server between servers.",
    why="A server that shares its port with others sends the connection to the wrong one, or refuses it.",
    wrong=talk(OPEN, after="tls-web"),
    right=talk(OPEN, after="tls"),
)  # fmt: skip

_OLD: Final = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"})
_WANTED: Final = {"c2s": "xmpp-client", "s2s": "xmpp-server"}


class HandshakeChecker(Checker):
    """Keeps the first ClientHello until it is known what it was for."""

    RULES = (VERSION_OLD, SNI, ALPN)

    def __init__(self, course: Course, report: Report) -> None:
        super().__init__(course, report)
        self._hello: Entry | None = None
        self._told_old = False

    def tls(self, seen: Seen) -> None:
        """Take a step of a handshake."""
        entry = seen.entry
        if entry.tls is None:
            return
        version = entry.tls.get("version")
        if version in _OLD and not self._told_old and entry.leg != "server":
            self._told_old = True
            self.report(VERSION_OLD, f"{version} was agreed upon")
        first = self._hello is None and "versions" in entry.tls and entry.leg != "server"
        if first and entry.sender == INITIATING and self._is_direct(entry):
            self._hello = entry

    def _is_direct(self, hello: Entry) -> bool:
        return hello.stream == 0 and self.course.about.from_start and INITIATING not in self.course.about.lost

    def header(self, seen: Seen) -> None:
        """Take a stream header: the first one inside tells what the handshake was for."""
        hello, self._hello = self._hello, self._hello if seen.entry.sender != INITIATING else None
        if hello is None or seen.entry.sender != INITIATING or seen.element is None or not self.course.tcp:
            return
        if seen.entry.protection == "none" or hello.tls is None or self.course.kind not in _WANTED:
            return
        alpn, wanted = hello.tls.get("alpn"), _WANTED[self.course.kind]
        if isinstance(alpn, list) and alpn and wanted not in alpn:
            self.report(ALPN, f"ALPN offers {', '.join(alpn[:4])[:80]}, and not {wanted}", [hello.entry])
        self._name(hello, seen.element.attrs.get("to", ""))

    def _name(self, hello: Entry, domain: str) -> None:
        sni = "" if hello.tls is None else hello.tls.get("sni", "")
        if not isinstance(sni, str) or _is_address(domain):
            return
        if not sni:
            self.report(SNI, "the ClientHello names no server", [hello.entry])
        elif domain and _ascii(domain) not in ("", _ascii(sni)):
            text = f"the ClientHello names {sni[:80]}, the stream {domain[:80]}"
            self.report(SNI, text, [hello.entry])

    KINDS = table({"tls": tls, "stream-open": header})


def _is_address(domain: str) -> bool:
    """RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."""
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return True


def _ascii(domain: str) -> str:
    """Return the domain as DNS has it; nothing, if it cannot be had so."""
    try:
        return domain.rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        return ""
