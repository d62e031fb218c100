"""What a request of the negotiation was refused for: binding, registration, legacy login, dialback, STARTTLS."""

from collections.abc import Callable
from typing import Final

from xmppscope.diagnosis.case import Case, Refusal
from xmppscope.diagnosis.verdict import Verdict, capital, domain, name, who, words

_BIND: Final = {
    "conflict": ("the resource is in use", "let the server choose the resource: bind without <resource/>"),
    "bad-request": (
        "the resource asked for is not valid",
        "let the server choose the resource: bind without <resource/>",
    ),
    "resource-constraint": (
        "the account has as many resources as the server allows",
        "end another session of the account, or raise the server's limit",
    ),
    "not-allowed": ("the server does not allow this client to bind", "look into the server's log"),
}
_REGISTER: Final = {
    "conflict": ("the name is taken", "choose another name"),
    "not-acceptable": (
        "something that the server asks for is missing or not valid",
        "compare with the fields that the server's form asks for",
    ),
    "not-allowed": (
        "the server does not let everybody register",
        "let an operator make the account, or allow registration at the server",
    ),
    "forbidden": (
        "the server does not let everybody register",
        "let an operator make the account, or allow registration at the server",
    ),
    "resource-constraint": (
        "too many accounts were registered from this address lately",
        "wait, or raise the server's limit",
    ),
    "service-unavailable": ("the server offers no registration", "let an operator make the account"),
    "not-authorized": ("the captcha or the token was not accepted", "fill in the form again"),
}
_LEGACY: Final = {
    "not-authorized": ("the password is wrong, or there is no such account", "check the password"),
    "conflict": ("the resource is in use", "choose another resource"),
    "not-acceptable": ("a field is missing", "send username, resource, and password or digest"),
}
_TRIED: Final = {
    "bind": ("is logged in but got no resource", _BIND),
    "register": ("was not registered", _REGISTER),
    "legacy": ("did not get in", _LEGACY),
}


def refused(case: Case) -> Verdict | None:
    """Return why the negotiation went no further, if a request of it was refused and nothing made up for that."""
    refusal = case.refusal
    if refusal is None or case.opened or (refusal.what == "register" and (case.registered or case.authenticated)):
        return None
    return _SPECIAL.get(refusal.what, _by_condition)(case, refusal)


def _by_condition(case: Case, refusal: Refusal) -> Verdict:
    failed, conditions = _TRIED[refusal.what]
    why, advice = conditions.get(refusal.why, ("", "look into the server's log for the reason"))
    subject = who(case) if refusal.what != "register" else "the account"
    shown = name(refusal.why) or "no condition"
    reason = f"{why} ({shown})" if why else f"the server answered {shown}"
    return Verdict(
        f"{capital(subject)} {failed}: {reason}{words(refusal.said)}.", advice, (refusal.asked, refusal.entry.entry)
    )


def dialback(case: Case, refusal: Refusal) -> Verdict:
    """Return why a domain that was claimed was not accepted, and what came of EXTERNAL before."""
    entry = refusal.entry
    sender, receiver = name(entry.to or "the domain"), name(entry.from_ or domain(case))
    if refusal.why == "invalid":
        why, advice = (
            "the key did not hold when it was verified with the authoritative server",
            f"check that the DNS records of {sender} lead to the server that sent the key, and that its nodes share "
            "one dialback secret",
        )
    else:
        why, advice = (
            f"it could not be verified ({name(refusal.why)}{words(refusal.said)})",
            f"see whether {receiver} can reach the server of {sender}: DNS SRV, port 5269, firewall, certificate",
        )
    external = next((one for one in case.attempts if one.family == "certificate" and one.refused), None)
    also = f" EXTERNAL had been refused before ({name(external.why)}{words(external.said)})." if external else ""
    entries = (external.refused, entry.entry) if external else (entry.entry,)
    return Verdict(f"{receiver} does not let {sender} in: {why}.{also}", advice, entries)


def _tls(case: Case, refusal: Refusal) -> Verdict:
    return Verdict(
        f"{domain(case)} refused to begin TLS, which it had offered.",
        "look into the server's log: most often its certificate or key can't be loaded",
        (refusal.asked, refusal.entry.entry),
    )


_SPECIAL: Final[dict[str, Callable[[Case, Refusal], Verdict]]] = {"dialback": dialback, "tls": _tls}
