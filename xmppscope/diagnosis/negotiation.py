"""Takes from the negotiation what a diagnosis may need: what was offered, each attempt to log in, what was refused.

With a password the proof of a SCRAM exchange is recomputed as soon as the server has answered it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from xmppscope.diagnosis import scram
from xmppscope.diagnosis.case import Attempt, Case, Refusal
from xmppscope.diagnosis.scram import Scram
from xmppscope.diagnosis.verdict import condition, said
from xmppscope.model.element import Element
from xmppscope.model.namespaces import AUTH, BIND, COMPONENT_ACCEPT, DIALBACK, REGISTER, SASL, SASL2, STREAM, TLS
from xmppscope.model.timeline import INITIATING, RECEIVING, Entry, Sender
from xmppscope.session import sasl_messages
from xmppscope.session.notes import annotate
from xmppscope.session.sasl_exchange import SaslExchange
from xmppscope.session.triggers import expanded

REQUESTS: Final = {
    expanded(BIND, "bind"): "bind",
    expanded(REGISTER, "query"): "register",
    expanded(AUTH, "query"): "legacy",
}
"""What a request of the negotiation is about, by its payload."""

_MOST_REQUESTS: Final = 8
_MOST_MECHANISMS: Final = 40
_NAME: Final = 100
_SPEC: Final = "RFC 5802 §3"
Passwords = Mapping[str, str]


def request(case: Case, entry: Entry, payload: Element) -> None:
    """Take a request that `REQUESTS` names."""
    if payload.child(expanded(REGISTER, "remove")) is not None:
        case.removes = True
    case.user = (payload.child_text(expanded(AUTH, "username")) or case.user)[:_NAME]
    if len(case.requests) < _MOST_REQUESTS:
        case.requests[entry.entry] = REQUESTS[payload.name]


def answer(case: Case, entry: Entry, element: Element | None) -> None:
    """Take the answer to such a request."""
    asked = entry.answers or 0
    what = case.requests.pop(asked)
    if entry.type == "error" and element is not None:
        error = next((child for child in element.children if child.local == "error"), element)
        case.refusal = Refusal(what, asked, entry, condition(error), said(error))
        return
    case.registered = case.registered or what == "register"
    case.authenticated = case.authenticated or what == "legacy"
    case.refusal = None


def _features(case: Case, entry: Entry, element: Element, _passwords: Passwords) -> None:
    case.features = entry
    starttls = element.child(expanded(TLS, "starttls"))
    case.offers_tls = starttls is not None
    case.requires_tls = starttls is not None and starttls.child(expanded(TLS, "required")) is not None
    offers = (element.child(expanded(SASL, "mechanisms")), element.child(expanded(SASL2, "authentication")))
    listed = [one.text.strip()[:_NAME] for offer in offers if offer is not None for one in offer.children
              if one.local == "mechanism"]  # fmt: skip
    case.mechanisms = list(dict.fromkeys(listed))[:_MOST_MECHANISMS]


def _starttls(case: Case, entry: Entry, _element: Element, _passwords: Passwords) -> None:
    case.starttls = entry


def _tls_refused(case: Case, entry: Entry, _element: Element, _passwords: Passwords) -> None:
    asked = case.starttls.entry if case.starttls is not None else 0
    case.refusal = Refusal("tls", asked, entry, "", "")


def _auth(case: Case, entry: Entry, element: Element, _passwords: Passwords) -> None:
    exchange = SaslExchange()
    exchange.begin(element)
    attempt = Attempt(exchange.mechanism[:_NAME], exchange.username[:_NAME], entry.entry, entry.entry)
    if attempt.family == "scram":
        attempt.scram = Scram(attempt.mechanism, exchange.data)
    case.begin(attempt)


def _challenge(case: Case, _entry: Entry, element: Element, _passwords: Passwords) -> None:
    attempt = case.attempt
    if attempt is not None and attempt.scram is not None and not attempt.scram.challenge:
        attempt.scram.challenge = element.text


def _response(case: Case, entry: Entry, element: Element, passwords: Passwords) -> None:
    attempt = case.attempt
    if attempt is None or not element.text.strip():
        return
    attempt.proof = entry.entry
    if attempt.family == "digest":
        attempt.user = (sasl_messages.digest_username(element.text) or attempt.user)[:_NAME]
    messages = attempt.scram
    if messages is None:
        return
    messages.final = element.text
    password = _password(case, attempt, passwords)
    if password is not None and messages.challenge:
        attempt.result = scram.check_proof(messages, password)
        if attempt.result:
            annotate(entry, attempt.result, _SPEC)


def _success(case: Case, entry: Entry, element: Element, passwords: Passwords) -> None:
    case.authenticated = True
    attempt = case.attempt
    if attempt is None or attempt.scram is None:
        return
    password = _password(case, attempt, passwords)
    last = element.child_text(expanded(SASL2, "additional-data")) if element.ns == SASL2 else element.text
    if password is not None and last:
        fits = scram.check_signature(attempt.scram, last, password)
        if fits is False:
            attempt.result = "the server's signature is wrong"
        if fits is not None:
            annotate(entry, f"the server's signature {'fits the password given' if fits else 'is wrong'}", _SPEC)


def _failure(case: Case, entry: Entry, element: Element, _passwords: Passwords) -> None:
    attempt = case.attempt
    if attempt is None or attempt.refused:
        return  # an abort that nothing had begun before
    attempt.refused, attempt.why, attempt.said = entry.entry, condition(element), said(element)


def _handshake(case: Case, _entry: Entry, _element: Element, _passwords: Passwords) -> None:
    case.authenticated = True


def _dialback(case: Case, entry: Entry, element: Element, _passwords: Passwords) -> None:
    kind = element.attrs.get("type")
    if kind == "valid":
        case.authenticated, case.refusal = True, None
    elif kind in ("invalid", "error") and not case.authenticated:
        error = next((child for child in element.children if child.local == "error"), element)
        case.refusal = Refusal("dialback", 0, entry, condition(error) or kind, said(error))


def _password(case: Case, attempt: Attempt, passwords: Passwords) -> str | None:
    """Return the password given for whom *attempt* names."""
    if not passwords:
        return None
    jid = attempt.user if "@" in attempt.user else f"{attempt.user}@{case.about.negotiation.domain}"
    return passwords.get(jid.lower())


Handler = Callable[[Case, Entry, Element, Passwords], None]

HANDLERS: Final[dict[Sender, dict[str, Handler]]] = {
    INITIATING: {
        expanded(TLS, "starttls"): _starttls,
        expanded(SASL, "auth"): _auth,
        expanded(SASL2, "authenticate"): _auth,
        expanded(SASL, "response"): _response,
        expanded(SASL2, "response"): _response,
    },
    RECEIVING: {
        expanded(STREAM, "features"): _features,
        expanded(TLS, "failure"): _tls_refused,
        expanded(SASL, "challenge"): _challenge,
        expanded(SASL2, "challenge"): _challenge,
        expanded(SASL, "success"): _success,
        expanded(SASL2, "success"): _success,
        expanded(SASL, "failure"): _failure,
        expanded(SASL2, "failure"): _failure,
        expanded(COMPONENT_ACCEPT, "handshake"): _handshake,
        expanded(DIALBACK, "result"): _dialback,
    },
}
"""What of the negotiation is kept, by sender and expanded name."""
