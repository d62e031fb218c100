"""Ends without a reason given: who left after the features, who vanished, who waited in vain (RFC 6120 §4.4, §4.6)."""

from typing import Final

from xmppscope.diagnosis.case import Case, other
from xmppscope.diagnosis.verdict import Verdict, capital, domain, lasted, name, role, seconds, silent_since, who
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry

_PATIENCE: Final = 1.0
"""Seconds that somebody must have waited for an answer before it is said that they waited in vain."""


def left(case: Case) -> Verdict | None:
    """Return what there is to say of a client that went away instead of logging in."""
    if case.opened or case.authenticated or case.attempts or case.registered or case.refusal is not None:
        return None
    end = min([*case.closed.values(), *case.ended], key=lambda entry: entry.entry)
    if case.features is None:
        return _before_features(case, end)
    if case.about.negotiation.kind == "s2s" or end.sender != INITIATING:
        return _dropped(case, end)
    entries = case.features.entry, end.entry
    if case.requires_tls and case.starttls is None:
        return Verdict(
            f"The client left without logging in: {domain(case)} insists on TLS, and it did not begin it.",
            "turn TLS on in the client; it may be set up without TLS, or lack it",
            entries,
        )
    if not case.mechanisms and not case.offers_tls:
        return Verdict(
            f"The client left without logging in: {domain(case)} offers no way to.",
            "see which mechanisms the server's configuration allows on such a connection",
            entries,
        )
    offered = ", ".join(map(name, case.mechanisms))
    offer = f"which offer {offered}" if offered else "which offer STARTTLS"
    return Verdict(
        f"The client left after the features, {offer}, without trying to log in: it knows none of that, or only wanted "
        "to see whether the server is there.",
        "see in the client's log and settings which mechanisms it has, and whether it wants TLS",
        entries,
    )


def _before_features(case: Case, end: Entry) -> Verdict | None:
    header = case.headers.get(INITIATING)
    if header is None or (end.sender == INITIATING and RECEIVING in case.headers):
        return None
    leaver, waited = role(case, end.sender), seconds(header, end)
    if end.sender == RECEIVING:
        return Verdict(
            f"{capital(leaver)} ended the connection instead of answering the stream header.",
            "make sure that the port speaks XMPP, and whether it expects TLS from the first byte (direct TLS)",
            (header.entry, end.entry),
        )
    if waited < _PATIENCE:
        return None
    return Verdict(
        f"{capital(leaver)} waited {lasted(waited)} for an answer to its stream header and gave up.",
        "make sure that the port speaks XMPP, and whether it expects TLS from the first byte (direct TLS)",
        (header.entry, end.entry),
    )


def _dropped(case: Case, end: Entry) -> Verdict | None:
    if end.kind != "closed" or case.features is None:
        return None
    return Verdict(
        f"{capital(role(case, end.sender))} ended the connection before anybody was authenticated, without a reason.",
        f"look into the log of {role(case, end.sender)} at this time",
        (case.features.entry, end.entry),
    )


def vanished(case: Case) -> Verdict | None:
    """Return what there is to say of a connection that ended without </stream>, if it can't be resumed."""
    end = case.ended[0]
    if case.closed or case.resumable or not (case.opened or case.authenticated):
        return None
    waited = silent_since(case, end.sender)
    if waited is not None and seconds(waited, end) >= _PATIENCE:
        return _in_vain(case, waited, end)
    reset = "reset by" in end.summary
    silent = case.latest.get(end.sender)
    subject = who(case) if end.sender == INITIATING and case.about.negotiation.bound else role(case, end.sender)
    how = "reset the connection" if reset else "ended the connection"
    why = "it crashed, was killed, or lost its network" if reset else "its program ended, or does not say goodbye"
    quiet = silent is not None and seconds(silent, end) >= _PATIENCE
    since = f", {lasted(seconds(silent, end))} after it last said something" if silent is not None and quiet else ""
    numbers = tuple(entry.entry for entry in (silent, end) if entry is not None)
    provoked = case.latest.get(other(end.sender))
    if reset and quiet and provoked is not None and seconds(provoked, end) < _PATIENCE:
        return Verdict(
            f"{capital(subject)} vanished: what was sent to it last was answered with a reset{since}. Its program has "
            "ended, or it no longer knows the connection.",
            _RETURN,
            (provoked.entry, end.entry),
        )
    return Verdict(
        f"{capital(subject)} {how} without closing its stream{since}: {why}.",
        _RETURN,
        numbers,
    )


_RETURN: Final = "see in its log why it went; stream management (XEP-0198) lets a session that is cut be resumed"


def _in_vain(case: Case, asked: Entry, end: Entry) -> Verdict:
    """Say that a ping, or a request for an acknowledgement, was not answered."""
    asker, silent = role(case, end.sender), role(case, other(end.sender))
    if silent == "the client" and case.about.negotiation.bound:
        silent = who(case)
    what = "a ping" if asked.kind == "stanza" else "a request for an acknowledgement"
    return Verdict(
        f"{capital(silent)} no longer answered: {asker} waited {lasted(seconds(asked, end))} for the answer to {what}, "
        "heard nothing at all, and gave up.",
        "look for a lost network or a program that hangs; a NAT that forgets idle connections needs pings more often",
        (asked.entry, end.entry),
    )
