"""Puts TLS handshakes into words: one summary line per step, the facts behind it, and the same for machines.

The figures are those of RFC 8446, and of RFC 5246 where an older version was chosen. What is offered is told by the
ClientHello, what is chosen by the server's answer; certificates and alerts have modules of their own. Left out: whether
a suite or a version is good enough, which is the business of lint.
"""

from typing import Final, Literal

from xmppscope.explain.facts import Facts, bounded, listed
from xmppscope.explain.tls_alerts import describe_alert, describe_close
from xmppscope.explain.tls_certificate import add_certificate, describe_client_certificate, verdict
from xmppscope.tls.certificate import CertificateFacts
from xmppscope.tls.hello import SUPPORTED_VERSIONS, ClientHello, ServerHello
from xmppscope.tls.identity import Match
from xmppscope.tls.names import cipher_words, group_name, is_grease, version_name, version_words
from xmppscope.tls.suites import suite_name

__all__ = [
    "Facts",
    "NoCertificate",
    "describe_alert",
    "describe_client_certificate",
    "describe_client_hello",
    "describe_close",
    "describe_key_update",
    "describe_retry",
    "describe_server",
]

NoCertificate = Literal["hidden", "resumed", "none", "lost"]
"""Why there is no certificate to tell of: no key to read it, an earlier session's, none by the suite, or a gap."""

_TLS13: Final = 0x0304
_TLS13_DRAFTS: Final = 0x7F00

_FALLBACK_SCSV: Final = 0x5600  # RFC 7507 §2
_RENEGOTIATION_SCSV: Final = 0x00FF  # RFC 5746 §3.3
_SIGNALS: Final = frozenset((_FALLBACK_SCSV, _RENEGOTIATION_SCSV))

_TEXT_BOUND: Final = 255
_LIST_BOUND: Final = 100
"""The most suites, protocols or groups that are handed on to machines."""


def _words(version: int) -> str:
    return version_words(version_name(version))


def _is_tls13(version: int) -> bool:
    return _TLS13 <= version < 0x0400 or version & 0xFF00 == _TLS13_DRAFTS


def describe_client_hello(hello: ClientHello) -> Facts:
    """Put into words what a client offers (RFC 8446 §4.1.2)."""
    versions = sorted((v for v in hello.versions if not is_grease(v)), key=lambda v: (_is_tls13(v), v), reverse=True)
    newest = _words(versions[0]) if versions else "no TLS version"
    name = f"for {bounded(hello.sni, 60)}" if hello.sni is not None else "without SNI"
    alpn = f"ALPN {listed(hello.alpn, 2)}" if hello.alpn else "no ALPN"
    resumption = _asked_resumption(hello)
    parts = [f"offers {newest} {name}", alpn]
    if resumption:
        parts.append("asks to resume")
    if hello.early_data:
        parts.append("sends early data")
    facts = Facts(", ".join(parts))
    _add_offered_parameters(facts, hello, versions)
    _add_offered_names(facts, hello)
    if resumption:
        facts.tls["resumption_asked"] = resumption
        facts.note(*_RESUMPTION[resumption])
    if hello.early_data:
        # RFC 8446 §8: "TLS does not provide inherent replay protections for 0-RTT data."
        facts.tls["early_data"] = True
        facts.note("sends data before the handshake is done (0-RTT), which others can replay", "RFC 8446 §8")
    return facts


_RESUMPTION: Final = {
    "psk": ("asks to resume an earlier session, by pre-shared key", "RFC 8446 §2.2"),
    "ticket": ("asks to resume an earlier session, by ticket", "RFC 5077 §3.1"),
    "session-id": ("asks to resume an earlier session, by session id", "RFC 5246 §7.4.1.2"),
}


def _asked_resumption(hello: ClientHello) -> str:
    """Return by which means the client asks to resume a session; empty if it does not."""
    if hello.psk:
        return "psk"
    if hello.session_ticket:
        return "ticket"
    # RFC 8446 §4.1.2: in compatibility mode the session id "MUST be non-empty, so a client not offering a pre-TLS 1.3
    # session MUST generate a new 32-byte value": beside TLS 1.3 the id says nothing.
    if hello.session_id and not any(_is_tls13(version) for version in hello.versions):
        return "session-id"
    return ""


