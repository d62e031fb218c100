"""Why TLS did not come about: who refused what, told from the alert and from what both sides had shown before."""

from collections.abc import Callable
from typing import Final

from xmppscope.diagnosis.case import Case
from xmppscope.diagnosis.verdict import Verdict, capital, domain, name, role
from xmppscope.explain.tls_alerts import ALERTS
from xmppscope.model.timeline import INITIATING, Entry
from xmppscope.tls.names import alert_name

_CODES: Final = {alert_name(code): code for code in ALERTS}
_REFUSES_CERTIFICATE: Final = {
    "unknown_ca": (
        "its issuer is unknown to it",
        "let the client trust that authority, or give the server a certificate of one that it trusts, with the whole "
        "chain",
    ),
    "certificate_expired": ("it is out of date", "renew the certificate, load it, and check the clock of the client"),
    "certificate_revoked": ("its issuer has revoked it", "get a new certificate"),
    "bad_certificate": (
        "most often a name that does not match, or a self-signed certificate",
        "compare the names in the certificate with the domain of the JID, and its issuer with what the client trusts",
    ),
    "certificate_unknown": (
        "for a reason that its alert does not tell: most often an issuer that it does not trust",
        "look into the client's log; compare issuer, names and validity of the certificate",
    ),
    "unsupported_certificate": ("its kind or purpose is wrong", "get a certificate for TLS servers"),
}


_OF_CLIENTS: Final = frozenset({*_REFUSES_CERTIFICATE, "certificate_required", "access_denied"})
"""What a server may say of a client's certificate when the client, in TLS 1.3, has gone on already."""


def alerted(case: Case) -> Verdict | None:
    """Return what a fatal alert means, if it ended the connection before there was a session."""
    alert = case.alert
    if alert is None or case.opened or alert.tls is None:
        return None
    what = str(alert.tls.get("alert", ""))
    if case.secured and what not in _OF_CLIENTS:
        return None  # TLS had come about; what came later is told by how the connection ended
    if what in _REFUSES_CERTIFICATE:
        return _certificate(case, alert, what)
    special = _SPECIAL.get(what)
    if special is not None:
        return special(case, alert)
    known = ALERTS.get(_CODES.get(what, -1))
    does = known.does if known else f"sent the alert {name(what)}"
    cause = f": {known.cause}" if known and known.cause else ""
    sender = role(case, alert.sender)
    text = f"TLS did not come about: {sender} {does}{cause}."
    return Verdict(text, f"look into the log of {sender} at this time", _shown(case, alert))


def _shown(case: Case, alert: Entry) -> tuple[int, ...]:
    return tuple(entry.entry for entry in (case.hello, case.answer, alert) if entry is not None)


def _certificate(case: Case, alert: Entry, what: str) -> Verdict:
    if alert.sender != INITIATING:
        return Verdict(
            f"{capital(role(case, alert.sender))} rejected the certificate of {role(case, INITIATING)} "
            f"({what.replace('_', ' ')}).",
            "look at that certificate: issuer, validity and purpose",
            _shown(case, alert),
        )
    why, advice = _REFUSES_CERTIFICATE[what]
    facts = (case.answer.tls or {}) if case.answer is not None else {}
    details = _details(case, facts, what)
    text = f"{capital(role(case, INITIATING))} does not accept the certificate of {domain(case)}: {why}{details}."
    numbers = tuple(entry.entry for entry in (case.answer, alert) if entry is not None)
    return Verdict(text, advice, numbers)


def _details(case: Case, facts: dict[str, str | int | bool | list[str]], what: str) -> str:
    """Return what the certificate itself says about why it was refused, as far as it was seen."""
    if not facts.get("certificate"):
        return ""
    told = []
    issuer, names = str(facts.get("issuer", "")), facts.get("names")
    if what == "certificate_expired" and case.answer is not None:
        ends = str(facts.get("not_after", ""))[:10]
        in_date = f"{facts.get('not_before', '')}" <= case.answer.time <= f"{facts.get('not_after', '')}"
        told.append(f"valid until {ends}" + (": the clock of the client is wrong" if in_date else ""))
    if what in ("unknown_ca", "certificate_unknown", "bad_certificate"):
        told.append("self-signed" if facts.get("self_signed") else f"issued by {name(issuer)}")
    misfits = facts.get("misfits")
    if what in ("bad_certificate", "certificate_unknown") and isinstance(misfits, list) and misfits:
        told.append(name(misfits[0]))
    elif what == "bad_certificate" and isinstance(names, list) and names:
        told.append("for " + ", ".join(map(name, names[:3])))
    return f" ({'; '.join(told)})" if told else ""


def _version(case: Case, alert: Entry) -> Verdict:
    offered = (case.hello.tls or {}).get("versions") if case.hello is not None else None
    listed = ", ".join(map(_spelled, offered)) if isinstance(offered, list) else ""
    offers = f"; {role(case, INITIATING)} offers {listed}" if listed else ""
    return Verdict(
        f"TLS did not come about: the two sides have no version in common{offers}, and {role(case, alert.sender)} "
        "accepts none of it.",
        "allow TLS 1.2 or 1.3 on the side that lacks it: an old library, or a setting for the lowest version",
        _shown(case, alert),
    )


def _spelled(version: str) -> str:
    return name(version).replace("TLSv", "TLS ")


def _no_common_ground(case: Case, alert: Entry) -> Verdict:
    offered = (case.hello.tls or {}).get("ciphers") if case.hello is not None else None
    many = f", of {len(offered)} cipher suites offered" if isinstance(offered, list) and len(offered) > 1 else ""
    only = (
        f"; the only cipher suite offered is {name(offered[0])}"
        if isinstance(offered, list) and len(offered) == 1
        else ""
    )
    return Verdict(
        f"TLS did not come about: {role(case, alert.sender)} found nothing in common with the other side{many}{only}. "
        "It may be the cipher suite, the group, the signature algorithm, or the kind of certificate.",
        "compare the cipher suites and groups in the client's hello with what the server allows",
        _shown(case, alert),
    )


def _no_name(case: Case, alert: Entry) -> Verdict:
    sni = (case.hello.tls or {}).get("sni") if case.hello is not None else None
    asked = f" {name(str(sni))}" if sni else ""
    return Verdict(
        f"TLS did not come about: the server has no certificate for the name{asked} that the client asks for.",
        "let the client ask for the domain of the JID, or give the server a certificate for that name",
        _shown(case, alert),
    )


_SPECIAL: Final[dict[str, Callable[[Case, Entry], Verdict]]] = {
    "protocol_version": _version,
    "handshake_failure": _no_common_ground,
    "insufficient_security": _no_common_ground,
    "unrecognized_name": _no_name,
}


def unfinished(case: Case) -> Verdict | None:
    """Return what there is to say of a handshake that somebody left without an alert."""
    end = case.ended[0]
    if case.hello is None or case.secured or case.alert is not None or end.state not in ("tls", "broken"):
        return None
    ender = capital(role(case, end.sender))
    if case.answer is None:
        return Verdict(
            f"{ender} ended the connection in the TLS handshake, before {domain(case)} answered the client's hello.",
            "look into the server's log: most often its certificate or key can't be loaded, or the port expects no TLS",
            (case.hello.entry, end.entry),
        )
    return Verdict(
        f"{ender} ended the connection in the TLS handshake, without an alert, after the certificate of {domain(case)} "
        "was shown: most often it does not like that certificate.",
        "look into the log of the one who left; compare issuer, names and validity of the certificate",
        (case.answer.entry, end.entry),
    )
