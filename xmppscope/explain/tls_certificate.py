"""Puts certificates into words: whose they are, until when, and why they would not fit (RFC 6120 §13.7).

Nothing here says that a certificate is trusted or verified: a capture cannot tell.
"""

from typing import Final

from xmppscope.explain.facts import Facts, bounded, listed
from xmppscope.tls.certificate import CertificateFacts
from xmppscope.tls.identity import Match

_NAMES_BOUND: Final = 50
"""The most names of one certificate that are handed on to machines."""

_WEAK: Final = ("MD5", "SHA-1")
_RSA_LEAST: Final = 2048


def add_certificate(facts: Facts, certificate: CertificateFacts, match: Match | None, chain: int) -> None:
    """Add to *facts* what a certificate says and how it matches; *chain* is how many certificates were sent."""
    _add_values(facts, certificate)
    if match is not None:
        _add_match(facts, match)
    if certificate.error:
        facts.note(certificate.error, "RFC 5280 §4.1")
        return
    facts.note(f"certificate of {owner(certificate)}", "RFC 5280 §4.1.2.6")
    if certificate.names:
        facts.note(f"names: {listed(certificate.names)}", "RFC 6120 §13.7.1.2")
    # RFC 5280 §3.2: a certificate is self-issued if subject and issuer are the same; self-signed if its key signed it.
    issuer = "itself (self-signed)" if certificate.self_signed else bounded(certificate.issuer) or "an unnamed issuer"
    facts.note(f"issued by {issuer}", "RFC 5280 §4.1.2.4")
    if certificate.not_before is not None and certificate.not_after is not None:
        dates = f"valid from {certificate.not_before.date()} to {certificate.not_after.date()}"
        facts.note(dates, "RFC 5280 §4.1.2.5")
    key = ", ".join(part for part in (certificate.key, certificate.signature) if part)
    if key:
        facts.note(f"key and signature: {key}; {chain} in the chain", "RFC 5280 §4.1.2.7")
    _add_weaknesses(facts, certificate)
    for problem in certificate.problems[:3]:
        facts.note(bounded(problem), "RFC 5280 §4.1")


def _add_values(facts: Facts, certificate: CertificateFacts) -> None:
    values = facts.tls
    values["fingerprint"] = certificate.fingerprint
    if certificate.error:
        values["certificate_error"] = certificate.error
        return
    values["certificate"] = bounded(certificate.subject)
    values["issuer"] = bounded(certificate.issuer)
    values["serial"] = bounded(certificate.serial, 64)
    values["self_signed"] = certificate.self_signed
    if certificate.names:
        values["names"] = [bounded(name, 255) for name in certificate.names[:_NAMES_BOUND]]
    if certificate.not_before is not None:
        values["not_before"] = certificate.not_before.replace(tzinfo=None).isoformat() + "Z"
    if certificate.not_after is not None:
        values["not_after"] = certificate.not_after.replace(tzinfo=None).isoformat() + "Z"
    if certificate.key:
        values["key"] = certificate.key
    if certificate.signature:
        values["signature"] = certificate.signature


def _add_match(facts: Facts, match: Match) -> None:
    facts.tls["fits"] = match.fits
    if match.by:
        facts.note(f"fits by its {bounded(match.by)}", "RFC 6120 §13.7.2")
    if match.reasons:
        facts.tls["misfits"] = [bounded(reason) for reason in match.reasons]
    for reason in match.reasons:
        facts.note(f"would not be accepted: {bounded(reason)}", "RFC 6120 §13.7.2")


def _add_weaknesses(facts: Facts, certificate: CertificateFacts) -> None:
    # RFC 8446 §4.4.2.4: "Any endpoint receiving any certificate which it would need to validate using any signature
    # algorithm using an MD5 hash MUST abort the handshake", and the same is RECOMMENDED for SHA-1. Nobody needs to
    # validate the signature that a certificate makes of itself.
    if certificate.signature.startswith(_WEAK) and not certificate.self_signed:
        facts.note(f"weak signature: {certificate.signature}", "RFC 8446 §4.4.2.4")
    if certificate.key.startswith("RSA") and (certificate.key_bits or 0) < _RSA_LEAST:
        facts.note(f"weak key: {certificate.key}", "RFC 9325 §4.5")


def owner(certificate: CertificateFacts) -> str:
    """Return one name for the owner of a certificate: the subject, or a name where the subject is empty."""
    return bounded(certificate.subject or next(iter(certificate.names), "") or "an unnamed subject")


def short_owner(certificate: CertificateFacts) -> str:
    """Return the shortest name that tells whose certificate it is: an XMPP address, a DNS name, or the common name."""
    names = [*certificate.xmpp_addresses, *certificate.dns_names, certificate.common_name, *certificate.names]
    return bounded(next((name for name in names if name), "an unnamed subject"), 60)


def verdict(certificate: CertificateFacts, match: Match | None) -> str:
    """Return what a summary says of a certificate: that it fits, the first reason why not, or whose it is."""
    if certificate.error:
        return "unreadable certificate"
    if match is None:
        return f"certificate of {short_owner(certificate)}"
    return "certificate fits" if match.fits else f"certificate {bounded(match.reasons[0], 100)}"


def describe_client_certificate(
    certificate: CertificateFacts | None, match: Match | None = None, chain: int = 1
) -> Facts:
    """Put into words how a client answers the request for its certificate; None is a client that shows none.

    *match* compares it with the domain of an initiating server; for a client it is None.
    """
    if certificate is None:
        # RFC 8446 §4.4.2.4: "If the client does not send any certificates […], the server MAY at its discretion either
        # continue the handshake without client authentication or abort the handshake with a "certificate_required"
        # alert."
        facts = Facts("shows no client certificate", tls={"client_certificate": False})
        facts.note("asked for a certificate, the client shows none; the server may go on or not", "RFC 8446 §4.4.2.4")
        return facts
    facts = Facts(f"client {verdict(certificate, match)}", tls={"client_certificate": True})
    add_certificate(facts, certificate, match, chain)
    if certificate.usages is not None and not {"clientAuth", "any"} & set(certificate.usages):
        # RFC 5280 §4.2.1.12: "If the extension is present, then the certificate MUST only be used for one of the
        # purposes indicated."
        usages = listed(certificate.usages)
        facts.note(f"its purposes ({usages}) lack clientAuth: many servers refuse it here", "RFC 5280 §4.2.1.12")
    return facts