def _add_offered_parameters(facts: Facts, hello: ClientHello, versions: list[int]) -> None:
    suites = [suite_name(suite) for suite in hello.suites if not is_grease(suite) and suite not in _SIGNALS]
    groups = [group_name(group) for group in hello.groups if not is_grease(group)]
    shares = [group_name(group) for group in hello.key_shares if not is_grease(group)]
    modern = SUPPORTED_VERSIONS in hello.extensions
    named = listed([_words(version) for version in versions])
    facts.note(f"versions offered: {named}", "RFC 8446 §4.2.1" if modern else "RFC 5246 §7.4.1.2")
    count = f"{len(suites)} cipher suite{'' if len(suites) == 1 else 's'}"
    facts.note(f"{count} offered: {listed(suites, 4)}", "RFC 8446 §4.1.2" if modern else "RFC 5246 §7.4.1.2")
    facts.tls["versions"] = [version_name(version) for version in versions[:_LIST_BOUND]]
    facts.tls["ciphers"] = suites[:_LIST_BOUND]
    if groups:
        keys = f"; key shares for {listed(shares)}" if shares else ""
        facts.note(f"groups offered: {listed(groups)}{keys}", "RFC 8446 §4.2.7" if modern else "RFC 8422 §5.1.1")
        facts.tls["groups"] = groups[:_LIST_BOUND]
    if _FALLBACK_SCSV in hello.suites:
        facts.note("says that it tries an older version after a failure", "RFC 7507 §4")
    if hello.compression.strip(b"\0"):
        facts.note("offers TLS compression, which lets secrets be guessed (CRIME)", "RFC 9325 §3.3")


def _add_offered_names(facts: Facts, hello: ClientHello) -> None:
    if hello.sni is None:
        facts.note("no server name (SNI): a server of several domains must guess its certificate", "RFC 6066 §3")
    else:
        facts.tls["sni"] = bounded(hello.sni, _TEXT_BOUND)
        facts.note(f"server name (SNI): {bounded(hello.sni)}", "RFC 6066 §3")
    if hello.alpn:
        facts.tls["alpn"] = [bounded(protocol, _TEXT_BOUND) for protocol in hello.alpn[:_LIST_BOUND]]
        facts.note(f"ALPN offered: {listed(hello.alpn)}", "RFC 7301 §3.1")
    else:
        facts.note("no ALPN: the port alone tells which protocol is spoken", "RFC 7301 §3.1")


def describe_retry(hello: ServerHello) -> Facts:
    """Put a HelloRetryRequest into words (RFC 8446 §4.1.4): the server asks for another ClientHello."""
    if hello.group is None:
        facts = Facts("asks for another hello")
    else:
        facts = Facts(f"asks for another hello, with a key share for {group_name(hello.group)}")
        facts.tls["group"] = group_name(hello.group)
    facts.note("HelloRetryRequest: costs one more round trip", "RFC 8446 §4.1.4")
    facts.tls["retry"] = True
    return facts


