"""Why somebody did not get in: what each refused attempt means, and what to try (RFC 6120 §6.5).

A server says `not-authorized` of a wrong password and of an account that does not exist alike, so that nobody can try
out names; which of the two it was is therefore left open.
"""

from typing import Final

from xmppscope.diagnosis.case import Attempt, Case
from xmppscope.diagnosis.scram import FITS
from xmppscope.diagnosis.verdict import Verdict, capital, domain, name, who, words
from xmppscope.model.timeline import INITIATING

_CREDENTIALS: Final = frozenset({"not-authorized", "bad-auth", ""})

_CONDITIONS: Final = {
    "account-disabled": ("the account is disabled", "ask the operator of the server to enable it again"),
    "credentials-expired": (
        "the password or token has expired",
        "set a new password, or get a new token",
    ),
    "encryption-required": (
        "the server lets nobody log in without TLS",
        "let the client begin TLS first: <starttls/>, or direct TLS",
    ),
    "mechanism-too-weak": (
        "the mechanism is weaker than the server's policy allows for this account",
        "choose a stronger one of those offered, with SCRAM and channel binding before PLAIN",
    ),
    "temporary-auth-failure": (
        "the server could not check it just now; the password may well be right",
        "try again later; the server's log tells what its database or directory lacks",
    ),
    "malformed-request": (
        "the server could not read what the mechanism sent",
        "compare the data with the mechanism's specification: what is missing, what is escaped wrongly",
    ),
    "incorrect-encoding": (
        "the data was no valid base64",
        "encode without line breaks and with padding; send = for data of no length",
    ),
    "invalid-authzid": (
        "the identity to act as is malformed, or this user may not act as it",
        "leave the authorization identity out, or give the bare JID of the account",
    ),
    "aborted": ("the client itself gave up the attempt", "look into the client's log for why it sent <abort/>"),
}


def login(case: Case) -> Verdict | None:
    """Return why the login failed, if it did; a later success makes up for all refusals."""
    attempts = [attempt for attempt in case.attempts if attempt.refused]
    forged = next((attempt for attempt in case.attempts if attempt.result == _FORGED), None)
    if forged is not None and not case.opened:
        return Verdict(
            f"{capital(who(case))} did not go on: {_FORGED}. It does not know the password given, or computes wrongly.",
            "make sure that this is the server meant; if so, set the password anew, so that it stores new keys",
            (forged.begun, forged.proof),
        )
    if case.authenticated or case.opened:
        return None
    if not attempts:
        return _unfinished(case)
    main = _main(attempts)
    verdict = _credentials(case, main) if main[0].why in _CREDENTIALS else _other(case, main)
    also = [attempt for attempt in attempts if attempt not in main and attempt.why != "aborted"]
    return verdict._replace(text=verdict.text + _also(also))


_FORGED: Final = "the server's signature is wrong"


def _main(attempts: list[Attempt]) -> list[Attempt]:
    """Return the attempts that tell most: refused credentials of the first user, else what failed like the last."""
    refused = [attempt for attempt in attempts if attempt.why in _CREDENTIALS]
    if refused:
        return [attempt for attempt in refused if attempt.user == refused[0].user]
    last = next((one for one in reversed(attempts) if one.why != "aborted"), attempts[-1])
    return [attempt for attempt in attempts if attempt.why == last.why]


def _also(attempts: list[Attempt]) -> str:
    if not attempts:
        return ""
    told = (
        f"{_label(attempt)} ({name(attempt.why) or 'no condition'}, #{attempt.refused})" for attempt in attempts[:3]
    )
    more = f" and {len(attempts) - 3} more" if len(attempts) > 3 else ""
    return f" Also refused: {', '.join(told)}{more}."


def _label(attempt: Attempt) -> str:
    return name(attempt.user or attempt.mechanism) or "an attempt"


def _credentials(case: Case, attempts: list[Attempt]) -> Verdict:
    first, last = attempts[0], attempts[-1]
    subject = name(first.user) or who(case)
    entries = tuple(attempt.refused for attempt in attempts)
    recomputed = next((attempt for attempt in reversed(attempts) if attempt.result), None)
    if recomputed is not None:
        return _recomputed(subject, recomputed, entries)
    names: dict[str, list[str]] = {}
    for attempt in attempts:
        names.setdefault(_secret(attempt), []).append(attempt.mechanism)
    what = " and ".join(f"{secret} ({', '.join(dict.fromkeys(one))})" for secret, one in names.items())
    if len(names) > 1:
        what = what.replace("and the proof of the password", "and the proof made from it")
    often = (
        "" if len(attempts) == len({attempt.mechanism for attempt in attempts}) else f", {len(attempts)} times in all"
    )
    why, advice = _MEANINGS[last.family]
    text = f"{capital(subject)} did not get in: the server refused {what}{often}: {why}."
    hint = next((attempt for attempt in reversed(attempts) if attempt.scram is not None and attempt.scram.final), None)
    if hint is not None and hint.user:
        jid = hint.user if "@" in hint.user else f"{hint.user}@{case.about.negotiation.domain}"
        advice += (
            f"; with --password {name(jid)}:SECRET the proof in #{hint.proof} is recomputed and the input that differs "
            "is named"
        )
    return Verdict(text, advice, entries)


