"""Stream errors: what each condition means for who did what before, and what to try (RFC 6120 §4.9.3)."""

from collections.abc import Callable
from typing import Final

from xmppscope.diagnosis.case import Case, StreamError, other
from xmppscope.diagnosis.refusals import dialback
from xmppscope.diagnosis.sessions import Sessions
from xmppscope.diagnosis.verdict import (
    Verdict,
    capital,
    lasted,
    name,
    role,
    seconds,
    silent_since,
    who,
    words,
)
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry

Found = tuple[str, str, tuple[int, ...]]
"""Text, advice, and the entries beside that of the error."""


def stream_error(case: Case, sessions: Sessions) -> Verdict | None:
    """Return what the first stream error of the connection means, if there was one."""
    errors = sorted(case.errors.values(), key=lambda error: error.entry.entry)
    if not errors:
        return None
    error = errors[0]
    text, advice, entries = _SPECIAL.get(error.why, _general)(case, error, sessions)
    return Verdict(text, advice, (*entries, error.entry.entry))


def _general(case: Case, error: StreamError, _sessions: Sessions) -> Found:
    sender, offender = role(case, error.entry.sender), role(case, other(error.entry.sender))
    if error.own == "handled-count-too-high":
        return (
            f"{capital(sender)} ended the stream: {offender} acknowledged more stanzas than it was sent.",
            "check how it counts: only message, presence and iq, from the beginning of stream management on, each once",
            (),
        )
    why, advice = _CONDITIONS.get(error.why, ("", f"look into the log of {sender} at this time"))
    shown = name(error.why) or "no condition given"
    own = f", {name(error.own)}" if error.own else ""
    reason = f"{why} ({shown}{own})" if why else f"{shown}{own}"
    last = case.latest.get(other(error.entry.sender))
    blamed = (last.entry,) if error.why in _PROVOKED and last is not None and last.entry < error.entry.entry else ()
    return (
        f"{capital(sender)} ended the stream: {reason.format(offender=offender)}{words(error.said)}.",
        advice.format(offender=offender),
        blamed,
    )


_RULES: Final = "compare the last element of {offender} with the rules: xmppscope lint names what breaks them"
_CONDITIONS: Final = {
    "bad-format": ("{offender} sent XML that can't be processed", _RULES),
    "bad-namespace-prefix": ("{offender} used a namespace prefix that it must not, or left one out", _RULES),
    "host-gone": ("it no longer serves that domain", "ask for the new server: its SRV records may be out of date"),
    "improper-addressing": ("{offender} left out 'from' or 'to' between servers", _RULES),
    "internal-server-error": ("it is set up wrongly or has a fault of its own", "look into its log at this time"),
    "invalid-from": (
        "{offender} wrote a 'from' that is not its own",
        "let it leave 'from' out, or write the JID that it has bound or proved",
    ),
    "invalid-namespace": (
        "{offender} used a wrong namespace for its stream",
        "see whether the port is for clients, servers or components",
    ),
    "invalid-xml": ("{offender} sent XML that is not valid here", _RULES),
    "policy-violation": (
        "{offender} broke a rule of this server, such as a limit of size or rate",
        "look into the server's log and limits; send less, smaller or slower",
    ),
    "remote-connection-failed": (
        "it could not reach a server that it needs",
        "look into its log: DNS, firewall, certificate of that server",
    ),
    "reset": (
        "a new stream is needed, since something that it rests on has changed",
        "reconnect; nothing else is wrong",
    ),
    "resource-constraint": (
        "it has no resources left for this",
        "wait before reconnecting; look at the server's load and limits",
    ),
    "restricted-xml": (
        "{offender} sent a comment, a processing instruction, a DTD or an entity, which XMPP forbids",
        "let it write plain elements and character references only",
    ),
    "see-other-host": (
        "it sends {offender} to another host",
        "connect to the host that it names; the certificate must fit the domain of the JID all the same",
    ),
    "system-shutdown": (
        "it is being shut down or restarted",
        "reconnect after a while, each client after a random time",
    ),
    "undefined-condition": ("for a reason of its own", "look into its log at this time"),
    "unsupported-encoding": ("{offender} used an encoding other than UTF-8", "let it send UTF-8"),
    "unsupported-feature": (
        "{offender} lacks a feature that it insists on",
        "compare what was offered as required with what the other side can do",
    ),
    "unsupported-stanza-type": (
        "{offender} sent a first-level element that it does not know",
        "let it send only what the features have offered",
    ),
    "unsupported-version": ("{offender} speaks a version of XMPP that it does not", "let it say version='1.0'"),
}
_PROVOKED: Final = frozenset({
    "bad-format", "bad-namespace-prefix", "improper-addressing", "invalid-from", "invalid-xml", "policy-violation",
    "restricted-xml", "unsupported-stanza-type", "unsupported-encoding", "invalid-namespace",
})  # fmt: skip


def _conflict(case: Case, error: StreamError, sessions: Sessions) -> Found:
    jid = case.about.negotiation.bound
    holder = sessions.holder(jid) if jid else None
    subject = capital(who(case))
    if case.about.negotiation.kind == "component":
        return (
            f"{subject} was thrown out, or not let in: another connection serves this component{words(error.said)}.",
            "run the component only once, or give each one a domain of its own",
            (),
        )
    if holder is not None and holder.connection != case.about.number:
        return (
            f"{subject} was thrown out: connection {holder.connection} has bound the same resource (#{holder.entry}).",
            _OWN_RESOURCE,
            (holder.entry,),
        )
    if "removed" in error.said:
        # ejabberd says conflict of this too.
        return f"{subject} was thrown out: the account was removed{words(error.said)}.", _ANEW, ()
    return (
        f"{subject} was thrown out: another session has bound the same resource{words(error.said)}.",
        _OWN_RESOURCE,
        (),
    )


