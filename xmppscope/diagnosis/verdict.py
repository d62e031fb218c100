"""What a diagnosis is made of, and the words that all of them share."""

from typing import Final, NamedTuple

from xmppscope.diagnosis.case import Case, other
from xmppscope.model.element import Element
from xmppscope.model.instant import nanoseconds
from xmppscope.model.namespaces import SASL, STANZA_ERRORS, STREAM_ERRORS
from xmppscope.model.plaintext import cut, quote
from xmppscope.model.timeline import INITIATING, Entry, Sender

_NAME: Final = 200
_SAID: Final = 120
_DEFINED: Final = frozenset({SASL, STANZA_ERRORS, STREAM_ERRORS})


class Verdict(NamedTuple):
    """Why a session ended badly, what to do about it, and the numbers of the entries that show it."""

    text: str
    advice: str
    entries: tuple[int, ...]


def condition(error: Element) -> str:
    """Return the defined condition of an error, failure or failed element; empty if there is none."""
    return next((child.local for child in error.children if child.ns in _DEFINED and child.local != "text"), "")


def said(error: Element) -> str:
    """Return the text of an error."""
    return next((child.text for child in error.children if child.local == "text"), "")


def words(text: str) -> str:
    """Return what the other side says of an error as a part of a sentence, behind a colon."""
    return f": {quote(text, _SAID)}" if text.strip() else ""


def name(text: str) -> str:
    """Return a name from the wire, fit to be shown."""
    return cut(text, _NAME)


def role(case: Case, sender: Sender) -> str:
    """Return what *sender* is: the client, the component, a server."""
    kind = case.about.negotiation.kind
    if kind == "s2s":
        return "the server that connected" if sender == INITIATING else "the server it connected to"
    if sender != INITIATING:
        return "the server"
    return "the component" if kind == "component" else "the client"


def who(case: Case) -> str:
    """Return the name of whoever the session is of: its full JID, the user who tried to log in, or its role."""
    bound = case.about.negotiation.bound
    attempt = case.attempt
    if bound:
        return name(bound)
    user = case.user or (attempt.user if attempt is not None else "")
    if user:
        return name(user)
    if case.about.negotiation.kind == "component" and case.about.negotiation.domain:
        return f"the component {name(case.about.negotiation.domain)}"
    return role(case, INITIATING)


def domain(case: Case) -> str:
    """Return the domain that the connection is to, or a word for it."""
    return name(case.about.negotiation.domain) or "the server"


def capital(text: str) -> str:
    """Return *text* with a capital where it begins with an article, so that it can begin a sentence."""
    return "T" + text[1:] if text.startswith("the ") else text


def seconds(first: Entry, last: Entry) -> float:
    """Return how many seconds lie between the end of one entry and the beginning of another."""
    return (nanoseconds(last.time) - nanoseconds(first.end_time)) / 1e9


def lasted(span: float) -> str:
    """Return a span of time as people say it."""
    if span >= 120:
        return f"{span / 60:.0f} min"
    return f"{span:.0f} s" if span >= 10 else f"{span:.1f} s"


def silent_since(case: Case, sender: Sender) -> Entry | None:
    """Return what *sender* asked and got nothing for: nothing at all came from the other side since."""
    asked, heard = case.asked.get(sender), case.latest.get(other(sender))
    return asked if asked is not None and (heard is None or heard.entry < asked.entry) else None