def _secret(attempt: Attempt) -> str:
    if attempt.family == "scram" and attempt.scram is not None and not attempt.scram.challenge:
        return "the name before any proof"
    return _SECRETS[attempt.family]


_SECRETS: Final = {
    "scram": "the proof of the password",
    "digest": "the proof of the password",
    "password": "the password",
    "token": "the token",
    "certificate": "the certificate",
    "anonymous": "an anonymous login",
    "none": "what was sent",
}
_PASSWORD: Final = ("it is wrong, or there is no such account", "check the password")
_MEANINGS: Final = {
    "scram": _PASSWORD,
    "digest": _PASSWORD,
    "password": _PASSWORD,
    "token": ("it has expired, was revoked, or is of another device", "log in with the password and get a new token"),
    "certificate": (
        "none was shown, its issuer is not trusted, or it names somebody else",
        "look at the certificate in the TLS entries: issuer, validity, and the name in it",
    ),
    "anonymous": ("this host allows none", "log in with an account, or turn anonymous login on at the server"),
    "none": ("the server does not accept it for this account", "look into the server's log"),
}


def _recomputed(subject: str, attempt: Attempt, entries: tuple[int, ...]) -> Verdict:
    """Say what recomputing the proof with the password given has shown."""
    begin = f"{capital(subject)} did not get in: the server refused the proof ({attempt.mechanism})"
    if attempt.result == FITS:
        return Verdict(
            f"{begin}, although it fits the password given: the server holds other keys, or computes wrongly.",
            "set the password anew at the server; if it is still refused, the fault is the server's",
            (*entries, attempt.proof),
        )
    return Verdict(
        f"{begin}. Recomputed with the password given, {attempt.result}.",
        "let the client use the password that was given here"
        if attempt.result.endswith("another password")
        else f"correct the client: #{attempt.proof} shows the message",
        (*entries, attempt.proof),
    )


def _other(case: Case, attempts: list[Attempt]) -> Verdict:
    last = attempts[-1]
    entries = tuple(number for attempt in attempts for number in (attempt.refused,))
    subject = capital(name(last.user) or who(case))
    mechanism = name(last.mechanism) or "the mechanism"
    if last.why == "invalid-mechanism":
        return _no_mechanism(case, subject, mechanism, attempts)
    why, advice = _CONDITIONS.get(last.why, ("", "look into the server's log for the reason"))
    shown = name(last.why)
    if not why:
        return Verdict(
            f"{subject} did not get in: the server refused {mechanism} with {shown}{words(last.said)}.", advice, entries
        )
    text = f"{subject} did not get in: {why} ({mechanism}, {shown}){words(last.said)}."
    return Verdict(text, advice, entries)


def _no_mechanism(case: Case, subject: str, mechanism: str, attempts: list[Attempt]) -> Verdict:
    offered = ", ".join(map(name, case.mechanisms)) or "none"
    entries = (case.features.entry if case.features is not None else 0, *(one.refused for one in attempts))
    return Verdict(
        f"{subject} did not get in: the server does not know or allow {mechanism}; it offers {offered}.",
        "let the client choose one of those offered, or allow it at the server",
        entries,
    )


def _unfinished(case: Case) -> Verdict | None:
    """Return what there is to say of an attempt that nobody ended."""
    attempt = case.attempt
    quitter = case.quits_first()
    if attempt is None or quitter is None:
        return None
    end = min([*case.closed.values(), *case.ended], key=lambda entry: entry.entry).entry
    subject = capital(name(attempt.user) or who(case))
    if quitter == INITIATING:
        return Verdict(
            f"{subject} broke off the login ({name(attempt.mechanism)}): the client left before the server answered.",
            "look into the client's log: it may not like what the server sent, or have waited too long",
            (attempt.proof, end),
        )
    return Verdict(
        f"{subject} did not get in: {domain(case)} ended the connection in the middle of the login "
        f"({name(attempt.mechanism)}), without a reason.",
        "look into the server's log at this time",
        (attempt.proof, end),
    )