_ANEW: Final = "make the account anew, if nobody meant to remove it"
_OWN_RESOURCE: Final = (
    "give each client a resource of its own, or bind without <resource/>; two that reconnect at once throw each other "
    "out in turn"
)


def _host_unknown(case: Case, error: StreamError, _sessions: Sessions) -> Found:
    asked = case.headers.get(INITIATING)
    component = case.about.negotiation.kind == "component"
    advice = (
        "add the component and its secret to the server's configuration, or correct the name in the component's"
        if component
        else "check the domain of the JID; if it is right, add it to the server's hosts, or correct its SRV records"
    )
    wanted = name((asked.to if asked is not None else "") or case.about.negotiation.domain)
    what = "the component" if component else "the domain"
    return (
        f"The server does not serve {what} {wanted or 'asked for'} (host-unknown){words(error.said)}.",
        advice,
        _numbers(asked),
    )


def _not_authorized(case: Case, error: StreamError, _sessions: Sessions) -> Found:
    negotiation = case.about.negotiation
    if negotiation.kind == "component" and not case.authenticated:
        return (
            f"{capital(who(case))} was not let in: the server refused the handshake{words(error.said)}. The shared "
            "secret differs.",
            "give the component and the server's configuration the same secret",
            _numbers(case.latest.get(INITIATING)),
        )
    # Servers close the stream behind a claim that was refused; why it was is what counts.
    if case.refusal is not None and case.refusal.what == "dialback" and not case.authenticated:
        found = dialback(case, case.refusal)
        return found.text, found.advice, found.entries
    failed = [attempt.refused for attempt in case.attempts if attempt.refused]
    if failed and not case.authenticated:
        return (
            f"{capital(who(case))} did not get in: the server gave up after {len(failed)} refused attempts to log in.",
            "check the password",
            tuple(failed),
        )
    return (
        f"{capital(role(case, other(error.entry.sender)))} sent something before it was authenticated"
        f"{words(error.said)}.",
        "log in and bind before anything else",
        _numbers(case.latest.get(other(error.entry.sender))),
    )


def _timeout(case: Case, error: StreamError, _sessions: Sessions) -> Found:
    sender = error.entry.sender
    asked, silent = silent_since(case, sender), case.latest.get(other(sender))
    since = asked or silent
    span = f" for {lasted(seconds(since, error.entry))}" if since is not None else ""
    answer = f", not even an answer to #{asked.entry}" if asked is not None else ""
    subject = who(case) if other(sender) == INITIATING else role(case, other(sender))
    if not case.opened:
        return (
            f"{capital(subject)} took too long: {role(case, sender)} heard nothing{span} before the session was open "
            f"(connection-timeout){words(error.said)}.",
            "look into the client's log: it may wait for a person, for DNS or for another server",
            _numbers(since),
        )
    return (
        f"{capital(subject)} no longer answered: {role(case, sender)} heard nothing{span}{answer} (connection-timeout)"
        f"{words(error.said)}.",
        "look for a lost network or a program that hangs; let the client answer pings and send some of its own",
        _numbers(since),
    )


def _not_well_formed(case: Case, error: StreamError, _sessions: Sessions) -> Found:
    offender = other(error.entry.sender)
    subject = capital(role(case, offender))
    foreign = _foreign(case, error.entry)
    if offender == INITIATING and foreign is not None:
        what = "TLS at once" if foreign.kind == "tls" else "HTTP"
        return (
            f"{subject} spoke {what} where the server expects a stream header in the clear.",
            "use the port for direct TLS (most often 5223), or let the client begin with STARTTLS"
            if foreign.kind == "tls"
            else "use the port for HTTP (BOSH, WebSocket), or an XMPP client",
            (foreign.entry,),
        )
    broken = case.malformed.get(offender)
    if broken is None:
        return (
            f"{capital(role(case, error.entry.sender))} could not read what it got from {role(case, offender)} as XML "
            f"({name(error.why)}){words(error.said)}.",
            "look for a character that is not allowed, or an element that is cut off",
            _numbers(case.latest.get(offender)),
        )
    reason = f": {name(broken.reason)}" if broken.reason else ""
    return (
        f"{subject} sent what is not well-formed XML{reason}; the stream can't go on after that.",
        "correct what writes it: escape < and & in text, close each element, leave control characters out",
        (broken.entry,),
    )


def _foreign(case: Case, error: Entry) -> Entry | None:
    """Return what the client spoke instead of XML."""
    first = case.first
    if INITIATING in case.headers or first is None or first.entry >= error.entry or error.protection != "none":
        return None
    return first if first.kind in ("tls", "http") and first.sender != RECEIVING else None


def _numbers(entry: Entry | None) -> tuple[int, ...]:
    return () if entry is None else (entry.entry,)


_SPECIAL: Final[dict[str, Callable[[Case, StreamError, Sessions], Found]]] = {
    "conflict": _conflict,
    "host-unknown": _host_unknown,
    "not-authorized": _not_authorized,
    "connection-timeout": _timeout,
    "not-well-formed": _not_well_formed,
    "xml-not-well-formed": _not_well_formed,
}