def describe_server(
    hello: ServerHello,
    certificate: CertificateFacts | NoCertificate,
    match: Match | None = None,
    *,
    alpn: str | None = None,
    group: int | None = None,
    resumed: bool | None = None,
    early_data: bool | None = None,
    asks_certificate: bool = False,
    chain: int = 1,
    word: str = "",
) -> Facts:
    """Put into words what a server chose and which certificate it shows (RFC 8446 §4.1.3, §4.3, §4.4.2).

    *alpn*, *group*, *resumed* and *early_data* are what the rest of the handshake told, None where it is not known;
    they complete the hello. *asks_certificate* tells that the server sent a CertificateRequest, *chain* how many
    certificates it sent; *word* takes the place of what could be said about its certificate.
    """
    suite = suite_name(hello.suite)
    if resumed is None:
        resumed = _resumed(hello, certificate)
    shown = _NO_CERTIFICATE[certificate] if isinstance(certificate, str) else verdict(certificate, match)
    chosen = _words(hello.version) if word else f"{_words(hello.version)} {cipher_words(suite)}"
    facts = Facts(f"{chosen} · {word or shown}")
    facts.tls.update(version=version_name(hello.version), cipher=suite)
    facts.note(f"version chosen: {_words(hello.version)}", _section(hello, "§4.2.1", "§7.4.1.3"))
    facts.note(f"cipher suite chosen: {suite}", _section(hello, "§4.1.3", "§7.4.1.3"))
    _add_chosen(facts, hello, alpn or hello.alpn, hello.group if group is None else group)
    _add_session(facts, hello, certificate, resumed, early_data)
    if isinstance(certificate, CertificateFacts):
        add_certificate(facts, certificate, match, chain)
    if asks_certificate:
        facts.tls["client_certificate_asked"] = True
        facts.note("asks for a client certificate", _section(hello, "§4.3.2", "§7.4.4"))
    return facts


_NO_CERTIFICATE: Final[dict[NoCertificate, str]] = {
    "hidden": "certificate hidden",
    "resumed": "resumed",
    "none": "no certificate",
    "lost": "certificate not captured",
}


def _resumed(hello: ServerHello, certificate: CertificateFacts | NoCertificate) -> bool | None:
    """Tell from what the server sent whether it resumes a session; None if that is not known."""
    if _is_tls13(hello.version):
        return hello.psk_index is not None
    return None if certificate in ("hidden", "lost") else certificate == "resumed"


def _section(hello: ServerHello, tls13: str, older: str) -> str:
    return f"RFC 8446 {tls13}" if _is_tls13(hello.version) else f"RFC 5246 {older}"


def _add_chosen(facts: Facts, hello: ServerHello, alpn: str | None, group: int | None) -> None:
    if alpn is not None:
        facts.tls["alpn_chosen"] = bounded(alpn, _TEXT_BOUND)
        facts.note(f"ALPN chosen: {bounded(alpn)}", "RFC 7301 §3.2")
    if group is not None:
        facts.tls["group"] = group_name(group)
        facts.note(f"group of the key exchange: {group_name(group)}", _section(hello, "§4.2.8", "§7.4.3"))
    if suite_name(hello.suite).startswith("TLS_RSA_WITH_"):
        # RFC 9325 §4.1 advises against key transport by RSA: it lacks forward secrecy.
        facts.note("RSA key exchange: the server's private key opens the recording", "RFC 9325 §4.1")
    if hello.downgraded:
        facts.note("the server could speak a later version than this", "RFC 8446 §4.1.3")
    if not _is_tls13(hello.version) and not hello.extended_master_secret:
        facts.note("no extended master secret: channel binding by tls-unique is not safe", "RFC 7627 §1")


def _add_session(
    facts: Facts,
    hello: ServerHello,
    certificate: CertificateFacts | NoCertificate,
    resumed: bool | None,
    early_data: bool | None,
) -> None:
    if certificate == "hidden":
        facts.note("the certificate is encrypted, and there is no key for it", "RFC 8446 §4.4.2")
        facts.tls["certificate_hidden"] = True
    if resumed is not None:
        facts.tls["resumed"] = resumed
    if resumed:
        facts.note("resumes an earlier session: no certificate is sent again", _section(hello, "§2.2", "§7.3"))
    if early_data is not None:
        facts.tls["early_data_accepted"] = early_data
        taken = "takes" if early_data else "discards"
        facts.note(f"{taken} the early data of the client", "RFC 8446 §4.2.10")


def describe_key_update(requested: bool | None = None) -> Facts:
    """Put a KeyUpdate into words (RFC 8446 §4.6.3); *requested* tells whether the other side shall do the same."""
    facts = Facts("takes new keys for what it sends")
    if requested:
        facts.summary += ", asks for the same"
    facts.tls["key_update"] = True
    facts.note("KeyUpdate: what follows in this direction is encrypted with the next keys", "RFC 8446 §4.6.3")
    return facts
